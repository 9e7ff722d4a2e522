"""Writes outcomes to the database, all that wait in one statement."""

import datetime as dt
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.sending.models import DeliveryState
from core_service.sending.port import Outcome, OutcomeKind, Target
from core_service.sending.queries import SETTLE, SETTLE_ACCEPTED
from core_service.work_queue.batch_writer import BatchWriter
from core_service.work_queue.outcome_wait import OutcomeWait
from core_service.work_queue.retry import delay_seconds
from service_kit.database import Pool

STATES = {
    OutcomeKind.ACCEPTED: DeliveryState.ACCEPTED,
    OutcomeKind.RETRY: DeliveryState.DUE,
    OutcomeKind.MISCONFIGURED: DeliveryState.DUE,
    OutcomeKind.HELD: DeliveryState.DUE,
    OutcomeKind.TOKEN_DEAD: DeliveryState.TOKEN_DEAD,
    OutcomeKind.REJECTED: DeliveryState.REJECTED,
}


OnWritten = Callable[["DeliverySettlement", DeliveryState], None]
"""Called when a settlement has been written, with the delivery's state now."""


def telling(wait: OutcomeWait) -> OnWritten:
    """Passes what is written on to a request that waits."""

    def on_written(written: DeliverySettlement, state: DeliveryState) -> None:
        accepted, gone = state is DeliveryState.ACCEPTED, state is not DeliveryState.DUE
        wait.hear(written.device_id, written.user_id, accepted=accepted, gone=gone)

    return on_written


@dataclass(frozen=True, slots=True)
class DeliverySettlement:
    """The new state of one delivery."""

    notification_id: uuid.UUID
    device_id: uuid.UUID
    user_id: uuid.UUID
    state: DeliveryState
    on_written: "OnWritten"
    reason: str | None = None
    delay_seconds: float = 0.0
    token: str = ""
    dead_since: dt.datetime | None = None
    counts: bool = True
    """Whether the attempt makes the next wait longer."""
    configuration: str | None = None
    """See Outcome."""


class Settler:
    """Writes what became of deliveries. The number that can wait is bounded by the deliveries in progress."""

    def __init__(self, pool: Pool, events: EventBus) -> None:
        self._pool = pool
        self._events = events
        self._writer: BatchWriter[DeliverySettlement] = BatchWriter("outcomes", self._write, _give_up)
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    def settle(self, notification_id: uuid.UUID, target: Target, outcome: Outcome, on_written: OnWritten) -> None:
        """Takes an outcome. `on_written` hears of it once it is written."""
        state = STATES[outcome.verdict]
        retries = state in (DeliveryState.DUE, DeliveryState.TOKEN_DEAD)
        attempts = target.attempts if outcome.counts else 0
        self.put(
            DeliverySettlement(
                notification_id,
                target.device_id,
                target.user_id,
                state,
                on_written,
                outcome.reason or None,
                delay_seconds(outcome.retry_after_seconds, attempts, self._jitter) if retries else 0.0,
                target.token,
                outcome.dead_since,
                outcome.counts,
                outcome.configuration or None,
            )
        )

    def put(self, settlement: DeliverySettlement) -> None:
        """Takes a settlement."""
        self._writer.put(settlement)

    async def run(self) -> None:
        """Writes what comes, until cancelled."""
        await self._writer.run()

    async def _write(self, batch: list[DeliverySettlement]) -> None:
        for settlement, state in zip(batch, await self._states(batch), strict=True):
            settlement.on_written(settlement, state)

    async def _states(self, batch: list[DeliverySettlement]) -> list[DeliveryState]:
        """Writes the batch and returns each delivery's state now. Writing the same twice does no harm."""
        states = [DeliveryState.ACCEPTED] * len(batch)
        accepted = [one for one in batch if one.state is DeliveryState.ACCEPTED]
        others = [place for place, one in enumerate(batch) if one.state is not DeliveryState.ACCEPTED]
        dead: list[tuple[uuid.UUID, DeliverySettlement]] = []
        async with self._pool.connection() as connection:
            if accepted:
                ids = ([one.notification_id for one in accepted], [one.device_id for one in accepted])
                await connection.execute(SETTLE_ACCEPTED, ids)
            if others:
                parameters = _columns([batch[place] for place in others])
                cursor = await connection.execute(SETTLE, parameters)
                # The statement did not change a delivery that was accepted before, under another process's lease.
                for place, state, account_id in await cursor.fetchall():
                    states[others[place - 1]] = DeliveryState(state)
                    one = batch[others[place - 1]]
                    if state == DeliveryState.TOKEN_DEAD and one.token:
                        dead.append((account_id, one))
        for account_id, one in dead:
            self._tell(account_id, one)
        return states

    def _tell(self, account_id: uuid.UUID, dead: DeliverySettlement) -> None:
        kind, reason = EventType.PUSH_TOKEN_DEAD, dead.reason or ""
        self._events.publish(account_id, Event(kind, now(), device_id=dead.device_id, reason=reason))


def _give_up(settlement: DeliverySettlement) -> None:
    """The delivery is due again when its lease ends."""
    settlement.on_written(settlement, DeliveryState.DUE)


def _columns(batch: list[DeliverySettlement]) -> dict[str, list[Any]]:
    return {
        "notification_ids": [one.notification_id for one in batch],
        "device_ids": [one.device_id for one in batch],
        "states": [one.state.value for one in batch],
        "reasons": [one.reason for one in batch],
        "delays": [one.delay_seconds for one in batch],
        "tokens": [one.token for one in batch],
        "dead_since": [one.dead_since for one in batch],
        "counts": [one.counts for one in batch],
        "configurations": [one.configuration for one in batch],
    }
