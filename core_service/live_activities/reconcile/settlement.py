"""Writes outcomes of pushes to the database, all that wait in one transaction."""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile import reconciler_queries as queries
from core_service.live_activities.reconcile.lifecycle import (
    EVIDENCE_SECONDS,
    OPEN_PHASES,
    Held,
    SentPush,
    Wanted,
    schedule,
    settle,
)
from core_service.live_activities.reconcile.settled_rows import (
    Pair,
    SettledActivity,
    lock_activities,
    lock_devices,
    write_devices,
)
from core_service.live_activities.reconcile.usual import is_usual, settle_usual
from core_service.live_activities.state.broadcast_queries import REPEAT_BROADCASTS
from core_service.live_activities.state.pace import Surface
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import Outcome, OutcomeKind
from core_service.work_queue.gathering import APART, Gathering
from core_service.work_queue.loops import BatchWriter
from core_service.work_queue.outcome_wait import OutcomeWaits
from core_service.work_queue.retry import delay_seconds
from service_kit.database import Pool
from service_kit.web_push import Subscription

OnWritten = Callable[["Sequence[ActivitySettlement]", dt.datetime | None], None]

TOKEN_CHANGING = dt.timedelta(seconds=1)
"""When to look again at a device whose push-to-start token, or subscription, is being reported now."""


@dataclass(frozen=True, slots=True)
class ActivitySettlement:
    """What became of a push to one device. Without a push, it asks whether anything is owed."""

    activity_id: str
    device_id: uuid.UUID
    user_id: uuid.UUID
    sent: SentPush | None = None
    outcome: Outcome | None = None
    is_replaced: bool = False
    """The next activity has its place on the screen: it may end without a push."""
    sent_by: uuid.UUID | None = None
    """The account whose request has sent it itself; None if the reconciler has claimed it."""

    @property
    def pair(self) -> Pair:
        """The key of the row."""
        return self.activity_id, self.device_id

    @property
    def start_token_died(self) -> bool:
        """Whether APNs called the push-to-start token dead, or a push service the browser's subscription."""
        return (
            self.sent is not None
            and (self.sent.event is ActivityEvent.START or Subscription.is_token(self.sent.token))
            and self.outcome is not None
            and self.outcome.verdict is OutcomeKind.TOKEN_DEAD
        )


class ActivitySettler:
    """Writes settlements. The number that can wait is bounded by the pushes in progress."""

    def __init__(
        self, pool: Pool, waiters: OutcomeWaits, events: EventBus, clock: Clock, *, gathering: Gathering = APART
    ) -> None:
        self._pool = pool
        self._waiters = waiters
        self._events = events
        self._clock = clock
        self._writer: BatchWriter[ActivitySettlement] = BatchWriter(
            "Live Activity outcomes", self._write, self._give_up, gather_seconds=gathering.outcomes
        )
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self.on_written: OnWritten = lambda written, next_at: None

    def put(self, settlement: ActivitySettlement) -> None:
        """Takes a settlement."""
        self._writer.put(settlement)

    async def run(self) -> None:
        """Writes what comes, until cancelled."""
        await self._writer.run()

    def _give_up(self, settlement: ActivitySettlement) -> None:
        """The device is due again when its lease ends."""
        self.on_written([settlement], None)

    async def _write(self, batch: list[ActivitySettlement]) -> None:
        now = self._clock()
        settled = await self._write_usual(batch)
        others = [one for one in batch if one.pair not in settled]
        next_at = await self._write_others(others, now) if others else None
        for one in batch:
            if (account_id := settled.get(one.pair)) is not None:
                self._tell_of_accepted(one, account_id, now)
        self.on_written(batch, next_at)

    async def _write_usual(self, batch: list[ActivitySettlement]) -> dict[Pair, uuid.UUID]:
        """Settles what one statement can. Returns what it has settled, with the activities' accounts. Writing the same
        twice does no harm."""
        if len({one.pair for one in batch}) < len(batch):
            # Outcomes of one device are settled in their order.
            return {}
        usual = [(*one.pair, one.sent) for one in batch if one.sent is not None and is_usual(one.sent, one.outcome)]
        if not usual:
            return {}
        async with self._pool.connection() as connection:
            settled = await settle_usual(connection, usual)
        return {usual[place][:2]: account_id for place, account_id in settled.items()}

    async def _write_others(self, batch: list[ActivitySettlement], now: dt.datetime) -> dt.datetime | None:
        """Returns when the earliest push that follows from them is due."""
        dead_tokens: list[tuple[uuid.UUID, uuid.UUID, str]] = []
        pairs = list({one.pair for one in batch})
        async with self._pool.connection() as connection, connection.transaction():
            activities = await lock_activities(connection, pairs, now)
            held = await lock_devices(connection, pairs)
            if died := [one for one in batch if one.start_token_died]:
                dead_tokens = await _mark_start_tokens_dead(connection, died)
            for one in batch:
                # A device that was unpaired meanwhile has no row any more.
                if one.pair in held:
                    held[one.pair] = self._settle(held[one.pair], one, activities[one.activity_id].wanted, now)
            await _repeat_broadcasts(connection, batch, now)
            await _rest_without_token(connection, held, {one.device_id for one in died}, now)
            await write_devices(connection, held)
            if released := _replaced(batch, activities):
                await connection.execute(
                    queries.RELEASE_ENDS,
                    {
                        "activity_ids": [pair[0] for pair in released],
                        "device_ids": [pair[1] for pair in released],
                        "now": now,
                    },
                )
        self._tell(batch, activities, held, now)
        for device_id, account_id, reason in dead_tokens:
            self._events.publish(
                account_id, Event(EventType.PUSH_TO_START_TOKEN_DEAD, now, device_id=device_id, reason=reason)
            )
        times = [one.next_at for one in held.values() if one.next_at is not None and not one.leased]
        return now if released else min(times, default=None)

    def _settle(self, held: Held, one: ActivitySettlement, wanted: Wanted, now: dt.datetime) -> Held:
        if one.sent is None or one.outcome is None:
            if held.leased:
                # Another claim has found something to send since. Its outcome decides.
                return held
            if held.phase in OPEN_PHASES and one.is_replaced and wanted.ended:
                return replace(held, phase=Phase.ENDED, leased=False, next_at=None)
            return schedule(held, wanted, now) if held.phase in OPEN_PHASES else replace(held, next_at=None)
        failures = held.failures if one.outcome.counts else 0
        delay = delay_seconds(one.outcome.retry_after_seconds, failures, self._jitter)
        if one.sent.event is ActivityEvent.START and one.outcome.maybe_accepted:
            # No evidence comes from a browser. Where a repeat replaces what may be shown, there is no need to wait;
            # Apple's show a second notification, so that a bad connection should not bring many.
            delay = delay if held.surface is Surface.REPLACED else max(delay, EVIDENCE_SECONDS)
        settled = settle(held, one.sent, one.outcome, wanted, now, delay_seconds=delay)
        if one.start_token_died and settled.next_at is not None and not settled.leased:
            # There is another token, or one is being reported now, or APNs is wrong. In that case the wait grows.
            return replace(settled, next_at=now + max(TOKEN_CHANGING, dt.timedelta(seconds=delay)))
        return settled

    def _tell(
        self,
        batch: list[ActivitySettlement],
        activities: dict[str, SettledActivity],
        held: dict[Pair, Held],
        now: dt.datetime,
    ) -> None:
        for one in batch:
            if one.sent is None or one.outcome is None:
                self._tell_of_spared(one, activities, held)
                continue
            accepted = one.outcome.verdict is OutcomeKind.ACCEPTED
            now_held = held.get(one.pair)
            refused = now_held is not None and not accepted and now_held.accepted_version >= one.sent.version
            gone = now_held is None or now_held.phase not in OPEN_PHASES or refused
            self._waiters.tell(
                one.activity_id, one.sent.version, one.device_id, one.user_id, accepted=accepted, gone=gone
            )
            # What was never sent has not failed. That its route is stopped is published once.
            if one.activity_id in activities and one.outcome.verdict is not OutcomeKind.HELD:
                kind = EventType.LIVE_ACTIVITY_DELIVERED if accepted else EventType.LIVE_ACTIVITY_FAILED
                self._events.publish(
                    activities[one.activity_id].account_id,
                    Event(
                        kind,
                        now,
                        activity_id=one.activity_id,
                        device_id=one.device_id,
                        reason="" if accepted else one.outcome.reason,
                    ),
                )

    def _tell_of_accepted(self, one: ActivitySettlement, account_id: uuid.UUID, now: dt.datetime) -> None:
        if one.sent is not None:
            version = one.sent.version
            self._waiters.tell(one.activity_id, version, one.device_id, one.user_id, accepted=True, gone=False)
        delivered = Event(EventType.LIVE_ACTIVITY_DELIVERED, now, activity_id=one.activity_id, device_id=one.device_id)
        self._events.publish(account_id, delivered)

    def _tell_of_spared(
        self, one: ActivitySettlement, activities: dict[str, SettledActivity], held: dict[Pair, Held]
    ) -> None:
        """A browser that is up to date without a push keeps no request waiting."""
        now_held = held.get(one.pair)
        if now_held is None or now_held.phase is Phase.REQUESTED or now_held.next_at is not None:
            return
        if now_held.surface.is_browser:
            version = activities[one.activity_id].wanted.version
            self._waiters.tell(one.activity_id, version, one.device_id, one.user_id, accepted=False, gone=True)


async def _mark_start_tokens_dead(
    connection: AsyncConnection[TupleRow], died: list[ActivitySettlement]
) -> list[tuple[uuid.UUID, uuid.UUID, str]]:
    """Marks the tokens dead. Returns them."""
    outcomes = [(one.device_id, one.sent, one.outcome) for one in died if one.sent and one.outcome]
    parameters: dict[str, Any] = {
        "device_ids": [device_id for device_id, _, _ in outcomes],
        "tokens": [sent.token for _, sent, _ in outcomes],
        "reasons": [outcome.reason for _, _, outcome in outcomes],
        "dead_since": [outcome.dead_since for _, _, outcome in outcomes],
        "configurations": [outcome.configuration or None for _, _, outcome in outcomes],
    }
    cursor = await connection.execute(queries.MARK_START_TOKENS_DEAD, parameters)
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


async def _rest_without_token(
    connection: AsyncConnection[TupleRow], held: dict[Pair, Held], died: set[uuid.UUID], now: dt.datetime
) -> None:
    """Starts for devices that certainly have no token rest until one is reported: those whose token has `died`, and
    browsers that lack a subscription. If one is being reported now, they are looked at again."""
    doubtful = died | {device_id for (_, device_id), one in held.items() if one.lacks_subscription}
    if not doubtful:
        return
    cursor = await connection.execute(queries.LOCK_START_TOKENS, {"device_ids": list(doubtful)})
    without = {row[0] for row in await cursor.fetchall()}
    for pair, one in held.items():
        if pair[1] not in doubtful or one.phase is not Phase.REQUESTED or one.leased:
            continue
        if pair[1] in without:
            held[pair] = replace(one, next_at=None)
        elif one.lacks_subscription and one.next_at is None:
            held[pair] = replace(one, next_at=now + TOKEN_CHANGING)


async def _repeat_broadcasts(
    connection: AsyncConnection[TupleRow], batch: list[ActivitySettlement], now: dt.datetime
) -> None:
    """Phones that listen from now on may have missed what was broadcast since their start was written."""
    begun = [
        (one.activity_id, one.sent.channel_id, one.sent.version)
        for one in batch
        if one.sent is not None and one.sent.channel_id is not None and one.sent.event is ActivityEvent.START
    ]
    if begun:
        activity_ids, channel_ids, versions = (list(values) for values in zip(*begun, strict=True))
        parameters = {"activity_ids": activity_ids, "channel_ids": channel_ids, "versions": versions, "now": now}
        await connection.execute(REPEAT_BROADCASTS, parameters)


def _replaced(batch: list[ActivitySettlement], activities: dict[str, SettledActivity]) -> list[Pair]:
    """Returns activities whose replacement has started, or never will: they may end."""
    released = []
    for one in batch:
        activity = activities.get(one.activity_id)
        if activity is None or activity.replaces is None or one.sent is None or one.outcome is None:
            continue
        decided = one.outcome.verdict in (OutcomeKind.ACCEPTED, OutcomeKind.REJECTED)
        if one.sent.event is ActivityEvent.START and decided:
            released.append((activity.replaces, one.device_id))
    return released
