"""Ends, pauses, resumes and renews streams."""

import datetime as dt
import uuid
from contextlib import ExitStack
from dataclasses import dataclass

from core_service.events.service import EventType
from core_service.identity.principal import Sender, SessionPrincipal
from core_service.live_activities.errors import StreamNotFound
from core_service.live_activities.parts import ActivityParts
from core_service.live_activities.state.activity import (
    Activity,
    ActivityState,
    Request,
    Stream,
    last_state,
    new_activity_id,
    next_state,
    state_of,
)
from core_service.live_activities.state.held import from_held, is_over, to_held
from core_service.live_activities.state.turn import Turn
from core_service.live_activities.streams.rules import check_key, require_scope
from core_service.work_queue.outcome_wait import OutcomeCounts


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What a DELETE has led to by the time of the answer."""

    stream_key: str
    timestamp: dt.datetime
    activity_id: str | None = None
    counts: OutcomeCounts | None = None
    by_broadcast: bool = False
    """Phones are told by broadcast, so that there are no counts."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The activity that shows the stream now, and the one that was ended to make room for it."""

    activity_id: str | None = None
    ended_activity_id: str | None = None


class StreamControl:
    """The use cases."""

    def __init__(self, parts: ActivityParts) -> None:
        self._parts = parts

    async def delete(self, caller: Sender, stream_key: str, request: Request | None) -> DeleteResult:
        """Ends the stream's activity, with the given state or the latest one, and deletes the stream.

        Raises InvalidStreamKey, StreamNotFound, ChannelScopeViolation, InvalidRequest, PayloadTooLarge.
        """
        parts, deadline, now = self._parts, self._parts.deadline(), self._parts.clock()
        check_key(stream_key)
        activity: Activity | None = None
        with ExitStack() as expecting:
            async with parts.store.turn(caller.account_id) as turn:
                stream = await _existing(turn, stream_key)
                require_scope(caller, stream)
                await turn.delete_stream(stream.id)
                if stream.activity is not None and not stream.activity.over(now):
                    activity = stream.activity
                    state = _last(activity, request, now)
                    state.require_room(parts.builder, activity.id)
                    wait = expecting.enter_context(parts.waits.expecting(activity.id, activity.version + 1))
                    owed = await turn.end_locked(activity, state, now, state.dismiss_at(now))
            ended = activity.id if activity else ""
            if activity is not None:
                parts.publish(caller.account_id, EventType.LIVE_ACTIVITY_ENDED, now, ended, stream_key)
            parts.publish(caller.account_id, EventType.STREAM_ENDED, now, ended, stream_key)
            if activity is None:
                return DeleteResult(stream_key, now)
            counts = await parts.outcomes(wait, owed, deadline)
            by_broadcast = owed.by_broadcast
            return DeleteResult(stream_key, now, ended, None if by_broadcast else counts, by_broadcast)

    async def pause(self, account_id: uuid.UUID, stream_key: str) -> str | None:
        """Takes the stream off all phones until it is resumed. Returns the id of the activity that was ended, if one
        was active.

        Raises InvalidStreamKey, StreamNotFound.
        """
        now = self._parts.clock()
        ended: Activity | None = None
        by_broadcast = False
        check_key(stream_key)
        async with self._parts.store.turn(account_id) as turn:
            stream = await _existing(turn, stream_key)
            activity = stream.activity
            if stream.held is not None or activity is None:
                return None
            held = to_held(state_of(activity), activity.channels, over=activity.over(now))
            await turn.write_stream(stream.id, activity_id=activity.id, paused_at=now, held=held)
            await turn.note_act(stream.id)
            if not activity.over(now):
                ended = activity
                owed = await turn.end_locked(activity, last_state(activity, now), now, dismiss_at=now)
                by_broadcast = owed.by_broadcast
        if by_broadcast:
            self._parts.broadcasts.wake()
        if ended is not None:
            self._parts.publish(account_id, EventType.LIVE_ACTIVITY_ENDED, now, ended.id, stream_key)
        self._parts.publish(account_id, EventType.STREAM_PAUSED, now, ended.id if ended else "", stream_key)
        self._parts.reconciler.wake()
        return ended.id if ended else None

    async def resume(self, caller: SessionPrincipal, stream_key: str) -> Resumed:
        """Shows the stream's latest state as a new activity. There is none if no device can show it, or if it was over
        when it was paused and no state has come since. A stream that is not paused is left as it is; then its active
        activity is returned, if there is one.

        Raises InvalidStreamKey, StreamNotFound, LimitReached, DeviceLimitReached.
        """
        now, activity_id, account_id = self._parts.clock(), new_activity_id(), caller.account_id
        check_key(stream_key)
        async with self._parts.store.turn(account_id) as turn:
            stream = await _existing(turn, stream_key)
            if stream.held is None:
                active = stream.activity is not None and not stream.activity.over(now)
                return Resumed(stream.activity_id if active else None)
            shown, ended = None, None
            if not is_over(stream.held):
                state, channels = from_held(stream.held)
                vacancy = await turn.vacancy(self._parts.limits, caller, channels, now)
                owed = await turn.start(
                    activity_id, state, channels, now, stream_id=stream.id, quiet=True, vacancy=vacancy
                )
                if owed.total:
                    shown, ended = activity_id, vacancy.oldest.id if vacancy.oldest else None
            if shown is None:
                await turn.write_stream(stream.id, activity_id=stream.activity_id)
            await turn.note_act(stream.id)
        if shown is not None:
            self._parts.publish(account_id, EventType.LIVE_ACTIVITY_STARTED, now, shown, stream_key)
        if ended is not None:
            self._parts.publish(account_id, EventType.LIVE_ACTIVITY_ENDED, now, ended)
        self._parts.publish(account_id, EventType.STREAM_RESUMED, now, shown or "", stream_key)
        self._parts.reconciler.wake()
        return Resumed(shown, ended)

    async def renew(self, account_id: uuid.UUID, stream_key: str, activity_id: str) -> None:
        """Replaces an activity that iOS is about to end with a new one of the same state.

        It ends the activity instead if no backend has sent a state in all that time, or if every person has dismissed
        it. Its remains would otherwise stay beside the stream's next activity.
        """
        now, next_id = self._parts.clock(), new_activity_id()
        async with self._parts.store.turn(account_id) as turn:
            stream = await turn.stream(stream_key)
            activity = stream.activity if stream else None
            if stream is None or activity is None or activity.id != activity_id or activity.over(now):
                return
            state, cared_for = state_of(activity), activity.heard_at > activity.created_at
            renewed = cared_for and await turn.is_watched(activity.id)
            if renewed:
                vacancy = await turn.vacancy_to_renew(self._parts.limits, activity, now)
                owed = await turn.start(
                    next_id, state, activity.channels, now, stream_id=stream.id, replaced=activity, vacancy=vacancy
                )
                renewed = owed.total > 0
            if not renewed:
                await turn.end_locked(activity, last_state(activity, now), now, state.dismiss_at(now))
        if renewed:
            self._parts.publish(account_id, EventType.LIVE_ACTIVITY_STARTED, now, next_id, stream_key)
        self._parts.publish(account_id, EventType.LIVE_ACTIVITY_ENDED, now, activity_id, stream_key)
        self._parts.reconciler.wake()


def _last(activity: Activity, request: Request | None, now: dt.datetime) -> ActivityState:
    """The state that the activity ends with. Raises InvalidRequest."""
    if request is None:
        return last_state(activity, now)
    return next_state(request, state_of(activity), now, is_end=True)


async def _existing(turn: Turn, stream_key: str) -> Stream:
    """The stream, locked. Raises StreamNotFound."""
    stream = await turn.stream(stream_key)
    if stream is None:
        raise StreamNotFound(stream_key)
    return stream
