"""All simulated browsers: pairing, and actions of people."""

import asyncio
import contextlib
import functools
from typing import Any

from uuid_utils import uuid7

from simulator.browsers.browser import Browser
from simulator.browsers.page import Page
from simulator.browsers.records import BrowserRecord, BrowserSettings
from simulator.browsers.shown import Shown, page_actions
from simulator.browsers.store import BrowserStore
from simulator.clock import Clock
from simulator.phones.changes import Changes
from simulator.phones.client import GatewayClient, GatewayError
from simulator.phones.service import PhoneError
from simulator.web_push.kinds import TRAITS, Kind
from simulator.web_push.service import WebPushService

MAX_BROWSERS = 1000


class BrowserService:
    """The browsers.

    Methods that call the gateway raise GatewayError. If a browser cannot do something, they raise PhoneError.
    """

    def __init__(
        self, push: WebPushService, store: BrowserStore, gateway: GatewayClient, clock: Clock, page_url: str
    ) -> None:
        self._push = push
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._page_url = page_url
        self.changes = Changes()
        self._browsers: dict[str, Browser] = {}
        self._pages: dict[str, Page] = {}
        self._pairing = 0

    async def start(self) -> None:
        """Loads the browsers of earlier runs. Raises ValueError or OSError if their files cannot be read."""
        for record in await asyncio.to_thread(self._store.load):
            self._add(Browser(record, self._push, self._clock))
        self._store.start()
        for page in self._pages.values():
            page.wake()

    async def stop(self) -> None:
        """Saves all browsers."""
        await asyncio.gather(*(page.stop() for page in self._pages.values()))
        await self._store.stop()

    # --- browsers ---

    def all(self) -> list[Browser]:
        """All browsers, oldest first."""
        return list(self._browsers.values())

    def get(self, browser_id: str) -> Browser:
        """The browser with this id."""
        browser = self._browsers.get(browser_id)
        if browser is None:
            raise PhoneError(404, f"There is no browser {browser_id[:100]!r}.")
        return browser

    async def pair(self, pairing_code: str, name: str, kind: Kind) -> Browser:
        """A new browser that pairs with the code, subscribes and reports its subscription."""
        if len(self._browsers) + self._pairing >= MAX_BROWSERS:
            raise PhoneError(409, f"There are {MAX_BROWSERS} browsers already.")
        self._pairing += 1
        try:
            pairing = await self._gateway.pair(pairing_code, name)
            record = BrowserRecord(
                id=str(uuid7()), kind=kind, name=name, device_id=pairing.device_id,
                device_token=pairing.device_token, page_url=self._page_url,
            )  # fmt: skip
            browser = Browser(record, self._push, self._clock)
            page = Page(browser, self._gateway)
            try:
                await page.open()
            except GatewayError:
                browser.forget()
                with contextlib.suppress(GatewayError):
                    await self._gateway.unpair(pairing.device_token)
                raise
        finally:
            self._pairing -= 1
        self._add(browser, page)
        await self._store.save(browser)
        return browser

    async def delete(self, browser: Browser) -> None:
        """Unpairs the browser and deletes it, also if the server no longer knows it."""
        try:
            await self._gateway.unpair(browser.record.device_token)
        except GatewayError as error:
            if error.status not in (401, 404):
                raise
        browser.forget()
        self._browsers.pop(browser.record.id, None)
        page = self._pages.pop(browser.record.id, None)
        if page is not None:
            await page.stop()
        self.changes.note(browser.record.id)
        await self._store.delete(browser)

    async def change_settings(self, browser: Browser, settings: BrowserSettings) -> None:
        """Changes the browser's settings. What it must tell the server then, it tells at once if it can."""
        before = browser.record.settings
        browser.apply(settings)
        if settings.offline:
            return
        if settings.page_open and not before.page_open:
            await self._page(browser).open()
        elif settings.notifications_enabled and browser.record.subscription is None and _renews(browser):
            await self._page(browser).lost_subscription()
        else:
            self._page(browser).wake()

    async def open(self, browser: Browser) -> None:
        """The person opens the page, which subscribes if it must, and reports."""
        _require_network(browser)
        await self._page(browser).open()

    async def lose_subscription(self, browser: Browser, *, silently: bool) -> None:
        """The browser loses its subscription, for example because its push service forgot it. A worker that is told
        of it subscribes again; `silently`: the server is not told, and senders are answered as before."""
        browser.end_subscription(silently=silently)
        if not silently and not browser.record.settings.offline and _renews(browser):
            await self._page(browser).lost_subscription()

    # --- the person ---

    def shown(self, browser: Browser, shown_id: str) -> Shown:
        """A notification on the screen, by its own id or that of the notification or activity that it shows."""
        shown = browser.worker.screen.by_id(shown_id)
        if shown is None:
            raise PhoneError(404, "This notification is not on the browser's screen.")
        return shown

    def dismiss(self, browser: Browser, shown_id: str) -> None:
        """The person takes it off the screen; the worker tells the server if the browser tells the worker."""
        browser.dismiss(self.shown(browser, shown_id))

    async def tap(self, browser: Browser, action_id: str | None, shown_id: str | None) -> dict[str, Any]:
        """Taps a button, or without `action_id` the notification itself: the newest, or the one named.

        Buttons are those of notifications and, where the browser shows fewer, those of the page that opens.
        """
        for shown in reversed(browser.record.shown):
            smith = shown.smith
            if shown_id not in (None, shown.id, smith.id if smith else shown.id):
                continue
            if action_id is None:
                browser.clicked(shown)
                return {"opened": shown.notification.navigate}
            for action in (*shown.actions, *page_actions(shown)):
                if action.get("id") == action_id:
                    browser.clicked(shown)
                    return await self._run(browser, action)
        raise PhoneError(404, "There is no such notification or button in this browser.")

    async def _run(self, browser: Browser, action: dict[str, Any]) -> dict[str, Any]:
        if action.get("type") == "open_url":
            return {"opened": action.get("url")}
        _require_network(browser)
        return await self._gateway.run_action(browser.record.device_token, str(action["id"]))

    # --- pages ---

    def _add(self, browser: Browser, page: Page | None = None) -> None:
        browser_id = browser.record.id
        self._browsers[browser_id] = browser
        self._pages[browser_id] = page or Page(browser, self._gateway)
        browser.on_change = functools.partial(self._changed, browser)
        self.changes.note(browser_id)

    def _changed(self, browser: Browser) -> None:
        self.changes.note(browser.record.id)
        self._store.save_soon(browser)
        if (page := self._pages.get(browser.record.id)) is not None:
            page.wake()

    def _page(self, browser: Browser) -> Page:
        page = self._pages.get(browser.record.id)
        if page is None:
            raise PhoneError(404, "The browser was deleted meanwhile.")
        return page


def _renews(browser: Browser) -> bool:
    return TRAITS[browser.record.kind].renews


def _require_network(browser: Browser) -> None:
    if browser.record.settings.offline:
        raise PhoneError(409, "The browser is offline: it cannot reach the server.")
