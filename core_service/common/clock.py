"""The time: the database's, so that all cores and all statements mean the same, and no machine's clock matters."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core_service.common.jobs import cancel, start_jobs
from core_service.common.orm import now
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
"""Says what time it is, in UTC. Tests have one that can travel."""

READ_SECONDS = 1.0


@asynccontextmanager
async def database_clock(pool: Pool) -> AsyncIterator[Clock]:
    """A clock that has been read once, and is read on for the length of the block."""
    clock = DatabaseClock(pool)
    await clock.read()
    reading = start_jobs(clock.run)
    try:
        yield clock
    finally:
        await cancel(*reading)


class DatabaseClock:
    """The database's clock, carried on by this machine's steady clock between two readings.

    Setting this machine's clock changes nothing. Before the first reading it goes by it all the same.
    """

    def __init__(self, pool: Pool, *, steady: Callable[[], float] = time.monotonic, own: Clock = now) -> None:
        self._pool = pool
        self._steady = steady
        self._ahead = own().timestamp() - steady()
        """How far the database's clock is ahead of the steady one."""

    def __call__(self) -> dt.datetime:
        """The time, in UTC."""
        return dt.datetime.fromtimestamp(self._steady() + self._ahead, dt.UTC)

    async def run(self) -> None:
        """Reads the database's clock, until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(READ_SECONDS)

    async def read(self) -> None:
        """Reads the database's clock once. While the database is away the steady clock goes on alone."""
        try:
            async with self._pool.connection() as connection:
                asked_at = self._steady()
                row = await (await connection.execute("SELECT clock_timestamp()", binary=True)).fetchone()
                heard_at = self._steady()
        except DATABASE_AWAY as error:
            log.debug("the database's clock is not read, it is away: %s", error)
            return
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        self.correct(row[0], asked_at, heard_at)

    def correct(self, read: dt.datetime, asked_at: float, heard_at: float) -> None:
        """The database's clock said `read` at some moment between these two of the steady clock. A slow answer is a
        vague one: while the time agrees with it, nothing changes."""
        least, most = read.timestamp() - heard_at, read.timestamp() - asked_at
        self._ahead = min(max(self._ahead, least), most)
