"""The courier that keeps a record of every attempt."""

import datetime as dt
import time
import uuid
from dataclasses import dataclass
from typing import Any

from core_service.batch_writer import BatchWriter
from core_service.courier.port import About, Courier, OnOutcome, Outcome, Push, Target
from core_service.delivery_log.queries import RECORD
from core_service.orm import new_id, now
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class _Attempt:
    about: About
    priority: int
    target: Target
    outcome: Outcome
    latency_seconds: float
    occurred_at: dt.datetime


class DeliveryRecorder:
    """Passes pushes on and writes what became of each target, all that is waiting in one statement.

    Bounded by the pushes in progress: while the database is away, none is settled and no more are begun.
    """

    def __init__(self, courier: Courier, pool: Pool) -> None:
        self._courier = courier
        self._pool = pool
        self._writer: BatchWriter[_Attempt] = BatchWriter("attempts", self._write, lambda _: None)

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes the push; see Courier."""
        about, began = push.about, time.monotonic()
        if about is None:
            self._courier.submit(push, on_outcome)
            return

        def recorded(target: Target, outcome: Outcome) -> None:
            latency = time.monotonic() - began
            self._writer.put(_Attempt(about, push.priority, target, outcome, latency, now()))
            on_outcome(target, outcome)

        self._courier.submit(push, recorded)

    async def run(self) -> None:
        """Writes what comes, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns once everything is written."""
        await self._writer.drain()

    async def _write(self, batch: list[_Attempt]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(RECORD, _columns(batch))


def _columns(batch: list[_Attempt]) -> dict[str, list[Any]]:
    ids: list[uuid.UUID] = [new_id() for _ in batch]
    return {
        "ids": ids,
        "account_ids": [one.about.account_id for one in batch],
        "occurred_at": [one.occurred_at for one in batch],
        "device_ids": [one.target.device_id for one in batch],
        "subjects": [one.about.subject for one in batch],
        "events": [one.about.event.value for one in batch],
        "priorities": [one.priority for one in batch],
        "apns_ids": [one.target.apns_id for one in batch],
        "outcomes": [one.outcome.verdict.name.lower() for one in batch],
        "status_codes": [one.outcome.status_code for one in batch],
        "reasons": [one.outcome.reason or None for one in batch],
        "latencies": [round(one.latency_seconds * 1000) for one in batch],
    }
