"""Records PUTs of streams. PUTs of one stream are recorded in order, and those that wait are recorded together."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core_service.channels.errors import NoRecipients
from core_service.common.clock import Clock
from core_service.common.orm import new_id
from core_service.identity.principal import ChannelRef, Sender
from core_service.live_activities.state.activity import (
    Activity,
    ActivityState,
    Request,
    Stream,
    merge,
    new_activity_id,
    starter,
    to_held,
)
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ATTEMPTS, DEVICES, ActivityStore, DueDevices, Turn
from core_service.live_activities.streams.moves import require_scope, start_in_stream
from core_service.live_activities.streams.rules import Decision, Operation, decide
from core_service.work_queue.keyed import KeyedBatcher
from core_service.work_queue.outcome_wait import OutcomeWait, OutcomeWaits
from service_kit.errors import DomainError, Unavailable

HEAR_EVERY = dt.timedelta(minutes=5)
"""`heard_at` of a stream is written at most this often while its state does not change."""

IN_PLACE = (Operation.NOOP, Operation.UPDATED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a PUT has led to."""

    operation: Operation
    now: dt.datetime
    activity_id: str | None = None
    previous: Activity | None = None
    """The activity before this PUT: as it was, or the one that was replaced."""
    owed: DueDevices | None = None


@dataclass(slots=True)
class Put:
    """A PUT, its target resolved."""

    caller: Sender
    stream_key: str
    request: Request
    channels: Sequence[ChannelRef] | None
    recorded: asyncio.Future[Recorded]
    seen: Stream | None = None
    """The stream as it was when the PUT came, if no other PUT was being recorded."""
    fresh: bool = False
    """Whether `seen` was read."""
    waiter: OutcomeWait | None = None

    def decide(self, stream: Stream | None, now: dt.datetime) -> Decision:
        """Decides what the PUT means for the stream.

        Raises ChannelScopeViolation, InvalidRequest.
        """
        if stream is not None:
            require_scope(self.caller, stream)
        return decide(stream, self.request, self.channels, now)


class PutRecorder:
    """Decides and records PUTs."""

    def __init__(
        self, store: ActivityStore, builder: PayloadBuilder, waiters: OutcomeWaits, clock: Clock, *, default_limit: int
    ) -> None:
        self._store = store
        self._builder = builder
        self._waiters = waiters
        self._clock = clock
        self._default_limit = default_limit
        self._batches: KeyedBatcher[tuple[uuid.UUID, str], Put] = KeyedBatcher(self._work)

    async def record(self, put: Put) -> Recorded:
        """Returns once the PUT is recorded.

        Raises what PUTs are refused with.
        """
        key = (put.caller.account_id, put.stream_key)
        if not self._batches.busy(key):
            now = self._clock()
            stream = await self._read(put)
            decision = put.decide(stream, now)
            # A PUT that came meanwhile is not overtaken.
            put.fresh = not self._batches.busy(key)
            if put.fresh and decision.operation is Operation.NOOP and stream is not None and stream.activity:
                return await self._noop(stream.activity, now)
            put.seen = stream
        self._batches.put(key, put)
        return await put.recorded

    def forget(self, put: Put) -> None:
        """The PUT waits for no outcome any more."""
        if put.waiter is not None:
            self._waiters.remove(put.waiter)
            put.waiter = None

    async def _work(self, _: tuple[uuid.UUID, str], puts: list[Put]) -> None:
        """Records the PUTs of one stream, and gives each its result or refusal."""
        try:
            for attempt in range(ATTEMPTS + len(puts)):
                puts = [put for put in puts if not put.recorded.done()]
                if not puts:
                    return
                # If no other PUT was being recorded, the stream was just read and need not be read again.
                alone = attempt == 0 and len(puts) == 1 and puts[0].fresh
                await self._step(puts, puts[0].seen if alone else await self._read(puts[0]))
            refusal: Exception = Unavailable("Too many requests change this stream at once. Try again.")
        except Exception as error:
            refusal = error
        for put in puts:
            if not put.recorded.done():
                put.recorded.set_exception(refusal)

    async def _read(self, put: Put) -> Stream | None:
        return await self._store.read_stream(put.caller.account_id, put.stream_key)

    async def _step(self, puts: list[Put], stream: Stream | None) -> None:
        """Records as many PUTs as fit in one version or one new activity; none if the stream was changed meanwhile."""
        now = self._clock()
        fold = _Fold(stream, self._builder, now)
        for put in puts:
            if not fold.add(put):
                break
        if fold.updates:
            await self._update(fold)
        elif fold.rest is not None:
            await self._begin(fold.rest, now)

    async def _noop(self, activity: Activity, now: dt.datetime) -> Recorded:
        if now - activity.heard_at > HEAR_EVERY:
            await self._store.hear(activity.id, now)
        return Recorded(Operation.NOOP, now, activity.id)

    async def _update(self, fold: "_Fold") -> None:
        activity = fold.before
        for place, put in enumerate(fold.updates, start=1):
            self._expect(put, activity.id, activity.version + place)
        changed = await self._store.update(activity, fold.state(), fold.now, versions=len(fold.updates))
        if changed is not None:
            for place, put in enumerate(fold.updates):
                counted = replace(activity, updates=activity.updates + place)
                _answer(put, Recorded(Operation.UPDATED, fold.now, activity.id, counted, changed[1]))
            for put in fold.followers:
                _answer(put, Recorded(Operation.NOOP, fold.now, activity.id))

    def _expect(self, put: Put, activity_id: str, version: int) -> None:
        """Lets the PUT wait for outcomes. If its caller has left, it does not: its waiter would never be removed."""
        self.forget(put)
        if not put.recorded.done():
            put.waiter = self._waiters.add(activity_id, version)

    async def _begin(self, put: Put, now: dt.datetime) -> None:
        """Starts or replaces the activity, or keeps the state of a paused stream.

        It decides again under the lock, because the stream may have changed. If the PUT has become an update, it does
        nothing.
        """
        activity_id = new_activity_id()
        self._expect(put, activity_id, 1)
        try:
            async with self._store.turn(put.caller.account_id) as turn:
                stream = await turn.stream(put.stream_key)
                decision = put.decide(stream, now)
                if decision.operation in IN_PLACE:
                    return
                decision.state.require_room(self._builder, activity_id)
                if stream is not None and decision.operation is Operation.PAUSED:
                    held = to_held(decision.state, put.channels)
                    await turn.write_stream(
                        stream.id, activity_id=stream.activity_id, paused_at=stream.paused_at, held=held
                    )
                    recorded = Recorded(decision.operation, now)
                else:
                    recorded = await self._start(turn, put, stream, decision, now, activity_id=activity_id)
        except DomainError as refusal:
            _refuse(put, refusal)
        else:
            _answer(put, recorded)

    async def _start(
        self, turn: Turn, put: Put, stream: Stream | None, decision: Decision, now: dt.datetime, *, activity_id: str
    ) -> Recorded:
        replaced = stream.activity if stream and decision.operation is Operation.ROTATED else None
        await turn.require_vacancy(self._default_limit, now, replaces=replaced.id if replaced else None)
        stream_id = stream.id if stream else new_id()
        if stream is None:
            await turn.create_stream(stream_id, put.stream_key, now)
        owed = await start_in_stream(
            turn,
            stream_id,
            activity_id=activity_id,
            state=decision.state,
            channels=put.channels,
            now=now,
            replaced=replaced,
            started_by=starter(put.caller),
        )
        if not owed.total:
            raise NoRecipients(None if put.channels is None else [channel.slug for channel in put.channels], DEVICES)
        return Recorded(decision.operation, now, activity_id, replaced, owed)


class _Fold:
    """PUTs in a row that change one activity in place. They are written together."""

    def __init__(self, stream: Stream | None, builder: PayloadBuilder, now: dt.datetime) -> None:
        self._stream = stream
        self._builder = builder
        self._states: list[ActivityState] = []
        self.now = now
        self.updates: list[Put] = []
        self.followers: list[Put] = []
        """PUTs that change nothing, given that the updates before them are recorded."""
        self.rest: Put | None = None
        """The first PUT that does more than change the activity in place."""

    @property
    def before(self) -> Activity:
        """The activity as it was read."""
        assert self._stream is not None  # noqa: S101 - only what exists is updated
        assert self._stream.activity is not None  # noqa: S101 - only what exists is updated
        return self._stream.activity

    def add(self, put: Put) -> bool:
        """Adds the PUT, or refuses it alone. Returns False if it cannot be written together with the others."""
        stream = self._stream
        if stream is not None and stream.activity is not None and self._states:
            last = self._states[-1]
            shown = replace(
                stream.activity,
                content_state=last.content_state,
                action=last.action,
                dismiss_after_seconds=last.dismiss_after_seconds,
            )
            stream = replace(stream, activity=shown)
        try:
            decision = put.decide(stream, self.now)
            if decision.operation not in IN_PLACE:
                self.rest = put
                return False
            if decision.operation is Operation.NOOP:
                if self._states:
                    self.followers.append(put)
                else:
                    _answer(put, Recorded(Operation.NOOP, self.now, self.before.id))
                return True
            decision.state.require_room(self._builder, self.before.id)
        except DomainError as refusal:
            _refuse(put, refusal)
            return True
        self._states.append(decision.state)
        self.updates.append(put)
        return True

    def state(self) -> ActivityState:
        """The state after all of them, with everything that any of them asked for."""
        return merge(self._states, self.before.action)


def _answer(put: Put, recorded: Recorded) -> None:
    if not put.recorded.done():
        put.recorded.set_result(recorded)


def _refuse(put: Put, refusal: DomainError) -> None:
    if not put.recorded.done():
        put.recorded.set_exception(refusal)
