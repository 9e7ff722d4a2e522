"""The loop that claims due work, within bounds. It is woken when there is some, and polls in case a wake-up is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
RECOVERY_SECONDS = 1.0
BUSY = 4


class ClaimLoop:
    """Calls `claim`, which takes up to `size` pieces of work and returns whether more may be due. Counts the work in
    progress.

    A wake-up makes it quick. Polling makes it certain: it finds what a crash, a lost wake-up or a due retry left in the
    table. At most `most` claimed pieces are in progress. Work is in progress until its outcome is written, so nothing
    new begins while outcomes cannot be written. With at least 4 in progress, a claim waits `gather_seconds` for more
    work, because a claim costs much more than a piece of work in it.
    """

    def __init__(
        self, what: str, claim: Callable[[], Awaitable[bool]], *, size: int, most: int, gather_seconds: float = 0.0
    ) -> None:
        self._what = what
        self._claim = claim
        self._size = size
        self._most = most
        self._gather_seconds = gather_seconds
        self.in_progress = 0
        self._others = 0
        """Of these, work that began beside the loop."""
        self._wake = asyncio.Event()
        self._wants_room = False
        """True while work has been left in the table because too much is in progress."""
        self._empty = asyncio.Event()
        self._empty.set()

    def wake(self) -> None:
        """The table has work that is not leased."""
        self._wake.set()

    def begin(self, count: int, *, beside: bool = False) -> None:
        """Notes that this many pieces of work have begun. Claims do not wait for those that began `beside` the loop."""
        if count:
            self.in_progress += count
            self._others += count if beside else 0
            self._empty.clear()

    def finish(self, count: int, *, beside: bool = False) -> None:
        """Notes that this many outcomes are written. `beside` is the same as for `begin`."""
        self.in_progress -= count
        self._others -= count if beside else 0
        if self.in_progress == 0:
            self._empty.set()
        if self._wants_room and self._has_room:
            self._wake.set()

    @property
    def _has_room(self) -> bool:
        return self.in_progress - self._others <= self._most - self._size

    async def run(self) -> None:
        """Claims, until cancelled."""
        while True:
            if self._gather_seconds and self.in_progress >= BUSY:
                await asyncio.sleep(self._gather_seconds)
            self._wake.clear()
            self._wants_room = not self._has_room
            try:
                more = False if self._wants_room else await self._claim()
            except DATABASE_AWAY as error:
                log.warning("cannot claim %s: %s", self._what, error)
                await asyncio.sleep(RECOVERY_SECONDS)
                continue
            if not more:
                await self._pause()

    async def drain(self) -> None:
        """Returns when nothing is in progress and every outcome is written."""
        await self._empty.wait()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return
