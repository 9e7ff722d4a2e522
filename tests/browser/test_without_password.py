"""People of single sign-on, who have no password here, delete what is theirs, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import HOME, OpenPage
from tests.browser.test_every_page import PHONE, RULES, inspect
from tests.browser.test_second_factor import OLD_SESSIONS, RULES_OF_DIALOGS
from tests.conftest import MakeStack
from tests.core.openid_rig import ASKING_AGAIN, CLIENT_ID, CLIENT_SECRET, OpenIdProvider, Person, running_provider
from tests.stack import Stack, free_ports

pytestmark = pytest.mark.thorough

REFUSED = "Failed to load resource: the server responded with a status of 403 (Forbidden)"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    """The service that people sign in at."""
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def place(make_stack: MakeStack, provider: OpenIdProvider) -> Iterator[Stack]:
    """A server that lets in whom the provider vouches for."""
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    provider.redirect = f"{address}/single-sign-on/callback"
    stack = make_stack(
        SMITH_ADMIN_PORT=str(port),
        SMITH_ADMIN_URL=address,
        SMITH_OIDC_ISSUER=provider.url,
        SMITH_OIDC_CLIENT_ID=CLIENT_ID,
        SMITH_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        SMITH_OIDC_NAME="Example",
        SMITH_OIDC_OWNER_GROUPS="ops",
        SMITH_OIDC_MEMBER_GROUPS="staff",
    )
    yield stack
    stack.discard()


def continue_with_example(page: Page) -> None:
    """On the page for signing in."""
    page.get_by_role("link", name="Continue with Example").click()


def sign_in_again(page: Page) -> None:
    """In the dialog that asks for it, and at the provider."""
    go_to_sign_in_again(page)
    continue_with_example(page)


def go_to_sign_in_again(page: Page) -> None:
    """From the dialog that asks for it."""
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Sign in again to show that it is you")).to_be_visible()
    dialog.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_text("Then you are back where you were.")).to_be_visible()


def press(page: Page, name: str) -> None:
    """On a page that listens."""
    page.wait_for_function("() => window.socket?.connected")
    page.get_by_role("button", name=name, exact=True).click()


def test_somebody_at_an_unlocked_screen_gets_no_further_than_a_usual_sign_in(
    place: Stack, provider: OpenIdProvider, open_page: OpenPage, complaints: list[str]
) -> None:
    """The session at the provider is a day old. As long as it does not ask the person, nothing is shown by it."""
    provider.person = Person("subject-3", "eve@corp.test", groups=["staff"])
    provider.session_age, provider.asks_again_for = 86_400.0, frozenset()
    looks = {"viewport": {"width": PHONE, "height": 900}, "reduced_motion": "reduce"}
    page = open_page(place.admin_url, "/sign-in?next=/account", **looks)
    continue_with_example(page)
    expect(page.get_by_role("heading", level=2, name="Delete your login")).to_be_visible()
    press(page, "Delete my login…")
    sign_in_again(page)
    expect(page.get_by_text("Example did not ask you to sign in again")).to_be_visible()
    assert inspect(page, "single-sign-on-not-asked-again", PHONE, RULES) == []
    page.get_by_role("link", name="Other ways to sign in").click()
    continue_with_example(page)
    press(page, "Delete my login…")
    go_to_sign_in_again(page)
    provider.asks_again_for = ASKING_AGAIN
    continue_with_example(page)
    expect(page.get_by_role("heading", level=2, name="Delete your login")).to_be_in_viewport()
    press(page, "Delete my login…")
    press(page, "Delete my login")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    assert place.sql("SELECT 1 FROM users WHERE email = 'eve@corp.test'") == []
    # The page that refuses, and nothing else.
    assert [one for one in complaints if "style" not in one] == [REFUSED]
    complaints.clear()


def test_a_member_deletes_their_login_and_an_owner_the_workspace(
    place: Stack, provider: OpenIdProvider, open_page: OpenPage, complaints: list[str]
) -> None:
    provider.person = Person("subject-1", "ann@corp.test", groups=["staff"])
    looks = {"color_scheme": "dark", "viewport": {"width": PHONE, "height": 900}, "reduced_motion": "reduce"}
    ann = open_page(place.admin_url, "/sign-in", **looks)
    continue_with_example(ann)
    expect(ann.get_by_role("heading", level=1)).to_be_visible()
    place.sql(OLD_SESSIONS, "ann@corp.test")
    ann.goto("/account")
    press(ann, "Delete my login…")
    wrong = inspect(ann, "delete-login-single-sign-on", PHONE, RULES_OF_DIALOGS, within=".dialog")
    sign_in_again(ann)
    expect(ann.get_by_role("heading", level=2, name="Delete your login")).to_be_in_viewport()
    wrong += inspect(ann, "account-without-password", PHONE, RULES)
    press(ann, "Delete my login…")
    press(ann, "Delete my login")
    expect(ann.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    assert place.sql("SELECT 1 FROM users WHERE email = 'ann@corp.test'") == []

    provider.person = Person("subject-2", "bob@corp.test", groups=["ops"])
    bob = open_page(place.admin_url, "/sign-in", reduced_motion="reduce")
    continue_with_example(bob)
    expect(bob.get_by_role("heading", level=1, name=HOME)).to_be_visible()
    place.sql(OLD_SESSIONS, "bob@corp.test")
    [(name,)] = place.sql("SELECT name FROM accounts")
    bob.goto("/settings")
    press(bob, "Delete workspace…")
    sign_in_again(bob)
    expect(bob.get_by_role("heading", level=2, name="Delete this workspace")).to_be_in_viewport()
    press(bob, "Delete workspace…")
    dialog = bob.get_by_role("dialog")
    dialog.get_by_label(f"Type {name} to confirm").fill("another")
    press(bob, "Delete workspace")
    expect(dialog.get_by_text("The name must be the name of the account")).to_be_visible()
    dialog.get_by_label(f"Type {name} to confirm").fill(name)
    press(bob, "Delete workspace")
    expect(dialog).to_have_count(0)
    assert place.sql("SELECT 1 FROM accounts WHERE closed_at IS NULL") == []
    assert not wrong, "\n".join(wrong)
    complaints[:] = [one for one in complaints if "style" not in one]
