"""Says that phones have no right any more to what they show: they were unpaired, or are other devices now."""

import uuid
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core_service.live_activities.reconcile.withdrawal_queries import LOCK_SHOWN, WITHDRAW

_STEPS = [text(query.replace("%(device_ids)s", "CAST(:device_ids AS uuid[])")) for query in (LOCK_SHOWN, WITHDRAW)]


async def withdraw_cards(session: AsyncSession, device_ids: Sequence[uuid.UUID]) -> None:
    """Ends what the devices show, once the session commits: no state is sent to them any more, and each card that can
    be reached is owed an end, though its device be gone by then.

    The devices must be there still, and be locked by the session in a way that lets others refer to them (FOR NO KEY
    UPDATE): who changes an activity waits for devices while it holds the activity.
    """
    if device_ids:
        for step in _STEPS:
            await session.execute(step, {"device_ids": list(device_ids)})
