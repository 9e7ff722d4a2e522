"""The page at `/phone/`, in a real browser against a real server: it makes a browser a phone."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.phone_page import (
    ALLOWED,
    NO_PUSH_SERVICE,
    Worker,
    pair,
    pairing_code,
    take_pushes_elsewhere,
    team_of,
)
from tests.browser.proxy import proxy
from tests.browser.push_service import PushService, Subscriber
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

expect.set_options(timeout=PATIENCE_MS)

PERMISSION = """(answers) => {
    let given = "default"
    Object.defineProperty(Notification, "permission", { get: () => given })
    Notification.requestPermission = async () => (given = answers.shift())
}"""
"""Headless Chromium answers the question for permission by itself, with a no."""
OpenPhone = Callable[..., tuple[Page, Subscriber]]


@pytest.fixture(scope="module")
def team(place: Stack) -> Team:
    """The account that all tests share."""
    return team_of(place)


@pytest.fixture
def open_phone(place: Stack, push_service: PushService, open_page: OpenPage) -> OpenPhone:
    """A browser of a phone's size with a push service, which shows nothing yet."""

    def open_one(*scripts: str, **options: Any) -> tuple[Page, Subscriber]:
        page, subscriber = open_page(place.base_url, "about:blank", **(ALLOWED | options)), push_service.subscriber()
        for script in (subscriber.script, *scripts):
            page.add_init_script(script)
        return page, subscriber

    return open_one


def paired(open_phone: OpenPhone, team: Team) -> tuple[Page, Subscriber, dict[str, Any]]:
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


def test_a_browser_is_paired_by_typing_the_code_and_rings(open_phone: OpenPhone, team: Team) -> None:
    """The whole way: pair, allow, test, and the push service has what the worker shows."""
    page, subscriber = open_phone(f"({PERMISSION})(['granted'])")
    name = team.unique("browser")
    page.goto("/phone")
    expect(page).to_have_url(re.compile(r"/phone/$"))
    page.get_by_label("Pairing code").press_sequentially(pairing_code(team).replace("-", " ").lower())
    expect(page.get_by_label("Pairing code")).to_have_value(re.compile(r"^\w{4}-\w{4}$"))
    page.get_by_label("Name of this browser").fill(name)
    page.get_by_role("button", name="Pair this browser").click()
    page.get_by_role("button", name="Allow notifications").click()
    expect(page.get_by_role("heading", name="This browser is ready")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The push service has taken it.")).to_be_visible()
    worker = Worker(page)
    sent = json.loads(subscriber.hand_over(worker))
    worker.shows(title=sent["notification"]["title"])
    page.get_by_role("button", name="Open the inbox").click()
    expect(page.get_by_role("article", name=f"Notification: {sent['notification']['title']}")).to_be_visible()
    device = device_named(team, name)
    assert (device["platform"], device["state"]) == ("web", "ready")
    assert device["bundle_id"] == page.url.partition("#")[0]
    assert worker.errors == []


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
    assert page.get_by_text("K7QF-2M9X").count() == (1 if "Home Screen" in title else 0)


def test_what_is_sent_is_in_the_inbox_with_all_buttons(open_phone: OpenPhone, team: Team, place: Stack) -> None:
    """And a button that calls a webhook says how that went."""
    page, subscriber, device = paired(open_phone, team)
    url = f"{place.quickstart.webhook_sink_url}/{team.unique('hook')}"
    actions = [
        {"title": "Approve", "type": "webhook", "url": url},
        {"title": "Open", "type": "open_url", "url": "https://ci.example.com/1"},
    ]
    send(team, device, title="Release?", subtitle="checkout", message="3 reviewers", actions=actions)
    worker = Worker(page)
    subscriber.hand_over(worker)
    worker.shows(title="Release?", body="checkout\n3 reviewers")
    card = page.get_by_role("article", name="Notification: Release?")
    expect(card.get_by_text("checkout", exact=True)).to_be_visible()
    expect(card.get_by_role("link", name="Open")).to_have_attribute("href", "https://ci.example.com/1")
    card.get_by_role("button", name="Approve").click()
    expect(card.get_by_role("button", name="Approve")).to_contain_text("Done")


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


def test_this_browser_says_how_it_is(open_phone: OpenPhone, team: Team) -> None:
    page, subscriber, device = paired(open_phone, team)
    page.get_by_role("link", name="This browser").click()
    facts = page.locator("dl.facts")
    expect(facts).to_contain_text(device["name"])
    expect(facts).to_contain_text("Allowed")
    expect(facts.locator("div", has_text="Last push received")).to_contain_text("Never")
    page.get_by_role("button", name="Send a test").click()
    subscriber.hand_over(Worker(page))
    expect(facts.locator("div", has_text="Last push received")).to_contain_text("now")


def test_unpairing_is_confirmed_and_leaves_nothing(open_phone: OpenPhone, team: Team) -> None:
    page, subscriber, device = paired(open_phone, team)
    send(team, device, title="Secret")
    subscriber.hand_over(Worker(page))
    page.get_by_role("link", name="This browser").click()
    page.get_by_role("button", name="Unpair this browser").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Unpair this browser").click()
    page.get_by_role("dialog").get_by_role("button", name="Unpair").click()
    expect(page.get_by_role("heading", name="Pair this browser", exact=True)).to_be_visible()
    assert not [one for one in team.ask("GET", "/api/devices")["devices"] if one["id"] == device["id"]]
    assert Worker(page).shown() == []
    stored = page.evaluate(
        """async () => {
            const open = indexedDB.open("activitysmith-phone")
            const database = await new Promise((done) => { open.onsuccess = () => done(open.result) })
            const stores = [...database.objectStoreNames]
            return Promise.all(stores.map((name) => new Promise((done) => {
                const rows = database.transaction(name).objectStore(name).getAll()
                rows.onsuccess = () => done(rows.result)
            })))
        }"""
    )
    assert stored == [[]] * 4


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
        page.add_init_script(push_service.subscriber().script)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/push/phone/#{pairing_code(team)}")
        page.get_by_role("button", name="Pair this browser").click()
        expect(page.get_by_role("heading", name="This browser is ready")).to_be_visible()
        scope = page.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)")
        assert scope == f"{address}/push/phone/"
        assert [url for url in asked if not url.startswith(f"{address}/push/")] == []
        page.goto("about:blank")
