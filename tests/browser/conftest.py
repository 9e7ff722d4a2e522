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
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.conftest import MakeStack
from tests.stack import ANY_PORT, Stack

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
PATIENCE_MS = 15_000
CLOSE_SECONDS = 60.0
HOME = re.compile("^(Overview|Pair your phone)$")
"""What people find first: figures, or, a member without a phone, the way to one."""

OpenPage = Callable[..., Page]


class Chromium:
    """A browser. One that does not close its pages is ended, and the next test gets another."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._browser: Browser | None = None
        self._pid = 0

    def new_context(self, **options: Any) -> BrowserContext:
        """A browser of somebody's own, with options of Playwright's contexts."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._launch()
            processes = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
            [self._pid] = [process["id"] for process in processes if process["type"] == "browser"]
        return self._browser.new_context(**options)

    def _launch(self) -> Browser:
        found = subprocess.run([FIND], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        # Chromium's sandbox does not work as root; the pages are our own.
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)
        return self._playwright.chromium.launch(executable_path=found.stdout.strip(), args=flags)

    def close(self, context: BrowserContext) -> None:
        """Closes the context. Chromium now and then never answers that; Playwright would wait for it without end."""
        end = threading.Timer(CLOSE_SECONDS, os.kill, (self._pid, signal.SIGKILL))
        end.start()
        try:
            context.close()
        except PlaywrightError:
            if self._browser is not None and self._browser.is_connected():
                raise
        finally:
            end.cancel()

    def quit(self) -> None:
        """Ends the browser."""
        if self._browser is not None and self._browser.is_connected():
            self._browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser for the tests of a module. No longer: while Playwright runs, its event loop does, and no other can."""
    with sync_playwright() as playwright:
        browser = Chromium(playwright)
        yield browser
        browser.quit()


@pytest.fixture(scope="package")
def place(make_stack: MakeStack) -> Iterator[Stack]:
    """A server with the web admin, shared."""
    stack = make_stack(SMITH_ADMIN_PORT=ANY_PORT)
    yield stack
    stack.discard()


@pytest.fixture(autouse=True)
def no_page_fails(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test fails if a page of the shared server failed meanwhile. Servers of a test's own say so when discarded."""
    place: Stack | None = request.getfixturevalue("place") if "place" in request.fixturenames else None
    before = len(place.page_faults) if place else 0
    yield
    faults = place.page_faults[before:] if place else []
    assert not faults, "a page failed:\n" + "\n".join(faults)


@pytest.fixture
def complaints() -> list[str]:
    """What pages wrote to their consoles as errors."""
    return []


@pytest.fixture
def open_page(chromium: Chromium, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens a browser of somebody's own: `open_page(url)`, with options of Playwright's contexts.

    The test fails if a page wrote an error to its console, which is where broken scripts, refused styles and blocked
    requests are told.
    """
    contexts: list[BrowserContext] = []

    def open_one(base_url: str, path: str = "/", **options: Any) -> Page:
        context = chromium.new_context(**({"base_url": base_url, "viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        chromium.close(context)
    assert not complaints


def sign_in(page: Page, email: str, password: str) -> None:
    """Signs in on the page that asks for it."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name=HOME).wait_for()


@pytest.fixture
def owner(place: Stack, open_page: OpenPage) -> Page:
    """The owner's browser, on the overview."""
    page = open_page(place.admin_url, "/sign-in")
    sign_in(page, place.owner_email, place.owner_password)
    return page
