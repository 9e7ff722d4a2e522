"""What somebody has typed is there after an outage, whatever the server still knew of the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, OpenSignedIn, new_page, session_of, told
from tests.browser.outage import CuttableWay
from tests.stack import Stack

pytestmark = pytest.mark.thorough

BACK = "What you had typed is back."
OUTAGE_SECONDS = 13.0


@pytest.fixture
def way(place: Stack) -> Iterator[CuttableWay]:
    """To the web admin."""
    way = CuttableWay(place.admin_url)
    yield way
    way.close()


@pytest.fixture
def page(way: CuttableWay, session: str, open_page: OpenPage, complaints: list[str]) -> Iterator[Page]:
    """The owner's browser, which comes that way."""
    yield open_page(way.url, "/playground", session=session)
    # While it is cut, the browser says so.
    complaints.clear()


def message(page: Page) -> Locator:
    """The message of the push."""
    return page.get_by_role("textbox", name="Message", exact=True).first


def title(page: Page) -> Locator:
    """The title of the push, the first of several fields of that name."""
    return page.get_by_role("textbox", name="Title", exact=True).first


def test_what_was_typed_outlives_an_outage_in_forms_and_dialogs(way: CuttableWay, page: Page) -> None:
    page.wait_for_function("() => window.socket?.connected")
    title(page).fill("MY DRAFT TITLE")
    page.get_by_role("button", name="Add a button").click()
    page.get_by_label("URL", exact=True).fill("https://example.com/my-draft")
    way.cut()
    page.wait_for_function("() => !window.socket.connected")
    # Typed while there is no server, however long this test takes to do it.
    message(page).fill("typed in the lift")
    way.restore_in(OUTAGE_SECONDS)
    told(page, BACK)
    expect(title(page)).to_have_value("MY DRAFT TITLE")
    expect(message(page)).to_have_value("typed in the lift")
    expect(page.get_by_label("URL", exact=True)).to_have_value("https://example.com/my-draft")
    # The server has it, too.
    expect(page.get_by_label("curl example")).to_contain_text("typed in the lift")


def test_pages_outlive_the_death_of_the_web_admin_and_so_does_what_was_typed(
    place: Stack, owner: Page, complaints: list[str]
) -> None:
    """They are loaded again when the web admin has forgotten them: the person need not."""
    overview = new_page(owner.context, complaints)
    for page, path in ((overview, "/"), (owner, "/members")):
        page.goto(path)
        page.wait_for_function("() => window.socket?.connected")
    owner.get_by_role("button", name="Invite members").click()
    owner.get_by_label("E-mail addresses").fill("ann@team.test\nbob@team.test")
    with overview.expect_event("load", timeout=90_000):
        place.kill("admin")
    told(owner, BACK)
    expect(owner.get_by_label("E-mail addresses")).to_have_value("ann@team.test\nbob@team.test")
    # That the connection was lost, and the server away for a moment.
    assert all("WebSocket" in complaint or "net::ERR_" in complaint for complaint in complaints)
    complaints.clear()


def test_no_password_is_kept_and_nothing_beyond_a_sign_out(place: Stack, open_signed_in: OpenSignedIn) -> None:
    page = open_signed_in(session_of(place, place.owner_email, place.owner_password))
    page.goto("/account")
    page.get_by_label("Name", exact=True).fill("My draft name")
    page.get_by_label("Current password").fill("hunter2-old")
    page.get_by_label("New password").fill("hunter2-new")
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    assert "My draft name" in kept
    assert "hunter2" not in kept
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in*")
    assert "My draft name" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_what_was_typed_and_left_is_not_typed_again(owner: Page) -> None:
    owner.goto("/playground")
    title(owner).fill("left behind")
    owner.goto("/members")
    owner.goto("/playground")
    expect(title(owner)).not_to_have_value("left behind")
