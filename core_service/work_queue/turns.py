"""Requests about one thing, one after the other within this process.

The database would sort them out too, by having all but one begin anew; a queue is cheaper.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Turns:
    """A queue for each thing that somebody is at."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._present: dict[Hashable, int] = {}

    @asynccontextmanager
    async def turn(self, thing: Hashable) -> AsyncIterator[None]:
        """Waits until everybody who came before is done with it."""
        lock = self._locks.setdefault(thing, asyncio.Lock())
        self._present[thing] = self._present.get(thing, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._present[thing] -= 1
            if not self._present[thing]:
                del self._present[thing], self._locks[thing]
