"""Brings phones to the state that is wanted: claims devices that are due, and sends each what it lacks.

Requests, phones and time only change rows and wake it. Waking makes it quick; polling makes it certain.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.clock import Clock
from core_service.live_activities.reconcile import reconciler_queries as queries
from core_service.live_activities.reconcile.budgets import prioritize
from core_service.live_activities.reconcile.lifecycle import wanted_of
from core_service.live_activities.reconcile.outgoing import Outgoing
from core_service.live_activities.reconcile.planning import Claim, Planned, plan
from core_service.live_activities.reconcile.settlement import TOKEN_CHANGING, ActivitySettlement, ActivitySettler
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import (
    ActivityEvent,
    PayloadBuilder,
)
from core_service.live_activities.state.turn import LOOK_AGAIN
from core_service.sending.port import PushSender
from core_service.work_queue.fair_claim import Round
from core_service.work_queue.gathering import APART, Gathering
from core_service.work_queue.keyed import KeyedCounter
from core_service.work_queue.loops import BUSY, IDLE_POLL_SECONDS, ClaimLoop
from service_kit.database import Pool
from service_kit.tracing import NO_ORIGIN, Origin

CLAIM_SIZE = 250
MAX_CLAIMED = 1000
"""Claimed pushes in progress, until their outcomes are written, beyond which nothing more is claimed."""
MAX_IN_PROGRESS = 4000
"""Beyond this many pushes in progress, requests only record their updates."""
MAX_DIRECT = 400
"""The same for what the requests of one account send themselves. The reconciler is fair between accounts; requests are
not."""
LEASE = dt.timedelta(seconds=20)
"""How long a push belongs to the process that sends it. Longer than any delivery can take; after it any process may
send it."""


@dataclass(slots=True)
class _Decided:
    """The decisions of one claim."""

    activities: dict[str, Activity] = field(default_factory=dict)
    planned: Sequence[Planned] = ()
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
        gathering: Gathering = APART,
    ) -> None:
        """`origin_of` tells which request a push of an activity is for."""
        self._origin_of = origin_of
        self._pool = pool
        self._settler = settler
        self._outgoing = Outgoing(sender, settler, builder)
        self._clock = clock
        self._loop = ClaimLoop(
            "Live Activities", self._claim, size=CLAIM_SIZE, most=MAX_CLAIMED, gather_seconds=gathering.updates
        )
        self._round = Round()
        self._direct: KeyedCounter[uuid.UUID] = KeyedCounter()
        """What requests send themselves, by account."""
        self._gather_seconds = gathering.updates
        self._gathered: list[Callable[[], None]] = []
        """Of that, what waits for company."""
        settler.on_written = self._written

    @property
    def in_progress(self) -> int:
        """Devices whose outcome is not written yet."""
        return self._loop.in_progress

    def has_room(self, account_id: uuid.UUID) -> bool:
        """Whether a request may send now. False if too much is in progress, in all or for this account."""
        return self._loop.in_progress < MAX_IN_PROGRESS and self._direct[account_id] < MAX_DIRECT

    def deliver(
        self,
        planned: Sequence[Planned],
        activities: Mapping[str, Activity],
        now: dt.datetime,
        origin_of: Callable[[str], Origin],
    ) -> None:
        """Sends to devices that requests have leased. Outcomes are settled even if nothing waits for them."""
        for account_id, group in groupby(planned, key=lambda one: activities[one.claim.activity_id].account_id):
            of_account = list(group)
            # Claims do not wait for these. There may always be some, and repeats and large updates must go on.
            busy = self._loop.in_progress >= BUSY
            self._loop.begin(len(of_account), beside=True)
            self._direct.add(account_id, len(of_account))
            send = partial(self._outgoing.send, of_account, activities, now, origin_of, sent_by=account_id)
            if not busy and not self._gathered:
                send()
                continue
            # As claims do: a call of the delivery service costs as much as several pushes.
            self._gathered.append(send)
            if len(self._gathered) == 1:
                asyncio.get_running_loop().call_later(self._gather_seconds, self._send_gathered, context=Context())

    def _send_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        for send in gathered:
            send()

    def wake(self) -> None:
        """To be called when something is due."""
        self._loop.wake()

    def wake_at(self, moment: dt.datetime) -> None:
        """To be called when something will be due. Polling finds what is further away than a few polls."""
        delay = (moment - self._clock()).total_seconds()
        if delay < IDLE_POLL_SECONDS * 2:
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
        self._loop.begin(len(decided.planned) + len(decided.idle))
        for claim in decided.idle:
            settlement = ActivitySettlement(
                claim.activity_id, claim.device_id, claim.user_id, is_replaced=claim.is_replaced
            )
            self._settler.put(settlement)
        held = self._outgoing.held
        self._outgoing.send(decided.planned, decided.activities, now, self._origin_of)
        # If everything was held, the rest would be held too.
        return more and self._outgoing.held - held < len(claims)

    async def _decide(self, connection: AsyncConnection[TupleRow], claims: list[Claim], now: dt.datetime) -> _Decided:
        ids = list({claim.activity_id for claim in claims})
        cursor = await connection.execute(queries.READ_ACTIVITIES, {"ids": ids}, binary=True)
        decided = _Decided({row[0]: Activity(*row) for row in await cursor.fetchall()})
        planned: list[Planned] = []
        for claim in claims:
            activity = decided.activities[claim.activity_id]
            event = claim.event(wanted_of(activity, now))
            if event is None:
                decided.idle.append(claim)
            elif event is ActivityEvent.END and claim.awaits_successor:
                decided.waiting.append(claim)
            elif (one := plan(claim, activity, event, now)) is None:
                decided.resting.append(claim)
            else:
                planned.append(one)
        decided.planned = await prioritize(connection, planned, now)
        return decided

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

    def _written(self, written: Sequence[ActivitySettlement], next_at: dt.datetime | None) -> None:
        """Notes that outcomes are written. The earliest push that follows from them is due at `next_at`."""
        direct = 0
        for one in written:
            if one.sent_by is not None:
                direct += 1
                self._direct.add(one.sent_by, -1)
        self._loop.finish(direct, beside=True)
        self._loop.finish(len(written) - direct)
        if next_at is not None:
            self.wake_at(next_at)
