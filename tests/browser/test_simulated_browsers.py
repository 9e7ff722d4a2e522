"""Simulated browsers, added on the lock screen page or by the pairing dialog, show what comes as their kinds do."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import told
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.waiting import eventually

pytestmark = pytest.mark.thorough

STREAM = "/api/live-activity/stream/browsers"


def added(page: Page, place: Stack, kind: str) -> Locator:
    """A new simulated browser of the kind, with its controls."""
    page.goto("/lock-screen")
    page.wait_for_function("() => window.socket?.connected")
    page.get_by_role("button", name="Add a browser").click()
    if kind != "Chrome":
        page.get_by_role("combobox", name="Kind").click()
        page.get_by_role("option", name=kind).click()
    page.get_by_label("Name", exact=True).fill(f"{kind} here")
    page.get_by_role("button", name="Add it").click()
    column = page.locator(".iphone-column").filter(has=page.get_by_role("heading", name=f"{kind} here", exact=True))
    expect(column).to_be_visible()
    return column


def gone(page: Page, column: Locator, name: str) -> None:
    """It is removed, by its menu."""
    column.get_by_role("button", name=f"More for {name}").click()
    page.get_by_text("Remove this browser…").click()
    page.get_by_role("button", name="Remove browser").click()
    expect(column).to_have_count(0)


@pytest.mark.parametrize("kind", ["Chrome", "Firefox", "Safari"])
def test_a_simulated_browser_shows_what_comes_and_is_tapped_and_cleared(place: Stack, owner: Page, kind: str) -> None:
    column = added(owner, place, kind)
    with plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}") as backend:
        push = {
            "title": f"For {kind}", "message": "Look here",
            "actions": [{"title": "Open the run", "type": "open_url", "url": "https://ci.example.com/runs/1"}],
        }  # fmt: skip
        assert backend.post("/api/push-notification", json=push).status_code == 200
        note = column.get_by_role("group", name=f"Notification: For {kind}")
        expect(note).to_be_visible()
        note.get_by_role("button", expanded=False).first.click()
        button = note.get_by_role("button", name="Open the run")
        if kind == "Safari":
            # Web apps on an iPhone have no buttons; a tap opens the page.
            expect(button).to_have_count(0)
            note.get_by_role("button", name=re.compile("^Tap: opens")).click()
            expect(column.get_by_text("The browser would open")).to_be_visible()
        else:
            button.click()
            expect(column.get_by_text("https://ci.example.com/runs/1")).to_be_visible()

        state = {"title": f"On {kind}", "type": "progress", "percentage": 10}
        assert backend.put(STREAM, json={"content_state": state}).status_code == 200
        card = "Live Activity: " if kind == "Chrome" else "Notification: "
        shown = column.get_by_role("group", name=f"{card}On {kind}")
        expect(shown).to_be_visible()
        shown.hover()
        shown.locator("xpath=..").get_by_role("button", name=re.compile("^Dismiss")).click()
        expect(shown).to_have_count(0)
        assert backend.request("DELETE", STREAM, json={}).status_code == 200
    gone(owner, column, f"{kind} here")


def test_a_browser_that_takes_permission_back_is_said_to_be_unsubscribed(place: Stack, owner: Page) -> None:
    column = added(owner, place, "Firefox")
    column.get_by_role("switch", name="Notifications allowed").click()
    expect(column.get_by_text("Not subscribed")).to_be_visible()
    column.get_by_role("switch", name="Notifications allowed").click()
    expect(column.get_by_text("Not subscribed")).to_have_count(0)
    gone(owner, column, "Firefox here")


def test_the_pairing_dialog_pairs_a_simulated_browser_which_the_list_calls_by_its_push_service(
    place: Stack, owner: Page
) -> None:
    owner.goto("/devices")
    owner.wait_for_function("() => window.socket?.connected")
    owner.get_by_role("button", name="Pair a device").click()
    owner.locator("summary").filter(has_text="Simulated").press("Enter")
    owner.get_by_role("button", name="Simulated Safari").click()
    told(owner, "Paired Simulated Safari.")
    row = owner.get_by_role("row").filter(has_text="Simulated Safari")
    expect(row).to_contain_text("Browser · pushes by Apple")
    expect(row).to_contain_text("Ready")
    row.get_by_role("button", name="Send a test to Simulated Safari").click()
    told(owner, "1 reached")
    with plain_http_client(place.simulator_url) as simulator:
        [browser] = [one for one in simulator.get("/browsers").json()["browsers"] if one["name"] == "Simulated Safari"]
        path = f"/browsers/{browser['id']}"
        assert eventually("it shows the test", lambda: simulator.get(path).json()["notifications"])
        assert simulator.delete(path).status_code == 200
