"""Runs a call that lasts for as long as its caller may make it."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

RECHECK_SECONDS = 0.75
"""Least time after which the caller of a quiet stream is looked up again. With the tick below it is a second: people
see within two that their session has ended."""
TICK_SECONDS = 0.25
"""All streams look at the same moments, so that their look-ups share a statement."""
FRESH_SECONDS = 1.0
"""A stream's message is sent without another look-up if the last one is at most this old. A look-up for each message
would make a busy stream expensive."""

Check = Callable[[], Awaitable[None]]


async def run_rechecked(
    call: Callable[[Any, Any], Awaitable[Any]], request: Any, context: Any, check: Check, *, every: float, fresh: float
) -> Any:
    """Returns what the call returns. Calls `check` after each `every` seconds, rounded up to a tick, and before a
    message is sent if the last check is `fresh` seconds old or older. Ends the call and raises what `check` raises.

    While the database is away a quiet call goes on; nothing is sent without a check.
    """
    streaming = asyncio.ensure_future(call(request, _CheckedContext(context, check, fresh)))
    try:
        while True:
            ended, _ = await asyncio.wait({streaming}, timeout=_until_tick(every))
            if ended:
                return streaming.result()
            try:
                await check()
            except DATABASE_AWAY as error:
                log.debug("a stream's caller is not looked up again yet: %s", error)
    finally:
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)


def _until_tick(seconds: float) -> float:
    now = time.monotonic()
    return math.ceil((now + seconds) / TICK_SECONDS) * TICK_SECONDS - now


class _CheckedContext:
    """A call's context that sends nothing unless `check` has passed within the last `fresh` seconds."""

    def __init__(self, context: Any, check: Check, fresh: float) -> None:
        self._context = context
        self._check = check
        self._fresh = fresh
        self._checked_at = time.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def write(self, message: Any) -> None:
        """Raises what `check` raises; nothing is sent then."""
        began = time.monotonic()
        if began - self._checked_at >= self._fresh:
            await self._check()
            self._checked_at = began
        await self._context.write(message)
