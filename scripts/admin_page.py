"""A page of the web admin in a browser, signed in as the owner of a server that runs; for pictures of it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"


def quickstart(data: Path) -> dict[str, str]:
    """What a running server wrote into the folder of its data: its addresses, the owner's password and a key."""
    return dict(json.loads((data / "quickstart.json").read_text()))


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium that the tests use."""
    found = subprocess.run([ROOT / "scripts" / "find_chromium.sh"], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def signed_in(browser: Browser, facts: dict[str, str], **context: Any) -> Iterator[Page]:
    """A page whose person is the owner. `context` is as for Playwright's `new_context`."""
    opened: BrowserContext = browser.new_context(base_url=facts["admin_url"], **context)
    page = opened.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(facts["owner_email"])
    page.get_by_label("Password").fill(facts["owner_password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    yield page
    opened.close()


def go(page: Page, path: str) -> None:
    """Opens the page and waits until it is live."""
    page.goto(path)
    page.wait_for_function("() => window.socket?.connected")
