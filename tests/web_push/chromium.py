"""Debian's Chromium, driven by Playwright, with its push service led to the stand-in of Google's."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, Playwright

FIND = Path(__file__).parents[2] / "scripts" / "find_chromium.sh"


class Chromium:
    """A Chromium with a profile that outlives its restarts."""

    name = "chromium"

    def __init__(
        self, playwright: Playwright, folder: Path, desktop_address: str, switches: list[str], origin: str
    ) -> None:
        """`origin` is the page's, which may notify from the beginning."""
        self._playwright = playwright
        self._profile = folder / "chromium"
        self._switches = switches
        self._environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": desktop_address}
        # What Playwright grants is forgotten at a restart, and the subscription with it.
        preferences = self._profile / "Default" / "Preferences"
        preferences.parent.mkdir(parents=True)
        allowed = {"notifications": {f"{origin},*": {"setting": 1}}}
        preferences.write_text(json.dumps({"profile": {"content_settings": {"exceptions": allowed}}}))

    async def start(self) -> None:
        """Starts it with an empty page."""
        finding = await asyncio.create_subprocess_exec(FIND, stdout=asyncio.subprocess.PIPE)
        found = (await finding.communicate())[0].decode().strip()
        self._context: BrowserContext = await self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=found,
            headless=True,
            env={name: value for name, value in self._environment.items() if not name.startswith("SMITH_")},
            args=["--no-sandbox", *self._switches],
        )
        self._page: Page = self._context.pages[0]

    async def stop(self) -> None:
        """Closes it as a person does."""
        await self._context.close()

    async def goto(self, url: str) -> None:
        """Opens a page."""
        await self._page.goto(url)

    async def js(self, expression: str) -> Any:
        """What the expression, a promise or not, comes to; it must be JSON."""
        return await self._page.evaluate(f"async () => (await ({expression})) ?? null")

    async def allow(self, origin: str, *, allowed: bool) -> None:
        """The person gives, or takes back, the permission to notify, in the browser's settings."""
        settings = await self._context.new_page()
        await settings.goto("chrome://settings/content/notifications")
        value = "allow" if allowed else "block"
        asked = "([origin, value]) => chrome.send('setOriginPermissions', [origin, 'notifications', value])"
        await settings.evaluate(asked, [origin, value])
        await settings.close()
