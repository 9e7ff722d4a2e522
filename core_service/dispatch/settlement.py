"""Outcomes written to the database, all that are waiting in one statement."""

import asyncio
import datetime as dt
import logging
import random
import uuid
from collections import deque
from dataclasses import dataclass

from core_service.dispatch.courier import Outcome, Target, Verdict
from core_service.dispatch.models import DeliveryState
from core_service.dispatch.progress import Progress
from core_service.dispatch.queries import SETTLE
from core_service.dispatch.retry import delay_seconds
from service_kit.database import Pool
from service_kit.interceptors import DATABASE_AWAY

log = logging.getLogger(__name__)

MAX_BATCH = 1000
RETRY_SECONDS = 0.5

STATES = {
    Verdict.ACCEPTED: DeliveryState.ACCEPTED,
    Verdict.RETRY: DeliveryState.DUE,
    Verdict.MISCONFIGURED: DeliveryState.DUE,
    Verdict.TOKEN_DEAD: DeliveryState.TOKEN_DEAD,
    Verdict.REJECTED: DeliveryState.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Settlement:
    """The new state of one delivery."""

    notification_id: uuid.UUID
    device_id: uuid.UUID
    user_id: uuid.UUID
    state: DeliveryState
    progress: Progress
    reason: str | None = None
    delay_seconds: float = 0.0
    token: str = ""
    dead_since: dt.datetime | None = None


class Settler:
    """Writes settlements in the order they come, gathering those that come while a statement runs.

    Bounded by the deliveries in progress, which the dispatcher bounds. While the database is away they wait.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[Settlement] = deque()
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    def settle(self, notification_id: uuid.UUID, target: Target, outcome: Outcome, progress: Progress) -> None:
        """Takes an outcome. `progress` learns of it once it is written."""
        state = STATES[outcome.verdict]
        retries = state in (DeliveryState.DUE, DeliveryState.TOKEN_DEAD)
        self.put(
            Settlement(
                notification_id,
                target.device_id,
                target.user_id,
                state,
                progress,
                outcome.reason or None,
                delay_seconds(outcome.retry_after_seconds, target.attempts, self._jitter) if retries else 0.0,
                target.token,
                outcome.dead_since,
            )
        )

    def put(self, settlement: Settlement) -> None:
        """Takes a settlement."""
        self._waiting.append(settlement)
        self._idle.clear()
        self._work.set()

    async def idle(self) -> None:
        """Returns once everything taken has been written."""
        await self._idle.wait()

    async def run(self) -> None:
        """Writes what comes, until cancelled."""
        while True:
            await self._work.wait()
            batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
            try:
                written = await self._write(batch)
            except DATABASE_AWAY as error:
                log.warning("%d outcomes not written yet: %s", len(batch), error)
                self._waiting.extendleft(reversed(batch))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for place, settlement in enumerate(batch, start=1):
                # A delivery that no statement touched had been accepted before, through somebody else's lease.
                state = written.get(place, DeliveryState.ACCEPTED)
                settlement.progress.settled(settlement.user_id, DeliveryState(state))
            if not self._waiting:
                self._work.clear()
                self._idle.set()

    async def _write(self, batch: list[Settlement]) -> dict[int, str]:
        parameters = {
            "notification_ids": [s.notification_id for s in batch],
            "device_ids": [s.device_id for s in batch],
            "states": [s.state.value for s in batch],
            "reasons": [s.reason for s in batch],
            "delays": [s.delay_seconds for s in batch],
            "tokens": [s.token for s in batch],
            "dead_since": [s.dead_since for s in batch],
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(SETTLE, parameters, binary=True)
            return dict(await cursor.fetchall())
