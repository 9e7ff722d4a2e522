"""Live Activities that the server manages. A backend sends the state of something under a key, as often as it likes."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from core_service.channels.audience import Audience
from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.principal import Sender
from core_service.live_activities.reconcile.delivery_wait import DeliveryWait
from core_service.live_activities.state.activity import Activity, Request, next_state, state_of
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ActivityStore
from core_service.live_activities.streams.moves import end_in_stream, existing, require_scope
from core_service.live_activities.streams.puts import Put, PutRecorder, Recorded
from core_service.live_activities.streams.rules import Operation, check_key
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWaits


@dataclass(frozen=True, slots=True)
class PutResult:
    """What a PUT has led to by the time of the answer."""

    operation: Operation
    stream_key: str
    timestamp: dt.datetime
    activity_id: str | None = None
    previous_activity_id: str | None = None
    counts: OutcomeCounts | None = None
    effective_channel_slugs: tuple[str, ...] | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What a DELETE has led to by the time of the answer."""

    stream_key: str
    timestamp: dt.datetime
    activity_id: str | None = None
    counts: OutcomeCounts | None = None


class Streams:
    """The use cases. `default_limit` is in effect for accounts without a limit of their own."""

    def __init__(
        self,
        *,
        store: ActivityStore,
        audience: Audience,
        builder: PayloadBuilder,
        delivery_wait: DeliveryWait,
        waiters: OutcomeWaits,
        events: EventBus,
        clock: Clock,
        default_limit: int,
    ) -> None:
        self._store = store
        self._audience = audience
        self._builder = builder
        self._delivery_wait = delivery_wait
        self._waiters = waiters
        self._events = events
        self._clock = clock
        self._recorder = PutRecorder(store, builder, waiters, clock, default_limit=default_limit)

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
        LimitReached.
        """
        deadline = self._delivery_wait.deadline()
        check_key(stream_key)
        channels = await self._audience.resolve(caller, requested, name)
        put = Put(caller, stream_key, request, channels, asyncio.get_running_loop().create_future())
        counts = None
        try:
            recorded = await self._recorder.record(put)
            if recorded.activity_id is not None and recorded.owed is not None and put.waiter is not None:
                self._publish_put(caller.account_id, stream_key, recorded)
                counts = await self._delivery_wait.outcomes(put.waiter, recorded.activity_id, recorded.owed, deadline)
        finally:
            self._recorder.forget(put)
        operation, previous = recorded.operation, recorded.previous
        updated = operation is Operation.UPDATED and previous is not None
        return PutResult(
            operation=operation,
            stream_key=stream_key,
            timestamp=recorded.now,
            activity_id=recorded.activity_id,
            previous_activity_id=previous.id if operation is Operation.ROTATED and previous else None,
            counts=counts,
            effective_channel_slugs=None if channels is None else tuple(channel.slug for channel in channels),
            warning=previous.warning(recorded.now) if updated and previous else None,
        )

    async def delete(self, caller: Sender, stream_key: str, request: Request | None) -> DeleteResult:
        """Ends the stream's activity, with the given state or the latest one, and deletes the stream.

        Raises InvalidStreamKey, StreamNotFound, ChannelScopeViolation, InvalidRequest, PayloadTooLarge.
        """
        deadline, now = self._delivery_wait.deadline(), self._clock()
        check_key(stream_key)
        activity: Activity | None = None
        with ExitStack() as expecting:
            async with self._store.turn(caller.account_id) as turn:
                stream = await existing(turn, stream_key)
                require_scope(caller, stream)
                await turn.delete_stream(stream.id)
                if stream.activity is not None and not stream.activity.over(now):
                    activity = stream.activity
                    state = state_of(activity) if request is None else next_state(request, state_of(activity))
                    state.require_room(self._builder, activity.id)
                    waiter = expecting.enter_context(self._waiters.expecting(activity.id, activity.version + 1))
                    owed = await end_in_stream(turn, activity, state, now, state.dismiss_at(now))
            if activity is not None:
                self._publish(caller.account_id, EventType.LIVE_ACTIVITY_ENDED, stream_key, now, activity)
            self._publish(caller.account_id, EventType.STREAM_ENDED, stream_key, now, activity)
            if activity is None:
                return DeleteResult(stream_key, now)
            counts = await self._delivery_wait.outcomes(waiter, activity.id, owed, deadline)
        return DeleteResult(stream_key, now, activity.id, counts)

    def _publish_put(self, account_id: uuid.UUID, stream_key: str, recorded: Recorded) -> None:
        updated = recorded.operation is Operation.UPDATED
        kind = EventType.LIVE_ACTIVITY_UPDATED if updated else EventType.LIVE_ACTIVITY_STARTED
        self._publish(account_id, kind, stream_key, recorded.now, None, activity_id=recorded.activity_id or "")
        if recorded.previous is not None and not updated:
            self._publish(account_id, EventType.LIVE_ACTIVITY_ENDED, stream_key, recorded.now, recorded.previous)

    def _publish(
        self,
        account_id: uuid.UUID,
        kind: EventType,
        stream_key: str,
        now: dt.datetime,
        activity: Activity | None,
        *,
        activity_id: str = "",
    ) -> None:
        about = activity.id if activity else activity_id
        self._events.publish(account_id, Event(kind, now, activity_id=about, stream_key=stream_key))
