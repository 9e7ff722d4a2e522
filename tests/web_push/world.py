"""A server, a real browser that is paired with it, and everything between and around them."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
from playwright.async_api import async_playwright

from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually_async
from tests.web_push.chromium import Chromium
from tests.web_push.desktop import Desktop, OnDesktop
from tests.web_push.fcm import GooglesService
from tests.web_push.firefox import Firefox
from tests.web_push.front import Front

T = TypeVar("T")

PAGE_TEXT = "document.body.innerText"
SECONDS = 60.0
"""Browsers connect, back off and start: a busy machine may need a while."""


class RealBrowser(Protocol):
    """What Firefox and Chromium have in common here."""

    name: str

    async def start(self) -> None:
        """Starts it with an empty page."""

    async def stop(self) -> None:
        """Closes it as a person does."""

    async def goto(self, url: str) -> None:
        """Opens a page."""

    async def js(self, expression: str) -> Any:
        """What the expression comes to in the page."""

    async def allow(self, origin: str, *, allowed: bool) -> None:
        """The person gives, or takes back, the permission to notify."""


class World:
    """One test's browser, desktop and server."""

    def __init__(self, stack: Stack, browser: RealBrowser, desktop: Desktop, origin: str) -> None:
        self.stack = stack
        self.browser = browser
        self.desktop = desktop
        self.origin = origin
        """Of the page."""
        self.team = Team.of(stack)
        self.device_id = ""

    async def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Calls the server as the owner. In a thread: parts of this world run in the test's own loop."""
        return await asyncio.to_thread(lambda: self.team.ask(method, path, **body))

    async def pair(self) -> None:
        """A person opens the link that pairs, and lets it ring."""
        before = await self._devices()
        code = (await self.ask("POST", "/api/pairing-codes"))["pairing_code"]
        await self.browser.goto(f"{self.origin}/phone/#{code}")
        await self.sees("Pair this browser")
        await self.browser.js("document.querySelector('form').requestSubmit()")
        await self.sees("This browser is ready")
        (self.device_id,) = await self._devices() - before

    async def _devices(self) -> set[str]:
        return {one["id"] for one in (await self.ask("GET", "/api/devices?page_size=200"))["devices"]}

    async def unpair(self) -> None:
        """The owner removes the browser, so that later pushes do not concern it."""
        await self.ask("DELETE", f"/api/devices/{self.device_id}")

    async def push(self, title: str, **fields: Any) -> dict[str, Any]:
        """A backend sends a notification."""
        return await self.send("POST", "/api/push-notification", title=title, **fields)

    async def send(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """A backend's request, which it repeats with the same key until it is answered, as SDKs do."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        backend = self.team.client(self.stack.api_key)

        async def answered() -> httpx.Response | None:
            try:
                answer = await asyncio.to_thread(backend.request, method, path, json=body, headers=headers)
            except httpx.TransportError:
                return None
            return answer if answer.status_code < 500 else None

        answer: httpx.Response = await self.until(f"{method} {path} is answered", answered)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def sees(self, words: str) -> None:
        """The page says this."""
        try:
            await self.until(f"the page says {words!r}", lambda: self._says(words))
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {await self.browser.js(PAGE_TEXT)!r}") from None

    async def _says(self, words: str) -> bool:
        return words in await self.browser.js(PAGE_TEXT)

    async def subscription(self) -> dict[str, Any] | None:
        """The browser's subscription as the server knows it."""

        def read() -> list[tuple[Any, ...]]:
            return self.stack.sql("SELECT push_token FROM devices WHERE id = %s", self.device_id)

        ((token,),) = await asyncio.to_thread(read)
        if token is None:
            return None
        endpoint, p256dh, auth = token.split(" ")
        return {"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}

    async def rings(self, title: str, *, says: str = "") -> OnDesktop:
        """The desktop shows this, once; returns it."""

        async def shown() -> OnDesktop | None:
            return next((one for one in self.desktop.titled(title) if says in one.body), None)

        note: OnDesktop = await self.until(f"the desktop shows {title!r} {says!r}", shown)
        assert len(self.desktop.titled(title)) == 1, self.desktop.titled(title)
        return note

    async def until(self, what: str, probe: Callable[[], Any]) -> Any:
        """Waits until it is so."""
        return await eventually_async(what, probe, SECONDS)

    async def leave_page(self) -> None:
        """No page is open any more: pushes are the worker's alone."""
        await self.browser.goto("about:blank")


@asynccontextmanager
async def world(kind: str, stack: Stack, folder: Path, google_port: int) -> AsyncIterator[World]:
    """A browser of the kind, `firefox` or `chromium`, that has started."""
    async with contextlib.AsyncExitStack() as running:
        desktop = await running.enter_async_context(Desktop())
        if kind == "firefox":
            origin = stack.base_url.replace("127.0.0.1", "localhost")
            url = f"ws://127.0.0.1:{stack.ports['SMITH_WEBPUSH_SIMULATOR_PORT']}/"
            browser: RealBrowser = Firefox(folder, desktop.address, url)
        else:
            google = await running.enter_async_context(GooglesService(folder, google_port))
            front = await running.enter_async_context(Front(google.origin))
            front.lead_to(stack.base_url)
            origin = f"http://localhost:{front.port}"
            playwright = await running.enter_async_context(async_playwright())
            browser = Chromium(playwright, folder, desktop.address, google.switches, origin)
        await browser.start()
        running.push_async_callback(browser.stop)
        yield World(stack, browser, desktop, origin)
