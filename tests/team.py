"""A running server as its users meet it: an owner with a session, backends with keys, people with phones."""

import itertools
import json
import secrets
import time
from typing import Any, TypeVar

import httpx

from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.waiting import LONG, eventually

T = TypeVar("T")


class Phone:
    """A simulated iPhone, seen through the simulator's control API."""

    def __init__(self, http: httpx.Client, phone_id: str) -> None:
        self._http = http
        self.id = phone_id
        self.device_id: str = self.read()["device_id"]

    def read(self) -> dict[str, Any]:
        """All there is to know of it, its screen included."""
        answer = self._http.get(f"/phones/{self.id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def notifications(self) -> list[dict[str, Any]]:
        """What its screen shows, oldest first."""
        return list(self.read()["notifications"])

    def titles(self) -> list[str]:
        """The titles on its screen, oldest first."""
        return [shown["title"] for shown in self.notifications()]

    def shows(self, title: str, *, seconds: float = LONG) -> dict[str, Any]:
        """The notification with this title, once it is there; it must be there once only."""
        found = eventually(
            f"{title!r} is shown", lambda: [n for n in self.notifications() if n["title"] == title], seconds
        )
        assert len(found) == 1, found
        return found[0]

    def cards(self) -> list[dict[str, Any]]:
        """The Live Activities on its screen, oldest first."""
        return list(self.read()["live_activities"])

    def card(self, activity_id: str) -> dict[str, Any] | None:
        """The activity's card, if it is on the screen."""
        return next((card for card in self.cards() if card["activity_id"] == activity_id), None)

    def shows_activity(self, activity_id: str, *, seconds: float = LONG, **parts: Any) -> dict[str, Any]:
        """The activity's card, once it is there with these parts of its content state; it must be there once only.

        `state="ended"` waits for its end; unless told otherwise it must be active.
        """
        state = parts.pop("state", "active")

        def found() -> list[dict[str, Any]]:
            return [card for card in self.cards() if card["activity_id"] == activity_id]

        def fits(cards: list[dict[str, Any]]) -> bool:
            content = cards[0]["content_state"] if cards else {}
            return bool(cards) and cards[0]["state"] == state and content.items() >= parts.items()

        cards = eventually(f"{activity_id} is {state} with {parts}", found, seconds, until=fits)
        assert len(cards) == 1, cards
        return cards[0]

    def shows_no_activity(self, activity_id: str | None = None, *, seconds: float = LONG) -> None:
        """Returns once the activity, or any at all, is not on the screen."""
        eventually(
            f"{activity_id or 'every activity'} is gone",
            lambda: [card["activity_id"] for card in self.cards() if activity_id in (None, card["activity_id"])],
            seconds,
            until=lambda left: not left,
        )

    def live(self, activity_id: str) -> dict[str, Any]:
        """The activity's card, once the server can have its update token."""
        reported = eventually(
            f"the update token of {activity_id} is reported",
            lambda: [card for card in self.cards() if card["activity_id"] == activity_id and card["token_reported"]],
        )
        return reported[0]

    def dismiss(self, activity_id: str) -> None:
        """The person takes the activity off the screen."""
        self.do(f"live-activities/{activity_id}/dismiss")

    def do(self, what: str, **body: Any) -> httpx.Response:
        """Posts to the phone's control API."""
        answer = self._http.post(f"/phones/{self.id}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer

    def remove(self) -> None:
        """Unpairs it."""
        assert self._http.delete(f"/phones/{self.id}").status_code in (200, 204)


class App:
    """The app on a phone that is not simulated: its calls, made by the test."""

    def __init__(self, http: httpx.Client, device_id: str) -> None:
        self.http = http
        self.device_id = device_id
        self.push_token = secrets.token_hex(32)
        self.push_to_start_token = secrets.token_hex(32)

    def report_tokens(self, **changes: Any) -> None:
        """Reports its tokens."""
        tokens = {
            "push_token": self.push_token,
            "push_to_start_token": self.push_to_start_token,
            "environment": "sandbox",
            "bundle_id": "com.activitysmith.simulator",
            **changes,
        }
        answer = self.http.put("/api/device/tokens", json=tokens)
        assert answer.status_code == 200, answer.text

    def report_update_token(self, activity_id: str, token: str) -> httpx.Response:
        """Reports an activity's update token."""
        return self.http.put(f"/api/device/live-activities/{activity_id}/token", json={"token": token})

    def report_dismissed(self, activity_id: str) -> httpx.Response:
        """Reports that the person has removed an activity."""
        return self.http.post(f"/api/device/live-activities/{activity_id}/dismissed", json={})

    def state(self) -> list[dict[str, Any]]:
        """What should be on the screen, oldest first."""
        answer = self.http.get("/api/device/state")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["live_activities"])


def secret_of(key: httpx.Client) -> str:
    """The API key that a client uses."""
    return key.headers["Authorization"].removeprefix("Bearer ")


class Team:
    """The account of a running server, driven over REST."""

    _numbers = itertools.count(1)

    def __init__(self, *, base_url: str, simulator_url: str, email: str, password: str) -> None:
        self.base_url = base_url
        self.anybody = plain_http_client(base_url)
        self.simulator = plain_http_client(simulator_url)
        session = self.anybody.post("/api/sessions", json={"email": email, "password": password})
        assert session.status_code == 200, session.text
        self.owner = self.client(session.json()["session_token"])
        self.owner_id: str = session.json()["member"]["user_id"]
        self._accepted: list[str] = []
        """Tokens of no simulated phone that APNs takes all the same."""

    @classmethod
    def of(cls, stack: Stack) -> "Team":
        """The account that a server begins with, and its owner."""
        return cls(
            base_url=stack.base_url,
            simulator_url=stack.simulator_url,
            email=stack.owner_email,
            password=stack.owner_password,
        )

    def client(self, secret: str) -> httpx.Client:
        """REST with these credentials."""
        return plain_http_client(self.base_url, Authorization=f"Bearer {secret}")

    def unique(self, what: str) -> str:
        """A name that no other test uses."""
        return f"{what}-{next(self._numbers)}-{time.time_ns() % 10**9}"

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Calls as the owner; the call must succeed. A person has 600 acts a minute, and quick tests need more: then it
        waits for another minute."""
        answer = eventually(
            "the owner has acts left",
            lambda: self.owner.request(method, path, json=body or None),
            90,
            until=lambda one: one.status_code != 429,
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def key(self, *channels: str) -> httpx.Client:
        """A backend with a new key, restricted to `channels` if any are given."""
        scope = {"scope": "channels", "channels": list(channels)} if channels else {}
        return self.client(self.ask("POST", "/api/api-keys", name=self.unique("key"), **scope)["secret"])

    def channel(self) -> tuple[str, str]:
        """Slug and id of a new channel."""
        slug = self.unique("channel")
        return slug, self.ask("POST", "/api/channels", slug=slug)["channel"]["id"]

    def person(self) -> str:
        """Id of a new member."""
        return str(self.join(f"{self.unique('person')}@example.com", "a long password")["member"]["user_id"])

    def join(self, email: str, password: str) -> dict[str, Any]:
        """Invites somebody who accepts at once; answers with what they are told."""
        [result] = self.ask("POST", "/api/invites", emails=[email])["results"]
        url = self.ask("POST", f"/api/invites/{result['invite']['id']}/link")["url"]
        accepting = {"token": url.rpartition("/")[2], "password": password}
        answer = self.anybody.post("/api/invite/accept", json=accepting)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def phone(self, *, user_id: str | None = None, channel_id: str | None = None) -> Phone:
        """A new simulated iPhone of `user_id` (the owner's if left out), assigned to the channel if one is given."""
        code = self.ask("POST", "/api/pairing-codes", user_id=user_id or self.owner_id)["pairing_code"]
        answer = self.simulator.post("/phones", json={"pairing_code": code, "name": self.unique("iPhone")})
        assert answer.status_code in (200, 201), answer.text
        phone = Phone(self.simulator, answer.json()["id"])
        if channel_id:
            self.assign_device(channel_id, phone)
        return phone

    def app(self, channel_id: str) -> App:
        """The app on a new phone of the owner that the test plays itself, assigned to the channel. APNs accepts what
        is sent to its tokens."""
        code = self.ask("POST", "/api/pairing-codes")["pairing_code"]
        paired = self.anybody.post("/api/device/pair", json={"pairing_code": code, "name": self.unique("app")}).json()
        app = App(self.client(paired["device_token"]), paired["device_id"])
        self.accept(app.push_token, app.push_to_start_token)
        app.report_tokens()
        self.assign_device(channel_id, app)
        return app

    def assign_device(self, channel_id: str, phone: Phone | App) -> None:
        """Assigns the phone to the channel."""
        self.ask("PUT", f"/api/channels/{channel_id}/devices/{phone.device_id}")

    def assign_user(self, channel_id: str, user_id: str) -> None:
        """Assigns the person to the channel."""
        self.ask("PUT", f"/api/channels/{channel_id}/users/{user_id}")

    def device(self, device_id: str) -> dict[str, Any]:
        """The device as the owner's list shows it."""
        page = self.owner.get("/api/devices", params={"page_size": 1000}).json()
        return next(dict(device) for device in page["devices"] if device["id"] == device_id)

    def sent_to(self, *tokens: str) -> list[dict[str, Any]]:
        """The pushes that APNs saw for these tokens, oldest first, `body` decoded into `document`."""
        seen = []
        for token in tokens:
            answer = self.simulator.get("/apns/requests", params={"token": token, "limit": 1000}).json()
            seen += [{**one, "document": json.loads(one["body"])} for one in reversed(answer["requests"])]
        return seen

    def faults(self, **faults: Any) -> None:
        """Switches on faults of the simulated APNs."""
        answer = self.simulator.post("/apns/faults", json=faults)
        assert answer.status_code == 200, answer.text

    def accept(self, *tokens: str) -> None:
        """From now on APNs takes what is sent to these, unless faults say otherwise. Refused one after another they
        would stop the line that all tests share."""
        self._accepted += tokens
        self.faults(tokens={token: [{"status": 200}] for token in tokens})

    def no_faults(self) -> None:
        """Switches all faults off."""
        assert self.simulator.delete("/apns/faults").status_code in (200, 204)
        self.faults(tokens={token: [{"status": 200}] for token in self._accepted})


def push(key: httpx.Client, **body: Any) -> httpx.Response:
    """Sends a push notification."""
    return key.post("/api/push-notification", json=body)
