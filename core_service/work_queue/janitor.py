"""Frees work that would wait too long because the database's clock was set back.

A row that is due in a year was written while the clock was a year ahead. The server never waits that long, so the row
is due now.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from core_service.common.clock import Clock
from core_service.work_queue.queue import Queue
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0
MAX_SHARE = 20
"""Pause at least 20 times as long as the last look took."""
BATCH = 1000


def free_stranded(queue: Queue) -> str:
    """The statement that makes up to `%(limit)s` rows due whose wait is longer than any that the server uses."""
    return f"""
WITH stranded AS (
    SELECT {queue.key} FROM {queue.table}
    WHERE {queue.is_owed} AND {queue.moment} > {queue.now} + %(longest)s * interval '1 second'
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE {queue.table} q SET {queue.moment} = {queue.now} FROM stranded
WHERE {" AND ".join(f"q.{column} = stranded.{column}" for column in queue.key.split(", "))}
"""


class Janitor:
    """The background job."""

    def __init__(self, pool: Pool, queues: Sequence[Queue], clock: Clock) -> None:
        self._pool = pool
        self._queues = queues
        self._clock = clock

    async def run(self) -> None:
        """Frees what is stranded, until cancelled."""
        while True:
            began = time.monotonic()
            try:
                for queue in self._queues:
                    await self._free(queue)
            except DATABASE_AWAY as error:
                log.debug("no stranded work is looked for, the database is away: %s", error)
            await asyncio.sleep(max(EVERY_SECONDS, MAX_SHARE * (time.monotonic() - began)))

    async def _free(self, queue: Queue) -> None:
        freed = BATCH
        while freed == BATCH:
            parameters = {"longest": queue.longest_wait_seconds, "limit": BATCH, "now": self._clock()}
            async with self._pool.connection() as connection:
                freed = (await connection.execute(free_stranded(queue), parameters)).rowcount
            if freed:
                log.warning("%d %s waited for a time beyond any wait: a clock was set back", freed, queue.name)
