"""Builds the parts of Live Activities."""

import uuid
from dataclasses import dataclass

from core_service.channels.audience import Audience
from core_service.common.clock import Clock
from core_service.events.service import EventBus
from core_service.live_activities.broadcasts.loop import Broadcasts
from core_service.live_activities.broadcasts.port import ChannelRequests
from core_service.live_activities.parts import ActivityParts
from core_service.live_activities.reconcile.direct import DirectUpdates
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.reconcile.settlement import ActivitySettler
from core_service.live_activities.reconcile.withdrawals import Withdrawal, WithdrawalCalls
from core_service.live_activities.service import LiveActivities
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ActivityStore
from core_service.live_activities.state.vacancy import ActivityLimits, Overflow
from core_service.live_activities.streams.control import StreamControl
from core_service.live_activities.streams.expiry import Expiry
from core_service.live_activities.streams.puts import StreamPuts
from core_service.sending.origins import Origins
from core_service.sending.port import PushSender
from core_service.settings import CoreSettings
from core_service.work_queue.gathering import Gathering
from core_service.work_queue.group import Crowd
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outbox import Outbox
from core_service.work_queue.outcome_wait import OutcomeWaits
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class LiveActivityArea:
    """The parts that others use, and the jobs that must run."""

    activities: LiveActivities
    puts: StreamPuts
    control: StreamControl
    reconciler: Reconciler
    broadcasts: Broadcasts
    settler: ActivitySettler
    expiry: Expiry
    withdrawals: Outbox[Withdrawal]

    @property
    def outgoing(self) -> "tuple[Reconciler, Broadcasts, Outbox[Withdrawal]]":
        """What sends, and has to be drained."""
        return self.reconciler, self.broadcasts, self.withdrawals


def build_live_activities(
    settings: CoreSettings,
    *,
    requests: Pool,
    account_limit: KeyedLimiter[uuid.UUID],
    crowd: Crowd,
    gathering: Gathering,
    batches: Pool,
    sender: PushSender,
    channels: ChannelRequests,
    events: EventBus,
    clock: Clock,
) -> LiveActivityArea:
    """Builds the parts. `requests` are the connections for callers, with a limit for each account; `batches` those
    for work that many callers share."""
    waits, origins, builder = OutcomeWaits(), Origins(), PayloadBuilder(settings.live_activity_attributes_type)
    settler = ActivitySettler(batches, waits, events, clock, gathering=gathering)
    reconciler = Reconciler(batches, sender, settler, builder, clock, origin_of=origins.of, gathering=gathering)
    broadcasts = Broadcasts(
        batches, sender, channels, builder, clock, origin_of=origins.of, on_starts_due=reconciler.wake
    )
    above = settings.broadcast_above_devices
    parts = ActivityParts(
        store=ActivityStore(requests, account_limit, crowd, DirectUpdates(reconciler, clock), above),
        audience=Audience(requests),
        builder=builder,
        reconciler=reconciler,
        broadcasts=broadcasts,
        waits=waits,
        origins=origins,
        events=events,
        clock=clock,
        limits=ActivityLimits(
            settings.max_live_activities,
            settings.max_live_activities_per_device,
            Overflow(settings.live_activity_overflow),
        ),
        crowd=crowd,
        wait_seconds=settings.delivery_wait,
    )
    events.listen(parts.hear)
    control = StreamControl(parts)
    return LiveActivityArea(
        activities=LiveActivities(parts),
        puts=StreamPuts(parts),
        control=control,
        reconciler=reconciler,
        broadcasts=broadcasts,
        settler=settler,
        expiry=Expiry(batches, control, events, clock),
        withdrawals=Outbox(WithdrawalCalls(sender), batches),
    )
