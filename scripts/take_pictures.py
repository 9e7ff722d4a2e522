"""Takes the pictures of the web admin that README and docs/admin.md show; writes them to `docs/pictures`.

It needs Pillow, and a font with emoji. Call it with the folder of the data of a server that has just been started for
the first time, with its simulator: `python -m scripts.take_pictures var`.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page

from scripts.admin_page import PICTURES, chromium, go, quickstart, signed_in

WIDE = {"width": 1280, "height": 860}
NARROW = {"width": 360, "height": 780}
SCALE = 1.5
"""Pixels of a picture for one of the page: sharp on a good screen."""
SETTLE_MS = 2500
"""How long a page is left alone before its picture is taken: charts and phones move."""
QUALITY = 82
GAP = 24
"""Between pages of one picture."""

PASSWORD = "a cable car of brass"  # noqa: S105 - for this server alone
PEOPLE = {"grace@example.com": "Grace Hopper", "alan@example.com": "Alan Kay"}
HEALTH = {
    "title": "Server health",
    "subtitle": "eu-west-1",
    "type": "metrics",
    "metrics": [{"label": "CPU", "value": 71, "unit": "%"}, {"label": "MEM", "value": 48, "unit": "%"}],
}
BACKUP = {"title": "Nightly backup", "subtitle": "db-1", "type": "progress"}
DEPLOY = {"title": "Deploy", "subtitle": "v2.14.0", "type": "segmented_progress", "number_of_steps": 5}
PUSHES = (
    {"title": "Invoice paid 💸", "message": "Northwind paid €1,240.00."},
    {"title": "Build failed", "subtitle": "main", "message": "2 of 318 tests failed.", "target": {"channels": ["ops"]}},
    {"title": "New sign-up 🎉", "message": "The 1,000th this month.", "target": {"channels": ["growth"]}},
    {"title": "Disk is 90 % full", "message": "db-1 has 12 GB left.", "target": {"channels": ["ops"]}},
    {"title": "Backup finished", "message": "4.2 GB in 12 minutes."},
)


class Backend:
    """A team's requests to its server."""

    def __init__(self, facts: dict[str, str]) -> None:
        self._facts = facts
        self._http = httpx.Client(base_url=facts["gateway_url"], timeout=20)
        signed = self._call("POST", "/api/sessions", email=facts["owner_email"], password=facts["owner_password"])
        self._http.headers["Authorization"] = f"Bearer {signed['session_token']}"

    def furnish(self) -> str:
        """People, phones, channels, notifications and cards. Returns the id of the deploy's activity."""
        self._call("PATCH", "/api/account", name="Northwind")
        people = dict(self._join(email, name) for email, name in PEOPLE.items())
        self._call("POST", "/api/invites", emails=["edsger@example.com"], role="member")
        for user_id, name in people.items():
            self._pair(f"{name.split()[0]}'s iPhone", user_id)
        for slug, name in (("ops", "Operations"), ("growth", "Growth")):
            channel = self._call("POST", "/api/channels", slug=slug, name=name)["channel"]
            for user_id in people if slug == "ops" else list(people)[:1]:
                self._call("PUT", f"/api/channels/{channel['id']}/users/{user_id}")
        for push in PUSHES:
            self._call("POST", "/api/push-notification", **push)
        self._card("server-health", HEALTH)
        for percentage in (12, 30, 42):
            self._card("nightly-backup", BACKUP | {"percentage": percentage})
        deploy = ""
        for step in (1, 2, 3):
            deploy = self._card("deploy", DEPLOY | {"current_step": step})
        return deploy

    def _card(self, stream: str, state: dict[str, Any]) -> str:
        return str(self._call("PUT", f"/api/live-activity/stream/{stream}", content_state=state)["activity_id"])

    def _join(self, email: str, name: str) -> tuple[str, str]:
        invite = self._call("POST", "/api/invites", emails=[email], role="member")["results"][0]["invite"]
        link = self._call("POST", f"/api/invites/{invite['id']}/link")["url"]
        answer = httpx.post(
            f"{self._facts['gateway_url']}/api/invite/accept",
            json={"token": link.rpartition("/")[2], "name": name, "password": PASSWORD},
        )
        return str(answer.raise_for_status().json()["member"]["user_id"]), name

    def _pair(self, name: str, user_id: str) -> None:
        code = self._call("POST", "/api/pairing-codes", user_id=user_id)["pairing_code"]
        phone = {"pairing_code": code, "name": name}
        httpx.post(f"{self._facts['simulator_url']}/phones", json=phone).raise_for_status()

    def _call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body or None)
        if answer.is_error:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return dict(answer.json()) if answer.content else {}


def look(page: Page, path: str) -> Image.Image:
    """How the page looks once it has come to rest."""
    go(page, path)
    page.wait_for_timeout(SETTLE_MS)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(name: str, picture: Image.Image) -> None:
    """Writes it to the folder of pictures."""
    picture.save(PICTURES / f"{name}.webp", quality=QUALITY, method=6)


def beside(pictures: list[Image.Image]) -> Image.Image:
    """They in a row, on white."""
    width = sum(one.width for one in pictures) + GAP * (len(pictures) - 1)
    row = Image.new("RGB", (width, pictures[0].height), "white")
    for number, one in enumerate(pictures):
        row.paste(one, (number * (one.width + GAP), 0))
    return row


@contextmanager
def page_of(browser: Browser, facts: dict[str, str], size: dict[str, int], scheme: str = "light") -> Iterator[Page]:
    """A page of this size and color scheme, with the owner signed in."""
    with signed_in(browser, facts, viewport=size, device_scale_factor=SCALE, color_scheme=scheme) as page:
        yield page


def main(data: Path) -> None:
    """Takes them."""
    facts = quickstart(data)
    deploy = Backend(facts).furnish()
    with chromium() as browser:
        with page_of(browser, facts, WIDE) as page:
            for name in ("lock-screen", "overview", "playground", "devices", "members"):
                save(name, look(page, "/" if name == "overview" else f"/{name}"))
        with page_of(browser, facts, WIDE, "dark") as page:
            save("live-activity", look(page, f"/live-activities/{deploy}"))
        with page_of(browser, facts, NARROW) as light, page_of(browser, facts, NARROW, "dark") as dark:
            save("phone", beside([look(light, "/lock-screen"), look(dark, "/"), look(light, "/live-activities")]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
