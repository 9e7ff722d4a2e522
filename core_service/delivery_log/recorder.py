"""Records every attempt to deliver a push."""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core_service.common.orm import new_id, now
from core_service.delivery_log.queries import RECORD
from core_service.sending.port import About, OnOutcome, Outcome, OutcomeKind, Push, PushSender, Target
from core_service.work_queue.batch_writer import BatchWriter
from service_kit.database import Pool

log = logging.getLogger(__name__)

MAX_WAITING = 50_000
"""Attempts that may wait to be written. Beyond it they are counted and not stored, so that a log cannot stop the
server."""


OnAttempt = Callable[[uuid.UUID, str, float], None]
"""Called for each attempt: its account, its outcome as the log names it, and its seconds. It must neither wait nor
fail."""


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
    """Passes pushes on and writes what became of each target, all that is waiting in one statement.

    Usually bounded by the pushes in progress: while the database is away, none is settled and no more are begun. What
    was held back was not attempted and leaves no record.
    """

    def __init__(
        self, sender: PushSender, pool: Pool, on_attempt: OnAttempt = lambda account, outcome, took: None
    ) -> None:
        self._sender = sender
        self._pool = pool
        self._on_attempt = on_attempt
        self._writer: BatchWriter[_Attempt] = BatchWriter("attempts", self._write, self._give_up)
        self._waiting = 0
        self._lost = 0

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes the push; see Sender."""
        about, began = push.about, time.monotonic()
        if about is None:
            self._sender.submit(push, on_outcome)
            return

        def recorded(target: Target, outcome: Outcome) -> None:
            if outcome.verdict is not OutcomeKind.HELD:
                latency = time.monotonic() - began
                self._put(_Attempt(new_id(), about, push.priority, target, outcome, latency, now()))
                self._on_attempt(about.account_id, outcome.verdict.name.lower(), latency)
            on_outcome(target, outcome)

        self._sender.submit(push, recorded)

    async def run(self) -> None:
        """Writes what was recorded, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns when everything is written."""
        await self._writer.drain()

    def _put(self, attempt: _Attempt) -> None:
        if self._waiting >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting += 1
        self._writer.put(attempt)

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


def _columns(batch: list[_Attempt]) -> dict[str, list[Any]]:
    return {
        "ids": [one.id for one in batch],
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
        "versions": [one.about.version for one in batch],
        "latencies": [round(one.latency_seconds * 1000) for one in batch],
    }
