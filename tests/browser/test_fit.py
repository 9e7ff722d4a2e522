"""What has to be read and copied is whole: snippets in their cards, toasts in both themes, words in tables."""

import uuid
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenSignedIn
from tests.e2e.conftest import second_account
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.team import secret_of
from tests.waiting import eventually

pytestmark = pytest.mark.thorough

GROUNDS: dict[Literal["light", "dark"], str] = {"light": "rgb(247, 247, 248)", "dark": "rgb(16, 16, 19)"}
"""What the theme of each scheme is drawn on."""
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


def at_each_width(page: Page) -> Iterator[int]:
    """The page on a desk, and on a phone."""
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 900})
        yield width


def box(element: Locator) -> dict[str, float]:
    # A page that has news draws its parts again: for a moment there is none.
    found = eventually("it is drawn", element.bounding_box)
    assert found is not None
    return {"left": found["x"], "right": found["x"] + found["width"]}


def fits(snippet: Locator) -> None:
    """The snippet lies within what holds it, and so does its copy button, which can be seen."""
    for width in at_each_width(snippet.page):
        expect(snippet).to_be_visible()
        around, code, copy = (
            box(snippet.locator("xpath=ancestor::*[contains(concat(' ', @class, ' '), ' card ') or "
                                "contains(concat(' ', @class, ' '), ' dialog ') or "
                                "contains(concat(' ', @class, ' '), ' empty ')][1]")),
            box(snippet),
            box(snippet.locator(".copy-button")),
        )  # fmt: skip
        assert around["left"] <= code["left"], width
        assert code["right"] <= around["right"], width
        assert copy["right"] <= code["right"], width
        assert snippet.locator("code").evaluate("(code) => getComputedStyle(code).textAlign") in ("start", "left")


def test_snippets_fit_and_can_be_copied(place: Stack, owner: Page) -> None:
    owner.goto("/api-keys")
    owner.get_by_role("button", name="Create API key").first.click()
    owner.get_by_label("Name", exact=True).fill(f"CI {uuid.uuid4().hex[:6]}")
    owner.get_by_role("button", name="Create key").click()
    expect(owner.get_by_text("Your new API key")).to_be_visible()
    fits(owner.locator(".dialog .snippet").first)
    owner.get_by_role("button", name="I have copied it").click()
    owner.goto("/playground")
    fits(owner.locator(".composer-side .snippet").first)
    owner.goto(f"/channels/{a_channel(place)}")
    fits(owner.locator(".card .snippet").first)


def a_channel(place: Stack) -> str:
    with plain_http_client(place.base_url) as owner:
        session = owner.post("/api/sessions", json={"email": place.owner_email, "password": place.owner_password})
        owner.headers["Authorization"] = f"Bearer {session.json()['session_token']}"
        made: dict[str, Any] = owner.post("/api/channels", json={"slug": f"ops-{uuid.uuid4().hex[:8]}"}).json()
    return str(made["channel"]["id"])


def test_the_example_of_an_empty_page_fits_and_is_not_centred(place: Stack, open_signed_in: OpenSignedIn) -> None:
    page = open_signed_in(secret_of(second_account(place).owner))
    page.goto("/live-activities")
    page.get_by_text("From a program").click()
    fits(page.locator(".empty .snippet"))


def test_toasts_can_be_read(owner: Page) -> None:
    owner.emulate_media(reduced_motion="reduce")
    owner.goto("/help")
    owner.wait_for_function("() => window.socket?.connected")
    for scheme, ground in GROUNDS.items():
        owner.emulate_media(color_scheme=scheme)
        expect(owner.locator("body")).to_have_css("background-color", ground)
        toasts_have_contrast(owner, scheme)


def toasts_have_contrast(page: Page, scheme: str) -> None:
    for kind in ("positive", "negative", "warning", "info", None):
        said = f"A {scheme} toast of {kind}"
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
                f"{kind} has contrast", lambda part=part: part.evaluate(CONTRAST), until=lambda ratio: ratio >= 4.5
            )


def test_no_word_is_broken_in_a_table(place: Stack, owner: Page) -> None:
    title = "Deployment of the payment service to production finished with warnings " * 2
    with plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}") as backend:
        assert backend.post("/api/push-notification", json={"title": title}).status_code == 200
    for path in ("/delivery-log", "/delivery-log/live-activities", "/devices", "/members", "/api-keys", "/channels"):
        owner.goto(path)
        for width in at_each_width(owner):
            expect(owner.get_by_role("heading", level=1).first).to_be_visible()
            expect(owner.locator(".table-place, .empty").first).to_be_visible()
            assert owner.evaluate(BROKEN_WORDS) == [], f"{path} at {width} px"


def test_two_long_buttons_stay_on_their_card(place: Stack, owner: Page) -> None:
    button = {"type": "webhook", "url": "https://example.com/h"}
    body = {
        "content_state": {"title": f"Deploy {uuid.uuid4().hex[:8]}", "type": "progress", "percentage": 1},
        "action": button | {"title": "Chat with somebody who knows"},
        "secondary_action": button | {"title": "Abort the deployment at once"},
    }
    title = body["content_state"]["title"]
    with plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}") as backend:
        assert backend.put("/api/live-activity/stream/fits", json=body).status_code == 200
        owner.goto("/live-activities")
        card = owner.locator(".lock-activity").filter(has_text=title)
        for width in at_each_width(owner):
            expect(card.locator(".lock-action")).to_have_count(2)
            around, first, second = (box(one) for one in (card, *card.locator(".lock-action").all()))
            assert around["left"] < first["left"] < first["right"] < second["left"], width
            assert second["right"] < around["right"], width
        assert backend.delete("/api/live-activity/stream/fits").status_code == 200


def test_the_inputs_of_a_metric_are_wide_enough_and_stand_beside_what_removes_them(owner: Page) -> None:
    owner.goto("/playground")
    owner.get_by_role("tab", name="Live Activity").click()
    owner.get_by_role("combobox", name="Type", exact=True).click()
    owner.get_by_role("option", name="Metrics").click()
    row = owner.locator(".composer-metric").first
    for width in at_each_width(owner):
        expect(row.locator(".field")).to_have_count(4)
        for field in row.locator(".field").all():
            found = box(field)
            assert found["right"] - found["left"] >= 100, width
        label, remove = row.locator(".field").first.bounding_box(), row.locator(".button-icon").bounding_box()
        assert label is not None
        assert remove is not None
        assert label["y"] <= remove["y"] < label["y"] + label["height"], width
        assert remove["x"] + remove["width"] <= width, width


def test_an_input_that_types_share_has_the_words_of_the_type(owner: Page) -> None:
    owner.goto("/playground")
    owner.get_by_role("tab", name="Live Activity").click()
    for kind, label in (("Progress", "or value"), ("Value", "Value")):
        owner.get_by_role("combobox", name="Type", exact=True).click()
        owner.get_by_role("option", name=kind, exact=True).click()
        expect(owner.get_by_label(label, exact=True).locator("visible=true").first).to_be_visible()
