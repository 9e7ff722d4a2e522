"""Live Activities that their backends manage: start, update, end."""

import datetime as dt
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from core_service.channels.errors import NoRecipients
from core_service.events.service import EventType
from core_service.idempotency.service import new_resource
from core_service.identity.principal import Sender
from core_service.live_activities.errors import ActivityEnded, ActivityNotFound, NotYours
from core_service.live_activities.parts import ActivityParts, warnings
from core_service.live_activities.state.activity import (
    ACTIVITY_ID,
    Activity,
    ActivityState,
    Request,
    activity_id_of,
    first_state,
    last_state,
    next_state,
    starter,
    state_of,
)
from core_service.live_activities.state.store import ATTEMPTS
from core_service.live_activities.state.turn import DEVICES, DueDevices
from core_service.work_queue.keyed import KeyedLock
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWait
from service_kit import tracing
from service_kit.errors import Unavailable

CHANGED_TOO_OFTEN = "Too many requests change this Live Activity at once. Try again."


@dataclass(frozen=True, slots=True)
class ActivityResult:
    """What a call has led to by the time of the answer."""

    activity_id: str
    timestamp: dt.datetime
    counts: OutcomeCounts | None
    """None if phones are told by broadcast: nothing knows which it reaches."""
    effective_channel_slugs: tuple[str, ...] | None = None
    warning: str | None = None
    tags: tuple[str, ...] = ()
    ended_activity_id: str | None = None
    """The activity that was ended to make room."""
    ignored: bool = False
    """Nothing was changed: the activity had ended before."""

    @property
    def by_broadcast(self) -> bool:
        """Whether phones are told by broadcast."""
        return self.counts is None


class LiveActivities:
    """The use cases."""

    def __init__(self, parts: ActivityParts) -> None:
        self._parts = parts
        self._locks: KeyedLock[str] = KeyedLock()

    async def start(self, caller: Sender, request: Request, requested: Sequence[str] | None) -> ActivityResult:
        """Starts an activity on every device that the caller's scope and the `requested` channel slugs select.

        Raises InvalidRequest, InvalidTarget, ChannelScopeViolation, NoRecipients, PayloadTooLarge, LimitReached,
        DeviceLimitReached.
        """
        deadline, now = self._parts.deadline(), self._parts.clock()
        state = first_state(request, now)
        channels = await self._parts.audience.resolve(caller, requested)
        slugs = None if channels is None else tuple(channel.slug for channel in channels)
        resource = new_resource()
        activity_id = activity_id_of(resource.id)
        if resource.repeated and (activity := await self._parts.store.read(activity_id)) is not None:
            # An earlier run of this request has started it and could not answer.
            return ActivityResult(
                activity_id,
                activity.created_at,
                await self._parts.store.count(activity_id, 1),
                slugs,
                tags=tuple(activity.tags or ()),
            )
        state.require_room(self._parts.builder, activity_id)
        with self._parts.waits.expecting(activity_id, 1) as waiter:
            async with self._parts.store.turn(caller.account_id) as turn:
                vacancy = await turn.vacancy(self._parts.limits, caller, channels, now)
                owed = await turn.start(activity_id, state, channels, now, vacancy=vacancy, started_by=starter(caller))
                if not owed.total:
                    raise NoRecipients(slugs, DEVICES)
            self._parts.publish(caller.account_id, EventType.LIVE_ACTIVITY_STARTED, now, activity_id)
            ended = vacancy.oldest.id if vacancy.oldest else None
            if ended is not None:
                self._parts.publish(caller.account_id, EventType.LIVE_ACTIVITY_ENDED, now, ended)
            counts = await self._parts.outcomes(waiter, owed, deadline)
        warning = warnings(owed, None, now)
        return ActivityResult(
            activity_id, now, counts, slugs, warning=warning, tags=state.tags, ended_activity_id=ended
        )  # fmt: skip

    async def update(self, caller: Sender, activity_id: str, request: Request) -> ActivityResult:
        """Replaces what the activity shows.

        Raises InvalidRequest, ActivityNotFound, NotYours, ActivityEnded, PayloadTooLarge.
        """
        result = await self._change(caller, activity_id, request, "update")
        if result is None:
            raise ActivityEnded
        return result

    async def end(self, caller: Sender, activity_id: str, request: Request) -> ActivityResult:
        """Ends the activity with a last state. One that is over is left as it is.

        Raises InvalidRequest, ActivityNotFound, NotYours, PayloadTooLarge.
        """
        result = await self._change(caller, activity_id, request, "end")
        return result or ActivityResult(activity_id, self._parts.clock(), OutcomeCounts(0, 0, 0), ignored=True)

    async def stop(self, account_id: uuid.UUID, activity_id: str) -> ActivityResult:
        """Ends the activity with the state that it shows. One that is over is left as it is.

        Raises ActivityNotFound.
        """
        deadline, now = self._parts.deadline(), self._parts.clock()
        for _ in range(ATTEMPTS):
            activity = await self._parts.store.read(activity_id) if ACTIVITY_ID.fullmatch(activity_id) else None
            if activity is None or activity.account_id != account_id:
                raise ActivityNotFound
            if activity.over(now):
                return ActivityResult(activity_id, now, OutcomeCounts(0, 0, 0), ignored=True)
            state = last_state(activity, now)
            with self._parts.waits.expecting(activity_id, activity.version + 1) as waiter:
                async with self._parts.store.turn(account_id) as turn:
                    ended = await turn.end(activity, state, now, state.dismiss_at(now))
                    if ended is not None:
                        await turn.note_act(activity.stream_id)
                if ended is not None:
                    self._parts.publish(account_id, EventType.LIVE_ACTIVITY_ENDED, now, activity_id)
                    counts = await self._parts.outcomes(waiter, ended, deadline)
                    return ActivityResult(activity_id, now, None if ended.by_broadcast else counts)
        raise Unavailable(CHANGED_TOO_OFTEN)

    async def _change(self, caller: Sender, activity_id: str, request: Request, what: str) -> ActivityResult | None:
        """Records the next version, by an `update` or an `end`, and waits for its outcomes. None: it is over."""
        deadline = self._parts.deadline()
        with ExitStack() as expecting:
            recorded = await self._record(caller, activity_id, request, what, expecting)
            if recorded is None:
                return None
            before, state, wait, owed, now = recorded
            kind = EventType.LIVE_ACTIVITY_UPDATED if what == "update" else EventType.LIVE_ACTIVITY_ENDED
            self._parts.publish(caller.account_id, kind, now, activity_id)
            counted = await self._parts.outcomes(wait, owed, deadline)
            counts = None if owed.by_broadcast else counted
        if what == "end":
            return ActivityResult(activity_id, now, counts)
        return ActivityResult(
            activity_id,
            now,
            counts,
            None if before.channel_slugs is None else tuple(before.channel_slugs),
            warning=warnings(owed, before, now),
            tags=state.tags,
        )

    async def _record(
        self, caller: Sender, activity_id: str, request: Request, what: str, expecting: ExitStack
    ) -> tuple[Activity, ActivityState, OutcomeWait, DueDevices, dt.datetime] | None:
        """Records the next version. Returns the activity before it, its new state, the wait for its outcomes, which
        ends when `expecting` closes, what is owed, and the time of the version. None: it is over."""
        async with self._locks.holding(activity_id):
            for _ in range(ATTEMPTS):
                now = self._parts.clock()
                activity = await self._find(caller, activity_id, what)
                state = next_state(request, state_of(activity), now, is_end=what == "end")
                if activity.over(now):
                    return None
                state.require_room(self._parts.builder, activity_id)
                with ExitStack() as attempt:
                    waiter = attempt.enter_context(self._parts.waits.expecting(activity_id, activity.version + 1))
                    if what == "update":
                        changed = await self._parts.store.update(activity, state, now, origin=tracing.origin())
                    else:
                        changed = await self._parts.store.end(activity, state, now)
                    if changed is not None:
                        expecting.push(attempt.pop_all())
                        return activity, state, waiter, changed, now
        raise Unavailable(CHANGED_TOO_OFTEN)

    async def _find(self, caller: Sender, activity_id: str, what: str) -> Activity:
        activity = await self._parts.store.read(activity_id) if ACTIVITY_ID.fullmatch(activity_id) else None
        if activity is None:
            raise ActivityNotFound
        if not activity.within_reach(caller):
            raise NotYours(what)
        return activity
