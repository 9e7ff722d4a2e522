"""A bell rings when something may have changed, for a call that waits and then reads again. Unlike a watcher it is not
told what has happened, so it holds nothing and misses nothing."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_service.events.service import Event


class Bell:
    """For one call that waits, within one event loop."""

    def __init__(self, concerns: "Callable[[Event], bool]") -> None:
        """It rings for the events that `concerns` picks. It must neither wait nor fail."""
        self._concerns = concerns
        self._woken = asyncio.Event()
        self.is_silent = False
        """It never rings again: there is nothing to wait for."""

    def hear(self, event: "Event") -> None:
        """Something has happened in the account."""
        if self._concerns(event):
            self._woken.set()

    def ring(self) -> None:
        """Something has changed that no event tells of."""
        self._woken.set()

    def silence(self) -> None:
        """Ends the wait."""
        self.is_silent = True
        self._woken.set()

    async def rung(self, seconds: float) -> None:
        """Returns once it rings or is silenced, or after so many seconds. It may have rung before."""
        if self.is_silent:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()
