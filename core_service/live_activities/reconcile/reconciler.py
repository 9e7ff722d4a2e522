"""Brings phones to the state that is wanted: claims devices that are due, and sends each what it lacks.

Requests, phones and time only change rows and wake it. Waking makes it quick; polling makes it certain.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.clock import Clock
from core_service.live_activities.reconcile import reconciler_queries as queries
from core_service.live_activities.reconcile.composer import Composer
from core_service.live_activities.reconcile.lifecycle import wanted_of
from core_service.live_activities.reconcile.planning import Claim, Planned, plan, spend
from core_service.live_activities.reconcile.settlement import TOKEN_CHANGING, ActivitySettlement, ActivitySettler
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import (
    ActivityEvent,
    PayloadBuilder,
)
from core_service.live_activities.state.turn import LOOK_AGAIN
from core_service.sending.port import (
    OnOutcome,
    Outcome,
    OutcomeKind,
    Push,
    PushSender,
    Target,
)
from core_service.work_queue.fair_claim import Round
from core_service.work_queue.loops import POLL_SECONDS, ClaimLoop
from service_kit.database import Pool
from service_kit.tracing import NO_ORIGIN, Origin

CLAIM_SIZE = 250
MAX_IN_PROGRESS = 1000
"""Beyond this many pushes in progress, until their outcomes are written, nothing more is claimed."""
LEASE = dt.timedelta(seconds=20)
"""How long a push belongs to the process that sends it. Longer than any delivery can take; after it any process may
send it."""
GATHER_SECONDS = 0.005


@dataclass(slots=True)
class _Decided:
    """The decisions of one claim."""

    activities: dict[str, Activity] = field(default_factory=dict)
    planned: list[Planned] = field(default_factory=list)
    idle: list[Claim] = field(default_factory=list)
    """Nothing is owed, as far as can be seen without the activity's lock."""
    resting: list[Claim] = field(default_factory=list)
    """Waiting for a push-to-start token, or a browser's subscription."""
    waiting: list[Claim] = field(default_factory=list)
    """Ends that wait for the activity that replaces theirs."""


class Reconciler:
    """The loop, and the work in progress."""

    def __init__(
        self,
        pool: Pool,
        sender: PushSender,
        settler: ActivitySettler,
        builder: PayloadBuilder,
        clock: Clock,
        *,
        origin_of: Callable[[str], Origin] = lambda activity_id: NO_ORIGIN,
    ) -> None:
        """`origin_of` tells which request a push of an activity is for."""
        self._origin_of = origin_of
        self._pool = pool
        self._sender = sender
        self._settler = settler
        self._composer = Composer(builder)
        self._clock = clock
        self._loop = ClaimLoop(
            "Live Activities", self._claim, size=CLAIM_SIZE, most=MAX_IN_PROGRESS, gather_seconds=GATHER_SECONDS
        )
        self._round = Round()
        self._held = 0
        """Pushes that were not sent because their route is stopped."""
        settler.on_written = self._written

    @property
    def in_progress(self) -> int:
        """Devices whose outcome is not written yet."""
        return self._loop.in_progress

    def wake(self) -> None:
        """To be called when something is due."""
        self._loop.wake()

    def wake_at(self, moment: dt.datetime) -> None:
        """To be called when something will be due. Polling finds what is further away than a few polls."""
        delay = (moment - self._clock()).total_seconds()
        if delay < POLL_SECONDS * 4:
            asyncio.get_running_loop().call_later(max(0.0, delay), self._loop.wake)

    async def run(self) -> None:
        """Claims and sends, until cancelled."""
        await self._loop.run()

    async def drain(self) -> None:
        """Returns when nothing is in progress and every outcome is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        now = self._clock()
        async with self._pool.connection() as connection, connection.transaction():
            parameters = self._round.parameters(CLAIM_SIZE) | {"now": now}
            cursor = await connection.execute(queries.CLAIM, parameters, binary=True)
            rows, more = self._round.read(await cursor.fetchall())
            if not rows:
                return more
            claims = [Claim(*row) for row in rows]
            decided = await self._decide(connection, claims, now)
            await self._lease(connection, decided, now)
        outgoing = self._pushes(decided, now)
        self._loop.begin(len(decided.planned) + len(decided.idle))
        for claim in decided.idle:
            settlement = ActivitySettlement(
                claim.activity_id, claim.device_id, claim.user_id, is_replaced=claim.is_replaced
            )
            self._settler.put(settlement)
        held = self._held
        for push, members in outgoing:
            self._sender.submit(push, self._on_outcome(members, now))
        # If everything was held, the rest would be held too.
        return more and self._held - held < len(claims)

    async def _decide(self, connection: AsyncConnection[TupleRow], claims: list[Claim], now: dt.datetime) -> _Decided:
        ids = list({claim.activity_id for claim in claims})
        cursor = await connection.execute(queries.READ_ACTIVITIES, {"ids": ids}, binary=True)
        decided = _Decided({row[0]: Activity(*row) for row in await cursor.fetchall()})
        for claim in claims:
            activity = decided.activities[claim.activity_id]
            event = claim.event(wanted_of(activity, now))
            if event is None:
                decided.idle.append(claim)
            elif event is ActivityEvent.END and claim.awaits_successor:
                decided.waiting.append(claim)
            elif (planned := plan(claim, activity, event, now)) is None:
                decided.resting.append(claim)
            else:
                decided.planned.append(planned)
        decided.planned = await self._prioritize(connection, decided.planned, now)
        return decided

    async def _prioritize(
        self, connection: AsyncConnection[TupleRow], planned: list[Planned], now: dt.datetime
    ) -> list[Planned]:
        device_ids = sorted({one.claim.device_id for one in planned if one.has_budget})
        if not device_ids:
            return planned
        cursor = await connection.execute(queries.READ_BUDGETS, {"device_ids": device_ids}, binary=True)
        budgets: dict[uuid.UUID, list[int]] = {row[0]: row[1] for row in await cursor.fetchall()}
        prioritized = [spend(one, budgets, int(now.timestamp())) for one in planned]
        texts = ["{" + ",".join(map(str, budgets.get(device_id, ()))) + "}" for device_id in device_ids]
        await connection.execute(queries.WRITE_BUDGETS, {"device_ids": device_ids, "sent_at": texts})
        return prioritized

    async def _lease(self, connection: AsyncConnection[TupleRow], decided: _Decided, now: dt.datetime) -> None:
        planned, still = decided.planned, [*decided.idle, *decided.waiting, *decided.resting]
        # Idle rows are settled under the activity's lock. If this process dies before, another one does it.
        next_at: list[dt.datetime | None] = [now + LEASE for _ in decided.idle]
        next_at += [now + LOOK_AGAIN for _ in decided.waiting]
        if decided.resting:
            device_ids = [claim.device_id for claim in decided.resting]
            cursor = await connection.execute(queries.LOCK_START_TOKENS, {"device_ids": device_ids})
            without = {row[0] for row in await cursor.fetchall()}
            next_at += [None if device_id in without else now + TOKEN_CHANGING for device_id in device_ids]
        if planned:
            parameters = {
                "lease_until": now + LEASE,
                "activity_ids": [one.claim.activity_id for one in planned],
                "device_ids": [one.claim.device_id for one in planned],
                "versions": [one.version for one in planned],
                "events": [one.event.value for one in planned],
                "timestamps": [one.timestamp for one in planned],
                "apns_ids": [one.apns_id for one in planned],
            }
            await connection.execute(queries.LEASE, parameters)
        if still:
            parameters = {
                "activity_ids": [claim.activity_id for claim in still],
                "device_ids": [claim.device_id for claim in still],
                "next_at": next_at,
            }
            await connection.execute(queries.REST, parameters)

    def _pushes(self, decided: _Decided, now: dt.datetime) -> list[tuple[Push, dict[uuid.UUID, Planned]]]:
        """One push for all devices that get the same bytes, each with what was planned for it."""
        groups: dict[tuple[Any, ...], tuple[Push, dict[uuid.UUID, Planned]]] = {}
        for one in decided.planned:
            claim = one.claim
            kind = (
                *(one.event, one.timestamp, one.alerting, one.urgent, one.priority),
                *(claim.content_version, claim.surface.is_browser),
            )
            key = (claim.activity_id, *kind)
            if key not in groups:
                activity, origin = decided.activities[claim.activity_id], self._origin_of(claim.activity_id)
                groups[key] = (self._composer.push(one, activity, origin, now), {})
            push, members = groups[key]
            members[claim.device_id] = one
            place = (claim.environment, claim.bundle_id)
            push.targets.append(Target(claim.device_id, claim.user_id, one.token, *place, one.apns_id, claim.failures))
        return list(groups.values())

    def _on_outcome(self, members: dict[uuid.UUID, Planned], now: dt.datetime) -> OnOutcome:
        def on_outcome(target: Target, outcome: Outcome) -> None:
            if outcome.verdict is OutcomeKind.HELD:
                self._held += 1
            planned = members[target.device_id]
            claim = planned.claim
            self._settler.put(
                ActivitySettlement(claim.activity_id, claim.device_id, claim.user_id, planned.sent(now), outcome)
            )

        return on_outcome

    def _written(self, count: int, next_at: dt.datetime | None) -> None:
        """Notes that outcomes are written. The earliest push that follows from them is due at `next_at`."""
        self._loop.finish(count)
        if next_at is not None:
            self.wake_at(next_at)
