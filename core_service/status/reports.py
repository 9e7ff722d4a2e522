"""What each core says of itself in the database: that it runs, its version, and the routes that it has stopped.

So the operator's command, which cannot ask the memory of a core, sees what all cores of the installation see.
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from pydantic import TypeAdapter, ValidationError

from core_service.common.orm import now
from core_service.sending.circuit_breaker import Alarm, Route
from core_service.status.facts_queries import CORES, REPORT, RETRACT
from core_service.status.service import ServerStatus
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

RELEASE = version("activitysmith-server")
"""Of this process."""
EVERY_SECONDS = 15.0
"""Seconds between two reports while nothing changes."""
SILENCE_SECONDS = 60
"""A core that has not reported for this long does not run."""

_alarms = TypeAdapter(tuple[Alarm, ...])


@dataclass(frozen=True, slots=True)
class RunningCore:
    """A core that has reported within the last minute."""

    id: uuid.UUID
    release: str
    started_at: dt.datetime
    reported_at: dt.datetime
    stopped: Sequence[Alarm]


class CoreReports:
    """Reports regularly, and at once if a route stops or works again."""

    def __init__(self, pool: Pool, status: ServerStatus, release: str) -> None:
        self._pool = pool
        self._status = status
        self._release = release
        self._core_id = uuid.uuid4()
        self._started_at = now()
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """A route has stopped, or works again."""
        self._changed.set()

    async def run(self) -> None:
        """Reports until cancelled. A report that fails is made again with the next one."""
        while True:
            self._changed.clear()
            parameters = {
                "core_id": self._core_id,
                "release": self._release,
                "started_at": self._started_at,
                "stopped_routes": self._status.news(),
            }
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(REPORT, parameters)
            except DATABASE_AWAY as error:
                log.debug("this core does not report, the database is away: %s", error)
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._changed.wait()
                # Routes often stop together: one report tells of all.
                await asyncio.sleep(1)
            except TimeoutError:
                pass

    async def retract(self) -> None:
        """Takes the report back: this core stops. Does nothing while the database is away: the report grows old."""
        try:
            async with self._pool.connection() as connection:
                await connection.execute(RETRACT, (self._core_id,))
        except DATABASE_AWAY as error:
            log.debug("this core's last report stays, the database is away: %s", error)


async def running_cores(pool: Pool) -> list[RunningCore]:
    """The cores that run, the oldest first; 100 at most."""
    async with pool.connection() as connection:
        cursor = await connection.execute(CORES, {"silence": SILENCE_SECONDS})
        rows = await cursor.fetchall()
    return [
        RunningCore(core_id, release, started_at, reported_at, _read(stopped))
        for core_id, release, started_at, reported_at, stopped in rows
    ]


def stopped_routes(cores: Iterable[RunningCore]) -> list[Alarm]:
    """One alarm for each route that any of the cores has stopped, the oldest first."""
    found: dict[Route, Alarm] = {}
    for alarm in sorted((alarm for core in cores for alarm in core.stopped), key=lambda alarm: alarm.since):
        found.setdefault(alarm.route, alarm)
    return list(found.values())


def _read(stopped: str) -> Sequence[Alarm]:
    try:
        return _alarms.validate_json(stopped)
    except ValidationError:
        log.warning("the stopped routes of another core cannot be read, is it of another release?")
        return ()
