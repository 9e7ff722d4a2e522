"""The two loops of every queue: one claims due work, within bounds; the other writes what became of it, in batches."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from core_service.work_queue.gathering import APART
from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.5
IDLE_POLL_SECONDS = 2.0
IDLE_SECONDS = 15.0
"""Seconds without work after which a loop polls less often: most queues are empty most of the time. Retries come within
15 seconds as long as something waits for them."""
RECOVERY_SECONDS = 1.0
MAX_BATCH = 1000
RETRY_SECONDS = 0.5
BUSY = 4
"""Pieces of work in progress, or items in a batch, from which a loop waits for more before its next transaction."""


class ClaimLoop:
    """Calls `claim`, which takes up to `size` pieces of work and returns whether more may be due. Counts the work in
    progress.

    A wake-up makes it quick. Polling makes it certain: it finds what a crash, a lost wake-up or a due retry left in the
    table, within half a second, or two if there was no work for a while. At most `most` claimed pieces are in progress.
    Work is in progress until its outcome is written, so nothing new begins while outcomes cannot be written. With at
    least 4 in progress, a claim waits `gather_seconds` for more work, because a claim costs much more than a piece of
    work in it.
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
        self._worked_at = time.monotonic()
        """When work began last."""
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
            self._worked_at = time.monotonic()
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
        is_idle = not self.in_progress and time.monotonic() - self._worked_at >= IDLE_SECONDS
        try:
            async with asyncio.timeout(IDLE_POLL_SECONDS if is_idle else POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return


class BatchWriter(Generic[T]):
    """Writes items in order. Items that come while a batch is being written go into the next one.

    `write` writes a batch in one transaction. `give_up` is called with an item that can never be written. The caller
    bounds the number of items. While the database is away, they wait.
    """

    def __init__(
        self,
        what: str,
        write: Callable[[list[T]], Awaitable[None]],
        give_up: Callable[[T], None],
        *,
        gather_seconds: float = APART.outcomes,
    ) -> None:
        """`gather_seconds` is how long a batch waits for more items after one of at least 4."""
        self._what = what
        self._write = write
        self._give_up = give_up
        self._gather_seconds = gather_seconds
        self._waiting: deque[T] = deque()
        self._work = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._apart = 0
        """How many items to write one by one after their batch failed."""

    def put(self, item: T) -> None:
        """Takes an item."""
        self._waiting.append(item)
        self._work.set()
        self._empty.clear()

    async def drain(self) -> None:
        """Returns once everything is written."""
        await self._empty.wait()

    async def run(self) -> None:
        """Writes what comes, until cancelled."""
        busy = False
        while True:
            await self._work.wait()
            if busy:
                await asyncio.sleep(self._gather_seconds)
            batch = self._take()
            busy = len(batch) >= BUSY
            try:
                await self._write(batch)
            except DATABASE_AWAY as error:
                log.warning("%d %s not written yet: %s", len(batch), self._what, error)
                self._put_back(batch)
                await asyncio.sleep(RETRY_SECONDS)
            except asyncio.CancelledError:
                self._put_back(batch)
                raise
            except Exception:
                log.exception("%d %s cannot be written", len(batch), self._what)
                self._isolate(batch)
            if not self._waiting:
                self._work.clear()
                self._empty.set()

    def _take(self) -> list[T]:
        size = 1 if self._apart else min(MAX_BATCH, len(self._waiting))
        self._apart = max(0, self._apart - 1)
        return [self._waiting.popleft() for _ in range(size)]

    def _put_back(self, batch: list[T]) -> None:
        self._waiting.extendleft(reversed(batch))

    def _isolate(self, batch: list[T]) -> None:
        """Writes the items one by one, so that one that can never be written does not stop the others."""
        if len(batch) > 1:
            self._put_back(batch)
            self._apart = len(batch)
        else:
            self._give_up(batch[0])
