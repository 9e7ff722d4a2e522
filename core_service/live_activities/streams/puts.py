"""PUTs of streams. Those of one stream are recorded in order, and those that wait are recorded together."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core_service.channels.errors import NoRecipients
from core_service.common.orm import new_id
from core_service.events.service import EventType
from core_service.identity.principal import Sender
from core_service.live_activities.parts import ActivityParts, warnings
from core_service.live_activities.state.activity import (
    Activity,
    Request,
    Stream,
    new_activity_id,
    starter,
    state_of,
)
from core_service.live_activities.state.held import to_held
from core_service.live_activities.state.store import ATTEMPTS
from core_service.live_activities.state.turn import DEVICES, Turn
from core_service.live_activities.streams.fold import IN_PLACE, Fold, Put, Recorded, merge
from core_service.live_activities.streams.rules import Decision, Operation, check_key
from core_service.work_queue.keyed import KeyedBatcher
from core_service.work_queue.outcome_wait import OutcomeCounts
from service_kit import tracing
from service_kit.errors import DomainError, Unavailable

HEAR_EVERY = dt.timedelta(minutes=5)
"""`heard_at` of a stream is written at most this often while its state does not change."""


@dataclass(frozen=True, slots=True)
class PutResult:
    """What a PUT has led to by the time of the answer."""

    operation: Operation
    stream_key: str
    timestamp: dt.datetime
    activity_id: str | None = None
    previous_activity_id: str | None = None
    ended_activity_id: str | None = None
    """The activity that was ended to make room."""
    counts: OutcomeCounts | None = None
    effective_channel_slugs: tuple[str, ...] | None = None
    warning: str | None = None
    tags: tuple[str, ...] = ()
    by_broadcast: bool = False
    """Phones are told by broadcast, so that there are no counts."""


class StreamPuts:
    """The use case."""

    def __init__(self, parts: ActivityParts) -> None:
        self._parts = parts
        self._batches: KeyedBatcher[tuple[uuid.UUID, str], Put] = KeyedBatcher(self._record)

    async def put(
        self,
        caller: Sender,
        stream_key: str,
        request: Request,
        requested: Sequence[str] | None,
        name: str = "channels",
    ) -> PutResult:
        """Makes the stream show the request's state: starts, updates or replaces its activity. `name` is what messages
        call the list of `requested` channel slugs.

        Raises InvalidStreamKey, InvalidRequest, InvalidTarget, ChannelScopeViolation, NoRecipients, PayloadTooLarge,
        LimitReached, DeviceLimitReached.
        """
        deadline = self._parts.deadline()
        check_key(stream_key)
        channels = await self._parts.audience.resolve(caller, requested, name)
        recorded_later = asyncio.get_running_loop().create_future()
        put = Put(caller, stream_key, request, channels, recorded_later, tracing.origin())
        counts = None
        try:
            self._batches.put((caller.account_id, stream_key), put)
            with self._parts.crowd:
                recorded = await put.recorded
            if put.wait is not None and recorded.owed is not None:
                self._publish(put, recorded)
                counts = await self._parts.outcomes(put.wait, recorded.owed, deadline)
        finally:
            self._forget(put)
        operation, previous = recorded.operation, recorded.previous
        is_update = operation is Operation.UPDATED
        by_broadcast = is_update and recorded.owed is not None and recorded.owed.by_broadcast
        updated = previous if is_update else None
        return PutResult(
            operation=operation,
            stream_key=stream_key,
            timestamp=recorded.now,
            activity_id=recorded.activity_id,
            previous_activity_id=previous.id if operation is Operation.ROTATED and previous else None,
            counts=None if by_broadcast else counts,
            by_broadcast=by_broadcast,
            effective_channel_slugs=None if channels is None else tuple(channel.slug for channel in channels),
            ended_activity_id=recorded.made_room.id if recorded.made_room else None,
            warning=warnings(recorded.owed, updated, recorded.now) if recorded.owed else None,
            tags=recorded.state.tags,
        )

    def _publish(self, put: Put, recorded: Recorded) -> None:
        updated, account_id, now = recorded.operation is Operation.UPDATED, put.caller.account_id, recorded.now
        kind = EventType.LIVE_ACTIVITY_UPDATED if updated else EventType.LIVE_ACTIVITY_STARTED
        self._parts.publish(account_id, kind, now, recorded.activity_id or "", put.stream_key)
        if recorded.previous is not None and not updated:
            ended = recorded.previous.id
            self._parts.publish(account_id, EventType.LIVE_ACTIVITY_ENDED, now, ended, put.stream_key)
        if recorded.made_room is not None:
            self._parts.publish(account_id, EventType.LIVE_ACTIVITY_ENDED, now, recorded.made_room.id)

    def _expect(self, put: Put, activity_id: str, version: int) -> None:
        """Lets the PUT wait for outcomes. If its caller has left, it does not: its wait would never be removed."""
        self._forget(put)
        if not put.recorded.done():
            put.wait = self._parts.waits.add(activity_id, version)

    def _forget(self, put: Put) -> None:
        if put.wait is not None:
            self._parts.waits.remove(put.wait)
            put.wait = None

    async def _record(self, key: tuple[uuid.UUID, str], puts: list[Put]) -> None:
        """Records the PUTs of one stream, and gives each its result or refusal."""
        refusal: Exception = Unavailable("Too many requests change this stream at once. Try again.")
        try:
            for _ in range(ATTEMPTS + len(puts)):
                puts = [put for put in puts if not put.recorded.done()]
                if not puts:
                    return
                await self._step(puts, await self._parts.store.read_stream(*key))
        except Exception as error:
            refusal = error
        for put in puts:
            put.refuse(refusal)

    async def _step(self, puts: list[Put], stream: Stream | None) -> None:
        """Records as many PUTs as fit in one version or one new activity; none if the stream was changed meanwhile."""
        now, activity = self._parts.clock(), stream.activity if stream else None
        fold = Fold(stream, self._parts.builder, now)
        for put in puts:
            if not fold.add(put):
                break
        if activity is not None and fold.updates:
            await self._update(activity, fold, now)
            return
        if activity is not None and fold.followers:
            if now - activity.heard_at > HEAR_EVERY:
                await self._parts.store.hear(activity.id, now)
            if fold.is_annotated and not await self._parts.store.annotate(activity, fold.latest, now):
                return
            for put in fold.followers:
                put.answer(Recorded(Operation.NOOP, now, fold.latest, activity.id))
        if fold.rest is not None:
            await self._begin(fold.rest, now)

    async def _update(self, activity: Activity, fold: Fold, now: dt.datetime) -> None:
        for place, put in enumerate(fold.updates, start=1):
            self._expect(put, activity.id, activity.version + place)
        latest = fold.latest
        state = replace(merge(fold.states, state_of(activity)), tags=latest.tags, metadata=latest.metadata)
        origin = fold.updates[-1].origin
        owed = await self._parts.store.update(activity, state, now, versions=len(fold.updates), origin=origin)
        if owed is None:
            return
        for place, put in enumerate(fold.updates):
            counted = replace(activity, updates=activity.updates + place)
            put.answer(Recorded(Operation.UPDATED, now, state, activity.id, counted, owed))
        for put in fold.followers:
            put.answer(Recorded(Operation.NOOP, now, fold.latest, activity.id))

    async def _begin(self, put: Put, now: dt.datetime) -> None:
        """Starts or replaces the activity, or keeps the state of a paused stream.

        The decision that led here was made on a stream that was not locked, so it is made once more under the lock. If
        the PUT has become an update, nothing is done.
        """
        activity_id = new_activity_id()
        self._expect(put, activity_id, 1)
        try:
            async with self._parts.store.turn(put.caller.account_id) as turn:
                stream = await turn.stream(put.stream_key)
                decision = put.decide(stream, now)
                if decision.operation in IN_PLACE:
                    return
                decision.state.require_room(self._parts.builder, activity_id)
                if stream is not None and decision.operation is Operation.PAUSED:
                    held = to_held(decision.state, put.channels)
                    await turn.write_stream(
                        stream.id, activity_id=stream.activity_id, paused_at=stream.paused_at, held=held
                    )
                    recorded = Recorded(decision.operation, now, decision.state)
                else:
                    recorded = await self._start(turn, put, stream, decision, now, activity_id=activity_id)
        except DomainError as refusal:
            put.refuse(refusal)
        else:
            put.answer(recorded)

    async def _start(
        self, turn: Turn, put: Put, stream: Stream | None, decision: Decision, now: dt.datetime, *, activity_id: str
    ) -> Recorded:
        replaced = stream.activity if stream and decision.operation is Operation.ROTATED else None
        if replaced is None:
            vacancy = await turn.vacancy(self._parts.limits, put.caller, put.channels, now)
        else:
            vacancy = await turn.vacancy_for_next(self._parts.limits, replaced, put.channels, now)
        stream_id = stream.id if stream else new_id()
        if stream is None:
            await turn.create_stream(stream_id, put.stream_key, now)
        owed = await turn.start(
            activity_id,
            decision.state,
            put.channels,
            now,
            stream_id=stream_id,
            replaced=replaced,
            vacancy=vacancy,
            started_by=starter(put.caller),
        )
        if not owed.total:
            raise NoRecipients(None if put.channels is None else [channel.slug for channel in put.channels], DEVICES)
        return Recorded(decision.operation, now, decision.state, activity_id, replaced, owed, vacancy.oldest)
