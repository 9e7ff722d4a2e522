"""What calls that change Live Activities share: the parts they work with, and the wait for the first outcomes."""

import datetime as dt
import time
import uuid
from dataclasses import dataclass

from core_service.channels.audience import Audience
from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.live_activities.broadcasts.loop import Broadcasts
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ActivityStore
from core_service.live_activities.state.turn import DueDevices
from core_service.live_activities.state.vacancy import ActivityLimits
from core_service.sending.origins import Origins
from core_service.work_queue.group import Crowd
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWait, OutcomeWaits

MANY_UPDATES = 12
OFTEN = dt.timedelta(minutes=2)
TOO_OFTEN = (
    "This Live Activity gets more than one update every 2 minutes. iPhones may show updates late or skip some; "
    "the last one is always delivered."
)
SIMPLER = (
    "Some phones have an app that is older than this content. They show it in a simpler form: texts in the subtitle, "
    "and one button."
)
OUTCOMES = (EventType.LIVE_ACTIVITY_DELIVERED, EventType.LIVE_ACTIVITY_FAILED)


def warnings(owed: DueDevices, updated: Activity | None, now: dt.datetime) -> str | None:
    """What the backend of an activity should know of a change that owes this: whether phones get it in a simpler form,
    and whether `updated`, the activity before an update, gets too many. None for nothing."""
    told = []
    if updated is not None:
        updates = updated.updates + 1
        if updates > MANY_UPDATES and now - updated.created_at < OFTEN * updates:
            told.append(TOO_OFTEN)
    if owed.is_simpler:
        told.append(SIMPLER)
    return " ".join(told) or None


@dataclass(frozen=True, slots=True)
class ActivityParts:
    """The parts. One object serves all use cases."""

    store: ActivityStore
    audience: Audience
    builder: PayloadBuilder
    reconciler: Reconciler
    broadcasts: Broadcasts
    waits: OutcomeWaits
    origins: Origins
    events: EventBus
    clock: Clock
    limits: ActivityLimits
    crowd: Crowd
    wait_seconds: float
    """How long a request waits for outcomes."""

    def deadline(self) -> float:
        """Returns the monotonic time until which a request that begins now waits for outcomes."""
        return time.monotonic() + self.wait_seconds

    async def outcomes(self, wait: OutcomeWait, owed: DueDevices, deadline: float) -> OutcomeCounts:
        """Wakes the reconciler for what the running request has recorded and does not send itself. Returns the outcomes
        of `owed` by the deadline."""
        self.origins.note(wait.subject)
        if owed.by_broadcast:
            self.broadcasts.wake()
        if owed.leased < owed.due or not owed.leased:
            self.reconciler.wake()
        if owed.next_at is not None:
            self.reconciler.wake_at(owed.next_at)
        return await wait.outcome(
            owed.due, owed.total, deadline, lambda: self.store.count(wait.subject, wait.version)
        )  # fmt: skip

    def publish(
        self, account_id: uuid.UUID, kind: EventType, now: dt.datetime, activity_id: str, stream_key: str = ""
    ) -> None:
        """Publishes what has become of an activity or a stream."""
        self.events.publish(account_id, Event(kind, now, activity_id=activity_id, stream_key=stream_key))

    def hear(self, event: Event) -> None:
        """Another core has published this event: perhaps an outcome that a request waits for."""
        if event.type in OUTCOMES and event.device_id is not None:
            self.waits.tell_elsewhere(event.activity_id, event.device_id)
