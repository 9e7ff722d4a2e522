"""Records every attempt to deliver a push."""

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from core_service.common.arrays import numbers, texts, timestamps, uuids
from core_service.common.orm import new_id, now
from core_service.delivery_log.queries import RECORD
from core_service.sending.port import About, Outcome, OutcomeKind, Push, Target
from core_service.work_queue.loops import BatchWriter
from service_kit.database import Pool

log = logging.getLogger(__name__)

MAX_WAITING = 50_000
"""Attempts that may wait to be written. Beyond it they are counted and not stored, so that a log cannot stop the
server."""

NAMES = {kind: kind.name.lower() for kind in OutcomeKind}
"""Outcomes as the log names them."""
GATHER_SECONDS = 0.05
"""How long attempts wait for others, if there are several: no request waits for them."""

Count = Callable[[uuid.UUID, str, float], None]
"""Takes each attempt's account, its outcome as the log names it, and its seconds. It must neither wait nor fail."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    id: uuid.UUID
    about: About
    priority: int
    target: Target
    outcome: Outcome
    latency_seconds: float
    occurred_at: dt.datetime


class DeliveryRecorder:
    """Writes attempts, all that are waiting in one statement.

    Usually bounded by the pushes in progress: while the database is away, none is settled and no more are begun.
    """

    def __init__(self, pool: Pool, count: Count = lambda account, outcome, seconds: None) -> None:
        self._pool = pool
        self._count = count
        self._writer: BatchWriter[_Attempt] = BatchWriter(
            "attempts", self._write, self._give_up, gather_seconds=GATHER_SECONDS
        )
        self._waiting = 0
        self._lost = 0

    def record(self, push: Push, target: Target, outcome: Outcome, seconds: float) -> None:
        """Takes an attempt, which took so many seconds. A push that is about nothing leaves no record."""
        about = push.about
        if about is None:
            return
        self._count(about.account_id, NAMES[outcome.verdict], seconds)
        if self._waiting >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting += 1
        self._writer.put(_Attempt(new_id(), about, push.priority, target, outcome, seconds, now()))

    async def run(self) -> None:
        """Writes what was recorded, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns when everything is written."""
        await self._writer.drain()

    def _give_up(self, attempt: _Attempt) -> None:
        del attempt
        self._waiting -= 1

    async def _write(self, batch: list[_Attempt]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(RECORD, _columns(batch))
        self._waiting -= len(batch)
        if self._lost:
            log.error("%d attempts are missing in the delivery log: it could not be written for too long", self._lost)
            self._lost = 0


def _columns(batch: list[_Attempt]) -> dict[str, str]:
    return {
        "ids": uuids(one.id for one in batch),
        "account_ids": uuids(one.about.account_id for one in batch),
        "occurred_at": timestamps(one.occurred_at for one in batch),
        "device_ids": uuids(one.target.device_id for one in batch),
        "subjects": texts(one.about.subject for one in batch),
        "events": texts(one.about.event.value for one in batch),
        "priorities": numbers(one.priority for one in batch),
        "apns_ids": uuids(one.target.apns_id for one in batch),
        "outcomes": texts(NAMES[one.outcome.verdict] for one in batch),
        "status_codes": numbers(one.outcome.status_code for one in batch),
        "reasons": texts(one.outcome.reason or None for one in batch),
        "versions": numbers(one.about.version for one in batch),
        "latencies": numbers(round(one.latency_seconds * 1000) for one in batch),
    }
