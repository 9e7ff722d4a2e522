"""People show once more who they are at a real provider that has a session of theirs: Dex with `sessions`."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import MakeStack
from tests.single_sign_on.conftest import Browse, Dex, fill_in, place_of, running_dex, somebody
from tests.stack import Stack

# The first time Go's modules are fetched and compiled.
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(900)]

WHEN = """
SELECT s.authenticated_at FROM sessions s JOIN users u ON u.id = s.user_id
WHERE u.email = %s ORDER BY s.created_at DESC LIMIT 1
"""
OLD = """
UPDATE sessions SET authenticated_at = authenticated_at - interval '11 minutes'
WHERE user_id = (SELECT id FROM users WHERE email = %s)
"""


@pytest.fixture(scope="module")
def dex(dex_program: Path) -> Iterator[Dex]:
    """Dex with sessions."""
    with running_dex(dex_program, "sessions") as running:
        yield running


@pytest.fixture(scope="module")
def place(dex: Dex, make_stack: MakeStack) -> Iterator[Stack]:
    """A server whose people sign in by it."""
    with place_of(dex, make_stack) as stack:
        yield stack


def continue_with_dex(page: Page) -> None:
    """On the page for signing in."""
    page.get_by_role("link", name="Continue with Dex").click()


def delete_login(page: Page) -> None:
    """Begins it, on a page that listens."""
    page.wait_for_function("() => window.socket?.connected")
    page.get_by_role("button", name="Delete my login…", exact=True).click()


def test_dex_asks_a_person_with_a_session_again_only_for_a_proof_and_says_when(
    dex: Dex, place: Stack, browse: Browse
) -> None:
    email, page = somebody(dex, "staff"), browse(place)
    page.goto("/account")
    continue_with_dex(page)
    fill_in(page, email)
    heading = page.get_by_role("heading", level=2, name="Delete your login")
    expect(heading).to_be_visible()
    [(first,)] = place.sql(WHEN, email)
    assert first is not None

    page.context.clear_cookies(name="smith_session")
    page.goto("/account")
    continue_with_dex(page)
    # Dex has a session, and asks nothing.
    expect(heading).to_be_visible()
    assert place.sql(WHEN, email) == [(first,)]

    place.sql(OLD, email)
    page.reload()
    delete_login(page)
    page.get_by_role("dialog").get_by_role("button", name="Sign in again").click()
    continue_with_dex(page)
    fill_in(page, email)
    expect(heading).to_be_in_viewport()
    [(again,)] = place.sql(WHEN, email)
    assert again > first
    delete_login(page)
    page.get_by_role("dialog").get_by_role("button", name="Delete my login", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    assert place.sql("SELECT 1 FROM users WHERE email = %s", email) == []


def test_who_takes_the_question_out_of_the_address_is_let_in_by_dex_and_not_by_us(
    dex: Dex, place: Stack, browse: Browse
) -> None:
    email, page = somebody(dex, "staff"), browse(place)
    page.goto("/account")
    continue_with_dex(page)
    fill_in(page, email)
    expect(page.get_by_role("heading", level=2, name="Delete your login")).to_be_visible()
    place.sql(OLD, email)
    # Dex's session becomes older than clocks may differ for what is asked from now on.
    dex.ages(email)
    page.reload()
    delete_login(page)
    page.get_by_role("dialog").get_by_role("button", name="Sign in again").click()
    href = page.get_by_role("link", name="Continue with Dex").get_attribute("href")
    assert href is not None
    asked = httpx.URL(page.request.get(href, max_redirects=0).headers["location"])
    assert (asked.params["max_age"], asked.params["prompt"]) == ("0", "login")
    page.goto(str(asked.copy_remove_param("max_age").copy_remove_param("prompt")))
    expect(page.get_by_text("Dex did not ask you to sign in again")).to_be_visible()
    assert place.sql("SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = %s", email) == [
        (0,)
    ]
