"""Lets a request wait a little for the outcomes of what it recorded."""

import time

from core_service.events.service import Event, EventType
from core_service.live_activities.reconcile.origins import Origins
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.state.store import ActivityStore, DueDevices
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWait, OutcomeWaits

OUTCOMES = (EventType.LIVE_ACTIVITY_DELIVERED, EventType.LIVE_ACTIVITY_FAILED)


def hear(waits: OutcomeWaits, event: Event) -> None:
    """Another core has published this event: perhaps an outcome that a request waits for."""
    if event.type in OUTCOMES and event.device_id is not None:
        waits.tell_elsewhere(event.activity_id, event.device_id)


class DeliveryWait:
    """Wakes the reconciler for a request, and answers with the outcomes so far."""

    def __init__(self, store: ActivityStore, reconciler: Reconciler, origins: Origins, *, delivery_wait: float) -> None:
        self._store = store
        self._origins = origins
        self._reconciler = reconciler
        self._delivery_wait = delivery_wait

    def deadline(self) -> float:
        """Returns the monotonic time until which a request that begins now waits for outcomes."""
        return time.monotonic() + self._delivery_wait

    async def outcomes(self, wait: OutcomeWait, activity_id: str, owed: DueDevices, deadline: float) -> OutcomeCounts:
        """Returns the outcomes of `owed` by the deadline."""
        self._origins.note(activity_id)
        self._reconciler.wake()
        if owed.next_at is not None:
            self._reconciler.wake_at(owed.next_at)
        return await wait.outcome(
            owed.due, owed.total, deadline, lambda: self._store.count(activity_id, wait.version)
        )  # fmt: skip

    def wake(self) -> None:
        """Wakes the reconciler for something that no request waits for."""
        self._reconciler.wake()
