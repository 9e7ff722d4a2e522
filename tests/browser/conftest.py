"""The web admin in a real browser: Chromium, headless, driven by Playwright."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.phone_page import GRANTED, OpenPhone
from tests.browser.push_service import PushService, phone_opener, serving
from tests.conftest import MakeStack
from tests.delivery.push_services import new_key, write_key
from tests.http_client import plain_http_client
from tests.stack import ANY_PORT, Stack
from tests.team import Team
from tests.waiting import LONG

FIND = Path(__file__).parents[2] / "scripts" / "find_chromium.sh"
FLAGS = (
    "--disable-gpu",
    # Nothing but the pages: no calls home.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
SESSION_COOKIE = "smith_session"
WINDOW = {"width": 1280, "height": 900}
PATIENCE_MS = LONG * 1000
CLOSE_SECONDS = 30.0
HOME = re.compile("^(Overview|Pair your phone)$")
"""What people find first: figures, or, a member without a phone, the way to one."""

NOTED = """(() => {
    window.noted = [];
    const said = new WeakMap();
    new MutationObserver(() => {
        for (const one of document.querySelectorAll(".q-notification, .connection")) {
            if (said.get(one) === one.textContent) continue;
            said.set(one, one.textContent);
            window.noted.push(one.textContent);
        }
    }).observe(document, { childList: true, subtree: true, characterData: true });
})()"""
"""Has a page keep what its toasts and the strip about the connection say."""
TAKE_NOTED = """(words) => {
    const place = (window.noted ?? []).findIndex((one) => one.includes(words));
    return place >= 0 && window.noted.splice(place, 1).length > 0;
}"""

expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Page]
OpenSignedIn = Callable[[str], Page]


def opened(page: Page, path: str) -> Page:
    """The page, once it takes clicks."""
    page.goto(path)
    page.wait_for_function("() => window.socket?.connected")
    return page


def told(page: Page, words: str) -> None:
    """Returns once a toast, or the strip about the connection, has said this since the page was loaded, once for each
    call. It may be gone by then: it leaves after a few seconds, which a busy machine may take to look at it."""
    page.wait_for_function(TAKE_NOTED, arg=words)


class Chromium:
    """A browser. One that does not close its pages is ended, and the next test gets another."""

    def __init__(self, playwright: Playwright, *wanted: str) -> None:
        """`wanted`: what `scripts/find_chromium.sh` is to find."""
        self._playwright = playwright
        self._wanted = wanted
        self.has_desktop = "headless" not in wanted
        """Whether it shows notifications."""
        self._browser: Browser | None = None
        self._pid = 0
        self._kept: BrowserContext | None = None

    def new_context(self, **options: Any) -> BrowserContext:
        """A browser of somebody's own, with options of Playwright's contexts."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._launch()
            processes = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
            [self._pid] = [process["id"] for process in processes if process["type"] == "browser"]
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    def kept_context(self, **options: Any) -> BrowserContext:
        """The context that the first call has made, without its cookies. The pages' scripts, which take a second to
        load and to compile, are there from tests before."""
        if self._kept is None or self._kept.browser is None or not self._kept.browser.is_connected():
            self._kept = self.new_context(**options)
        self._kept.clear_cookies()
        return self._kept

    def _launch(self) -> Browser:
        found = subprocess.run([FIND, *self._wanted], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        # Chromium's sandbox does not work as root; the pages are our own.
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)
        return self._playwright.chromium.launch(executable_path=found.stdout.strip(), args=flags)

    def close(self, closing: BrowserContext | Page) -> None:
        """Closes it. Chromium now and then never answers that; Playwright would wait for it without end."""
        end = threading.Timer(CLOSE_SECONDS, os.kill, (self._pid, signal.SIGKILL))
        end.start()
        try:
            closing.close()
        except PlaywrightError:
            if self._browser is not None and self._browser.is_connected():
                raise
        finally:
            end.cancel()

    def quit(self) -> None:
        """Ends the browser."""
        if self._browser is not None and self._browser.is_connected():
            self._browser.close()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright for the tests here. No longer: while it runs, its event loop does, and no other can."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    """A browser for the tests here: the Chromium without a desktop if there is one. It opens a page for a fifth of the
    processor time."""
    browser = Chromium(playwright, "headless")
    yield browser
    browser.quit()


@pytest.fixture(scope="package")
def push_service() -> Iterator[PushService]:
    """Of the browsers that are phones."""
    with serving() as service:
        yield service


@pytest.fixture(scope="package")
def place(
    make_stack: MakeStack, push_service: PushService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A server with the web admin, shared."""
    key = tmp_path_factory.mktemp("webpush") / "key.pem"
    write_key(key, new_key())
    key.chmod(0o600)
    stack = make_stack(
        SMITH_ADMIN_PORT=ANY_PORT,
        SMITH_MAX_LIVE_ACTIVITIES="50",
        SMITH_WEBPUSH_KEY_FILE=str(key),
        SMITH_WEBPUSH_SUBJECT="mailto:ops@example.com",
        SMITH_WEBPUSH_ALLOW=push_service.origin,
    )
    yield stack
    stack.discard()


@pytest.fixture(scope="module")
def team(place: Stack) -> Team:
    """The account that all tests share."""
    return Team.of(place)


@pytest.fixture(autouse=True)
def no_page_fails(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test fails if a page of the shared server failed meanwhile. Servers of a test's own say so when discarded."""
    place: Stack | None = request.getfixturevalue("place") if "place" in request.fixturenames else None
    before = len(place.page_faults) if place else 0
    yield
    faults = place.page_faults[before:] if place else []
    assert not faults, "a page failed:\n" + "\n".join(faults)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages wrote to their consoles as errors, which is where broken scripts, refused styles and blocked requests
    are told. The test fails with those that are left at its end."""
    complaints: list[str] = []
    yield complaints
    assert not complaints


def new_page(context: BrowserContext, complaints: list[str]) -> Page:
    """A page whose complaints are heard."""
    page = context.new_page()
    page.add_init_script(NOTED)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture
def open_page(chromium: Chromium, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens a browser of somebody's own: `open_page(url)`, with options of Playwright's contexts. With a `session` the
    person has signed in."""
    contexts: list[BrowserContext] = []

    def open_one(base_url: str, path: str = "/", *, session: str | None = None, **options: Any) -> Page:
        context = chromium.new_context(**({"base_url": base_url, "viewport": WINDOW} | options))
        contexts.append(context)
        if session:
            remember(context, base_url, session)
        page = new_page(context, complaints)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        chromium.close(context)


@pytest.fixture
def open_phone(place: Stack, push_service: PushService, chromium: Chromium, open_page: OpenPage) -> OpenPhone:
    """A browser of a phone's size with a push service, which shows nothing yet."""
    return phone_opener(place, push_service, open_page, *(() if chromium.has_desktop else (GRANTED,)))


def sign_in(page: Page, email: str, password: str) -> None:
    """Signs in on the page that asks for it."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name=HOME).wait_for()


def session_of(place: Stack, email: str, password: str) -> str:
    """A session as the form gives it, without a browser: for tests of what comes after."""
    with plain_http_client(place.admin_url, origin=place.admin_url) as client:
        assert client.post("/sign-in", data={"email": email, "password": password}).status_code == 303
        return str(client.cookies[SESSION_COOKIE])


def remember(context: BrowserContext, base_url: str, session: str) -> None:
    """The browser has signed in."""
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": session, "url": base_url, "httpOnly": True, "sameSite": "Lax"}]
    )


@pytest.fixture(scope="package")
def session(place: Stack) -> str:
    """The owner's, shared. Tests must not end it."""
    return session_of(place, place.owner_email, place.owner_password)


@pytest.fixture
def open_signed_in(place: Stack, chromium: Chromium, complaints: list[str]) -> Iterator[OpenSignedIn]:
    """Opens a page in the browser that tests share, one person after the other: `open_signed_in(session)`. The page
    shows nothing yet."""
    contexts: list[BrowserContext] = []

    def open_one(session: str) -> Page:
        context = chromium.kept_context(base_url=place.admin_url, viewport=WINDOW)
        contexts.append(context)
        remember(context, place.admin_url, session)
        return new_page(context, complaints)

    yield open_one
    for context in contexts:
        for page in context.pages:
            chromium.close(page)


@pytest.fixture
def owner(open_signed_in: OpenSignedIn, session: str) -> Page:
    """The owner's browser, which shows nothing yet. The owner has signed in."""
    return open_signed_in(session)
