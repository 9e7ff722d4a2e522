"""The page at `/phone/`, in a real browser against a real server: what rings, and what a push leaves on the page.

What needs no notification on the screen is in `tests/browser/test_phone_page.py`, whose browser costs a fifth."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.phone_page import (
    PERMISSION,
    OpenPhone,
    Worker,
    device_named,
    paired,
    pairing_code,
    send,
)
from tests.stack import Stack
from tests.team import Team

pytestmark = pytest.mark.thorough


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
