"""The API's reference for people, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from gateway.routes import routes
from tests.browser.conftest import OpenPage
from tests.stack import Stack

OPERATION = "/api/docs#tag/pushnotifications/POST/push-notification"


def asked_by(page: Page) -> list[str]:
    """URLs of all that the page has asked for since it was opened, but for what is in the page itself."""
    found: list[str] = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    return [url for url in found if not url.startswith("data:")]


def test_it_shows_every_operation_and_asks_no_other_server(place: Stack, open_page: OpenPage) -> None:
    """Groups in the menu, all of their operations once opened; every request goes to the server itself."""
    page = open_page(place.base_url, "about:blank")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto("/api/docs")
    expect(page.get_by_role("heading", name="ActivitySmith API", level=1)).to_be_visible()
    shown = page.evaluate("fetch('openapi.json').then(answer => answer.json()).then(all => Object.keys(all.paths))")
    assert {*shown} == {route.path.removeprefix("/api") for route in routes()}
    menu = page.get_by_role("navigation")
    for group in ("Push notifications", "Live Activities", "API keys", "Webhooks"):
        expect(menu.get_by_text(group, exact=True).first).to_be_visible()
    for operation in ("Send push notification", "Replay push notification"):
        expect(menu.get_by_text(operation, exact=True).first).to_be_visible()
    urls = {*requests, *asked_by(page)}
    assert len(urls) >= 5
    assert [url for url in urls if not url.startswith((f"{place.base_url}/", "data:"))] == []


@pytest.mark.thorough
def test_a_request_can_be_tried_out(place: Stack, open_page: OpenPage) -> None:
    """With the reader's own key, and the answer is the server's."""
    page = open_page(place.base_url, OPERATION)
    expect(page.get_by_role("heading", name="Send push notification").first).to_be_in_viewport()
    # Not a click of the mouse: the page is drawn as one scrolls, and what is aimed at moves.
    page.get_by_role("button", name=re.compile("Test Request")).first.dispatch_event("click")
    form = page.get_by_role("dialog")
    form.get_by_placeholder("Token").first.fill(place.api_key)
    with page.expect_response("**/api/push-notification") as sent:
        form.get_by_role("button", name=re.compile("^Send")).first.click()
    assert sent.value.status == 200
    assert sent.value.json()["success"] is True
