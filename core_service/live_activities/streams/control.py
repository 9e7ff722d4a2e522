"""Pauses, resumes and renews streams."""

import datetime as dt
import uuid

from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.live_activities.reconcile.delivery_wait import DeliveryWait
from core_service.live_activities.state.activity import Activity, from_held, is_over, new_activity_id, state_of, to_held
from core_service.live_activities.state.store import ActivityStore
from core_service.live_activities.streams.moves import end_in_stream, existing, start_in_stream
from core_service.live_activities.streams.rules import check_key


class StreamControl:
    """The use cases. `default_limit` is in effect for accounts without a limit of their own."""

    def __init__(
        self, *, store: ActivityStore, delivery_wait: DeliveryWait, events: EventBus, clock: Clock, default_limit: int
    ) -> None:
        self._store = store
        self._delivery_wait = delivery_wait
        self._events = events
        self._clock = clock
        self._default_limit = default_limit

    async def pause(self, account_id: uuid.UUID, stream_key: str) -> str | None:
        """Takes the stream off all phones until it is resumed. Returns the id of the activity that was ended, if one
        was active.

        Raises InvalidStreamKey, StreamNotFound.
        """
        now = self._clock()
        ended: Activity | None = None
        check_key(stream_key)
        async with self._store.turn(account_id) as turn:
            stream = await existing(turn, stream_key)
            activity = stream.activity
            if stream.held is not None or activity is None:
                return None
            held = to_held(state_of(activity), activity.channels, over=activity.over(now))
            await turn.write_stream(stream.id, activity_id=activity.id, paused_at=now, held=held)
            await turn.note_act(stream.id)
            if not activity.over(now):
                ended = activity
                await end_in_stream(turn, activity, state_of(activity), now, dismiss_at=now)
        if ended is not None:
            self._publish(account_id, EventType.LIVE_ACTIVITY_ENDED, stream_key, now, ended.id)
        self._publish(account_id, EventType.STREAM_PAUSED, stream_key, now, ended.id if ended else "")
        self._delivery_wait.wake()
        return ended.id if ended else None

    async def resume(self, account_id: uuid.UUID, stream_key: str) -> str | None:
        """Shows the stream's latest state as a new activity and returns its id. Returns None if no device can show it,
        or if it was over when it was paused and no state has come since. A stream that is not paused is left as it is;
        then the id of its active activity is returned, if there is one.

        Raises InvalidStreamKey, StreamNotFound, LimitReached.
        """
        now, activity_id = self._clock(), new_activity_id()
        check_key(stream_key)
        async with self._store.turn(account_id) as turn:
            stream = await existing(turn, stream_key)
            if stream.held is None:
                active = stream.activity is not None and not stream.activity.over(now)
                return stream.activity_id if active else None
            shown = None
            if not is_over(stream.held):
                state, channels = from_held(stream.held)
                await turn.require_vacancy(self._default_limit, now)
                owed = await turn.start(activity_id, state, channels, now, stream_id=stream.id, quiet=True)
                shown = activity_id if owed.total else None
            await turn.write_stream(stream.id, activity_id=shown or stream.activity_id)
            await turn.note_act(stream.id)
        if shown is not None:
            self._publish(account_id, EventType.LIVE_ACTIVITY_STARTED, stream_key, now, shown)
        self._publish(account_id, EventType.STREAM_RESUMED, stream_key, now, shown or "")
        self._delivery_wait.wake()
        return shown

    async def renew(self, account_id: uuid.UUID, stream_id: uuid.UUID | None, activity_id: str) -> None:
        """Replaces an activity that iOS is about to end with a new one of the same state.

        It ends the activity instead if no backend has sent a state in all that time, or if every person has dismissed
        it. Its remains would otherwise stay beside the stream's next activity.
        """
        now, next_id = self._clock(), new_activity_id()
        async with self._store.turn(account_id) as turn:
            stream_key = await turn.stream_key(stream_id) if stream_id else None
            stream = await turn.stream(stream_key) if stream_key else None
            activity = stream.activity if stream else None
            if stream is None or stream_key is None or activity is None or activity.id != activity_id:
                return
            if activity.over(now):
                return
            state, cared_for = state_of(activity), activity.heard_at > activity.created_at
            renewed = cared_for and await turn.is_watched(activity.id)
            if renewed:
                owed = await start_in_stream(
                    turn,
                    stream.id,
                    activity_id=next_id,
                    state=state,
                    channels=activity.channels,
                    now=now,
                    replaced=activity,
                )
                renewed = owed.total > 0
            if not renewed:
                await end_in_stream(turn, activity, state, now, state.dismiss_at(now))
        if renewed:
            self._publish(account_id, EventType.LIVE_ACTIVITY_STARTED, stream_key, now, next_id)
        self._publish(account_id, EventType.LIVE_ACTIVITY_ENDED, stream_key, now, activity_id)
        self._delivery_wait.wake()

    def _publish(
        self, account_id: uuid.UUID, kind: EventType, stream_key: str, now: dt.datetime, activity_id: str
    ) -> None:
        self._events.publish(account_id, Event(kind, now, activity_id=activity_id, stream_key=stream_key))
