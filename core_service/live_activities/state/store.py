"""Reads activities, and changes them in transactions that lock in one order (see queries.py)."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.audit.act import record
from core_service.common.orm import new_id
from core_service.identity.principal import ChannelRef
from core_service.live_activities.errors import LimitReached
from core_service.live_activities.state import queries
from core_service.live_activities.state.activity import LIFETIME, Activity, ActivityState, Stream, last_state
from core_service.live_activities.state.older_apps import NEWEST
from core_service.work_queue.keyed import KeyedLimiter, KeyedLock
from core_service.work_queue.outcome_wait import OutcomeCounts
from service_kit.database import Pool

STREAM_COLUMNS = 6
ATTEMPTS = 20
"""How often a change is tried again because another one was faster."""
DEVICES = "Live Activity devices"
"""How a refusal names the devices that are missing."""
HOLD_END = dt.timedelta(seconds=60)
"""How long the end of an activity waits at most for the start of its replacement."""

LOOK_AGAIN = dt.timedelta(seconds=1)
"""How often a held end is looked at. Usually it is released as soon as the replacement has started."""

RENEWAL = dt.timedelta(minutes=15)
"""How long before its 8 hours are over a stream's activity is replaced by itself."""


@dataclass(frozen=True, slots=True)
class DueDevices:
    """What a change has made due."""

    due: int
    """Devices to which something can be sent at once."""
    total: int
    """All devices that are owed the change."""
    next_at: dt.datetime | None = None
    """When the first device is due among those that must wait for their next second."""


class ActivityStore:
    """Reads and changes activities. Every method is one transaction."""

    def __init__(self, pool: Pool, account_limit: KeyedLimiter[uuid.UUID]) -> None:
        self._pool = pool
        self._account_limit = account_limit
        self._locks: KeyedLock[uuid.UUID] = KeyedLock()

    async def read(self, activity_id: str) -> Activity | None:
        """Reads the activity with this id, of any account."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.READ_ACTIVITY, {"id": activity_id}, binary=True)
            row = await cursor.fetchone()
        return None if row is None else Activity(*row)

    async def read_stream(self, account_id: uuid.UUID, stream_key: str) -> Stream | None:
        """The account's stream of this key, with the newest activity that shows it."""
        parameters = {"account_id": account_id, "stream_key": stream_key}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.READ_STREAM, parameters, binary=True)
            row = await cursor.fetchone()
        if row is None:
            return None
        activity = None if row[STREAM_COLUMNS] is None else Activity(*row[STREAM_COLUMNS:])
        return _stream(row[:STREAM_COLUMNS], activity)

    async def update(
        self, activity: Activity, state: ActivityState, now: dt.datetime, *, versions: int = 1
    ) -> DueDevices | None:
        """Makes `state` the newest of the activity, `versions` versions on. Returns what is owed.

        Returns None and changes nothing if the activity is no longer as it was read.
        """
        parameters = _state_parameters(activity, state, now) | {"versions": versions, "urgent": state.urgent}
        async with self._account_limit.place(activity.account_id), self._pool.connection() as connection:
            cursor = await connection.execute(queries.UPDATE_ACTIVITY, parameters, binary=True)
            row = await cursor.fetchone()
        return None if row is None else DueDevices(*row)

    async def end(self, activity: Activity, state: ActivityState, now: dt.datetime) -> DueDevices | None:
        """Ends the activity with `state`; otherwise like `update`."""
        async with self.turn(activity.account_id) as turn:
            return await turn.end(activity, state, now, state.dismiss_at(now))

    async def hear(self, activity_id: str, now: dt.datetime) -> None:
        """Notes that the activity's backend still sends."""
        async with self._pool.connection() as connection:
            await connection.execute(queries.HEAR, {"id": activity_id, "now": now})

    async def annotate(self, activity: Activity, state: ActivityState, now: dt.datetime) -> bool:
        """Stores the tags and the metadata of a state that changes nothing else.

        Returns False and changes nothing if the activity is no longer as it was read.
        """
        parameters = _as_read(activity) | _annotations(state) | {"now": now}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.ANNOTATE, parameters)
            return await cursor.fetchone() is not None

    async def has_older_apps(self, activity_id: str) -> bool:
        """Whether the activity is for a phone whose app does not decode every content state."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.HAS_OLDER_APPS, {"id": activity_id, "newest": NEWEST})
            row = await cursor.fetchone()
        return bool(row and row[0])

    async def count(self, activity_id: str, version: int) -> OutcomeCounts:
        """Counts in the database what has become of a version."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.COUNT, {"id": activity_id, "version": version}, binary=True)
            row = await cursor.fetchone()
        return OutcomeCounts(*row) if row else OutcomeCounts(0, 0, 0)

    @asynccontextmanager
    async def turn(self, account_id: uuid.UUID) -> AsyncIterator["Turn"]:
        """Opens a transaction with the account's lock: no other one starts activities or changes streams of the
        account."""
        # Callers in this process wait here, so that they do not hold a connection each.
        async with (
            self._locks.holding(account_id),
            self._pool.connection() as connection,
            connection.transaction(),
        ):
            cursor = await connection.execute(queries.LOCK_ACCOUNT, {"account_id": account_id})
            row = await cursor.fetchone()
            yield Turn(connection, account_id, row[0] if row else None)


class Turn:
    """What a transaction with the account's lock may do. It takes effect when the transaction commits. `limit` is the
    account's own limit of activities at one time; None for the server's default."""

    def __init__(self, connection: AsyncConnection[TupleRow], account_id: uuid.UUID, limit: int | None) -> None:
        self._connection = connection
        self._account_id = account_id
        self._limit = limit

    async def stream(self, stream_key: str) -> Stream | None:
        """Reads and locks the stream with its activity."""
        parameters = {"account_id": self._account_id, "stream_key": stream_key}
        cursor = await self._connection.execute(queries.LOCK_STREAM, parameters, binary=True)
        row = await cursor.fetchone()
        if row is None:
            return None
        stream = _stream(row, None)
        cursor = await self._connection.execute(queries.LOCK_ACTIVITY, {"id": stream.activity_id}, binary=True)
        found = await cursor.fetchone()
        return stream if found is None else replace(stream, activity=Activity(*found))

    async def is_watched(self, activity_id: str) -> bool:
        """Whether the activity is on a phone, or will be."""
        cursor = await self._connection.execute(queries.IS_WATCHED, {"id": activity_id})
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def require_vacancy(self, default_limit: int, now: dt.datetime, *, replaces: str | None = None) -> None:
        """Raises LimitReached if the account has as many activities as it may, without the one to be replaced."""
        parameters = {"account_id": self._account_id, "now": now, "replaces": replaces}
        cursor = await self._connection.execute(queries.COUNT_ACTIVE, parameters, binary=True)
        row = await cursor.fetchone()
        active, limit = int(row[0]) if row else 0, self._limit or default_limit
        if active >= limit:
            raise LimitReached(limit, active)

    async def start(
        self,
        activity_id: str,
        state: ActivityState,
        channels: Sequence[ChannelRef] | None,
        now: dt.datetime,
        *,
        stream_id: uuid.UUID | None = None,
        replaced: Activity | None = None,
        quiet: bool = False,
        started_by: uuid.UUID | None = None,
    ) -> DueDevices:
        """Records a new activity; nothing if no device can show it (`total` is 0). A stream shows it from now on. The
        activity that it replaces there ends on each phone when this one has appeared."""
        expires_at = now + LIFETIME
        parameters = {
            "id": activity_id,
            "account_id": self._account_id,
            "stream_id": stream_id,
            "started_by": started_by,
            "version_id": new_id(),
            "replaces": replaced.id if replaced else None,
            "channel_ids": None if channels is None else [channel.id for channel in channels],
            "channel_slugs": None if channels is None else [channel.slug for channel in channels],
            **_parameters(state),
            "buttons": _json_list(state.buttons),
            "quiet_start": quiet or replaced is not None,
            "now": now,
            "expires_at": expires_at,
            "due_at": expires_at if stream_id is None else expires_at - RENEWAL,
        }
        query = queries.START_FOR_ALL if channels is None else queries.START_FOR_CHANNELS
        cursor = await self._connection.execute(query, parameters, binary=True)
        row = await cursor.fetchone()
        owed = DueDevices(*row) if row else DueDevices(0, 0)
        if owed.total and stream_id is not None:
            await self.write_stream(stream_id, activity_id=activity_id)
        if owed.total and replaced is not None:
            await self.end_locked(replaced, last_state(replaced, now), now, dismiss_at=now, successor=activity_id)
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
        parameters = _state_parameters(activity, state, now) | {
            "dismiss_at": dismiss_at,
            "hold_until": now + HOLD_END,
            "look_again": now + LOOK_AGAIN,
            "successor": successor,
        }
        cursor = await self._connection.execute(queries.END_ACTIVITY, parameters, binary=True)
        if await cursor.fetchone() is None:
            return None
        cursor = await self._connection.execute(queries.END_DEVICES, parameters, binary=True)
        row = await cursor.fetchone()
        return DueDevices(*row) if row else DueDevices(0, 0)

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


def _state_parameters(activity: Activity, state: ActivityState, now: dt.datetime) -> dict[str, Any]:
    return {
        **_as_read(activity),
        "version_id": new_id(),
        **_parameters(state),
        "buttons": _json_list(state.new_buttons),
        "now": now,
    }


def _as_read(activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.id,
        "read_version": activity.version,
        "read_tags": activity.tags,
        "read_metadata": activity.metadata,
    }


def _annotations(state: ActivityState) -> dict[str, Any]:
    return {"tags": list(state.tags) or None, "metadata": state.metadata}


def _parameters(state: ActivityState) -> dict[str, Any]:
    return {
        "content_state": state.content_state,
        "action": state.action,
        "secondary_action": state.secondary_action,
        **_annotations(state),
        "alert": state.alert,
        "dismiss_after_seconds": state.dismiss_after_seconds,
    }


def _json_list(texts: Sequence[str]) -> str:
    return f"[{','.join(texts)}]"


def _stream(row: Sequence[Any], activity: Activity | None) -> Stream:
    id_, account_id, stream_key, activity_id, paused_at, held = row
    return Stream(id_, account_id, stream_key, activity_id, paused_at, held, activity)
