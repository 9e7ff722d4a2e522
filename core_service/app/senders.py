"""What sends what is owed: pushes, Live Activities, numbers on icons, webhook calls and mails."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core_service.app.shared import Shared
from core_service.badges.dispatcher import BadgeDispatcher
from core_service.common.jobs import Job
from core_service.delivery_log.recorder import DeliveryRecorder
from core_service.invites.outbox import InviteArea, build_invites
from core_service.live_activities.wiring import LiveActivityArea, build_live_activities
from core_service.password_resets.outbox import PasswordResetArea, build_password_resets
from core_service.sending.dispatcher import Dispatcher
from core_service.sending.guarded_sender import GuardedSender
from core_service.webhooks.models import Run
from core_service.webhooks.outbox import WebhookCalls
from core_service.webhooks.signing_keys import SigningKeys
from core_service.work_queue.outbox import Outbox


class Draining(Protocol):
    """Something with work in progress."""

    async def drain(self) -> None:
        """Returns once that work is done and written."""


@dataclass(frozen=True, slots=True)
class Senders:
    """One for each kind of work. None runs until its jobs do."""

    guarded: GuardedSender
    """What all pushes pass."""
    recorder: DeliveryRecorder
    notifications: Dispatcher
    badges: BadgeDispatcher
    activities: LiveActivityArea
    signing_keys: SigningKeys
    webhooks: Outbox[Run]
    invites: InviteArea
    resets: PasswordResetArea

    @property
    def wakes(self) -> tuple[Callable[[], None], ...]:
        """What makes those that send pushes look for work at once."""
        return self.notifications.wake, self.badges.wake, self.activities.reconciler.wake

    @property
    def in_progress(self) -> Mapping[str, Callable[[], int]]:
        """How much work of each measured queue this process has taken."""
        return {
            "notifications": lambda: self.notifications.in_progress,
            "badges": lambda: self.badges.in_progress,
            "live_activities": lambda: self.activities.reconciler.in_progress,
            "webhooks": lambda: self.webhooks.in_progress,
        }

    @property
    def claiming(self) -> Sequence[Job]:
        """The jobs that take up work. They end first."""
        return (
            self.notifications.run,
            self.badges.run,
            self.activities.reconciler.run,
            self.activities.broadcasts.run,
            self.activities.expiry.run,
            self.activities.withdrawals.run,
            self.webhooks.run,
            self.invites.mailer.run,
            self.resets.mailer.run,
        )

    @property
    def writing(self) -> Sequence[Job]:
        """The jobs that write what became of it. They end once all is drained."""
        return (
            self.notifications.write,
            self.badges.write,
            self.activities.settler.run,
            self.activities.withdrawals.write,
            self.recorder.run,
            self.webhooks.write,
            self.invites.mailer.write,
            self.resets.mailer.write,
        )

    @property
    def outgoing(self) -> Sequence[Draining]:
        """What has to be drained, in this order. The recorder comes after it: it notes what these have sent."""
        return (
            self.notifications,
            self.badges,
            *self.activities.outgoing,
            self.webhooks,
            self.invites.mailer,
            self.resets.mailer,
        )


def build_senders(shared: Shared) -> Senders:
    """Builds them all."""
    settings, batches, delivery, events = shared.settings, shared.batches, shared.delivery, shared.events
    recorder = DeliveryRecorder(batches, shared.counters.attempt)
    guarded = GuardedSender(delivery.pushes, on_attempt=recorder.record)
    keys = SigningKeys(shared.requests, shared.engine)
    return Senders(
        guarded=guarded,
        recorder=recorder,
        notifications=Dispatcher(batches, guarded, events, gathering=shared.gathering),
        badges=BadgeDispatcher(batches, guarded, events),
        activities=build_live_activities(
            settings,
            requests=shared.requests,
            account_limit=shared.account_limit,
            crowd=shared.crowd,
            gathering=shared.gathering,
            batches=batches,
            sender=guarded,
            channels=delivery.broadcast_channels,
            events=events,
            clock=shared.clock,
        ),
        signing_keys=keys,
        webhooks=Outbox(WebhookCalls(delivery.webhooks, keys, events), batches),
        invites=build_invites(delivery.mails, batches, events, admin_url=settings.admin_url),
        resets=build_password_resets(delivery.mails, batches, events, admin_url=settings.admin_url),
    )
