"""How the server runs, as far as its database, its machine and its processes tell: for the operator."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core_service.sending.circuit_breaker import Alarm
from core_service.status.backups import Backup, BackupKind, newest_records
from core_service.status.disk import Disk, read_disk
from core_service.status.facts_queries import ACCOUNTS, SERVER
from core_service.status.reports import RunningCore, running_cores, stopped_routes
from core_service.work_queue.backlog import Backlog, Depth
from service_kit.database import Pool

log = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
"""Seconds for which a reading is used again, so that many who look cost as much as one."""
MOST_SECONDS = 90.0
"""Seconds after which a reading is not shown any more. The check for alerts reads every minute."""

Ask = Callable[[], Awaitable[bool]]
"""Asks a process whether it answers."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read."""

    read_at: dt.datetime
    """By the database's clock."""
    schema: str
    postgresql: str
    """Version of the database server."""
    database_bytes: int
    accounts: int
    """How many share the server; 2 means that or more."""
    first_account_at: dt.datetime | None
    """When the server's first account was made; None if there is none."""
    queues: Mapping[str, Depth]
    cores: Sequence[RunningCore]
    stopped: Sequence[Alarm]
    """The routes that any core has stopped."""
    last_backup: Backup | None
    restored: Backup | None
    disk: Disk | None
    reachable: Mapping[str, bool]
    """Whether other processes answer, by name; only those that this process knows."""


async def read_facts(pool: Pool, backlog: Backlog, folder: Path, others: Mapping[str, Ask]) -> Facts:
    """Reads everything. `folder` is the data folder, `others` the processes to ask. Raises one of DATABASE_AWAY."""
    asked = asyncio.gather(read_disk(folder), asyncio.gather(*(ask() for ask in others.values())))
    try:
        async with pool.connection() as connection:
            row = await (await connection.execute(SERVER)).fetchone()
        assert row is not None  # noqa: S101 - it has no FROM
        schema, postgresql, size, read_at, accounts, first_account_at = row
        depths, cores, records = await backlog.read(), await running_cores(pool), await newest_records(pool)
        disk, answers = await asked
    finally:
        asked.cancel()
    return Facts(
        read_at=read_at,
        schema=schema,
        postgresql=postgresql.partition(" ")[0],
        database_bytes=size,
        accounts=accounts,
        first_account_at=first_account_at,
        queues=depths,
        cores=cores,
        stopped=stopped_routes(cores),
        last_backup=records.get(BackupKind.BACKUP),
        restored=records.get(BackupKind.RESTORE),
        disk=disk,
        reachable=dict(zip(others, answers, strict=True)),
    )


class KnownFacts:
    """The last reading, and what makes another one.

    A reading may take long where much is owed, and a page must not wait for it. So one that is older than five seconds
    is given once more while the next one is made.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[Facts]],
        count: Callable[[], Awaitable[int]],
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`count` counts accounts, up to 2. `steady` returns seconds of a clock that never goes back."""
        self._read = read
        self._count = count
        self._steady = steady
        self._known: Facts | None = None
        self._read_at = 0.0
        self._reading: asyncio.Task[Facts] | None = None

    async def now(self) -> Facts:
        """Returns the facts of the last 90 seconds. Raises one of DATABASE_AWAY."""
        age = self._steady() - self._read_at
        known = self._known
        if known is None or age > MOST_SECONDS:
            known = await self.read()
        elif age > FRESH_SECONDS:
            self._begin()
        # What may be shown depends on it: a second account counts at once.
        return replace(known, accounts=await self._count())

    async def read(self) -> Facts:
        """Reads, unless that is being done already, and returns what was found. Raises one of DATABASE_AWAY."""
        # Others may wait for the same reading.
        return await asyncio.shield(self._begin())

    def _begin(self) -> "asyncio.Task[Facts]":
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._note())
            self._reading.add_done_callback(_heed)
        return self._reading

    async def _note(self) -> Facts:
        self._known = await self._read()
        self._read_at = self._steady()
        return self._known


def _heed(reading: "asyncio.Task[Facts]") -> None:
    """Logs why a reading failed for which nothing may have waited."""
    if not reading.cancelled() and (error := reading.exception()) is not None:
        log.info("how the server runs cannot be read: %s", error)


async def count_accounts(pool: Pool) -> int:
    """How many accounts there are; 2 means that or more. Raises one of DATABASE_AWAY."""
    async with pool.connection() as connection:
        row = await (await connection.execute(ACCOUNTS)).fetchone()
    return int(row[0]) if row else 0
