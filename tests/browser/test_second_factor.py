"""Signing in with more than a password, in a real browser whose authenticator is Chromium's virtual one; and what open
pages show of a session that has ended."""

import itertools
import re
import time
import uuid
from collections.abc import Iterator
from typing import LiteralString

import pyotp
import pytest
from playwright.sync_api import Page, Route, WebSocket, expect

from tests.browser.conftest import HOME, OpenPage, session_of, told
from tests.browser.test_every_page import DESK, PHONE, RULES, inspect
from tests.conftest import MakeStack
from tests.stack import Stack, free_ports
from tests.team import Team

pytestmark = pytest.mark.thorough

PASSWORD, NEW_PASSWORD = "staple gun parade", "another staple gun parade"
STEP_SECONDS = 30.0
OLD_SESSIONS: LiteralString = """
UPDATE sessions SET authenticated_at = now() - interval '11 minutes'
WHERE user_id = (SELECT id FROM users WHERE email = %s)
"""
RULES_OF_DIALOGS = RULES | {"rules": {"color-contrast": {"enabled": False}}}
"""For axe the ground of a dialog is the veil behind it. The same buttons stand on pages, where it sees their colors."""


@pytest.fixture(scope="module")
def door(make_stack: MakeStack) -> Iterator[Stack]:
    """A server whose web admin has an address at which browsers make passkeys."""
    [port] = free_ports(1)
    stack = make_stack(SMITH_ADMIN_PORT=str(port), SMITH_ADMIN_URL=f"http://localhost:{port}")
    yield stack
    stack.discard()


def address(door: Stack) -> str:
    """The web admin's, by the name that passkeys are for."""
    return door.admin_url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def team(door: Stack) -> Team:
    """Its owner, who has signed in while the password was enough."""
    return Team.of(door)


@pytest.fixture
def person(team: Team) -> str:
    """The address of a new member, who signs in with PASSWORD."""
    email = f"ann-{uuid.uuid4().hex[:8]}@team.test"
    team.join(email, PASSWORD)
    return email


def give_password(page: Page, email: str, path: str = "/sign-in") -> None:
    """The first step of signing in."""
    page.goto(path)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    """By the button."""
    if (page.viewport_size or {})["width"] == PHONE:
        page.get_by_role("button", name="Navigation").click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.get_by_role("heading", level=1, name="Sign in").wait_for()


def give_code(page: Page, code: str) -> None:
    """The second step."""
    expect(page.get_by_role("heading", level=1, name="One more step")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def wrong_code(app: pyotp.TOTP) -> str:
    """A code that the app does not show now, nor some steps before or after."""
    near = {app.at(time.time() + step * STEP_SECONDS) for step in range(-5, 6)}
    return next(code for code in map("{:06}".format, itertools.count()) if code not in near)


def turn_app_on(page: Page, wrong: list[str] | None = None) -> tuple[pyotp.TOTP, list[str]]:
    """On the page that shows the card. Returns the app, and the recovery codes. Adds to `wrong` what is wrong with the
    dialogs for those who do not see them."""
    page.get_by_role("button", name="Set up an authenticator app").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    if wrong is not None:
        wrong += inspect(page, "second-factor-app", PHONE, RULES_OF_DIALOGS, within=".dialog")
    app = pyotp.TOTP(dialog.get_by_label("secret for the app", exact=True).inner_text())
    dialog.get_by_label("Code", exact=True).fill(wrong_code(app))
    dialog.get_by_role("button", name="Turn on").click()
    expect(dialog.get_by_text("This code is wrong")).to_be_visible()
    dialog.get_by_label("Code", exact=True).fill(app.now())
    dialog.get_by_role("button", name="Turn on").click()
    return app, keep_codes(page, wrong)


def keep_codes(page: Page, wrong: list[str] | None = None) -> list[str]:
    """Reads the recovery codes, and closes the dialog."""
    shown = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(shown).to_have_count(10)
    if wrong is not None:
        wrong += inspect(page, "second-factor-codes", PHONE, RULES_OF_DIALOGS, within=".dialog")
    codes = shown.all_inner_texts()
    assert len(set(codes)) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them as a file").click()
    assert download.value.path().read_text().split() == codes
    page.get_by_role("button", name="I have kept them").click()
    return codes


def with_authenticator(page: Page) -> None:
    """The browser has a fingerprint reader, and the right finger on it."""
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_authenticator_app_and_recovery_codes(
    door: Stack, person: str, open_page: OpenPage, complaints: list[str]
) -> None:
    wrong: list[str] = []
    looks = {"color_scheme": "dark", "viewport": {"width": PHONE, "height": 900}, "reduced_motion": "reduce"}
    page = open_page(address(door), "/sign-in", **looks)
    give_password(page, person)
    expect(page.get_by_role("heading", level=1, name="Pair your phone")).to_be_visible()
    page.goto("/account")
    app, codes = turn_app_on(page, wrong)
    expect(page.get_by_text("10 left")).to_be_visible()
    sign_out(page)

    give_password(page, person, "/sign-in?next=%2Fchannels")
    unknown = wrong_code(app)
    give_code(page, f"{unknown[:3]} {unknown[3:]}")
    expect(page.get_by_text("This code is wrong, or was used before.")).to_be_visible()
    wrong += inspect(page, "second-step-dark-phone", PHONE, RULES)
    # The step whose code turned it on is used up; the next one is within what a phone's clock may be off.
    give_code(page, app.at(time.time() + STEP_SECONDS))
    expect(page.get_by_role("heading", level=1, name="Channels")).to_be_visible()
    sign_out(page)

    give_password(page, person)
    give_code(page, codes[0].upper())
    page.goto("/account")
    expect(page.get_by_text("9 left")).to_be_visible()
    page.get_by_role("button", name="Turn off the authenticator app").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_label("Code", exact=True).fill(codes[1])
    dialog.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Set up an authenticator app")).to_be_visible()
    assert not wrong, "\n".join(wrong)
    # The browser tells of each answer that is an error, and of the style that axe would like to add.
    complaints[:] = [one for one in complaints if "403" not in one and "style" not in one]


def test_a_passkey_instead_of_the_password_and_after_it(
    door: Stack, person: str, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(address(door), "/sign-in", reduced_motion="reduce", viewport={"width": DESK, "height": 900})
    wrong = inspect(page, "sign-in-with-passkeys", DESK, RULES)
    with_authenticator(page)
    give_password(page, person)
    page.goto("/account")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("My laptop")
    wrong += inspect(page, "passkey-dialog", DESK, RULES_OF_DIALOGS, within=".dialog")
    page.get_by_role("dialog").get_by_role("button", name="Add passkey").click()
    keep_codes(page)
    expect(page.get_by_text("My laptop", exact=True)).to_be_visible()
    page.reload()
    page.wait_for_function("() => window.socket?.connected")
    wrong += inspect(page, "account-with-passkey", DESK, RULES)
    sign_out(page)

    page.goto("/sign-in?next=%2Faccount")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    sign_out(page)

    give_password(page, person, "/sign-in?next=%2Faccount")
    wrong += inspect(page, "second-step", DESK, RULES)
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    page.get_by_role("button", name="Rename the passkey My laptop").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Old laptop")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Remove the passkey Old laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("Old laptop", exact=True)).to_have_count(0)
    # Without one the password is enough again.
    sign_out(page)
    give_password(page, person, "/sign-in?next=%2Faccount")
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    assert not wrong, "\n".join(wrong)
    complaints[:] = [one for one in complaints if "style" not in one]


def test_who_signs_in_with_a_passkey_alone_deletes_their_login_after_signing_in_again(
    door: Stack, person: str, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(address(door), "/sign-in", reduced_motion="reduce", viewport={"width": DESK, "height": 900})
    with_authenticator(page)
    give_password(page, person)
    page.goto("/account")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("My laptop")
    page.get_by_role("dialog").get_by_role("button", name="Add passkey").click()
    keep_codes(page)
    # As single sign-on leaves a login that somebody else may have had before.
    door.sql("UPDATE users SET password_hash = '' WHERE email = %s", person)
    door.sql(OLD_SESSIONS, person)
    page.reload()
    expect(page.get_by_text("No password opens your login")).to_be_visible()
    page.wait_for_function("() => window.socket?.connected")
    page.get_by_role("button", name="Delete my login…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Sign in again to show that it is you")).to_be_visible()
    expect(dialog.get_by_label("Your password")).to_have_count(0)
    wrong = inspect(page, "delete-login-sign-in-again", DESK, RULES_OF_DIALOGS, within=".dialog")
    dialog.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_text("Sign in again to show that it is you. Then you are back where you were.")).to_be_visible()
    wrong += inspect(page, "sign-in-again", DESK, RULES)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=2, name="Delete your login")).to_be_in_viewport()
    page.wait_for_function("() => window.socket?.connected")
    page.get_by_role("button", name="Delete my login…").click()
    wrong += inspect(page, "delete-login-fresh", DESK, RULES_OF_DIALOGS, within=".dialog")
    dialog.get_by_role("button", name="Delete my login", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    assert door.sql("SELECT 1 FROM users WHERE email = %s", person) == []
    assert not wrong, "\n".join(wrong)
    complaints[:] = [one for one in complaints if "style" not in one]


def test_who_lacks_what_the_workspace_requires_is_led_to_it(
    door: Stack, team: Team, person: str, open_page: OpenPage
) -> None:
    boss = f"boss-{uuid.uuid4().hex[:8]}@team.test"
    boss_id = team.join(boss, PASSWORD)["member"]["user_id"]
    team.ask("PATCH", f"/api/members/{boss_id}", role="owner")
    owner = open_page(address(door), "/sign-in")
    give_password(owner, boss)
    owner.get_by_role("heading", level=1, name=HOME).wait_for()
    owner.goto("/settings")
    expect(owner.get_by_role("switch", name="Everybody needs a second factor")).to_be_disabled()
    owner.goto("/account")
    turn_app_on(owner)
    ann = open_page(address(door), "/sign-in")
    give_password(ann, person, "/sign-in?next=%2Fchannels")
    expect(ann.get_by_role("heading", level=1, name="Channels")).to_be_visible()
    owner.goto("/settings")
    owner.get_by_role("switch", name="Everybody needs a second factor").click()
    expect(ann.get_by_role("heading", level=1, name="Set up a second factor")).to_be_visible()
    ann.goto("/members")
    expect(ann.get_by_role("heading", level=1, name="Set up a second factor")).to_be_visible()
    expect(ann.get_by_role("link", name="Members")).to_have_count(0)
    turn_app_on(ann)
    expect(ann.get_by_role("link", name="Members")).to_be_visible()

    # She has lost it: the owner helps, and the page that she has open shows it.
    owner.goto("/members")
    owner.get_by_role("button", name=f"Reset second factor: {person}").click()
    owner.get_by_role("button", name="Reset second factor", exact=True).click()
    expect(ann.get_by_text("Your session has ended. Sign in again.")).to_be_visible()
    owner.goto("/settings")
    owner.get_by_role("switch", name="Everybody needs a second factor").click()
    told(owner, "Saved.")

    # Who is no owner any more is shown what a member sees, on the page that is open.
    owner.goto("/members")
    expect(owner.get_by_role("button", name="Invite members")).to_be_visible()
    owner.wait_for_function("() => window.socket?.connected")
    team.ask("PATCH", f"/api/members/{boss_id}", role="member")
    expect(owner.get_by_role("button", name="Invite members")).to_have_count(0)
    expect(owner.get_by_role("heading", level=1, name="Members")).to_be_visible()


def test_a_page_that_is_signed_out_goes_where_its_person_goes_though_it_hears_that_the_session_is_over(
    door: Stack, person: str, open_page: OpenPage
) -> None:
    page = open_page(address(door), "/sign-in")
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108 - Playwright writes into it
    give_password(page, person)
    page.get_by_role("heading", level=1, name=HOME).wait_for()
    page.wait_for_function("() => window.socket?.connected")
    held: list[Route] = []
    page.route("**/sign-out", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/sign-out"):
        page.get_by_role("button", name="Sign out", exact=True).first.click(no_wait_after=True)
    with sockets[-1].expect_event("framereceived", lambda frame: "/sign-in?ended" in str(frame)):
        door.sql("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = %s)", person)
    [request] = held
    request.continue_()
    page.wait_for_url("**/sign-in")
    expect(page.get_by_text("Your session has ended")).to_have_count(0)


def test_open_pages_show_that_their_session_has_ended_and_keep_what_was_typed(
    door: Stack, team: Team, person: str, open_page: OpenPage
) -> None:
    page = open_page(address(door), "/playground", session=session_of(door, person, PASSWORD))
    page.wait_for_function("() => window.socket?.connected")
    other = page.context.new_page()
    other.goto("/channels")
    other.wait_for_function("() => window.socket?.connected")
    title = page.get_by_role("textbox", name="Title", exact=True).first
    title.fill("MY DRAFT TITLE")
    changed = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    elsewhere = team.anybody.post("/api/sessions", json={"email": person, "password": PASSWORD}).json()
    with team.client(elsewhere["session_token"]) as client:
        assert client.put("/api/password", json=changed).json() == {"revoked": 2}
    for one in (page, other):
        expect(one.get_by_text("Your session has ended. Sign in again.")).to_be_visible()
    page.get_by_label("E-mail").fill(person)
    page.get_by_label("Password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Playground")).to_be_visible()
    told(page, "What you had typed is back.")
    expect(title).to_have_value("MY DRAFT TITLE")
    assert re.search(r"/playground$", page.url)
