"""Outcomes written to the database, all that are waiting in one statement."""

import asyncio
import datetime as dt
import logging
import random
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any

from core_service.dispatch.courier import Outcome, Target, Verdict
from core_service.dispatch.models import DeliveryState
from core_service.dispatch.progress import Progress
from core_service.dispatch.queries import SETTLE, SETTLE_ACCEPTED
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

    Bounded by the deliveries in progress, which last until they are written. While the database is away they wait.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[Settlement] = deque()
        self._work = asyncio.Event()
        self._apart = 0
        """So many of those that wait are written one by one, because together they could not be."""
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
        self._work.set()

    async def run(self) -> None:
        """Writes what comes, until cancelled."""
        while True:
            await self._work.wait()
            batch = self._take()
            try:
                written = await self._write(batch)
            except DATABASE_AWAY as error:
                log.warning("%d outcomes not written yet: %s", len(batch), error)
                self._put_back(batch)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("%d outcomes cannot be written", len(batch))
                self._isolate(batch)
                continue
            for settlement, state in zip(batch, written, strict=True):
                settlement.progress.settled(settlement.user_id, state)
            if not self._waiting:
                self._work.clear()

    def _take(self) -> list[Settlement]:
        size = 1 if self._apart else min(MAX_BATCH, len(self._waiting))
        self._apart = max(0, self._apart - 1)
        return [self._waiting.popleft() for _ in range(size)]

    def _put_back(self, batch: list[Settlement]) -> None:
        self._waiting.extendleft(reversed(batch))

    def _isolate(self, batch: list[Settlement]) -> None:
        """Sees to it that an outcome that can never be written holds up no other. Its delivery is due again when its
        lease ends."""
        if len(batch) > 1:
            self._put_back(batch)
            self._apart = len(batch)
            return
        batch[0].progress.settled(batch[0].user_id, DeliveryState.DUE)
        if not self._waiting:
            self._work.clear()

    async def _write(self, batch: list[Settlement]) -> list[DeliveryState]:
        """Writes the batch and returns the state of each delivery now. Writing again what was written is harmless."""
        states = [DeliveryState.ACCEPTED] * len(batch)
        accepted = [one for one in batch if one.state is DeliveryState.ACCEPTED]
        others = [place for place, one in enumerate(batch) if one.state is not DeliveryState.ACCEPTED]
        async with self._pool.connection() as connection:
            if accepted:
                ids = ([one.notification_id for one in accepted], [one.device_id for one in accepted])
                await connection.execute(SETTLE_ACCEPTED, ids)
            if others:
                parameters = _columns([batch[place] for place in others])
                cursor = await connection.execute(SETTLE, parameters)
                # A delivery that the statement left alone had been accepted before, through somebody else's lease.
                for place, state in await cursor.fetchall():
                    states[others[place - 1]] = DeliveryState(state)
        return states


def _columns(batch: list[Settlement]) -> dict[str, list[Any]]:
    return {
        "notification_ids": [one.notification_id for one in batch],
        "device_ids": [one.device_id for one in batch],
        "states": [one.state.value for one in batch],
        "reasons": [one.reason for one in batch],
        "delays": [one.delay_seconds for one in batch],
        "tokens": [one.token for one in batch],
        "dead_since": [one.dead_since for one in batch],
    }
