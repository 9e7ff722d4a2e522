"""The budgets of phones for pushes of high priority, in the transaction that leases the pushes."""

import datetime as dt
import uuid
from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.live_activities.reconcile import reconciler_queries as queries
from core_service.live_activities.reconcile.planning import Planned, spend


async def prioritize(
    connection: AsyncConnection[TupleRow], planned: Sequence[Planned], now: dt.datetime
) -> Sequence[Planned]:
    """Gives each push its priority, and writes what that takes from the budgets."""
    device_ids = sorted({one.claim.device_id for one in planned if one.has_budget})
    if not device_ids:
        return planned
    cursor = await connection.execute(queries.READ_BUDGETS, {"device_ids": device_ids}, binary=True)
    budgets: dict[uuid.UUID, list[int]] = {row[0]: row[1] for row in await cursor.fetchall()}
    prioritized = [spend(one, budgets, int(now.timestamp())) for one in planned]
    texts = ["{" + ",".join(map(str, budgets.get(device_id, ()))) + "}" for device_id in device_ids]
    await connection.execute(queries.WRITE_BUDGETS, {"device_ids": device_ids, "sent_at": texts})
    return prioritized
