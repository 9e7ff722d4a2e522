"""The page at `/phone/` needs a whole Chromium: the one without a desktop shows no notifications."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from tests.browser.conftest import Chromium


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    """A browser for the tests here."""
    browser = Chromium(playwright)
    yield browser
    browser.quit()
