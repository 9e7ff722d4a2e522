"""How much is owed, and for how long it has been due. It is read now and then, no matter how often it is asked for.

Each statement walks an index of what is owed, up to a bound.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.clock import Clock
from core_service.work_queue.fair_claim import MAX_ACCOUNTS, START, walk_accounts
from core_service.work_queue.queue import Queue
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

READ_SECONDS = 5.0
MAX_SHARE = 20
"""Pause at least 20 times as long as the last reading took."""
MAX_COUNTED = 50_000
"""Counting stops here, so that it never costs more."""
MAX_VISITS = 40
"""Visits to 250 accounts each, for the oldest work of one queue."""
VISIT_SECONDS = 0.05


def count(queue: Queue) -> str:
    """How much is owed."""
    return f"SELECT count(*) FROM (SELECT FROM {queue.table} WHERE {queue.is_owed} LIMIT %(most)s) owed"


def oldest(queue: Queue) -> str:
    """How many accounts were visited, the last of them, and for how many seconds the oldest of their work has been due.
    In a table without an index by account, one step finds the oldest of all."""
    if queue.by_account:
        return f"""
WITH RECURSIVE {walk_accounts(queue)}
SELECT walk.visited, walk.last, (SELECT EXTRACT(EPOCH FROM {queue.now} - min(at))::float8 FROM owing) FROM walk
"""
    return f"""
SELECT 1, NULL::uuid, EXTRACT(EPOCH FROM {queue.now} - (
    SELECT {queue.moment} FROM {queue.table} WHERE {queue.is_owed} ORDER BY {queue.moment} LIMIT 1
))::float8
"""


@dataclass(frozen=True, slots=True)
class Depth:
    """What was read of a queue."""

    owed: int
    """Pieces of work; MAX_COUNTED means that or more."""
    oldest_seconds: float
    """For how long the oldest work has been due; 0 if none is."""


class Backlog:
    """The newest reading of each queue, by name; none before the first."""

    def __init__(self, pool: Pool, queues: Sequence[Queue], clock: Clock) -> None:
        self._pool = pool
        self._queues = queues
        self._clock = clock
        self.depths: dict[str, Depth] = {}
        self.read_at = 0.0
        """UNIX time of the last complete reading; 0 before the first."""

    async def run(self) -> None:
        """Reads until cancelled. While the database is away, the last reading stays."""
        while True:
            began = time.monotonic()
            try:
                await self.read()
            except DATABASE_AWAY as error:
                log.debug("the backlog is not read, the database is away: %s", error)
            await asyncio.sleep(max(READ_SECONDS, MAX_SHARE * (time.monotonic() - began)))

    async def read(self) -> dict[str, Depth]:
        """Reads now, and returns what was found. Raises one of DATABASE_AWAY."""
        for queue in self._queues:
            self.depths[queue.name] = await self._read(queue)
        self.read_at = time.time()
        return dict(self.depths)

    async def _read(self, queue: Queue) -> Depth:
        (owed,) = await self._row(count(queue), {"most": MAX_COUNTED})
        return Depth(owed, await self._oldest(queue) if owed else 0.0)

    async def _oldest(self, queue: Queue) -> float:
        after, oldest_seconds = START, 0.0
        for _ in range(MAX_VISITS):
            parameters = {"after": after, "accounts": MAX_ACCOUNTS, "limit": 1, "now": self._clock()}
            visited, after, seconds = await self._row(oldest(queue), parameters)
            oldest_seconds = max(oldest_seconds, seconds or 0.0)
            if visited < MAX_ACCOUNTS:
                break
            await asyncio.sleep(VISIT_SECONDS)
        return oldest_seconds

    async def _row(self, query: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(query, parameters, binary=True)).fetchone()
        assert row is not None  # noqa: S101 - each of these has one row
        return row
