"""Builds what tells how the server is."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_service.common.clock import Clock
from core_service.common.jobs import cancel, start_jobs
from core_service.common.orm import now
from core_service.events.service import EventBus
from core_service.mail.outbox import DueMail
from core_service.mail.port import MailSender
from core_service.push.recording import Recording
from core_service.sending.guarded_sender import GuardedSender
from core_service.settings import AttentionSettings, CoreSettings
from core_service.status.alert_messages import AlertSender, build_alert_messages, page_of
from core_service.status.alert_pushes import PUSH, AlertPushes
from core_service.status.alerts import Alerts
from core_service.status.concerns import Thresholds
from core_service.status.destinations import KnownDestinations
from core_service.status.facts import Ask, KnownFacts, count_accounts, read_facts
from core_service.status.reports import RELEASE, CoreReports
from core_service.status.service import ServerStatus
from core_service.webhooks.attempts import WebhookCaller
from core_service.work_queue.backlog import Backlog
from core_service.work_queue.outbox import Outbox
from core_service.work_queue.queue import Queue
from service_kit.database import Pool

if TYPE_CHECKING:
    from core_service.events.relay import EventRelay


@dataclass(frozen=True, slots=True)
class OperatorArea:
    """What the operator's page shows, what tells the operator what needs attention, and the messages that do."""

    facts: KnownFacts
    alerts: Alerts
    messages: Outbox[DueMail]


@asynccontextmanager
async def running_status(
    redis_url: str | None,
    guarded: GuardedSender,
    events: EventBus,
    requests: Pool,
    batches: Pool,
    *wakes: Callable[[], None],
) -> "AsyncIterator[tuple[ServerStatus, EventRelay | None]]":
    """What tells of stopped routes, and what ties this core to the others: None if there is no Redis. For the length of
    the block this core says in the database that it runs."""
    status = ServerStatus(guarded, events, requests, now)
    status.wakes(*wakes)
    async with reporting(batches, status, guarded):
        if redis_url is None:
            yield status, None
            return
        # Redis' client takes a quarter of a start: a core without Redis does not load it.
        from core_service.events.relay import EventRelay

        relay = EventRelay(events, redis_url, news=status.news, on_news=status.heard)
        guarded.listen(lambda alarm, stopped: relay.wake())
        yield status, relay


@asynccontextmanager
async def reporting(pool: Pool, status: ServerStatus, guarded: GuardedSender) -> AsyncIterator[None]:
    """Has this core say in the database that it runs, for the length of the block."""
    reports = CoreReports(pool, status, RELEASE)
    guarded.listen(lambda alarm, stopped: reports.wake())
    jobs = start_jobs(reports.run)
    try:
        yield
    finally:
        await cancel(*jobs)
        await reports.retract()


def build_facts(
    settings: CoreSettings, pool: Pool, queues: Sequence[Queue], destinations: KnownDestinations, clock: Clock
) -> KnownFacts:
    """What the operator's page shows."""
    others: dict[str, Ask] = {"delivery": destinations.answers}
    if settings.redis_url:
        from core_service.events.relay import answers

        redis_url = settings.redis_url
        others["redis"] = lambda: answers(redis_url)
    backlog = Backlog(pool, queues, clock)
    return KnownFacts(lambda: read_facts(pool, backlog, settings.data_dir, others), lambda: count_accounts(pool))


def thresholds_of(settings: AttentionSettings) -> Thresholds:
    """From when on something needs the operator's attention."""
    return Thresholds(settings.alert_queue_minutes, settings.alert_disk_percent, settings.alert_backup_days)


def recipients_of(settings: CoreSettings) -> list[str]:
    """Who is told of alerts, each as in AlertMessage.recipient."""
    return [
        *settings.alert_addresses,
        *([settings.alert_webhook_url] if settings.alert_webhook_url else []),
        *(f"{PUSH}{address}" for address in settings.alert_people),
    ]


def build_operator(
    settings: CoreSettings,
    pool: Pool,
    queues: Sequence[Queue],
    destinations: KnownDestinations,
    *,
    mails: MailSender,
    webhooks: WebhookCaller,
    recording: Recording,
    events: EventBus,
    clock: Clock,
) -> OperatorArea:
    """Builds the parts. Nothing runs yet."""
    facts = build_facts(settings, pool, queues, destinations, clock)
    pushes = AlertPushes(pool, recording, page_of(settings.admin_url))
    sender = AlertSender(mails, webhooks, pushes)
    outbox = build_alert_messages(sender, pool, events, admin_url=settings.admin_url)
    alerts = Alerts(pool, facts.read, thresholds_of(settings), recipients_of(settings), outbox.wake)
    return OperatorArea(facts, alerts, outbox)
