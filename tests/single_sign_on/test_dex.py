"""People sign in by a real provider, in a real browser."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Chromium, sign_in
from tests.browser.test_every_page import RULES, inspect
from tests.single_sign_on.conftest import Browse, Dex, fill_in, somebody
from tests.stack import Stack
from tests.waiting import eventually

# The first time Go's modules are fetched and compiled.
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(900)]

VOUCHED_FOR = "SELECT 1 FROM external_identities WHERE email = %s AND due_at > now() + interval '2 minutes'"


def continue_with_dex(page: Page, email: str) -> None:
    """Signs in at Dex, from the page for signing in."""
    page.get_by_role("link", name="Continue with Dex").click()
    fill_in(page, email)


def is_due(place: Stack, email: str) -> None:
    """The provider is asked about the person now: it is each few minutes."""
    place.sql(
        "UPDATE external_identities SET due_at = now() WHERE user_id = (SELECT id FROM users WHERE email = %s)", email
    )


def test_a_member_of_a_group_signs_in_sees_by_what_and_is_signed_out_when_the_group_is_lost(
    dex: Dex, place: Stack, browse: Browse
) -> None:
    email, page = somebody(dex, "staff"), browse(place)
    page.goto("/channels?x=1")
    continue_with_dex(page, email)
    page.wait_for_url("**/channels?x=1")
    page.get_by_role("heading", level=1, name="Channels").wait_for()
    page.goto("/account")
    page.get_by_text("signed in by it now").wait_for()
    is_due(place, email)
    eventually("Dex has vouched for the person again", lambda: place.sql(VOUCHED_FOR, email))
    expect(page.get_by_text("signed in by it now")).to_be_visible()
    dex.knows(email)
    is_due(place, email)
    page.wait_for_url(re.compile("/sign-in"))
    continue_with_dex(page, email)
    page.get_by_text("No group of yours at Dex gives you a place here any more.").wait_for()


def test_a_person_who_is_gone_at_the_provider_is_signed_out_an_hour_later(
    dex: Dex, place: Stack, browse: Browse
) -> None:
    """Dex says the same of them as of a failure of its own, for which nothing ends at once."""
    email, page = somebody(dex, "ops"), browse(place)
    page.goto("/members")
    continue_with_dex(page, email)
    page.get_by_role("heading", level=1, name="Members").wait_for()
    dex.forgets(email)
    is_due(place, email)
    eventually("Dex was asked", lambda: "cannot be checked now" in place.stderr)
    page.reload()
    page.get_by_role("heading", level=1, name="Members").wait_for()
    place.sql("UPDATE external_identities SET confirmed_at = now() - interval '61 minutes' WHERE email = %s", email)
    is_due(place, email)
    page.wait_for_url(re.compile("/sign-in"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_pages_before_and_after_fit_and_can_be_used_by_everybody(
    place: Stack, chromium: Chromium, width: int, scheme: Literal["light", "dark"]
) -> None:
    size = ViewportSize(width=width, height=900)
    context = chromium.new_context(base_url=place.admin_url, viewport=size, color_scheme=scheme)
    page = context.new_page()
    try:
        for name, path in {"offer": "/sign-in", "refusal": "/single-sign-on/callback?error=access_denied"}.items():
            page.goto(path)
            assert inspect(page, f"single-sign-on-{name}-{scheme}-{width}", width, RULES) == []
    finally:
        chromium.close(context)


def test_a_person_without_a_group_is_told_so_and_the_owner_gets_in_while_the_provider_is_down(
    dex: Dex, place: Stack, browse: Browse
) -> None:
    """The last test: Dex does not come back."""
    page = browse(place)
    page.goto("/sign-in")
    continue_with_dex(page, somebody(dex, "others"))
    page.get_by_text("No group of yours at Dex gives you a place here.").wait_for()
    page.goto("/sign-in")
    href = page.get_by_role("link", name="Continue with Dex").get_attribute("href")
    assert href == "/single-sign-on?next=/"
    dex.stop()
    place.kill("core")
    place.wait_answering()
    page.goto(href)
    page.get_by_text("Dex cannot be reached.").wait_for()
    sign_in(page, place.owner_email, place.owner_password)
