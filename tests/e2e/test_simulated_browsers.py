"""The server pushes to simulated browsers of all kinds, whose push services check what it signs and encrypts."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.team import Team
from tests.waiting import eventually

KINDS = ("apple", "chrome", "firefox")


class Browsers:
    """One simulated browser of each kind."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self._ids = {kind: self._pair(kind) for kind in KINDS}

    def _pair(self, kind: str) -> str:
        code = self.team.ask("POST", "/api/pairing-codes")["pairing_code"]
        asked = {"pairing_code": code, "name": self.team.unique(kind), "kind": kind}
        answer = self.team.simulator.post("/browsers", json=asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, kind: str) -> dict[str, Any]:
        """The browser with its screen."""
        return dict(self.team.simulator.get(f"/browsers/{self._ids[kind]}").json())

    def shown(self, kind: str, title: str) -> list[dict[str, Any]]:
        """The notifications with this title, once there is one."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.read(kind)["notifications"] if one["title"] == title]

        return eventually(f"{kind} shows {title!r}", found)

    def percentage(self, kind: str, activity_id: str, state: str) -> Any:
        """What the activity's card shows, once the card is in this state."""

        def found() -> list[dict[str, Any]]:
            cards = self.read(kind)["live_activities"]
            return [one for one in cards if (one["activity_id"], one["state"]) == (activity_id, state)]

        return eventually(f"{kind} shows the card, {state}", found)[0]["content_state"]["percentage"]

    def do(self, kind: str, what: str, **body: Any) -> dict[str, Any]:
        """Something that a person does."""
        answer = self.team.simulator.post(f"/browsers/{self._ids[kind]}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def remove(self) -> None:
        """Unpairs them."""
        for browser_id in self._ids.values():
            self.team.simulator.delete(f"/browsers/{browser_id}")


@pytest.fixture(scope="module")
def browsers(team: Team) -> Iterator[Browsers]:
    """One of each kind."""
    paired = Browsers(team)
    yield paired
    paired.remove()


def test_browsers_of_all_kinds_show_a_push(team: Team, browsers: Browsers) -> None:
    title = team.unique("push")
    content = {"title": title, "subtitle": "S", "message": "M", "payload": {"n": 1}}
    assert team.key().post("/api/push-notification", json=content).json()["devices_notified"] >= len(KINDS)
    for kind in KINDS:
        (one,) = browsers.shown(kind, title)
        assert (one["subtitle"], one["message"], one["payload"], one["rings"]) == ("S", "M", {"n": 1}, 1), kind


def test_a_tap_on_a_button_in_a_browser_calls_its_webhook(team: Team, browsers: Browsers) -> None:
    title, name = team.unique("push"), team.unique("hook")
    url = f"{team.simulator.get('/webhooks').json()['url']}/{name}"
    action = {"title": "Go", "type": "webhook", "url": url}
    assert team.key().post("/api/push-notification", json={"title": title, "actions": [action]}).status_code == 200
    (one,) = browsers.shown("chrome", title)
    browsers.do("chrome", "tap", action_id=one["actions"][0]["id"])
    eventually("the webhook is called", lambda: team.simulator.get(f"/webhooks/{name}").json()["calls"])


def test_an_activity_is_a_card_where_tags_replace_and_two_notifications_on_an_iphone(
    team: Team, browsers: Browsers
) -> None:
    title, backend = team.unique("activity"), team.key()
    state = {"title": title, "type": "progress", "percentage": 10}
    started = backend.post("/api/live-activity/start", json={"content_state": state}).json()
    activity_id = started["activity_id"]
    for kind in ("chrome", "firefox"):
        assert browsers.percentage(kind, activity_id, "active") == 10
    end = {"activity_id": activity_id, "content_state": {**state, "percentage": 100}}
    assert backend.post("/api/live-activity/end", json=end).status_code == 200
    for kind in ("chrome", "firefox"):
        assert browsers.percentage(kind, activity_id, "ended") == 100
    eventually("the iPhone shows start and end", lambda: len(browsers.shown("apple", title)), until=lambda n: n == 2)


def test_a_browser_that_unsubscribed_is_not_notified_until_it_is_back(team: Team, browsers: Browsers) -> None:
    title, backend = team.unique("push"), team.key()
    endpoint = browsers.read("firefox")["endpoint"]
    browsers.do("firefox", "settings", notifications_enabled=False)
    for _ in range(2):
        assert backend.post("/api/push-notification", json={"title": title}).status_code == 200
    subscription = endpoint.rpartition("/")[2]
    requests = team.simulator.get("/web-push/requests", params={"subscription": subscription}).json()["requests"]
    assert [one["status"] for one in requests].count(410) == 1
    browsers.do("firefox", "settings", notifications_enabled=True)
    assert backend.post("/api/push-notification", json={"title": f"{title} again"}).status_code == 200
    browsers.shown("firefox", f"{title} again")
