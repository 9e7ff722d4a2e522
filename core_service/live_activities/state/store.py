"""Reads activities, and changes them in transactions that lock in one order (see queries.py)."""

import datetime as dt
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from core_service.common.arrays import texts, uuids
from core_service.live_activities.state import queries
from core_service.live_activities.state.activity import Activity, ActivityState, Stream
from core_service.live_activities.state.direct import DirectSender, LeasedDevice
from core_service.live_activities.state.parameters import Change, annotations, as_read, updates_of
from core_service.live_activities.state.turn import DueDevices, Turn
from core_service.live_activities.state.update_queries import UPDATE_ACTIVITIES, UPDATE_WITH_BROADCASTS
from core_service.work_queue.group import Crowd, Group
from core_service.work_queue.keyed import KeyedLimiter, KeyedLock
from core_service.work_queue.outcome_wait import OutcomeCounts
from service_kit.database import Pool
from service_kit.tracing import NO_ORIGIN, Origin

STREAM_COLUMNS = 6
DUE_COLUMNS = 5
"""The first columns of what records updates: the place, and `DueDevices`."""
ATTEMPTS = 20
"""How often a change is tried again because another one was faster."""
MAX_READ, MAX_UPDATED = 200, 64
"""Streams and activities in one statement."""
MAX_DEVICES_TOGETHER = 100
"""An activity that more devices show is updated by a statement of its own, and is no delay for the others."""
MAX_KNOWN_WIDE = 1000


class ActivityStore:
    """Reads and changes activities. Every method is one transaction; reads of streams and updates that come at the
    same time share one."""

    def __init__(
        self,
        pool: Pool,
        account_limit: KeyedLimiter[uuid.UUID],
        crowd: Crowd,
        direct: DirectSender,
        broadcast_above: int = 0,
    ) -> None:
        """`broadcast_above`: see Turn."""
        self._broadcast_above = broadcast_above
        self._pool = pool
        self._direct = direct
        self._account_limit = account_limit
        self._streams: Group[tuple[uuid.UUID, str], Stream | None] = Group(
            "requests",
            self._read_stream,
            self._read_streams,
            most=MAX_READ,
            crowd=crowd,
        )
        self._updates: Group[Change, DueDevices | None] = Group(
            "requests",
            self._update,
            self._update_together,
            most=MAX_UPDATED,
            crowd=crowd,
        )
        self._wide: OrderedDict[str, None] = OrderedDict()
        """Activities that many devices show."""
        self._locks: KeyedLock[uuid.UUID] = KeyedLock()

    async def read(self, activity_id: str) -> Activity | None:
        """Reads the activity with this id, of any account."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.READ_ACTIVITY, {"id": activity_id}, binary=True)
            row = await cursor.fetchone()
        return None if row is None else Activity(*row)

    async def read_stream(self, account_id: uuid.UUID, stream_key: str) -> Stream | None:
        """The account's stream of this key, with the newest activity that shows it."""
        return await self._streams.ask(account_id, (account_id, stream_key))

    async def _read_stream(self, key: tuple[uuid.UUID, str]) -> Stream | None:
        [stream] = await self._read_streams([key])
        return stream

    async def _read_streams(self, keys: Sequence[tuple[uuid.UUID, str]]) -> list[Stream | None]:
        parameters = {
            "account_ids": uuids(account_id for account_id, _ in keys),
            "stream_keys": texts(stream_key for _, stream_key in keys),
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.READ_STREAMS, parameters, binary=True)
            streams = [stream_of(row) for row in await cursor.fetchall()]
        found = {(stream.account_id, stream.stream_key): stream for stream in streams}
        return [found.get(key) for key in keys]

    async def update(
        self,
        activity: Activity,
        state: ActivityState,
        now: dt.datetime,
        *,
        versions: int = 1,
        origin: Origin = NO_ORIGIN,
    ) -> DueDevices | None:
        """Makes `state` the newest of the activity, `versions` versions on, for the request `origin`, and begins to
        send it to the first devices. Returns what is owed.

        Returns None and changes nothing if the activity is no longer as it was read.
        """
        change = Change(activity, state, now, versions, origin)
        if activity.id in self._wide:
            async with self._account_limit.place(activity.account_id):
                return await self._update(change)
        owed = await self._updates.ask(activity.account_id, change)
        if owed is not None and owed.total > MAX_DEVICES_TOGETHER:
            self._wide[activity.id] = None
            if len(self._wide) > MAX_KNOWN_WIDE:
                self._wide.popitem(last=False)
        return owed

    async def _update(self, change: Change) -> DueDevices | None:
        [owed] = await self._update_together([change])
        return owed

    async def _update_together(self, changes: Sequence[Change]) -> list[DueDevices | None]:
        owed: list[DueDevices | None] = [None] * len(changes)
        leased: list[tuple[Change, list[LeasedDevice]]] = []
        are_broadcast = any(change.activity.by_broadcast for change in changes)
        statement = UPDATE_WITH_BROADCASTS if are_broadcast else UPDATE_ACTIVITIES
        async with self._pool.connection() as connection:
            # Made only now, because many requests may have waited for the connection.
            offer = self._direct.offer(changes)
            parameters = updates_of(changes) | offer.parameters
            async with connection.transaction() if self._direct.has_budgets(changes) else nullcontext():
                cursor = await connection.execute(statement, parameters, binary=True)
                for place, rows in groupby(await cursor.fetchall(), key=itemgetter(0)):
                    of_one = list(rows)
                    devices = [LeasedDevice(*row[DUE_COLUMNS:]) for row in of_one if row[DUE_COLUMNS] is not None]
                    _, due, total, next_at, is_simpler, *_ = of_one[0]
                    by_broadcast = changes[place - 1].activity.by_broadcast
                    owed[place - 1] = DueDevices(due, total, next_at, is_simpler, len(devices), by_broadcast)
                    if devices:
                        leased.append((changes[place - 1], devices))
                send = await self._direct.prepare(connection, offer, leased) if leased else None
            if send is not None:
                # Before anything else is waited for: a caller that leaves now has recorded its update.
                send()
        return owed

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
            yield Turn(connection, account_id, row[0] if row else None, self._broadcast_above)


def stream_of(row: tuple[Any, ...]) -> Stream:
    """The stream of a row of `queries.READ_STREAMS`."""
    stream, activity = Stream(*row[:STREAM_COLUMNS]), row[STREAM_COLUMNS:]
    return stream if activity[0] is None else replace(stream, activity=Activity(*activity))
