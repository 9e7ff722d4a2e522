"""What has to be read and copied is whole: snippets in their cards, toasts in both themes, words in tables."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, OpenPage, sign_in
from tests.stack import Stack
from tests.team import plain_http_client
from tests.waiting import eventually

expect.set_options(timeout=PATIENCE_MS)

BROKEN_WORDS = """() => {
    const broken = [];
    for (const cell of document.querySelectorAll('.table td')) {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode;
            for (const word of node.data.matchAll(/\\S+/g)) {
                const range = document.createRange();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
                // A hyphen, an at sign or a dot is a place to break at.
                if (lines.size > 1 && /^[\\p{L}\\p{N}]+$/u.test(word[0])) broken.push(word[0]);
            }
        }
    }
    return broken;
}"""
CONTRAST = """(element) => {
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4))
        .reduce((sum, c, place) => sum + c * [.2126, .7152, .0722][place], 0);
    let ground = element;
    while (parse(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const [a, b] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor].map(parse).map(light);
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}"""


@pytest.fixture(params=[1440, 360])
def page(request: pytest.FixtureRequest, place: Stack, open_page: OpenPage) -> Page:
    """The owner's browser on a desk, and on a phone."""
    page = open_page(place.admin_url, "/sign-in", viewport={"width": request.param, "height": 900})
    sign_in(page, place.owner_email, place.owner_password)
    return page


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return {"left": found["x"], "right": found["x"] + found["width"]}


def fits(snippet: Locator) -> None:
    """The snippet lies within what holds it, and so does its copy button, which can be seen."""
    expect(snippet).to_be_visible()
    around, code, copy = (
        box(snippet.locator("xpath=ancestor::*[contains(concat(' ', @class, ' '), ' card ') or "
                            "contains(concat(' ', @class, ' '), ' dialog ') or "
                            "contains(concat(' ', @class, ' '), ' empty ')][1]")),
        box(snippet),
        box(snippet.locator(".copy-button")),
    )  # fmt: skip
    assert around["left"] <= code["left"]
    assert code["right"] <= around["right"]
    assert copy["right"] <= code["right"]
    assert snippet.locator("code").evaluate("(code) => getComputedStyle(code).textAlign") in ("start", "left")


def test_snippets_fit_and_can_be_copied(place: Stack, page: Page) -> None:
    page.goto("/api-keys")
    page.get_by_role("button", name="Create API key").first.click()
    page.get_by_label("Name", exact=True).fill(f"CI {uuid.uuid4().hex[:6]}")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("Your new API key")).to_be_visible()
    fits(page.locator(".dialog .snippet").first)
    page.get_by_role("button", name="I have copied it").click()
    page.goto("/playground")
    fits(page.locator(".composer-side .snippet").first)
    page.goto(f"/channels/{a_channel(place)}")
    fits(page.locator(".card .snippet").first)


def a_channel(place: Stack) -> str:
    with plain_http_client(place.base_url) as owner:
        session = owner.post("/api/sessions", json={"email": place.owner_email, "password": place.owner_password})
        owner.headers["Authorization"] = f"Bearer {session.json()['session_token']}"
        made: dict[str, Any] = owner.post("/api/channels", json={"slug": f"ops-{uuid.uuid4().hex[:8]}"}).json()
    return str(made["channel"]["id"])


def test_the_example_of_an_empty_page_fits_and_is_not_centred(place: Stack, page: Page) -> None:
    if page.goto("/live-activities") and page.locator(".empty .snippet").count() == 0:
        pytest.skip("another test of this server has shown a Live Activity")
    fits(page.locator(".empty .snippet"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_toasts_can_be_read(place: Stack, open_page: OpenPage, scheme: str) -> None:
    page = open_page(place.admin_url, "/sign-in", color_scheme=scheme, reduced_motion="reduce")
    sign_in(page, place.owner_email, place.owner_password)
    for kind in ("positive", "negative", "warning", "info", None):
        said = f"A toast of {kind}"
        page.evaluate(
            # As the pages' toasts come: NiceGUI hands these options over.
            "([message, type]) => Quasar.Notify.create({message, type, timeout: 0, closeBtn: 'Close'})",
            [said, kind or ""],
        )
        toast = page.locator(".q-notification").filter(has_text=said)
        expect(toast).to_be_visible()
        for part in (toast.locator(".q-notification__message"), toast.get_by_role("button", name="Close")):
            # Once it has come in.
            eventually(
                f"{kind} has contrast", lambda part=part: part.evaluate(CONTRAST), 5, until=lambda ratio: ratio >= 4.5
            )


def test_no_word_is_broken_in_a_table(place: Stack, page: Page) -> None:
    title = "Deployment of the payment service to production finished with warnings " * 2
    with plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}") as backend:
        assert backend.post("/api/push-notification", json={"title": title}).status_code == 200
    for path in ("/delivery-log", "/devices", "/members", "/api-keys", "/channels"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        expect(page.locator(".table-place, .empty").first).to_be_visible()
        assert page.evaluate(BROKEN_WORDS) == [], path
