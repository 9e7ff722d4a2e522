"""Reads activities, and changes them in transactions that lock in one order (see queries.py)."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from core_service.live_activities.state import queries
from core_service.live_activities.state.activity import Activity, ActivityState, Stream
from core_service.live_activities.state.parameters import annotations, as_read, next_of
from core_service.live_activities.state.turn import DueDevices, Turn
from core_service.work_queue.keyed import KeyedLimiter, KeyedLock
from core_service.work_queue.outcome_wait import OutcomeCounts
from service_kit.database import Pool

STREAM_COLUMNS = 6
ATTEMPTS = 20
"""How often a change is tried again because another one was faster."""


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
        stream, activity = Stream(*row[:STREAM_COLUMNS]), row[STREAM_COLUMNS:]
        return stream if activity[0] is None else replace(stream, activity=Activity(*activity))

    async def update(
        self, activity: Activity, state: ActivityState, now: dt.datetime, *, versions: int = 1
    ) -> DueDevices | None:
        """Makes `state` the newest of the activity, `versions` versions on. Returns what is owed.

        Returns None and changes nothing if the activity is no longer as it was read.
        """
        parameters = next_of(activity, state, now) | {"versions": versions, "urgent": state.urgent}
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
        parameters = as_read(activity) | annotations(state) | {"now": now}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.ANNOTATE, parameters)
            return await cursor.fetchone() is not None

    async def count(self, activity_id: str, version: int) -> OutcomeCounts:
        """Counts in the database what has become of a version."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.COUNT, {"id": activity_id, "version": version}, binary=True)
            row = await cursor.fetchone()
        return OutcomeCounts(*row) if row else OutcomeCounts(0, 0, 0)

    @asynccontextmanager
    async def turn(self, account_id: uuid.UUID) -> AsyncIterator[Turn]:
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
