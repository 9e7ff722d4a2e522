"""From what was recorded to what the caller is told: wakes the reconciler and waits a little for outcomes."""

import asyncio
import logging
import time

from core_service.live_activities.reconcile.origins import Origins
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.state.store import ActivityStore, Owed
from core_service.work_queue.waiters import Counts, Waiter
from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

COUNT_SECONDS = 0.25


class Promises:
    """Answers requests with what has come of their state by the time of the answer."""

    def __init__(self, store: ActivityStore, reconciler: Reconciler, origins: Origins, *, delivery_wait: float) -> None:
        self._store = store
        self._origins = origins
        self._reconciler = reconciler
        self._delivery_wait = delivery_wait

    def deadline(self) -> float:
        """The monotonic time until which a request that begins now waits for outcomes."""
        return time.monotonic() + self._delivery_wait

    async def kept(self, waiter: Waiter, activity_id: str, owed: Owed, deadline: float) -> Counts:
        """What has come of `owed`. What is recorded is promised: to lack its newest numbers is no failure."""
        self._origins.note(activity_id)
        self._reconciler.wake()
        if owed.next_at is not None:
            self._reconciler.wake_at(owed.next_at)
        while owed.due and not await waiter.wait(owed.due, deadline - time.monotonic()):
            # Another core may have delivered what is missing here.
            counts = await self._count(activity_id, waiter.version)
            if counts is None:
                break
            if counts.devices_queued <= owed.total - owed.due or time.monotonic() >= deadline:
                return counts
        return waiter.counts(owed.total)

    async def _count(self, activity_id: str, version: int) -> Counts | None:
        try:
            async with asyncio.timeout(COUNT_SECONDS):
                return await self._store.count(activity_id, version)
        except (TimeoutError, *DATABASE_AWAY) as error:
            log.info("answering without the newest counts: %s", str(error) or "they took too long")
            return None

    def wake(self) -> None:
        """Something was recorded that nobody waits for."""
        self._reconciler.wake()
