"""Moves a stream from one activity to the next, inside a transaction that has the account's lock."""

import datetime as dt
import uuid
from collections.abc import Sequence

from core_service.channels.errors import ChannelScopeViolation
from core_service.identity.principal import ChannelRef, Sender
from core_service.live_activities.errors import StreamNotFound
from core_service.live_activities.state.activity import (
    Activity,
    ActivityState,
    Stream,
    from_held,
    state_of,
    within_scope,
)
from core_service.live_activities.state.store import DueDevices, Turn


async def start_in_stream(
    turn: Turn,
    stream_id: uuid.UUID,
    *,
    activity_id: str,
    state: ActivityState,
    channels: Sequence[ChannelRef] | None,
    now: dt.datetime,
    replaced: Activity | None,
    started_by: uuid.UUID | None = None,
) -> DueDevices:
    """Starts the stream's next activity. The one that it replaces ends on each phone when the new one has appeared
    there.

    Records nothing if no device can show the new one (`total` is 0).
    """
    owed = await turn.start(
        activity_id,
        state,
        channels,
        now,
        stream_id=stream_id,
        replaces=replaced.id if replaced else None,
        quiet=replaced is not None,
        started_by=started_by,
    )
    if owed.total:
        await turn.write_stream(stream_id, activity_id=activity_id)
        if replaced is not None:
            await end_in_stream(turn, replaced, state_of(replaced), now, dismiss_at=now, successor=activity_id)
    return owed


async def end_in_stream(
    turn: Turn,
    activity: Activity,
    state: ActivityState,
    now: dt.datetime,
    dismiss_at: dt.datetime,
    *,
    successor: str | None = None,
) -> DueDevices:
    """Ends the stream's activity, which the transaction has locked."""
    ended = await turn.end(activity, state, now, dismiss_at, successor=successor)
    if ended is None:
        raise RuntimeError(f"activity {activity.id} was changed in spite of its lock")
    return ended[1]


async def existing(turn: Turn, stream_key: str) -> Stream:
    """The stream, locked. Raises StreamNotFound."""
    stream = await turn.stream(stream_key)
    if stream is None:
        raise StreamNotFound(stream_key)
    return stream


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
