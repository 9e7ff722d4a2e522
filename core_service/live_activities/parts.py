"""What calls that change Live Activities share: the parts they work with, and the wait for the first outcomes."""

import datetime as dt
import time
import uuid
from dataclasses import dataclass

from core_service.channels.audience import Audience
from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.state.activity import ActivityState
from core_service.live_activities.state.older_apps import is_simpler
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ActivityStore, DueDevices
from core_service.sending.origins import Origins
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWait, OutcomeWaits

SIMPLER = (
    "Some phones have an app that is older than this content. They show it in a simpler form: texts in the subtitle, "
    "and one button."
)
OUTCOMES = (EventType.LIVE_ACTIVITY_DELIVERED, EventType.LIVE_ACTIVITY_FAILED)


@dataclass(frozen=True, slots=True)
class ActivityParts:
    """The parts. One object serves all use cases."""

    store: ActivityStore
    audience: Audience
    builder: PayloadBuilder
    reconciler: Reconciler
    waits: OutcomeWaits
    origins: Origins
    events: EventBus
    clock: Clock
    default_limit: int
    """Activities at one time, for accounts without a limit of their own."""
    wait_seconds: float
    """How long a request waits for outcomes."""

    def deadline(self) -> float:
        """Returns the monotonic time until which a request that begins now waits for outcomes."""
        return time.monotonic() + self.wait_seconds

    async def warnings(self, activity_id: str, state: ActivityState, of_its_own: str | None = None) -> str | None:
        """Returns what the backend of an activity that was changed to this state should know: `of_its_own`, and whether
        phones get it in a simpler form. None for nothing."""
        told = [of_its_own] if of_its_own else []
        if is_simpler(state.fields, has_second_button=state.secondary_action is not None) and (
            await self.store.has_older_apps(activity_id)
        ):
            told.append(SIMPLER)
        return " ".join(told) or None

    async def outcomes(self, wait: OutcomeWait, owed: DueDevices, deadline: float) -> OutcomeCounts:
        """Wakes the reconciler for what the running request has recorded. Returns the outcomes of `owed` by the
        deadline."""
        self.origins.note(wait.subject)
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
