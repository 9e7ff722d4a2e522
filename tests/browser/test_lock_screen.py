"""The lock screen page in a real browser: what iOS shows of a locked and of an unlocked phone, and the demo."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, told
from tests.browser.test_every_page import RULES
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.waiting import LONG, eventually

NAME, CHANNEL = "Grace's iPhone", "graces-phone"
MINUTE, HOUR, DAY = 60, 3600, 86_400
REMEMBER_CARDS = """(phone) => {
    window.cards = new Set();
    window.banners = new Set();
    new MutationObserver(() => {
        for (const column of document.querySelectorAll('.iphone-column')) {
            if (column.querySelector('h2')?.textContent !== phone) continue;
            for (const card of column.querySelectorAll('[role=group][aria-label^="Live Activity: "]'))
                if (card.checkVisibility()) window.cards.add(card.getAttribute('aria-label'));
            for (const one of column.querySelectorAll('[role=region][aria-label=Banner] [role=group]'))
                window.banners.add(one.textContent);
        }
    }).observe(document.body, {childList: true, subtree: true, attributes: true});
}"""
"""Remembers the names of all cards, and the words of all banners, that a phone has shown since: each is there for a few
seconds only, which a busy machine may take to look at it."""
REMEMBER_DEMO = """(phone) => {
    window.demo = new Set();
    new MutationObserver(() => {
        const scene = document.querySelector('.demo-caption-title')?.textContent;
        for (const column of document.querySelectorAll('.iphone-column')) {
            if (column.querySelector('h2')?.textContent !== phone) continue;
            const shown = (selector) => [...column.querySelectorAll(selector)].filter((one) => one.checkVisibility());
            if (column.textContent.includes('Order 1042 is paid')) window.demo.add('Order 1042 is paid');
            window.demo.add(`${scene}: ${shown('.island-part').length} in the island`);
            if (shown('.island [role=group]').some((large) => large.textContent.includes('Live for all')))
                window.demo.add(`${scene}: Live for all`);
        }
    }).observe(document.body, {childList: true, subtree: true, attributes: true, characterData: true});
}"""
"""The same of a demo's push, and of the Dynamic Island in each of its scenes."""


class Phone:
    """A simulated iPhone, and a backend that reaches this one alone."""

    def __init__(self, place: Stack, owner: httpx.Client) -> None:
        self.simulator = plain_http_client(place.simulator_url)
        self.backend = plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}")
        self._owner = owner
        code = owner.post("/api/pairing-codes").json()["pairing_code"]
        paired = self.simulator.post("/phones", json={"pairing_code": code, "name": NAME}).json()
        self.id, device_id = paired["id"], paired["device_id"]
        self._channel = owner.post("/api/channels", json={"slug": CHANNEL, "name": "Grace"}).json()["channel"]["id"]
        assert owner.put(f"/api/channels/{self._channel}/devices/{device_id}").status_code == 200
        self._keys: set[str] = set()

    def notify(self, title: str, **more: Any) -> None:
        """A push notification comes."""
        self._ask("POST", "/api/push-notification", title=title, **more)

    def put(self, key: str, alert: dict[str, str] | None = None, **state: Any) -> None:
        """A card is there, in this state."""
        self._keys.add(key)
        asked = {"alert": alert} if alert else {}
        self._ask("PUT", f"/api/live-activity/stream/{key}", content_state=state, **asked)

    def end(self, key: str) -> None:
        """The card is gone."""
        state = {"title": "Over", "type": "alert", "message": "Over", "auto_dismiss_seconds": 0}
        answer = self.backend.request("DELETE", f"/api/live-activity/stream/{key}", json={"content_state": state})
        assert answer.status_code == 200, answer.text
        self._keys.discard(key)

    def read(self) -> Any:
        """What is on it."""
        return self.simulator.get(f"/phones/{self.id}").json()

    def leave(self) -> None:
        """It is unpaired, and nothing is left of it."""
        for key in list(self._keys):
            self.end(key)
        assert self.simulator.delete(f"/phones/{self.id}").status_code == 200
        assert self._owner.delete(f"/api/channels/{self._channel}").status_code == 200

    def _ask(self, method: str, path: str, **body: Any) -> None:
        answer = self.backend.request(method, path, json={**body, "target": {"channels": [CHANNEL]}})
        assert answer.status_code == 200, answer.text


@pytest.fixture
def phone(place: Stack) -> Iterator[Phone]:
    """A phone for one test."""
    with plain_http_client(place.base_url) as owner:
        login = {"email": place.owner_email, "password": place.owner_password}
        owner.headers["Authorization"] = f"Bearer {owner.post('/api/sessions', json=login).json()['session_token']}"
        phone = Phone(place, owner)
        yield phone
        phone.leave()


def looked_at(page: Page) -> Locator:
    """The phone with its controls, on the lock screen page."""
    page.goto("/lock-screen")
    page.wait_for_function("() => window.socket?.connected")
    column = page.locator(".iphone-column").filter(has=page.get_by_role("heading", name=NAME, exact=True))
    expect(column).to_be_visible()
    return column


def is_for_everybody(page: Page, complaints: list[str]) -> None:
    """Nothing sticks out, and axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # NiceGUI's bar of requests has no name, and goes by itself.
    page.wait_for_function("() => !document.querySelector('.q-loading-bar[aria-valuenow]')")
    heard = len(complaints)
    found = Axe().run(page, options=RULES).response["violations"]
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    # The style that axe would like to add is refused, as it should be.
    with page.expect_console_message(lambda said: said.text == "all is heard"):
        page.evaluate("console.error('all is heard')")
    del complaints[heard:]


def between(upper: Locator, lower: Locator) -> float | None:
    """The pixels between the two; None while one of them is not drawn."""
    above, below = upper.bounding_box(), lower.bounding_box()
    return below["y"] - (above["y"] + above["height"]) if above and below else None


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), pytest.param("dark", 360, marks=pytest.mark.thorough)])
def test_notifications_are_a_stack_that_opens_closes_and_is_cleared(
    place: Stack, session: str, open_page: OpenPage, phone: Phone, complaints: list[str], *, scheme: str, width: int
) -> None:
    page = open_page(
        place.admin_url, session=session, color_scheme=scheme, viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )  # fmt: skip
    column = looked_at(page)
    for number in range(1, 4):
        phone.notify(f"Build {number} finished", message="All tests passed", badge=3)
    stack = column.get_by_role("button", name="3 notifications of ActivitySmith, stacked: show them")
    expect(stack).to_be_visible()
    notes = column.locator(".lock-notification:visible")
    expect(notes).to_have_count(1)
    expect(notes).to_contain_text("Build 3 finished")
    expect(notes.locator("time")).to_have_text("now")
    expect(notes).not_to_contain_text(re.compile("^3$"))
    # A stack hangs from the bottom. It may be drawn again meanwhile: for a moment it is nowhere then.
    below = eventually("the stack is above the tools", lambda: between(notes, column.locator(".iphone-tools")))
    assert 0 < below < 60
    is_for_everybody(page, complaints)
    stack.press("Enter")
    expect(notes).to_have_count(3)
    expect(column.get_by_role("button", name="Show less")).to_be_focused()
    is_for_everybody(page, complaints)
    column.get_by_role("button", name="Show less").click()
    expect(notes).to_have_count(1)
    stack.click()
    column.get_by_role("button", name="Clear", exact=True).click()
    expect(notes).to_have_count(0)
    eventually("the phone has none", lambda: phone.read()["notifications"] == [])


@pytest.mark.thorough
@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1440)])
def test_the_island_is_empty_on_a_locked_phone_and_shows_cards_on_an_unlocked_one(
    place: Stack, session: str, open_page: OpenPage, phone: Phone, complaints: list[str], *, scheme: str, width: int
) -> None:
    page = open_page(
        place.admin_url, session=session, color_scheme=scheme, viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )  # fmt: skip
    column = looked_at(page)
    card, parts = column.locator(".lock-activity:visible"), column.locator(".island-part:visible")
    phone.put("grace-deploy", title="Deploy", type="segmented_progress", number_of_steps=4, current_step=3)
    expect(card).to_have_count(1)
    expect(parts).to_have_count(0)
    column.get_by_role("button", name="Unlocked").click()
    expect(card).to_have_count(0)
    # Compact: one, with its icon and its figure.
    expect(parts).to_have_count(1)
    expect(parts).to_contain_text("3/4")
    expect(parts.locator(".lock-icon")).to_be_visible()
    page.evaluate(REMEMBER_CARDS, NAME)
    phone.put("grace-tea", title="Tea", type="timer", duration_seconds=500)
    # A start rings: its card is shown for a moment, and a person may close it earlier.
    clock = column.get_by_role("button", name="Dynamic Island: Tea")
    large = column.get_by_role("group", name="Live Activity: Tea")
    page.wait_for_function("() => window.cards.has('Live Activity: Tea')")
    clock.press("Escape")
    expect(card).to_have_count(0)
    # Minimal: two, with a figure each. The clock counts there too.
    expect(parts).to_have_count(2)
    expect(parts.locator(".lock-icon:visible")).to_have_count(0)
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    clock.click()
    expect(large).to_be_visible()
    is_for_everybody(page, complaints)
    clock.click()
    expect(card).to_have_count(0)
    # An update that rings shows its card for a moment, a push comes as a banner; both leave by themselves.
    page.evaluate("() => window.cards.clear()")
    phone.put(
        "grace-deploy", {"title": "Done"}, title="Deploy", type="segmented_progress", number_of_steps=4, current_step=4
    )
    page.wait_for_function("() => window.cards.has('Live Activity: Deploy')")
    phone.notify("Somebody is at the door")
    banner = column.get_by_role("region", name="Banner").get_by_role("group")
    page.wait_for_function("() => [...window.banners].some((one) => one.includes('Somebody is at the door'))")
    expect(card).to_have_count(0)
    expect(banner).to_have_count(0)
    column.get_by_role("button", name=f"Lock {NAME}").click()
    expect(card).to_have_count(2)
    expect(parts).to_have_count(0)


AT_REST = "() => !document.getAnimations().some((one) => one.playState === 'running')"
SLEPT = """() => {
    const [woken, now] = [600_000, Date.now];
    Date.now = () => now() + woken;
    document.dispatchEvent(new Event('visibilitychange'));
    const said = document.querySelector('.lock-timer').textContent;
    Date.now = now;
    return said;
}"""
"""What a timer says when the page is looked at again ten minutes later."""
ROWS = """async ([picture, x]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    const drawing = canvas.getContext('2d');
    drawing.drawImage(image, 0, 0);
    const rows = drawing.getImageData(Math.round(image.width * x), 0, 1, image.height).data;
    const ground = [...rows.slice(0, 3)];
    const differs = (row) => ground.some((value, place) => Math.abs(value - rows[row * 4 + place]) > 6);
    const found = [...Array(image.height).keys()].filter(differs);
    return [found[0], found.at(-1)];
}"""


@pytest.mark.thorough
def test_timers_count_bars_lie_in_their_tracks_and_nothing_moves_at_rest(
    place: Stack, session: str, open_page: OpenPage, phone: Phone
) -> None:
    page = open_page(place.admin_url, session=session, device_scale_factor=2)
    column = looked_at(page)
    phone.put("grace-charge", title="Car", type="progress", percentage=40)
    metrics = [{"label": name, "value": 12, "unit": "jobs"} for name in "abcd"]
    phone.put("grace-queue", title="Queue", type="metrics", metrics=metrics)
    gauge = column.get_by_role("group", name="Live Activity: Car").get_by_role("progressbar")
    expect(gauge).to_be_visible()
    # The second card comes some time after the first, and moves it.
    tiles = column.locator(".lock-metric")
    expect(tiles).to_have_count(4)
    page.wait_for_function(AT_REST)
    gauge.scroll_into_view_if_needed()
    box = gauge.bounding_box() or {}
    around = {"x": box["x"], "y": box["y"] - 4, "width": box["width"], "height": box["height"] + 8}
    picture = base64.b64encode(page.screenshot(clip=around)).decode()
    full, empty = (page.evaluate(ROWS, [picture, part]) for part in (0.2, 0.8))
    assert full == empty, "the fill and its track have the same first and last row of pixels"

    tops = [round(tile.bounding_box()["y"]) for tile in tiles.all()]
    assert tops[0] == tops[1] < tops[2] == tops[3], "two rows of two"
    expect(tiles.first.locator("dd")).to_have_text(re.compile("^12\\sjobs$"))

    phone.put("grace-tea", title="Tea", type="timer", duration_seconds=1200)
    clock = column.locator(".lock-timer")
    expect(clock).to_have_text(re.compile("^1[5-9]:"))
    seen = of_clock(clock.inner_text())
    assert 0 <= seen - 600 - of_clock(page.evaluate(SLEPT)) < LONG, "ten minutes later it is right at once"


def of_clock(said: str) -> int:
    """The seconds that `9:59` says."""
    minutes, seconds = said.split(":")
    return 60 * int(minutes) + int(seconds)


AGES = [
    (-5, "now"), (0, "now"), (59, "now"), (60, "1m ago"), (11 * MINUTE + 59, "11m ago"), (59 * MINUTE, "59m ago"),
    (HOUR, "1h ago"), (23 * HOUR, "23h ago"),
    # It is Wednesday, 12:30.
    (DAY, "Yesterday, 12:30 PM"), (36 * HOUR, "Yesterday, 12:30 AM"), (37 * HOUR, "Mon 11:30 PM"),
    (6 * DAY, "Thu 12:30 PM"), (7 * DAY, "Nov 18"),
]  # fmt: skip


def test_ages_are_written_as_ios_writes_them(place: Stack, open_page: OpenPage) -> None:
    page = open_page(place.admin_url, "/sign-in", timezone_id="Europe/Berlin", locale="en-US")
    said = page.evaluate(
        """(ages) => { const now = Date.parse('2026-11-25T12:30:00+01:00');
            return ages.map((age) => window.lockScreen.age(now - age * 1000, now).replace(/\\s/g, ' ')); }""",
        [age for age, _ in AGES],
    )
    assert said == [words for _, words in AGES]


@pytest.mark.thorough
def test_the_demo_shows_each_type_by_the_real_path_reaches_its_own_phone_alone_and_is_gone(
    place: Stack, owner: Page, phone: Phone
) -> None:
    phone.notify("Mine")
    column = looked_at(owner)
    expect(column.get_by_text("Mine")).to_be_visible()
    before = phone.read()
    for remember in (REMEMBER_CARDS, REMEMBER_DEMO):
        owner.evaluate(remember, "Demo iPhone")
    watch = owner.get_by_role("button", name="Watch the demo")
    watch.click()
    # A second one at the same time is refused.
    watch.click()
    told(owner, "A demo is being played already.")
    demo = owner.locator(".iphone-column").filter(has=owner.get_by_role("heading", name="Demo iPhone"))
    titles = {
        "Deploy to production", "Car is charging", "Server health", "Tea", "Sales today", "Next train",
        "Approve the release?",
    }  # fmt: skip
    wanted = {f"Live Activity: {title}" for title in titles}
    eventually("each type was shown", lambda: wanted <= set(owner.evaluate("() => [...window.cards]")))
    expect(owner.locator(".demo-caption")).to_contain_text("That was the demo")
    seen = set(owner.evaluate("() => [...window.demo]"))
    wanted = {"Order 1042 is paid", "The unlocked phone: 2 in the island", "An update that rings: Live for all"}
    assert wanted <= seen, seen
    expect(demo).to_have_count(0)
    after = phone.read()
    for what in ("notifications", "live_activities", "dropped"):
        assert after[what] == before[what], "no other phone was reached"
    assert "Demo iPhone" not in [one["name"] for one in phone.simulator.get("/phones").json()["phones"]]
