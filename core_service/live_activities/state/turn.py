"""What one transaction does that has its account's lock: it starts and ends activities and changes streams."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.audit.act import record
from core_service.common.orm import new_id
from core_service.identity.principal import ChannelRef, Sender
from core_service.live_activities.state import queries
from core_service.live_activities.state.activity import LIFETIME, Activity, ActivityState, Stream, last_state
from core_service.live_activities.state.broadcast_queries import END_BROADCASTS
from core_service.live_activities.state.parameters import next_of, parameters_of
from core_service.live_activities.state.vacancy import (
    EVERYWHERE,
    ActivityLimits,
    Vacancy,
    find_vacancy,
    find_vacancy_for_next,
    find_vacancy_to_renew,
)

DEVICES = "Live Activity devices"
"""How a refusal names the devices that are missing."""

HOLD_END = dt.timedelta(seconds=60)
"""How long the end of an activity waits at most for the start of its replacement."""

LOOK_AGAIN = dt.timedelta(seconds=1)
"""How often a held end is looked at. Usually it is released as soon as the replacement has started."""

RENEWAL = dt.timedelta(minutes=15)
"""How long before its 8 hours are over a stream's activity is replaced by itself."""

HOLD_START = dt.timedelta(seconds=4)
"""How long starts wait at most for the making of a broadcast channel. Then they go with tokens."""

AFTER_THE_END = dt.timedelta(seconds=1)
"""How much later than the end of another one an activity starts on a phone that has no room for both."""


@dataclass(frozen=True, slots=True)
class DueDevices:
    """What a change has made due."""

    due: int
    """Devices to which something can be sent at once."""
    total: int
    """All devices that are owed the change."""
    next_at: dt.datetime | None = None
    """When the first device is due among those that must wait."""
    is_simpler: bool = False
    """Whether one of the devices has an app that gets the state in a simpler form."""
    leased: int = 0
    """Those of the due devices to which it is being sent already."""
    by_broadcast: bool = False
    """Whether phones are told by broadcast; of a start, whether a channel for that is to be made."""


class Turn:
    """What a transaction with the account's lock may do. It takes effect when the transaction commits. `limit` is the
    account's own limit of activities at one time; None for the server's default. `broadcast_above`: for more phones
    than this that can listen, a start has a broadcast channel made; 0 for never."""

    def __init__(
        self,
        connection: AsyncConnection[TupleRow],
        account_id: uuid.UUID,
        limit: int | None,
        broadcast_above: int = 0,
    ) -> None:
        self._broadcast_above = broadcast_above
        self._connection = connection
        self._account_id = account_id
        self._limit = limit

    async def stream(self, stream_key: str) -> Stream | None:
        """Reads and locks the stream, with its activity unless that has ended."""
        parameters = {"account_id": self._account_id, "stream_key": stream_key}
        cursor = await self._connection.execute(queries.LOCK_STREAM, parameters, binary=True)
        row = await cursor.fetchone()
        if row is None:
            return None
        stream = Stream(*row)
        for query in (queries.LOCK_ACTIVITY, queries.READ_ACTIVITY):
            cursor = await self._connection.execute(query, {"id": stream.activity_id}, binary=True)
            if (found := await cursor.fetchone()) is not None:
                return replace(stream, activity=Activity(*found))
        return stream

    async def is_watched(self, activity_id: str) -> bool:
        """Whether the activity is on a phone, or will be."""
        cursor = await self._connection.execute(queries.IS_WATCHED, {"id": activity_id})
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def vacancy(
        self, limits: ActivityLimits, caller: Sender, channels: Sequence[ChannelRef] | None, now: dt.datetime
    ) -> Vacancy:
        """Finds room for one more activity: in the account, and on each phone that it is for.

        Raises LimitReached or DeviceLimitReached if there is none, and `caller` may not end what would make some.
        """
        return await find_vacancy(self._connection, self._place(channels, now), limits, self._limit, caller)

    async def vacancy_for_next(
        self, limits: ActivityLimits, replaced: Activity, channels: Sequence[ChannelRef] | None, now: dt.datetime
    ) -> Vacancy:
        """Finds room for the activity that replaces another one. For the same channels it needs none.

        Raises LimitReached, DeviceLimitReached.
        """
        place, keeps = self._place(channels, now, replaced.id), replaced.is_for(channels)
        return await find_vacancy_for_next(self._connection, place, limits, self._limit, keeps_channels=keeps)

    async def vacancy_to_renew(self, limits: ActivityLimits, activity: Activity, now: dt.datetime) -> Vacancy:
        """Finds room for the successor of an activity that iOS is about to end."""
        place = self._place(activity.channels, now, activity.id)
        return await find_vacancy_to_renew(self._connection, place, limits)

    async def start(
        self,
        activity_id: str,
        state: ActivityState,
        channels: Sequence[ChannelRef] | None,
        now: dt.datetime,
        *,
        stream_id: uuid.UUID | None = None,
        replaced: Activity | None = None,
        vacancy: Vacancy = EVERYWHERE,
        quiet: bool = False,
        started_by: uuid.UUID | None = None,
    ) -> DueDevices:
        """Records a new activity; nothing if no device can show it (`total` is 0). A stream shows it from now on. The
        activity that it replaces there ends on each phone when this one has appeared; the one that makes room for it
        ends at once."""
        expires_at = now + LIFETIME
        parameters = {
            **self._place(channels, now, replaced.id if replaced else None),
            "id": activity_id,
            "stream_id": stream_id,
            "started_by": started_by,
            "version_id": new_id(),
            "full": vacancy.full if vacancy.oldest else [],
            "without": [] if vacancy.oldest else vacancy.full,
            "later": now + AFTER_THE_END,
            "channel_slugs": None if channels is None else [channel.slug for channel in channels],
            **parameters_of(state),
            "buttons": f"[{','.join(state.buttons)}]",
            "quiet_start": quiet or replaced is not None,
            "expires_at": expires_at,
            "due_at": expires_at if stream_id is None else expires_at - RENEWAL,
        }
        query = queries.START_FOR_ALL if channels is None else queries.START_FOR_CHANNELS
        if self._broadcast_above:
            query = queries.START_FOR_ALL_BY_BROADCAST if channels is None else queries.START_FOR_CHANNELS_BY_BROADCAST
            parameters |= {"broadcast_above": self._broadcast_above, "hold_start_until": now + HOLD_START}
        cursor = await self._connection.execute(query, parameters, binary=True)
        row = await cursor.fetchone()
        owed = DueDevices(0, 0)
        if row:
            due, total, next_at, is_simpler, by_broadcast = row
            owed = DueDevices(due, total, next_at, is_simpler, by_broadcast=by_broadcast)
        if owed.total and stream_id is not None:
            await self.write_stream(stream_id, activity_id=activity_id)
        if owed.total and replaced is not None:
            await self.end_locked(replaced, last_state(replaced, now), now, dismiss_at=now, successor=activity_id)
        if owed.total and vacancy.oldest is not None:
            await self.end_locked(vacancy.oldest, last_state(vacancy.oldest, now), now, dismiss_at=now)
        return owed

    async def end(
        self,
        activity: Activity,
        state: ActivityState,
        now: dt.datetime,
        dismiss_at: dt.datetime,
        *,
        successor: str | None = None,
    ) -> DueDevices | None:
        """Ends the activity. On devices that will show `successor`, it ends once that has appeared. Returns None if
        the activity was changed since."""
        parameters = next_of(activity, state, now) | {
            "dismiss_at": dismiss_at,
            "hold_until": now + HOLD_END,
            "look_again": now + LOOK_AGAIN,
            "successor": successor,
        }
        cursor = await self._connection.execute(queries.END_ACTIVITY, parameters, binary=True)
        ended = await cursor.fetchone()
        if ended is None:
            return None
        cursor = await self._connection.execute(queries.END_DEVICES, parameters, binary=True)
        row = await cursor.fetchone()
        by_broadcast = bool(ended[1])
        if by_broadcast:
            await self._connection.execute(END_BROADCASTS, parameters)
        due, total = row or (0, 0)
        return DueDevices(due, total, by_broadcast=by_broadcast)

    async def end_locked(
        self,
        activity: Activity,
        state: ActivityState,
        now: dt.datetime,
        dismiss_at: dt.datetime,
        *,
        successor: str | None = None,
    ) -> DueDevices:
        """Ends an activity that this transaction has locked."""
        owed = await self.end(activity, state, now, dismiss_at, successor=successor)
        if owed is None:
            raise RuntimeError(f"activity {activity.id} was changed in spite of its lock")
        return owed

    async def note_act(self, stream_id: uuid.UUID | None) -> None:
        """Writes the audit entry if this change is an act of administration."""
        await record(self._connection, self._account_id, stream_id)

    async def create_stream(self, stream_id: uuid.UUID, stream_key: str, now: dt.datetime) -> None:
        """Records a stream without an activity."""
        parameters = {"id": stream_id, "account_id": self._account_id, "stream_key": stream_key, "now": now}
        await self._connection.execute(queries.CREATE_STREAM, parameters)

    async def write_stream(
        self,
        stream_id: uuid.UUID,
        *,
        activity_id: str | None,
        paused_at: dt.datetime | None = None,
        held: str | None = None,
    ) -> None:
        """Records which activity shows the stream, or that it is paused and what it holds."""
        await self._connection.execute(
            queries.WRITE_STREAM,
            {"id": stream_id, "activity_id": activity_id, "paused_at": paused_at, "held": held},
        )

    async def delete_stream(self, stream_id: uuid.UUID) -> None:
        """Deletes the stream."""
        await self._connection.execute(queries.DELETE_STREAM, {"id": stream_id})

    def _place(
        self, channels: Sequence[ChannelRef] | None, now: dt.datetime, replaces: str | None = None
    ) -> dict[str, Any]:
        channel_ids = None if channels is None else [channel.id for channel in channels]
        return {"account_id": self._account_id, "channel_ids": channel_ids, "now": now, "replaces": replaces}
