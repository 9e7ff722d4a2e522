"""What a PUT means for a stream, and which streams a key may touch. Pure rules."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from core_service.channels.errors import ChannelScopeViolation
from core_service.identity.principal import ChannelRef, Sender
from core_service.live_activities.errors import InvalidStreamKey
from core_service.live_activities.state.activity import (
    ActivityState,
    Request,
    Stream,
    first_state,
    is_same,
    next_state,
    state_of,
    within_scope,
)
from core_service.live_activities.state.held import from_held

ROTATE_AFTER = dt.timedelta(hours=7, minutes=30)
"""From this age on, any PUT replaces the activity by a new one, well before iOS ends it."""

KEY = re.compile(r"[A-Za-z0-9_-]+")
KEY_LENGTH = 255


class Operation(StrEnum):
    """What a call does to a stream, as the documentation names it."""

    STARTED = "started"
    UPDATED = "updated"
    ROTATED = "rotated"
    NOOP = "noop"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and the resulting state."""

    operation: Operation
    state: ActivityState


def check_key(stream_key: str) -> str:
    """Returns the key.

    Raises InvalidStreamKey if it breaks the syntax.
    """
    if not KEY.fullmatch(stream_key):
        raise InvalidStreamKey.at("stream_key", "must contain only letters, numbers, underscores, and hyphens")
    if len(stream_key) > KEY_LENGTH:
        raise InvalidStreamKey.at("stream_key", f"must be at most {KEY_LENGTH} characters long")
    return stream_key


def require_scope(caller: Sender, stream: Stream) -> None:
    """Raises ChannelScopeViolation if the stream is shown in a channel that the key may not reach."""
    if stream.held is not None:
        _, channels = from_held(stream.held)
        channel_ids = None if channels is None else [channel.id for channel in channels]
    elif stream.activity is not None:
        channel_ids = stream.activity.channel_ids
    else:
        return
    if not within_scope(caller, channel_ids):
        raise ChannelScopeViolation


def decide(
    stream: Stream | None, request: Request, channels: Sequence[ChannelRef] | None, now: dt.datetime
) -> Decision:
    """Decides what the request means for the stream as it is.

    Raises InvalidRequest if the resulting state breaks a rule.
    """
    if stream is None:
        return Decision(Operation.STARTED, first_state(request, now))
    if stream.held is not None:
        held, _ = from_held(stream.held)
        return Decision(Operation.PAUSED, next_state(request, held, now))
    activity = stream.activity
    if activity is None:
        return Decision(Operation.STARTED, first_state(request, now))
    present = state_of(activity)
    if activity.over(now):
        # Its type is kept. Its button and dismissal belonged to the activity that is gone.
        return Decision(
            Operation.STARTED,
            next_state(request, replace(present, action=None, secondary_action=None, dismiss_after_seconds=None), now),
        )
    state = next_state(request, present, now)
    if (
        not activity.is_for(channels)
        or state.fields["type"] != present.fields["type"]
        or now - activity.created_at >= ROTATE_AFTER
    ):
        return Decision(Operation.ROTATED, state)
    return Decision(Operation.NOOP if is_same(state, present) else Operation.UPDATED, state)
