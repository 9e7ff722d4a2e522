"""Makes the requests that broadcasts owe Apple: a channel to be made, a message to be sent, a channel to be deleted.

Requests and phones only change rows and wake it, as they do the reconciler. One message of a channel is on its way at a
time, and the next one has the state that is the newest by then.
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.clock import Clock
from core_service.common.orm import new_id
from core_service.live_activities.broadcasts import queries
from core_service.live_activities.broadcasts.claims import BroadcastClaim, last_message, plan_message
from core_service.live_activities.broadcasts.port import ChannelRequests
from core_service.live_activities.broadcasts.settlement import BroadcastSettler
from core_service.live_activities.reconcile.composer import Composer
from core_service.live_activities.reconcile.planning import Planned
from core_service.live_activities.reconcile.reconciler import LEASE
from core_service.live_activities.reconcile.reconciler_queries import READ_ACTIVITIES
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import ActivityEvent, PayloadBuilder
from core_service.live_activities.state.turn import LOOK_AGAIN
from core_service.sending.port import Push, PushSender, PushType
from core_service.sending.single import outcome_of
from core_service.work_queue.loops import IDLE_POLL_SECONDS, ClaimLoop
from service_kit.database import DATABASE_AWAY, Pool
from service_kit.tracing import NO_ORIGIN, Origin

log = logging.getLogger(__name__)

CLAIM_SIZE = 50
MAX_IN_PROGRESS = 200
OF_ACCOUNT = 25
"""Requests of one account that a claim takes at most."""

Work = Callable[[], Awaitable[dt.datetime | None]]
"""Makes a request and writes what became of it. Returns when the broadcast is due again."""


class Broadcasts:
    """The loop, and the requests in progress."""

    def __init__(
        self,
        pool: Pool,
        sender: PushSender,
        channels: ChannelRequests,
        builder: PayloadBuilder,
        clock: Clock,
        *,
        origin_of: Callable[[str], Origin] = lambda activity_id: NO_ORIGIN,
        on_starts_due: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_starts_due` is called when starts are due that have waited for a channel, or whose cards were taken
        off."""
        self._pool = pool
        self._sender = sender
        self._channels = channels
        self._settler = BroadcastSettler(pool, channels, clock)
        self._composer = Composer(builder)
        self._clock = clock
        self._origin_of = origin_of
        self._on_starts_due = on_starts_due
        self._loop = ClaimLoop("broadcasts", self._claim, size=CLAIM_SIZE, most=MAX_IN_PROGRESS)
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """To be called when something is due."""
        self._loop.wake()

    async def run(self) -> None:
        """Claims and asks, until cancelled."""
        await self._loop.run()

    async def drain(self) -> None:
        """Returns when nothing is in progress and every outcome is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        now = self._clock()
        parameters = {"now": now, "lease_until": now + LEASE, "limit": CLAIM_SIZE, "share": OF_ACCOUNT, "busy": []}
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(queries.CLAIM, parameters, binary=True)
            claims = [BroadcastClaim(*row) for row in await cursor.fetchall()]
            work = [one for claim in claims if (one := await self._prepare(connection, claim, now)) is not None]
        for one in work:
            self._begin(one)
        return len(claims) == CLAIM_SIZE

    async def _prepare(
        self, connection: AsyncConnection[TupleRow], claim: BroadcastClaim, now: dt.datetime
    ) -> Work | None:
        """What the broadcast owes; None if there is nothing, or it has to wait. What is about to be sent is written
        down, in the transaction of the lease."""
        match claim.state:
            case "creating":
                return partial(self._create, claim)
            case "deleting":
                return partial(self._delete, claim)
            case "closing" if claim.gone_at <= now:
                await connection.execute(queries.BEGIN_DELETION, {"id": claim.id, "channel_id": None, "next_at": now})
                return None
            case "closing" if claim.is_starting:
                await self._rest(connection, claim, now + LOOK_AGAIN)
                return None
            case "closing":
                return await self._close(connection, claim, now)
            case _:
                return await self._message(connection, claim, now)

    async def _message(
        self, connection: AsyncConnection[TupleRow], claim: BroadcastClaim, now: dt.datetime
    ) -> Work | None:
        cursor = await connection.execute(READ_ACTIVITIES, {"ids": [claim.activity_id]}, binary=True)
        row = await cursor.fetchone()
        activity = None if row is None else Activity(*row)
        if activity is None:
            parameters = {"id": claim.id, "channel_id": None, "next_at": now}
            await connection.execute(queries.BEGIN_DELETION, parameters)
            return None
        message = plan_message(claim, activity, now)
        if message is None:
            await self._rest(connection, claim, None)
            return None
        planned = message.planned
        if planned.event is ActivityEvent.END and claim.awaits_successor:
            await self._rest(connection, claim, now + LOOK_AGAIN)
            return None
        await self._lease(
            connection,
            claim,
            version=planned.version,
            event=planned.event,
            timestamp=planned.timestamp,
            request_id=planned.apns_id,
            urgent_sent_at=message.urgent_sent_at,
        )
        push = self._composer.push(planned, activity, self._origin_of(claim.activity_id), now)
        push = replace(push, push_type=PushType.BROADCAST, targets=[claim.target(planned.apns_id)])
        return partial(self._send, claim, planned, push, now)

    async def _rest(
        self, connection: AsyncConnection[TupleRow], claim: BroadcastClaim, next_at: dt.datetime | None
    ) -> None:
        await connection.execute(queries.REST, {"id": claim.id, "next_at": next_at})

    async def _lease(
        self,
        connection: AsyncConnection[TupleRow],
        claim: BroadcastClaim,
        *,
        version: int,
        event: ActivityEvent,
        timestamp: int,
        request_id: uuid.UUID,
        urgent_sent_at: list[int],
    ) -> None:
        await connection.execute(
            queries.LEASE,
            {
                "id": claim.id,
                "version": version,
                "event": event.value,
                "timestamp": timestamp,
                "request_id": request_id,
                "urgent_sent_at": urgent_sent_at,
            },
        )

    async def _close(self, connection: AsyncConnection[TupleRow], claim: BroadcastClaim, now: dt.datetime) -> Work:
        timestamp, request_id = claim.next_timestamp(now), new_id()
        await self._lease(
            connection,
            claim,
            version=claim.sent_version,
            event=ActivityEvent.END,
            timestamp=timestamp,
            request_id=request_id,
            urgent_sent_at=claim.urgent_sent_at,
        )
        return partial(self._send_last, claim, last_message(claim, timestamp, request_id))

    # --- requests ---

    def _begin(self, work: Work) -> None:
        self._loop.begin(1)
        task = asyncio.create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, work: Work) -> None:
        next_at = None
        try:
            next_at = await work()
        except DATABASE_AWAY as error:
            # The lease runs out, and the same request is made again.
            log.warning("what became of a broadcast cannot be written, the database is away: %s", error)
        except Exception:
            # Likewise. The others go on.
            log.exception("a broadcast met a fault of this server")
        finally:
            self._loop.finish(1)
        if next_at is not None:
            delay = max(0.0, (next_at - self._clock()).total_seconds())
            if delay < IDLE_POLL_SECONDS * 2:
                asyncio.get_running_loop().call_later(delay, self._loop.wake)

    async def _create(self, claim: BroadcastClaim) -> dt.datetime | None:
        if claim.attempt > 1:
            # Whether there is a channel by now, Apple does not say. Its phones have been started with tokens.
            log.warning("a broadcast channel of %s may be left at Apple: nothing knows its id", claim.environment)
            made = None
        else:
            made = await self._channels.create(claim.environment, claim.bundle_id, claim.request_id)
        next_at = await self._settler.created(claim, made)
        self._on_starts_due()
        return next_at

    async def _delete(self, claim: BroadcastClaim) -> dt.datetime | None:
        outcome = await self._channels.delete(
            claim.environment, claim.bundle_id, claim.channel_id or "", claim.request_id
        )
        return await self._settler.deleted(claim, outcome)

    async def _send(
        self, claim: BroadcastClaim, planned: Planned, push: Push, sent_at: dt.datetime
    ) -> dt.datetime | None:
        outcome = await outcome_of(self._sender, push)
        return await self._settler.sent(claim, planned.sent(sent_at), outcome)

    async def _send_last(self, claim: BroadcastClaim, push: Push) -> dt.datetime | None:
        next_at = await self._settler.closed(claim, await outcome_of(self._sender, push))
        self._on_starts_due()
        return next_at
