"""How much is owed, and for how long it has been due: read now and then, however often somebody looks."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from core_service.common.clock import Clock
from core_service.work_queue import backlog_queries as queries
from core_service.work_queue.rounds import MAX_ACCOUNTS, START
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

READ_SECONDS = 5.0
MAX_SHARE = 20
"""Between two readings there is at least so many times as long as the last has taken."""
MAX_COUNTED = 50_000
"""Beyond this the depth of a queue is not counted on: what counting costs does not grow with what is owed."""
MAX_VISITS = 40
"""Visits to 250 accounts each, for the oldest work of one queue."""
VISIT_SECONDS = 0.05

Read = Callable[[str, dict[str, Any]], Awaitable[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Depth:
    """What a reading has found of a queue."""

    owed: int
    """MAX_COUNTED for that and more."""
    oldest_seconds: float
    """For how long the oldest work has been due; 0 if none is."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Where work waits."""

    name: str
    count: str
    oldest: str


QUEUES = (
    Queue("notifications", queries.COUNT_NOTIFICATIONS, queries.OLDEST_NOTIFICATION),
    Queue("live_activities", queries.COUNT_LIVE_ACTIVITIES, queries.OLDEST_LIVE_ACTIVITY),
    Queue("webhooks", queries.COUNT_WEBHOOKS, queries.OLDEST_WEBHOOK),
)


class Backlog:
    """The newest reading of each queue, by name; none before the first."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self.depths: dict[str, Depth] = {}
        self.read_at = 0.0
        """UNIX time of the last complete reading; 0 before the first."""

    async def run(self) -> None:
        """Reads, until cancelled. While the database is away the last reading stands."""
        while True:
            began = time.monotonic()
            try:
                for queue in QUEUES:
                    self.depths[queue.name] = await self._read(queue)
                self.read_at = time.time()
            except DATABASE_AWAY as error:
                log.debug("the backlog is not read, the database is away: %s", error)
            await asyncio.sleep(max(READ_SECONDS, MAX_SHARE * (time.monotonic() - began)))

    async def _read(self, queue: Queue) -> Depth:
        (owed,) = await self._row(queue.count, {"most": MAX_COUNTED})
        return Depth(owed, await self._oldest(queue) if owed else 0.0)

    async def _oldest(self, queue: Queue) -> float:
        after, oldest = START, 0.0
        for _ in range(MAX_VISITS):
            parameters = {"after": after, "accounts": MAX_ACCOUNTS, "limit": 1, "now": self._clock()}
            visited, after, seconds = await self._row(queue.oldest, parameters)
            oldest = max(oldest, seconds or 0.0)
            if visited < MAX_ACCOUNTS:
                break
            await asyncio.sleep(VISIT_SECONDS)
        return oldest

    async def _row(self, query: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(query, parameters, binary=True)).fetchone()
        assert row is not None  # noqa: S101 - each of these has one row
        return row
