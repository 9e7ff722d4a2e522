"""Work on one thing, in the order it came, all that is waiting at once.

A hundred requests about one stream need not wait for a hundred commits: what comes while one batch is being written
makes the next.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from service_kit import origin

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MAX_BATCH = 100


class Lanes(Generic[K, T]):
    """A queue for each thing that there is work on. `work` gets a thing and 1 to 100 items, and must not raise."""

    def __init__(self, work: Callable[[K, list[T]], Awaitable[None]]) -> None:
        self._work = work
        self._lanes: dict[K, deque[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def busy(self, thing: K) -> bool:
        """Whether there is work on the thing."""
        return thing in self._lanes

    def put(self, thing: K, item: T) -> None:
        """Queues the item. Bounded by whoever puts items in."""
        lane = self._lanes.get(thing)
        if lane is not None:
            lane.append(item)
            return
        self._lanes[thing] = deque([item])
        task = asyncio.create_task(self._run(thing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, thing: K) -> None:
        origin.leave()
        lane = self._lanes[thing]
        try:
            while lane:
                batch = [lane.popleft() for _ in range(min(MAX_BATCH, len(lane)))]
                await self._work(thing, batch)
        finally:
            del self._lanes[thing]
