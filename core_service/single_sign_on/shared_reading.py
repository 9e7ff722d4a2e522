"""What many callers need at the same time is read once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedReading(Generic[T]):
    """What was read from the provider. Callers at the same time share one reading, and its failure: a provider that
    hangs keeps them no longer than one."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._reading: asyncio.Future[T] | None = None
        self._began = 0.0

    async def get(self, fresh: float) -> T:
        """What was read at most `fresh` seconds ago, by the monotonic clock. Raises what reading raises."""
        now, reading = time.monotonic(), self._reading
        if reading is not None and reading.done() and (_failed(reading) or now - self._began > fresh):
            reading = None
        if reading is None:
            reading = self._reading = asyncio.ensure_future(self._read())
            self._began = now
        return await asyncio.shield(reading)


def _failed(reading: asyncio.Future[Any]) -> bool:
    return reading.cancelled() or reading.exception() is not None
