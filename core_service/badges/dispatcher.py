"""Sends each phone its newest number, one attempt at a time, and writes what became of it.

A claim leases the rows that are due and reads their numbers. A newer number waits for the outcome, or for the end of
the lease. An outcome is written only under its own lease: one that comes too late starts nothing beside an attempt of
another process.
"""

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from core_service.badges.payload import badge_push
from core_service.badges.queries import CLAIM, LEASE_SECONDS, LOCK, OWE_NEWEST, SETTLE
from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.sending.models import DeliveryState
from core_service.sending.origins import Origins
from core_service.sending.outcomes import STATES, next_delay_seconds
from core_service.sending.port import Outcome, OutcomeKind, Push, PushSender, Target
from core_service.work_queue.fair_claim import Round
from core_service.work_queue.loops import BatchWriter, ClaimLoop
from core_service.work_queue.outcome_wait import OutcomeWaits
from service_kit.database import Pool

CLAIM_SIZE = 250
MAX_CLAIMED = 1000
"""Numbers in progress up to which more are claimed, until their outcomes are written."""
FIRST_VERSION = 0
"""Each update is a subject of its own, with one version."""


class _Claimed(NamedTuple):
    """A row of `queries.CLAIM`."""

    account_id: uuid.UUID
    update_id: uuid.UUID
    number: int
    lease_id: uuid.UUID
    device_id: uuid.UUID
    user_id: uuid.UUID
    apns_id: uuid.UUID
    attempts: int
    push_token: str | None
    environment: str
    bundle_id: str | None

    @property
    def target(self) -> Target:
        """Where it is sent to."""
        return Target(
            self.device_id,
            self.user_id,
            self.push_token or "",
            self.environment,
            self.bundle_id,
            self.apns_id,
            self.attempts,
        )


@dataclass(frozen=True, slots=True)
class _BadgeSettlement:
    """What became of an attempt."""

    claimed: _Claimed
    state: DeliveryState
    reason: str | None = None
    delay_seconds: float = 0.0
    dead_since: dt.datetime | None = None
    counts: bool = True
    """Whether the attempt makes the next wait longer."""
    configuration: str | None = None
    """See Outcome."""


class BadgeDispatcher:
    """The loop, and the attempts in progress."""

    def __init__(self, pool: Pool, sender: PushSender, events: EventBus) -> None:
        self._pool = pool
        self._sender = sender
        self._events = events
        self.waits = OutcomeWaits()
        """Requests that wait, by the update's id."""
        self.origins = Origins()
        """Requests by the update's id."""
        self._loop = ClaimLoop("badges", self._claim, size=CLAIM_SIZE, most=MAX_CLAIMED)
        self._writer: BatchWriter[_BadgeSettlement] = BatchWriter("outcomes of badges", self._write, self._give_up)
        self._round = Round()
        self._held = 0
        """Pushes that were not sent because their route is stopped."""
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    @property
    def in_progress(self) -> int:
        """Attempts whose outcome is not written yet."""
        return self._loop.in_progress

    def wake(self) -> None:
        """To be called when a number is due."""
        self._loop.wake()

    async def owe_newest(self, session: AsyncSession, device_id: uuid.UUID) -> None:
        """The device has reported a push token. The number that found no token before is due when the session
        commits."""
        connection = await session.connection()
        await connection.exec_driver_sql(OWE_NEWEST, {"device_id": device_id})

    async def run(self) -> None:
        """Claims and sends, until cancelled."""
        await self._loop.run()

    async def write(self) -> None:
        """Writes outcomes, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every outcome is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        parameters = self._round.parameters(CLAIM_SIZE) | {"lease": LEASE_SECONDS}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(CLAIM, parameters, binary=True)
            rows, more = self._round.read(await cursor.fetchall())
        self._loop.begin(len(rows))
        held = self._held
        for push, claimed in self._pushes([_Claimed(*row) for row in rows]):
            self._send(push, claimed)
        # If everything was held, the rest would be held too.
        return more and (not rows or self._held - held < len(rows))

    def _pushes(self, rows: list[_Claimed]) -> list[tuple[Push, dict[uuid.UUID, _Claimed]]]:
        """One push for each update, with the rows that it is for, by device. Rows without a token are settled."""
        groups: dict[uuid.UUID, tuple[Push, dict[uuid.UUID, _Claimed]]] = {}
        moment = now()
        for row in rows:
            if row.push_token is None:
                self._writer.put(_BadgeSettlement(row, DeliveryState.TOKEN_DEAD))
                continue
            if row.update_id not in groups:
                origin = self.origins.of(str(row.update_id))
                groups[row.update_id] = (badge_push(row.account_id, row.update_id, row.number, origin, moment), {})
            push, claimed = groups[row.update_id]
            push.targets.append(row.target)
            claimed[row.device_id] = row
        return list(groups.values())

    def _send(self, push: Push, claimed: dict[uuid.UUID, _Claimed]) -> None:
        self._sender.submit(push, lambda target, outcome: self._settle(claimed[target.device_id], outcome))

    def _settle(self, claimed: _Claimed, outcome: Outcome) -> None:
        if outcome.verdict is OutcomeKind.HELD:
            self._held += 1
        self._writer.put(
            _BadgeSettlement(
                claimed,
                STATES[outcome.verdict],
                outcome.reason or None,
                next_delay_seconds(outcome, claimed.attempts, self._jitter),
                outcome.dead_since,
                outcome.counts,
                outcome.configuration or None,
            )
        )

    async def _write(self, batch: list[_BadgeSettlement]) -> None:
        states: dict[int, tuple[str, uuid.UUID]] = {}
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(LOCK, ([one.claimed.device_id for one in batch],))
            cursor = await connection.execute(SETTLE, _columns(batch))
            for place, state, account_id in await cursor.fetchall():
                states[place - 1] = (state, account_id)
        for place, one in enumerate(batch):
            state, account_id = states.get(place, (None, one.claimed.account_id))
            if state == DeliveryState.TOKEN_DEAD and one.claimed.push_token:
                device_id, reason = one.claimed.device_id, one.reason or ""
                event = Event(EventType.PUSH_TOKEN_DEAD, now(), device_id=device_id, reason=reason)
                self._events.publish(account_id, event)
            self._finish(one, gone=state not in (None, DeliveryState.DUE))
        if any(state == DeliveryState.DUE for state, _ in states.values()):
            # A newer number may have waited for one of these.
            self._loop.wake()

    def _give_up(self, settlement: _BadgeSettlement) -> None:
        """The newest number is due when the lease ends."""
        self._finish(settlement, gone=False)

    def _finish(self, one: _BadgeSettlement, *, gone: bool) -> None:
        """Tells the request that waits for this number."""
        accepted = one.state is DeliveryState.ACCEPTED
        claimed = one.claimed
        self.waits.tell(
            str(claimed.update_id), FIRST_VERSION, claimed.device_id, claimed.user_id, accepted=accepted, gone=gone
        )
        self._loop.finish(1)


def _columns(batch: list[_BadgeSettlement]) -> dict[str, list[Any]]:
    return {
        "device_ids": [one.claimed.device_id for one in batch],
        "lease_ids": [one.claimed.lease_id for one in batch],
        "update_ids": [one.claimed.update_id for one in batch],
        "states": [one.state.value for one in batch],
        "reasons": [one.reason for one in batch],
        "delays": [one.delay_seconds for one in batch],
        "tokens": [one.claimed.push_token or "" for one in batch],
        "dead_since": [one.dead_since for one in batch],
        "counts": [one.counts for one in batch],
        "configurations": [one.configuration for one in batch],
    }
