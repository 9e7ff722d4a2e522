"""What follows from Apple's answers about a broadcast, each written in one transaction under the activity's lock."""

import datetime as dt
import logging
import random
from dataclasses import replace
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.clock import Clock
from core_service.live_activities.broadcasts import queries
from core_service.live_activities.broadcasts.claims import BroadcastClaim
from core_service.live_activities.broadcasts.port import ChannelRequests, Made
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.lifecycle import ALERT_LIFETIME, Held, SentPush, settle, wanted_of
from core_service.live_activities.reconcile.withdrawals import FINAL
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.older_apps import NEWEST
from core_service.live_activities.state.turn import HOLD_START
from core_service.sending.port import Outcome, OutcomeKind
from core_service.work_queue.retry import delay_seconds
from service_kit.database import Pool

log = logging.getLogger(__name__)

KEPT = dt.timedelta(hours=1)
"""How long a channel stays after its last message: Apple keeps that for phones that are off."""
KEPT_AFTER_DISMISSAL = dt.timedelta(minutes=15)
START_AGAIN = dt.timedelta(seconds=2)
"""How long after the last message of a channel its phones are started again, so that the cards before are gone."""
GIVE_UP = dt.timedelta(days=7)
"""After so long a channel that cannot be deleted is left to Apple."""


class _Locked(NamedTuple):
    """A row of `queries.LOCK`."""

    state: str
    channel_id: str | None
    accepted_version: int
    sent_version: int
    attempt: int
    failures: int
    leased: bool
    next_at: dt.datetime | None
    paced_until: dt.datetime | None
    reason: str | None
    repeats: bool


class BroadcastSettler:
    """Writes what became of one request at a time. Each method returns when the broadcast is due again; None if it is
    not."""

    def __init__(self, pool: Pool, channels: ChannelRequests, clock: Clock) -> None:
        self._pool = pool
        self._channels = channels
        self._clock = clock
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def created(self, claim: BroadcastClaim, made: Made | None) -> dt.datetime | None:
        """The making of a channel was asked for once; None if the process died that asked, so that nothing is known. A
        channel that comes too late for all phones is deleted."""
        now, parameters = self._clock(), self._parameters(claim)
        channel_id = made.channel_id if made else ""
        async with self._pool.connection() as connection, connection.transaction():
            activity = await _lock_activity(connection, claim.activity_id)
            row = await _lock(connection, claim)
            is_ours = row is not None and row.state == "creating" and row.attempt == claim.attempt
            if is_ours and not channel_id:
                await connection.execute(queries.FORGET, parameters)
                await connection.execute(queries.RELEASE_STARTS, parameters | self._of_start(claim, activity, now))
            elif is_ours:
                parameters |= {"channel_id": channel_id}
                if await self._open(connection, claim, activity, channel_id, now):
                    return None
                await connection.execute(queries.BEGIN_DELETION, parameters | {"next_at": now})
                return now
        if channel_id:
            # Another process has thought this one dead, and has given the channel up.
            await self._channels.delete(claim.environment, claim.bundle_id, channel_id, claim.request_id)
        return None

    async def _open(
        self,
        connection: AsyncConnection[TupleRow],
        claim: BroadcastClaim,
        activity: Activity | None,
        channel_id: str,
        now: dt.datetime,
    ) -> bool:
        """Has the starts name the channel that still wait; False if there are none."""
        if activity is None or activity.over(now):
            return False
        parameters = self._parameters(claim) | self._of_start(claim, activity, now) | {"channel_id": channel_id}
        named = await connection.execute(queries.NAME_CHANNEL, parameters)
        if not named.rowcount:
            return False
        await connection.execute(queries.OPEN_CHANNEL, parameters | {"version": activity.version})
        await connection.execute(queries.MARK_BROADCAST, parameters)
        return True

    async def sent(self, claim: BroadcastClaim, sent: SentPush, outcome: Outcome) -> dt.datetime | None:
        """A message has its outcome: as that of a phone with this update token (`lifecycle.settle`)."""
        now, parameters = self._clock(), self._parameters(claim)
        async with self._pool.connection() as connection, connection.transaction():
            activity = await _lock_activity(connection, claim.activity_id)
            row = await _lock(connection, claim)
            if row is None or row.state == "deleting":
                return None
            if activity is None:
                await connection.execute(queries.BEGIN_DELETION, parameters | {"channel_id": None, "next_at": now})
                return now
            if row.state != "open":
                if row.attempt == claim.attempt:
                    await connection.execute(queries.REST, parameters | {"next_at": now})
                return now
            wanted = wanted_of(activity, now)
            after = settle(_held(row), sent, outcome, wanted, now, delay_seconds=self._delay_seconds(row, outcome))
            if after.phase is Phase.ENDED and not row.repeats:
                await connection.execute(queries.END_LISTENERS, parameters | {"version": sent.version})
                delete_at = max(now + KEPT, (activity.dismiss_at or now) + KEPT_AFTER_DISMISSAL)
                await connection.execute(
                    queries.BEGIN_DELETION, parameters | {"channel_id": None, "next_at": delete_at}
                )
                return None
            if after.phase is Phase.STARTED:
                log.warning("a broadcast channel is gone: %s", outcome.reason)
                await connection.execute(queries.LOSE_CHANNEL, parameters | {"reason": outcome.reason})
                await connection.execute(queries.FORGET, parameters)
                await connection.execute(queries.UNMARK_BROADCAST, parameters)
                return None
            if row.repeats and outcome.verdict is OutcomeKind.ACCEPTED:
                again = now + dt.timedelta(seconds=1)
                after = replace(after, accepted_version=sent.version - 1, next_at=again, leased=False)
            await connection.execute(
                queries.WRITE,
                parameters
                | {
                    "accepted_version": after.accepted_version,
                    "failures": after.failures,
                    "leased": after.leased,
                    "next_at": after.next_at,
                    "paced_until": after.paced_until,
                    "reason": after.reason,
                },
            )
        return None if after.leased else after.next_at

    async def closed(self, claim: BroadcastClaim, outcome: Outcome) -> dt.datetime | None:
        """The last message of a channel has its outcome. Its phones are started again, by tokens, once it is accepted
        or never will be."""
        now, parameters = self._clock(), self._parameters(claim)
        async with self._pool.connection() as connection, connection.transaction():
            activity = await _lock_activity(connection, claim.activity_id)
            row = await _lock(connection, claim)
            if row is None or row.state != "closing" or row.attempt != claim.attempt:
                return None
            if outcome.verdict not in FINAL:
                return await self._retry(connection, row, parameters, outcome, now)
            await connection.execute(queries.BEGIN_DELETION, parameters | {"channel_id": None, "next_at": now + KEPT})
            if activity is None or activity.over(now):
                version = activity.version if activity else 0
                await connection.execute(queries.END_LISTENERS, parameters | {"version": version})
                return None
            await connection.execute(queries.START_AGAIN, parameters | {"start_at": now + START_AGAIN})
            await connection.execute(queries.QUIETEN, parameters | {"alerts_since": now - ALERT_LIFETIME})
            await connection.execute(queries.UNMARK_BROADCAST, parameters)
        return None

    async def deleted(self, claim: BroadcastClaim, outcome: Outcome) -> dt.datetime | None:
        """The end of a channel has its outcome."""
        now, parameters = self._clock(), self._parameters(claim)
        is_over = outcome.verdict in FINAL
        if not is_over and now > claim.gone_at + GIVE_UP:
            log.error(
                "the broadcast channel %s of %s (%s) could not be deleted for a week, and is left: %s",
                *(claim.channel_id, claim.bundle_id or "SMITH_APNS_TOPIC", claim.environment, outcome.reason),
            )
            is_over = True
        async with self._pool.connection() as connection, connection.transaction():
            row = await _lock(connection, claim)
            if row is None or row.attempt != claim.attempt:
                return None
            if not is_over:
                return await self._retry(connection, row, parameters, outcome, now)
            await connection.execute(queries.FORGET, parameters)
        return None

    async def _retry(
        self,
        connection: AsyncConnection[TupleRow],
        row: _Locked,
        parameters: dict[str, Any],
        outcome: Outcome,
        now: dt.datetime,
    ) -> dt.datetime:
        """Has the same request made again later. Returns when."""
        next_at = now + dt.timedelta(seconds=self._delay_seconds(row, outcome))
        await connection.execute(queries.RETRY, parameters | {"next_at": next_at, "reason": outcome.reason})
        return next_at

    def _delay_seconds(self, row: _Locked, outcome: Outcome) -> float:
        # Failures that only the server's settings caused do not make the wait longer.
        failures = row.failures if outcome.counts else 0
        return delay_seconds(outcome.retry_after_seconds, failures, self._jitter)

    def _parameters(self, claim: BroadcastClaim) -> dict[str, Any]:
        return {"id": claim.id, "activity_id": claim.activity_id, "channel_id": claim.channel_id}

    def _of_start(self, claim: BroadcastClaim, activity: Activity | None, now: dt.datetime) -> dict[str, Any]:
        """Which starts have waited for the channel."""
        return {
            "environment": claim.environment,
            "bundle_id": claim.bundle_id,
            "newest": NEWEST,
            "held_until": (activity.created_at if activity else now) + HOLD_START,
            "now": now,
        }


def _held(row: _Locked) -> Held:
    return Held(
        Phase.LIVE,
        row.channel_id,
        maybe_shown=True,
        accepted_version=row.accepted_version,
        sent_version=row.sent_version,
        attempt=row.attempt,
        failures=row.failures,
        leased=row.leased,
        next_at=row.next_at,
        paced_until=row.paced_until,
        reason=row.reason,
    )


async def _lock_activity(connection: AsyncConnection[TupleRow], activity_id: str) -> Activity | None:
    """The activity, locked: what settles starts of its phones locks it first, too."""
    cursor = await connection.execute(queries.LOCK_ACTIVITY, {"id": activity_id}, binary=True)
    row = await cursor.fetchone()
    return None if row is None else Activity(*row)


async def _lock(connection: AsyncConnection[TupleRow], claim: BroadcastClaim) -> _Locked | None:
    cursor = await connection.execute(queries.LOCK, {"id": claim.id}, binary=True)
    row = await cursor.fetchone()
    return None if row is None else _Locked(*row)
