"""Whether there is room for one more Live Activity: in its account, and on each phone that it is for.

iOS starts no more than about five activities of an app, and says nothing of those that it does not start. So the server
counts for each phone, and refuses or makes room before it promises what no phone would show.
"""

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.identity.principal import Sender
from core_service.live_activities.errors import DeviceLimitReached, LimitReached
from core_service.live_activities.state import vacancy_queries as queries
from core_service.live_activities.state.activity import Activity


class Overflow(StrEnum):
    """What a start does for which a phone has no room."""

    REFUSE = "refuse"
    END_OLDEST = "end_oldest"


@dataclass(frozen=True, slots=True)
class ActivityLimits:
    """How many activities may be active at one time."""

    per_account: int
    """For accounts without a limit of their own."""
    per_device: int
    overflow: Overflow


@dataclass(frozen=True, slots=True)
class Vacancy:
    """Vacancy for one more, and what that takes."""

    full: list[uuid.UUID] = field(default_factory=list)
    """Targeted devices that have none: `oldest` makes some on all of them, or the activity is not shown there."""
    oldest: Activity | None = None
    """The activity that has to end, locked."""


EVERYWHERE = Vacancy()
"""Nothing is in the way."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """The row of `COUNT_ON_ALL` and `COUNT_ON_CHANNELS`."""

    active: int
    targeted: int = 0
    most: int = 0
    full: list[uuid.UUID] = field(default_factory=list)


async def find_vacancy(
    connection: AsyncConnection[TupleRow],
    place: dict[str, Any],
    limits: ActivityLimits,
    own_limit: int | None,
    caller: Sender,
) -> Vacancy:
    """Finds room for another activity. `place` is where it is to be shown and when, as the queries take it;
    `own_limit` that of the account. Ends what `caller` may end.

    Raises LimitReached, DeviceLimitReached.
    """
    of_account = own_limit or limits.per_account
    counted = await _count_within(connection, place, limits, of_account)
    if not counted.full:
        _require(of_account, counted.active)
        return EVERYWHERE
    oldest = None
    if limits.overflow is Overflow.END_OLDEST and counted.most == limits.per_device:
        scope = None if caller.channels is None else [channel.id for channel in caller.channels]
        parameters = place | {"full": counted.full, "scope": scope}
        cursor = await connection.execute(queries.FIND_OLDEST, parameters, binary=True)
        found = await cursor.fetchone()
        oldest = None if found is None else Activity(*found)
    _require(of_account, counted.active - (oldest is not None))
    if oldest is None:
        raise _refusal(limits, counted)
    return Vacancy(counted.full, oldest)


async def find_vacancy_for_next(
    connection: AsyncConnection[TupleRow],
    place: dict[str, Any],
    limits: ActivityLimits,
    own_limit: int | None,
    *,
    keeps_channels: bool,
) -> Vacancy:
    """Finds room for an activity that replaces another one, and has its place. For the same channels, those of
    their phones are left out that did not show the other one and have no room.

    Raises LimitReached, DeviceLimitReached.
    """
    of_account = own_limit or limits.per_account
    counted = await _count_within(connection, place, limits, of_account)
    _require(of_account, counted.active)
    if counted.full and not (keeps_channels and len(counted.full) < counted.targeted):
        raise _refusal(limits, counted)
    return Vacancy(counted.full)


async def find_vacancy_to_renew(
    connection: AsyncConnection[TupleRow], place: dict[str, Any], limits: ActivityLimits
) -> Vacancy:
    """Finds room for the successor of an activity that iOS is about to end: those of its phones are left out that
    did not show it and have no room. It is never refused."""
    return Vacancy((await _count(connection, place, limits)).full)


async def _count_within(
    connection: AsyncConnection[TupleRow], place: dict[str, Any], limits: ActivityLimits, of_account: int
) -> _Counted:
    """Counts what may decide. No phone shows more than its account has."""
    if of_account > limits.per_device:
        return await _count(connection, place, limits)
    cursor = await connection.execute(queries.COUNT_ACTIVE, place, binary=True)
    row = await cursor.fetchone()
    return _Counted(row[0] if row else 0)


async def _count(connection: AsyncConnection[TupleRow], place: dict[str, Any], limits: ActivityLimits) -> _Counted:
    query = queries.COUNT_ON_ALL if place["channel_ids"] is None else queries.COUNT_ON_CHANNELS
    cursor = await connection.execute(query, place | {"limit": limits.per_device}, binary=True)
    row = await cursor.fetchone()
    return _Counted(*row) if row else _Counted(0)


def _require(limit: int, active: int) -> None:
    if active >= limit:
        raise LimitReached(limit, active)


def _refusal(limits: ActivityLimits, counted: _Counted) -> DeviceLimitReached:
    return DeviceLimitReached(
        limits.per_device,
        counted.most,
        blocked=len(counted.full),
        targeted=counted.targeted,
        ends_oldest=limits.overflow is Overflow.END_OLDEST,
    )
