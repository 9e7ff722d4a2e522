"""The rows that a settlement locks, and writes back."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile import reconciler_queries as queries
from core_service.live_activities.reconcile.lifecycle import Held, Wanted, wanted_of
from core_service.live_activities.state.pace import surface_of

Pair = tuple[str, uuid.UUID]
"""The key of a device's row: the activity and the device."""


class _LockedActivity(NamedTuple):
    """A row of `LOCK_ACTIVITIES`."""

    id: str
    account_id: uuid.UUID
    replaces: str | None
    version: int
    urgent_version: int
    alert_version: int
    alert_at: dt.datetime | None
    quiet_start: bool
    expires_at: dt.datetime
    ended_at: dt.datetime | None
    dismiss_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SettledActivity:
    """What a settlement needs to know of an activity."""

    account_id: uuid.UUID
    wanted: Wanted
    replaces: str | None


async def lock_activities(
    connection: AsyncConnection[TupleRow], pairs: Sequence[Pair], now: dt.datetime
) -> dict[str, SettledActivity]:
    """Locks the activities of these rows, and reads what decides."""
    ids = list({activity_id for activity_id, _ in pairs})
    cursor = await connection.execute(queries.LOCK_ACTIVITIES, {"activity_ids": ids}, binary=True)
    rows = map(_LockedActivity._make, await cursor.fetchall())
    return {row.id: SettledActivity(row.account_id, wanted_of(row, now), row.replaces) for row in rows}


async def lock_devices(connection: AsyncConnection[TupleRow], pairs: Sequence[Pair]) -> dict[Pair, Held]:
    """Locks these rows, as far as they exist, and reads them."""
    parameters = {"activity_ids": [pair[0] for pair in pairs], "device_ids": [pair[1] for pair in pairs]}
    cursor = await connection.execute(queries.LOCK_DEVICES, parameters, binary=True)
    held = {}
    for activity_id, device_id, phase, *columns, environment, subscription in await cursor.fetchall():
        row = Held(Phase(phase), *columns)
        held[activity_id, device_id] = replace(row, surface=surface_of(environment), subscription=subscription)
    return held


async def write_devices(connection: AsyncConnection[TupleRow], held: dict[Pair, Held]) -> None:
    """Writes the rows."""
    values = list(held.values())
    parameters: dict[str, Any] = {
        "activity_ids": [pair[0] for pair in held],
        "device_ids": [pair[1] for pair in held],
        "phases": [one.phase.value for one in values],
        "update_tokens": [one.update_token for one in values],
        "maybe_shown": [one.maybe_shown for one in values],
        "accepted_versions": [one.accepted_version for one in values],
        "failures": [one.failures for one in values],
        "leased": [one.leased for one in values],
        "next_at": [one.next_at for one in values],
        "paced_until": [one.paced_until for one in values],
        "started_at": [one.started_at for one in values],
        "reasons": [one.reason for one in values],
    }
    await connection.execute(queries.WRITE_DEVICES, parameters)
