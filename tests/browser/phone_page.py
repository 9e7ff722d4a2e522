"""The page at `/phone/` in Chromium: a browser as a phone."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

SIZE = {"width": 390, "height": 844}
ALLOWED = {"permissions": ["notifications"], "viewport": SIZE}
"""A browser with a phone's screen, whose person has allowed notifications."""

GRANTED = 'Object.defineProperty(Notification, "permission", { get: () => "granted", configurable: true })'
"""For the Chromium without a desktop, whose answer is no whatever its context allows."""
PERMISSION = """(answers) => {
    let given = "default"
    Object.defineProperty(Notification, "permission", { get: () => given })
    Notification.requestPermission = async () => (given = answers.shift())
}"""
"""Headless Chromium answers the question for permission by itself, with a no."""
NO_PUSH_SERVICE = """
PushManager.prototype.getSubscription = async () => null
PushManager.prototype.subscribe = async () => { throw new DOMException("push service error", "AbortError") }
"""
"""Chromium's own push service is Google's, which cannot be reached: without this its answer would not come at all."""

DEVICE_TOKEN = """async () => {
    const { fact } = await import("./shared/database.js")
    return (await fact("device")).token
}"""
ACTIVATED = """async () => {
    const { active } = await navigator.serviceWorker.ready
    if (active.state !== "activated") await new Promise((done) => active.addEventListener("statechange", done))
}"""
HANDLED = """async () => {
    const { hear } = await import("./shared/news.js")
    globalThis.handled = new Promise((done) => hear((what) => what === "push" && done()))
}"""
SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready
    return (await registration.getNotifications()).map((one) => ({
        title: one.title, body: one.body, tag: one.tag, silent: one.silent, renotify: one.renotify, image: one.image,
        icon: one.icon, data: one.data, actions: one.actions.map(({ action, title }) => ({ action, title })),
    }))
}"""


OpenPhone = Callable[..., tuple[Page, Any]]
"""Opens a browser as a phone. Answers with its page, and with its subscription (`push_service.Subscriber`)."""


def pairing_code(team: Team) -> str:
    """As the web admin shows it."""
    return str(team.ask("POST", "/api/pairing-codes")["pairing_code"])


def pair(page: Page, code: str, name: str) -> None:
    """Pairs by the form, and opens the inbox, without notifications if there is no way to have them."""
    page.goto("/phone/")
    page.get_by_label("Pairing code").fill(code)
    page.get_by_label("Name of this browser").fill(name)
    page.get_by_role("button", name="Pair this browser").click()
    page.get_by_role("button", name="Not now").or_(page.get_by_role("button", name="Open the inbox")).click()
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()


def paired(open_phone: OpenPhone, team: Team) -> tuple[Page, Any, dict[str, Any]]:
    """A browser that is a phone, and what its owner sees of it."""
    page, subscriber = open_phone()
    name = team.unique("browser")
    pair(page, pairing_code(team), name)
    return page, subscriber, device_named(team, name)


def device_named(team: Team, name: str) -> dict[str, Any]:
    """As its owner sees it."""
    [found] = [one for one in team.ask("GET", "/api/devices?newest_first=true")["devices"] if one["name"] == name]
    return dict(found)


def channel_of(team: Team, device: dict[str, Any]) -> str:
    """The slug of a channel with this device alone."""
    slug = team.unique("channel")
    channel = team.ask("POST", "/api/channels", slug=slug, name=slug)["channel"]
    team.ask("PUT", f"/api/channels/{channel['id']}/devices/{device['id']}")
    return slug


def send(team: Team, device: dict[str, Any], path: str = "/api/push-notification", **body: Any) -> dict[str, Any]:
    """Sends something to the device alone."""
    slug = channel_of(team, device)
    return dict(team.ask("POST" if "stream" not in path else "PUT", path, target={"channels": [slug]}, **body))


def take_pushes_elsewhere(page: Page, place: Stack) -> None:
    """Has the server send this device's pushes to an iPhone's tokens, so that they do not come here."""
    tokens = {kind: secrets.token_hex(32) for kind in ("push_token", "push_to_start_token")}
    with plain_http_client(place.simulator_url) as simulator:
        accepts = simulator.post("/apns/faults", json={"settings": {"accept_unknown_tokens": True}})
        assert accepts.status_code == 200, accepts.text
    with plain_http_client(place.base_url, Authorization=f"Bearer {page.evaluate(DEVICE_TOKEN)}") as phone:
        answer = phone.put("/api/device/tokens", json=tokens | {"environment": "sandbox", "content_version": 2})
        assert answer.status_code == 200, answer.text


class Worker:
    """The page's worker, as the browser starts it for a push."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._registrations: dict[str, str] = {}
        self.errors: list[str] = []
        """What the browser says has gone wrong in the worker."""
        self._cdp.on("ServiceWorker.workerRegistrationUpdated", self._heard)
        self._cdp.on("ServiceWorker.workerErrorReported", self._fail)
        self._cdp.send("ServiceWorker.enable")
        # Chromium drops a push for a worker that is not active yet.
        page.evaluate(ACTIVATED)

    def _heard(self, event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            self._registrations[one["scopeURL"]] = one["registrationId"]

    def _fail(self, event: dict[str, Any]) -> None:
        told = event["errorMessage"]
        # Pictures of these tests are nowhere.
        if "net::ERR" not in told["errorMessage"]:
            self.errors.append(f"{told['sourceURL']}:{told['lineNumber']}: {told['errorMessage']}")

    def deliver(self, message: Any) -> None:
        """A push with this payload, as the push service hands it over once it is decrypted; texts go as they are.
        Returns once the worker has handled it: Chromium forgets a notification if it is asked about it meanwhile."""
        self._page.evaluate(HANDLED)
        [scope] = [scope for scope in self._registrations if scope.endswith("/phone/")]
        self._cdp.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": scope.removesuffix("/phone/"),
                "registrationId": self._registrations[scope],
                "data": message if isinstance(message, str) else json.dumps(message),
            },
        )
        self._page.evaluate("() => globalThis.handled")

    def shown(self) -> list[dict[str, Any]]:
        """The notifications on the screen."""
        found: list[dict[str, Any]] = self._page.evaluate(SHOWN)
        return found

    def clear(self) -> None:
        """Takes everything off the screen, without a person who did it."""
        self._page.evaluate(
            """async () => {
                const registration = await navigator.serviceWorker.ready
                for (const one of await registration.getNotifications()) one.close()
            }"""
        )
        eventually("nothing is shown", self.shown, until=lambda shown: shown == [])

    def shows(self, **parts: Any) -> dict[str, Any]:
        """The only notification with these parts, once it is there."""

        def fitting() -> list[dict[str, Any]]:
            return [one for one in self.shown() if one.items() >= parts.items()]

        [found] = eventually(f"{parts} is shown", fitting, until=lambda ones: len(ones) == 1)
        return dict(found)


def notification(title: str, tag: str, *, body: str = "", silent: bool = False, **smith: Any) -> dict[str, Any]:
    """A push of a notification as the server sends it to browsers."""
    told = {"kind": "notification", "id": tag, "version": 1, "actions": []} | smith
    first = {"title": title, "body": body, "navigate": f"/phone/#n={tag}", "tag": tag}
    return {"notification": first | ({"silent": True} if silent else {}) | {"data": {"smith": told}}}


def activity(
    tag: str, version: int, state: dict[str, Any], *, event: str = "update", alerting: bool = False, **smith: Any
) -> dict[str, Any]:
    """A push of a Live Activity as the server sends it to browsers."""
    told = {
        "kind": "activity", "id": tag, "event": event, "version": version, "timestamp": 1_800_000_000 + version,
        "alerting": alerting, "state": state,
    }  # fmt: skip
    first = {
        "title": state["title"],
        "body": "55 %",
        "navigate": f"/phone/#a={tag}",
        "tag": tag,
        "silent": not alerting,
    }
    return {"notification": first | {"data": {"smith": told | smith}}}
