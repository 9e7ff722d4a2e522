"""Every state of the page at `/phone/`, in both themes, from a small phone to a desk: everybody can use it, and nothing
sticks out. Pictures are in the folder `screenshots` after the thorough tests."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.phone_page import (
    ALLOWED,
    GRANTED,
    NO_PUSH_SERVICE,
    pair,
    pairing_code,
    take_pushes_elsewhere,
)
from tests.browser.test_every_page import DESK, RULES, inspect
from tests.stack import Stack
from tests.team import Team

pytestmark = pytest.mark.thorough

SMALL = 320
LOOKS = [("light", DESK), ("light", 390), ("dark", SMALL)]
STATES: list[dict[str, Any]] = [
    {"type": "progress", "percentage": 42, "subtitle": "db-1", "badge": {"title": "Prod", "color": "yellow"}},
    {"type": "segmented_progress", "number_of_steps": 5, "current_step": 3, "icon": {"symbol": "cloud.sun"}},
    {
        "type": "metrics",
        "metrics": [{"label": "CPU", "value": 42, "unit": "%"}, {"label": "RAM", "value": 2048, "color": "lime"}],
    },
    {"type": "stats", "metrics": [{"label": f"Figure {place}", "value": 10**place} for place in range(8)]},
    {"type": "counter", "number_of_steps": 5, "current_step": 3},
    {"type": "countdown", "number_of_steps": 5, "current_step": 3, "color": "gray"},
    {"type": "timer", "duration_seconds": 4000},
    {"type": "alert", "message": "Should I send the mail to all of them? " * 6},
    {"type": "value", "value": "21.5 °C", "color": "orange"},
]  # fmt: skip
TITLES = ("Deploy finished", "A-title-without-any-place-where-it-could-be-broken-into-two-lines-of-text-at-all")
OBSTACLES = {
    "insecure": "Object.defineProperty(window, 'isSecureContext', { value: false })",
    "unsupported": "delete window.PushManager",
    "home-screen": "delete window.Notification; Object.defineProperty(navigator, 'standalone', { value: false })",
}


def fill(team: Team, device_name: str) -> None:
    """A card of each type, and notifications."""
    [device] = [
        one for one in team.ask("GET", "/api/devices?newest_first=true")["devices"] if one["name"] == device_name
    ]
    slug = team.unique("channel")
    channel = team.ask("POST", "/api/channels", slug=slug, name=slug)["channel"]
    team.ask("PUT", f"/api/channels/{channel['id']}/devices/{device['id']}")
    target = {"channels": [slug]}
    buttons = [{"title": title, "type": "open_url", "url": "https://ci.example.com"} for title in ("Approve", "Deny")]
    for state in STATES:
        path = f"/api/live-activity/stream/{team.unique('looks')}"
        named = {"title": f"Of type {state['type']}", **state}
        team.ask("PUT", path, content_state=named, action=buttons[0], target=target)
    for title in TITLES:
        team.ask("POST", "/api/push-notification", title=title, message="v2 is live.", actions=buttons, target=target)
    link = "https://ci.example.com/a/b"
    team.ask("POST", "/api/push-notification", title="Build", subtitle="main", redirection=link, target=target)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_state_of_the_phone_page_is_for_everybody_and_fits(
    place: Stack, open_page: OpenPage, complaints: list[str], *, scheme: str, width: int
) -> None:
    team = Team.of(place)
    look = ALLOWED | {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    page = open_page(place.base_url, "about:blank", **look)
    for script in (GRANTED, NO_PUSH_SERVICE):
        page.add_init_script(script)
    looks, found = f"{scheme}-{width}", []

    def see(name: str, page: Page = page) -> None:
        heard = len(complaints)
        found.extend(inspect(page, f"phone-{name}-{looks}", width, RULES))
        # The style that axe would like to add is refused, as it should be.
        del complaints[heard:]

    page.goto("/phone/")
    expect(page.get_by_label("Pairing code")).to_be_visible()
    see("pair")
    page.get_by_role("button", name="Pair this browser").click()
    see("pair-wrong")
    name = team.unique("browser")
    pair(page, pairing_code(team), name)
    expect(page.get_by_role("heading", name="This browser could not subscribe")).to_be_visible()
    see("empty")
    take_pushes_elsewhere(page, place)
    fill(team, name)
    expect(page.get_by_role("article")).to_have_count(len(STATES) + len(TITLES) + 1)
    see("inbox")
    page.get_by_role("link", name="This browser").click()
    see("this-browser")
    page.get_by_role("button", name="Unpair this browser").click()
    see("unpair")
    for obstacle, lacks in OBSTACLES.items():
        other = open_page(place.base_url, "about:blank", **look)
        for script in (GRANTED, lacks):
            other.add_init_script(script)
        other.goto("/phone/#K7QF-2M9X")
        expect(other.get_by_role("heading", level=1)).not_to_have_text("ActivitySmith")
        see(obstacle, other)
    assert not found, "\n".join(found)
    small = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input, summary')]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert small == []
