"""Builds the pages when the first browser asks for one.

They are most of what this process loads: until then it starts in half the time and takes half the memory. Many servers
are never looked at, but for their health.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_WAITING = 60
"""Requests that wait for the pages to be built, beyond which no page may be opened. Each may become a page: as many as
one address may have open that no browser shows."""


@dataclass(frozen=True)
class Pages:
    """The pages, built."""

    app: Starlette
    sockets: ASGIApp
    """Gets what comes over sockets."""
    has_room: Callable[[str], bool]
    """Whether one more page may be opened from an address."""


class PagesOnDemand:
    """The ASGI application that stands for the pages. Requests wait until they are built, which takes about a second
    once in the life of the process."""

    def __init__(self, build: Callable[[], Awaitable[Pages]]) -> None:
        """Create it inside a running event loop."""
        self._build = build
        self._asked = asyncio.Event()
        self._over = asyncio.Event()
        self._waiting = 0
        self._built: asyncio.Future[Pages] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Builds the pages once they are asked for, and runs what they do in the background, until `close`. Raises what
        building has raised; requests that wait for it fail, too."""
        await self._asked.wait()
        if self._over.is_set():
            return
        try:
            pages = await self._build()
            async with pages.app.router.lifespan_context(pages.app):
                self._built.set_result(pages)
                await self._over.wait()
        except Exception as error:
            if not self._built.done():
                self._built.set_exception(error)
            raise

    def close(self) -> None:
        """Ends `run`. Call it when no request is being answered any more."""
        self._over.set()
        self._asked.set()

    def has_room(self, address: str) -> bool:
        """Whether one more page may be opened from an address."""
        if not self._built.done():
            return self._waiting < MAX_WAITING
        return self._built.result().has_room(address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        self._asked.set()
        self._waiting += 1
        try:
            # Others wait for the same: it goes on if this one's browser leaves.
            pages = await asyncio.shield(self._built)
        finally:
            self._waiting -= 1
        serve = pages.sockets if scope["type"] == "websocket" else pages.app
        await serve(scope, receive, send)
