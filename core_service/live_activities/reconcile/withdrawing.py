"""Takes cards off phones that may no longer show them: they were unpaired, or they are other devices now."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from core_service.live_activities.reconcile.withdrawal_queries import LOCK_SHOWN, WITHDRAW


async def withdraw_cards(session: AsyncSession, device_ids: Sequence[uuid.UUID]) -> None:
    """Ends what the devices show, when the session commits. No state is sent to them any more, and each card that can
    be reached is owed an end, even if its device is gone by then.

    The devices must still exist, and the session must have locked them FOR NO KEY UPDATE, which lets others refer to
    them: a transaction that changes an activity waits for devices while it holds the activity's lock.
    """
    if device_ids:
        connection = await session.connection()
        for step in (LOCK_SHOWN, WITHDRAW):
            await connection.exec_driver_sql(step, {"device_ids": list(device_ids)})
