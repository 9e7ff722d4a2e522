"""Builds the parts of Live Activities."""

import uuid
from dataclasses import dataclass

from core_service.channels.audience import Audience
from core_service.common.clock import Clock
from core_service.events.service import EventBus
from core_service.live_activities.reconcile.delivery_wait import DeliveryWait, hear
from core_service.live_activities.reconcile.origins import Origins
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.reconcile.settlement import ActivitySettler
from core_service.live_activities.reconcile.withdrawals import Withdrawal, WithdrawalCalls
from core_service.live_activities.service import LiveActivities
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ActivityStore
from core_service.live_activities.streams.control import StreamControl
from core_service.live_activities.streams.expiry import Expiry
from core_service.live_activities.streams.streams import Streams
from core_service.sending.port import PushSender
from core_service.settings import CoreSettings
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outbox import Outbox
from core_service.work_queue.outcome_wait import OutcomeWaits
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class LiveActivityArea:
    """The parts that others use, and the jobs that must run."""

    activities: LiveActivities
    streams: Streams
    control: StreamControl
    reconciler: Reconciler
    settler: ActivitySettler
    expiry: Expiry
    withdrawals: Outbox[Withdrawal]


def build_live_activities(
    settings: CoreSettings,
    *,
    requests: Pool,
    account_limit: KeyedLimiter[uuid.UUID],
    batches: Pool,
    sender: PushSender,
    events: EventBus,
    clock: Clock,
) -> LiveActivityArea:
    """Builds the parts. `requests` are the connections for callers, with a limit for each account; `batches` those
    for work that many callers share."""
    waiters = OutcomeWaits()
    events.listen(lambda event: hear(waiters, event))
    builder = PayloadBuilder(settings.live_activity_attributes_type)
    settler = ActivitySettler(batches, waiters, events, clock)
    origins = Origins()
    reconciler = Reconciler(batches, sender, settler, builder, clock, origins=origins)
    store = ActivityStore(requests, account_limit)
    delivery_wait = DeliveryWait(store, reconciler, origins, delivery_wait=settings.delivery_wait)
    limit, audience = settings.max_live_activities, Audience(requests)
    control = StreamControl(store=store, delivery_wait=delivery_wait, events=events, clock=clock, default_limit=limit)
    return LiveActivityArea(
        activities=LiveActivities(
            store=store,
            audience=audience,
            builder=builder,
            delivery_wait=delivery_wait,
            waiters=waiters,
            events=events,
            clock=clock,
            default_limit=limit,
        ),
        streams=Streams(
            store=store,
            audience=audience,
            builder=builder,
            delivery_wait=delivery_wait,
            waiters=waiters,
            events=events,
            clock=clock,
            default_limit=limit,
        ),
        control=control,
        reconciler=reconciler,
        settler=settler,
        expiry=Expiry(batches, control, events, clock),
        withdrawals=Outbox(WithdrawalCalls(sender), batches),
    )
