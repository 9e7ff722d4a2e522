"""Takes cards off phones that may no longer show them: they were unpaired, or they are other devices now."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from core_service.live_activities.reconcile.withdrawal_queries import LOCK_SHOWN, WITHDRAW


async def withdraw_cards(session: AsyncSession, device_ids: Sequence[uuid.UUID]) -> None:
    """Ends what the devices show, once the session commits: no state is sent to them any more, and each card that can
    be reached is owed an end, though its device be gone by then.

    The devices must be there still, and be locked by the session in a way that lets others refer to them (FOR NO KEY
    UPDATE): who changes an activity waits for devices while it holds the activity.
    """
    if device_ids:
        connection = await session.connection()
        for step in (LOCK_SHOWN, WITHDRAW):
            await connection.exec_driver_sql(step, {"device_ids": list(device_ids)})
