"""The page at `/phone/` in a browser without a desktop, which shows no notifications: all of it that does not ring.

That browser refuses notifications whatever it is told, so pages are told that they are allowed."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.phone_page import (
    ALLOWED,
    GRANTED,
    NO_PUSH_SERVICE,
    PERMISSION,
    OpenPhone,
    channel_of,
    device_named,
    pair,
    paired,
    pairing_code,
    send,
    take_pushes_elsewhere,
)
from tests.browser.proxy import proxy
from tests.browser.push_service import PushService
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

pytestmark = pytest.mark.thorough


def test_a_link_brings_the_code_and_leaves_no_trace_of_it(open_phone: OpenPhone, team: Team) -> None:
    page, _ = open_phone()
    page.goto(f"/phone/#{pairing_code(team)}")
    expect(page.get_by_label("Pairing code")).to_have_value(re.compile(r"^\w{4}-\w{4}$"))
    expect(page).to_have_url(re.compile(r"/phone/$"))
    expect(page.get_by_label("Name of this browser")).not_to_have_value("")
    page.get_by_role("button", name="Pair this browser").click()
    expect(page.get_by_role("heading", name="This browser is ready")).to_be_visible()


def test_a_link_in_a_browser_that_is_paired_changes_nothing(open_phone: OpenPhone, team: Team) -> None:
    page, _, device = paired(open_phone, team)
    page.goto("about:blank")
    page.goto(f"/phone/#{pairing_code(team)}")
    expect(page.get_by_role("heading", name="Paired already")).to_be_visible()
    expect(page.get_by_text(device["name"])).to_be_visible()
    page.get_by_role("button", name="Keep it as it is").click()
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()


def test_a_wrong_code_is_refused_with_what_to_do(open_phone: OpenPhone, complaints: list[str]) -> None:
    page, _ = open_phone()
    page.goto("/phone/")
    button, fault = page.get_by_role("button", name="Pair this browser"), page.get_by_role("alert")
    button.click()
    expect(fault).to_have_text("A pairing code has 8 letters and digits.")
    page.get_by_label("Pairing code").fill("0000-0000")
    page.get_by_label("Name of this browser").fill(" ")
    button.click()
    expect(fault).to_have_text("Give this browser a name, so that you know it again.")
    page.get_by_label("Name of this browser").fill("Mine")
    button.click()
    expect(fault).to_have_text(re.compile("^This code is wrong, was used already, or is older than 10 minutes"))
    expect(page.get_by_label("Pairing code")).to_be_focused()
    assert len(complaints) == 1
    assert "404" in complaints.pop()


def test_permission_that_is_refused_is_explained_and_can_be_given_later(open_phone: OpenPhone, team: Team) -> None:
    page, _ = open_phone(f"({PERMISSION})(['denied'])")
    page.goto(f"/phone/#{pairing_code(team)}")
    page.get_by_role("button", name="Pair this browser").click()
    page.get_by_role("button", name="Allow notifications").click()
    expect(page.get_by_role("heading", name="Notifications are blocked")).to_be_visible()
    expect(page.get_by_role("paragraph").filter(has_text="open the site's settings or permissions")).to_be_visible()
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("heading", name="Notifications are blocked")).to_be_visible()
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()


def test_a_push_service_that_refuses_is_quoted(open_phone: OpenPhone, team: Team) -> None:
    refuses = "PushManager.prototype.subscribe = async () => { throw new DOMException('no service', 'AbortError') }"
    page, _ = open_phone(refuses)
    page.goto(f"/phone/#{pairing_code(team)}")
    page.get_by_role("button", name="Pair this browser").click()
    expect(page.get_by_role("heading", name="This browser could not subscribe")).to_be_visible()
    expect(page.get_by_text("AbortError: no service.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize(
    ("lacks", "title"),
    [
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "A phone needs a secure address"),
        ("delete window.PushManager", "This browser cannot receive notifications"),
        (
            "delete window.Notification; Object.defineProperty(navigator, 'standalone', { value: false })",
            "Add this page to your Home Screen",
        ),
    ],
)
def test_a_browser_that_cannot_be_a_phone_is_told_what_to_do(open_phone: OpenPhone, lacks: str, title: str) -> None:
    """By what it lacks, not by what it calls itself. The code of a link is shown, to be typed where it is needed."""
    page, _ = open_phone(lacks)
    page.goto("/phone/#K7QF-2M9X")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/phone/$"))
    expect(page.get_by_text("K7QF-2M9X")).to_have_count(1 if "Home Screen" in title else 0)


def test_what_was_sent_before_the_page_was_opened_is_there_too(open_phone: OpenPhone, team: Team) -> None:
    """With more of it by a button."""
    page, _, device = paired(open_phone, team)
    page.goto("about:blank")
    titles = [f"Number {place}" for place in range(35)]
    slug = channel_of(team, device)
    for title in titles:
        team.ask("POST", "/api/push-notification", title=title, target={"channels": [slug]})
    page.goto("/phone/")
    shown = page.get_by_role("article")
    expect(shown).to_have_count(30)
    expect(shown.first).to_have_accessible_name("Notification: Number 34")
    page.get_by_role("button", name="Load more").click()
    expect(shown).to_have_count(35)
    expect(shown.nth(30)).to_be_focused()
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()


@pytest.fixture
def open_page_alone(place: Stack, open_phone: OpenPhone, team: Team) -> tuple[Page, dict[str, Any]]:
    """A page whose browser gets no pushes: what it shows are answers to its questions."""
    page, _ = open_phone(NO_PUSH_SERVICE)
    name = team.unique("browser")
    pair(page, pairing_code(team), name)
    take_pushes_elsewhere(page, place)
    return page, device_named(team, name)


def test_the_open_page_shows_an_activity_live_and_its_end(
    open_page_alone: tuple[Page, dict[str, Any]], team: Team
) -> None:
    """Without a push: the server says at once what differs."""
    page, device = open_page_alone
    key = team.unique("stream")
    state = {"title": "Deploy", "type": "progress", "percentage": 10}
    path = f"/api/live-activity/stream/{key}"
    send(team, device, path, content_state=state)
    card = page.get_by_role("article", name="Live Activity: Deploy")
    expect(card.get_by_text("10%")).to_be_visible()
    team.ask("PUT", path, content_state=state | {"percentage": 80})
    expect(card.get_by_text("80%")).to_be_visible()
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "80")
    team.ask("DELETE", path, content_state=state | {"percentage": 100})
    expect(card.get_by_text("Ended")).to_be_visible()


def test_what_is_removed_here_is_removed_for_the_server(
    open_page_alone: tuple[Page, dict[str, Any]], team: Team
) -> None:
    page, device = open_page_alone
    path = f"/api/live-activity/stream/{team.unique('stream')}"
    state = {"title": "Backup", "type": "progress", "percentage": 10}
    activity_id = send(team, device, path, content_state=state)["activity_id"]
    page.get_by_role("button", name="Remove Backup").click()
    expect(page.get_by_role("article", name="Live Activity: Backup")).to_have_count(0)
    eventually(
        "the server has heard of it",
        lambda: team.ask("GET", f"/api/live-activities/{activity_id}/devices")["devices"],
        until=lambda devices: [one["phase"] for one in devices] == ["dismissed"],
    )
    page.reload()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()


def test_the_number_on_the_icon_is_on_the_page(open_phone: OpenPhone, team: Team) -> None:
    page, _, device = paired(open_phone, team)
    # It is kept for the page, though no push takes it to a browser.
    slug = channel_of(team, device)
    team.owner.post("/api/badge", json={"badge": 7, "target": {"channels": [slug]}})
    expect(page.get_by_role("link", name="Inbox 7")).to_be_visible()


def test_a_browser_that_is_removed_by_somebody_else_says_so(
    open_phone: OpenPhone, team: Team, complaints: list[str]
) -> None:
    page, _, device = paired(open_phone, team)
    team.ask("DELETE", f"/api/devices/{device['id']}")
    expect(page.get_by_text(f"“{device['name']}” was removed from the workspace.")).to_be_visible()
    expect(page.get_by_label("Pairing code")).to_be_visible()
    assert all("401" in one for one in complaints)
    complaints.clear()


def test_a_subscription_made_with_another_key_is_made_again(open_phone: OpenPhone, team: Team) -> None:
    """As after a restore without the key: at the next opening."""
    page, _, _ = paired(open_phone, team)
    page.evaluate(
        """() => navigator.serviceWorker.ready.then(
            (one) => one.pushManager.subscribe({ applicationServerKey: new Uint8Array(65) }))"""
    )
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => window.keys.length === 3")
    assert page.evaluate("window.unsubscribed && window.keys[2] === window.keys[0]")


def test_everything_can_be_reached_by_the_keyboard(open_phone: OpenPhone, team: Team) -> None:
    page, _ = open_phone()
    page.goto("/phone/")
    expect(page.get_by_label("Pairing code")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Pairing code")).to_be_focused()
    page.keyboard.type(pairing_code(team))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This browser is ready")).to_be_visible()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Open the inbox":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.get_by_role("link", name="This browser").press("Enter")
    expect(page.get_by_role("heading", name="This browser", level=1)).to_be_focused()
    page.get_by_role("button", name="Unpair this browser").press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Unpair this browser")).to_be_focused()


def test_it_may_be_below_another_path(place: Stack, open_page: OpenPage, team: Team, push_service: PushService) -> None:
    """A proxy's: every address that page and worker ask is relative to their own."""
    with proxy(place.base_url, "/push") as address:
        page = open_page(address, "about:blank", **ALLOWED)
        for script in (GRANTED, push_service.subscriber().script):
            page.add_init_script(script)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/push/phone/#{pairing_code(team)}")
        page.get_by_role("button", name="Pair this browser").click()
        expect(page.get_by_role("heading", name="This browser is ready")).to_be_visible()
        scope = page.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)")
        assert scope == f"{address}/push/phone/"
        assert [url for url in asked if not url.startswith(f"{address}/push/")] == []
        page.goto("about:blank")
