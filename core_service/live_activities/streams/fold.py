"""PUTs of one stream that wait together: what each is answered, and which of them are written as one change."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core_service.identity.principal import ChannelRef, Sender
from core_service.live_activities.state.activity import Activity, ActivityState, Request, Stream, state_of
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.turn import DueDevices
from core_service.live_activities.streams.rules import Decision, Operation, decide, require_scope
from core_service.work_queue.outcome_wait import OutcomeWait
from service_kit.errors import DomainError
from service_kit.tracing import NO_ORIGIN, Origin

IN_PLACE = (Operation.NOOP, Operation.UPDATED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded for a PUT."""

    operation: Operation
    now: dt.datetime
    state: ActivityState
    activity_id: str | None = None
    previous: Activity | None = None
    """The activity before this PUT: as it was, or the one that was replaced."""
    owed: DueDevices | None = None
    made_room: Activity | None = None
    """The activity that was ended to make room."""


@dataclass(slots=True)
class Put:
    """A PUT, its target resolved."""

    caller: Sender
    stream_key: str
    request: Request
    channels: Sequence[ChannelRef] | None
    recorded: asyncio.Future[Recorded]
    origin: Origin = NO_ORIGIN
    wait: OutcomeWait | None = None

    def decide(self, stream: Stream | None, now: dt.datetime) -> Decision:
        """Decides what the PUT means for the stream.

        Raises ChannelScopeViolation, InvalidRequest.
        """
        if stream is not None:
            require_scope(self.caller, stream)
        return decide(stream, self.request, self.channels, now)

    def answer(self, recorded: Recorded) -> None:
        """Gives the caller the result, if it still waits."""
        if not self.recorded.done():
            self.recorded.set_result(recorded)

    def refuse(self, refusal: Exception) -> None:
        """Gives the caller the refusal, if it still waits."""
        if not self.recorded.done():
            self.recorded.set_exception(refusal)


class Fold:
    """PUTs in a row that change one activity in place. They are written together."""

    def __init__(self, stream: Stream | None, builder: PayloadBuilder, now: dt.datetime) -> None:
        self._stream = stream
        """The stream as it is after the updates so far."""
        self._builder = builder
        self._now = now
        self.updates: list[Put] = []
        self.states: list[ActivityState] = []
        """The states of `updates`."""
        self.followers: list[Put] = []
        """PUTs that change nothing, given that the updates before them are recorded."""
        self.is_annotated = False
        """Whether a PUT that changes nothing else has brought other tags or metadata."""
        self.rest: Put | None = None
        """The first PUT that does more than change the activity in place."""

    @property
    def latest(self) -> ActivityState:
        """The state after all PUTs so far."""
        assert self._stream is not None and self._stream.activity is not None  # noqa: S101, PT018 - while it is shown
        return state_of(self._stream.activity)

    def add(self, put: Put) -> bool:
        """Adds the PUT, or refuses it alone. Returns False if it cannot be written together with the others."""
        stream = self._stream
        try:
            decision = put.decide(stream, self._now)
            if stream is None or stream.activity is None or decision.operation not in IN_PLACE:
                self.rest = put
                return False
            state = decision.state
            if decision.operation is Operation.NOOP:
                self.followers.append(put)
                self._note(stream, state)
                return True
            state.require_room(self._builder, stream.activity.id)
        except DomainError as refusal:
            put.refuse(refusal)
            return True
        self.updates.append(put)
        self.states.append(state)
        self._note(stream, state)
        return True

    def _note(self, stream: Stream, state: ActivityState) -> None:
        assert stream.activity is not None  # noqa: S101 - it is changed in place
        activity = replace(
            stream.activity,
            content_state=state.content_state,
            action=state.action,
            secondary_action=state.secondary_action,
            tags=list(state.tags),
            metadata=state.metadata,
            dismiss_after_seconds=state.dismiss_after_seconds,
        )
        self.is_annotated |= (state.tags, state.metadata) != (
            tuple(stream.activity.tags or ()),
            stream.activity.metadata,
        )
        self._stream = replace(stream, activity=activity)


def merge(states: Sequence[ActivityState], before: ActivityState) -> ActivityState:
    """The last of the states, as urgent as the most urgent one, with the last alert of any of them. `before` is the
    state before the first."""
    last = states[-1]
    alert = next((state.alert for state in reversed(states) if state.alert is not None), None)
    return replace(
        last,
        alert=alert,
        new_buttons=tuple(button for button in last.buttons if button not in before.buttons),
        urgent=any(state.urgent for state in states),
    )
