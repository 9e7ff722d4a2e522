"""Writes results to the database, all that wait in one batch."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_BATCH = 1000
RETRY_SECONDS = 0.5
BUSY = 4
GATHER_SECONDS = 0.003
"""After a large batch, the next one waits for more items: a transaction costs much more than an item in it."""


class BatchWriter(Generic[T]):
    """Writes items in order. Items that come while a batch is being written go into the next one.

    `write` writes a batch in one transaction. `give_up` is called with an item that can never be written. The caller
    bounds the number of items. While the database is away, they wait.
    """

    def __init__(self, what: str, write: Callable[[list[T]], Awaitable[None]], give_up: Callable[[T], None]) -> None:
        self._what = what
        self._write = write
        self._give_up = give_up
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
                await asyncio.sleep(GATHER_SECONDS)
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
