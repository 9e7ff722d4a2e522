"""Notices that a clock was set back.

Work waits for moments that were written while the clock was ahead: set back by an hour, it would make everybody wait
for an hour. So all that waits is looked at at once, which is harmless: what should wait still is only tried early.
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from core_service.common.clock import Clock
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
TOLERANCE_SECONDS = 5.0
"""Time servers slew and step by less than this; what waits that much longer waits."""

Release = Callable[[], Awaitable[None]]


class ClockWatch:
    """Compares this process's clock and the database's with the steady one, and calls what releases the work that
    waits by one that was set back."""

    def __init__(self, pool: Pool, clock: Clock, *, own: Release, database: Sequence[Release]) -> None:
        self._pool = pool
        self._clock = clock
        self._own = own
        self._database = database

    async def run(self) -> None:
        """Watches until cancelled."""
        own, database = Drift("this machine's clock"), Drift("the database's clock")
        pending: set[Release] = set()
        while True:
            try:
                if own.was_set_back(self._clock()):
                    pending.add(self._own)
                asked_at = time.monotonic()
                if database.was_set_back(await self._database_time(), asked_at):
                    pending.update(self._database)
                # Until it has succeeded: a clock that was set back says so once.
                for release in tuple(pending):
                    await release()
                    pending.discard(release)
            except DATABASE_AWAY as error:
                log.debug("the clocks are not watched, the database is away: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _database_time(self) -> dt.datetime:
        async with self._pool.connection() as connection:
            row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        moment: dt.datetime = row[0]
        return moment


class Drift:
    """How far a clock is ahead of the steady one."""

    def __init__(self, name: str, steady: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._steady = steady
        self._ahead: float | None = None
        """At least this."""

    def was_set_back(self, moment: dt.datetime, asked_at: float | None = None) -> bool:
        """Whether the clock, which said `moment` between `asked_at` (now if None) and now, was set back since it was
        last asked. An answer that took long is given the benefit of the doubt."""
        now = self._steady()
        at_least = moment.timestamp() - now
        at_most = at_least if asked_at is None else moment.timestamp() - asked_at
        before, self._ahead = self._ahead, at_least
        if before is None or before - at_most <= TOLERANCE_SECONDS:
            return False
        log.warning("%s was set back by %.0f s: what waits for a time is looked at now", self._name, before - at_most)
        return True
