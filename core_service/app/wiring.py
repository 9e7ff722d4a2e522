"""Builds the core: the one place where engines, clients, services and servicers meet."""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine

from core_service.account_data.erasing import Eraser
from core_service.account_data.export import AccountExport
from core_service.apns_check.grpc_asker import GrpcAsker
from core_service.app.first_contact import upgrade_schema, wait_for_file
from core_service.app.health import HealthReport
from core_service.app.metrics import CoreCollector, PoolCollector
from core_service.app.queues import MEASURED, QUEUES
from core_service.app.server import build_server
from core_service.auth.credentials import LastUsed
from core_service.auth.failed_sign_ins import FailedSignIns
from core_service.auth.rate_limit import RateLimiter, create_storage
from core_service.badges.dispatcher import BadgeDispatcher
from core_service.common.clock import Clock, database_clock
from core_service.common.jobs import cancel, start_jobs
from core_service.delivery_log.recorder import DeliveryRecorder
from core_service.events.service import EventBus
from core_service.idempotency.service import IdempotentRequests
from core_service.invites.outbox import InviteArea, build_invites
from core_service.live_activities.broadcasts.grpc_channels import GrpcChannelRequests
from core_service.live_activities.wiring import build_live_activities
from core_service.mail.grpc_sender import GrpcMailSender
from core_service.mail.port import MailSender
from core_service.password_resets.outbox import PasswordResetArea, build_password_resets
from core_service.push.recording import Recording
from core_service.request_log.intake import Intake
from core_service.retention.service import Ages, Retention
from core_service.sending.dispatcher import Dispatcher
from core_service.sending.grpc_sender import GrpcPushSender
from core_service.sending.guarded_sender import GuardedSender
from core_service.sending.revival import Revival
from core_service.settings import CoreSettings
from core_service.statistics.service import Counters
from core_service.status.destinations import KnownDestinations
from core_service.status.grpc_destinations import GrpcDestinations
from core_service.status.wiring import build_operator, running_status
from core_service.webhooks.grpc_caller import GrpcWebhookCaller
from core_service.webhooks.outbox import WebhookCalls
from core_service.webhooks.signing_keys import SigningKeys
from core_service.work_queue.backlog import Backlog
from core_service.work_queue.gathering import APART, IN_ONE_PROCESS
from core_service.work_queue.group import Crowd
from core_service.work_queue.janitor import Janitor
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outbox import Outbox
from service_kit import metrics
from service_kit.addresses import join
from service_kit.client import open_channel
from service_kit.database import Pool, create_batch_pool, create_engine, create_request_pool
from service_kit.in_process import InProcessChannel
from service_kit.peers import Peers
from service_kit.process import StopRequest

if TYPE_CHECKING:
    from core_service.single_sign_on.wiring import SingleSignOnArea

log = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
"""The least time that is left to write outcomes if requests took all the time for draining."""


async def serve(
    settings: CoreSettings,
    stop: StopRequest,
    *,
    delivery: InProcessChannel | None = None,
    caller: InProcessChannel | None = None,
) -> None:
    """Serves until told to stop, then finishes what has begun. See `running_core` for the channels."""
    if settings.database_ready_file:
        await wait_for_file(settings.database_ready_file, stop)
    await upgrade_schema(settings.database_url, stop)
    if stop.is_set():
        return
    async with running_core(settings, delivery=delivery, caller=caller) as port:
        log.info("serving on %s", join(settings.bind_host, port))
        await stop.wait()
        log.info("draining")


@asynccontextmanager
async def running_core(
    settings: CoreSettings,
    other_clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
    *,
    delivery: InProcessChannel | None = None,
    caller: InProcessChannel | None = None,
) -> AsyncIterator[int]:
    """Runs a core on the port that it yields, and drains it at the end. It uses the database's clock; Live Activities
    use `other_clock` if one is given.

    Passwords are hashed by `hasher`: by default with the library's parameters. `delivery` is the delivery service if it
    runs in this process, and `caller` the channel of another part of this process that calls core.
    """
    url = settings.database_url
    registry = metrics.new_registry()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(metrics.serving(registry, settings, "core"))
        requests = await stack.enter_async_context(create_request_pool(url, max_size=settings.database_connections))
        # If PostgreSQL crashes and the last outcomes are lost, their pushes are repeated with the same ids.
        batches = await stack.enter_async_context(create_batch_pool(url, max_size=4))
        clock = await stack.enter_async_context(database_clock(batches)) if other_clock is None else other_clock
        engine, peers = create_engine(url, pool_size=5), Peers.of(settings)
        stack.push_async_callback(engine.dispose)
        channel = await stack.enter_async_context(delivery or open_channel(settings.delivery_address, peers))

        gathering, counters, events = IN_ONE_PROCESS if delivery else APART, Counters(batches), EventBus()
        events.witness(counters.event)
        recorder = DeliveryRecorder(batches, counters.attempt)
        sender = GuardedSender(GrpcPushSender(channel, gather_seconds=gathering.pushes), on_attempt=recorder.record)
        dispatch, numbers = (
            Dispatcher(batches, sender, events, gathering=gathering),
            BadgeDispatcher(batches, sender, events),
        )
        # One account's large writes may take six of ten connections. The rest is left for small requests of all
        # accounts.
        account_limit, crowd = (
            KeyedLimiter[uuid.UUID](max(1, settings.database_connections * 6 // 10)),
            Crowd(gathering.requests),
        )
        area = build_live_activities(
            settings,
            requests=requests,
            account_limit=account_limit,
            crowd=crowd,
            gathering=gathering,
            batches=batches,
            sender=sender,
            channels=GrpcChannelRequests(channel),
            events=events,
            clock=clock,
        )
        keys = SigningKeys(requests, engine)
        webhooks = Outbox(WebhookCalls(GrpcWebhookCaller(channel), keys, events), batches)
        mail_sender, destinations = GrpcMailSender(channel), KnownDestinations(GrpcDestinations(channel))
        invites, resets = build_mails(mail_sender, batches, events, admin_url=settings.admin_url)
        facts, alerts, alert_outbox = build_operator(
            settings,
            batches,
            QUEUES,
            destinations,
            mails=mail_sender,
            webhooks=GrpcWebhookCaller(channel),
            recording=Recording(requests, dispatch, events, account_limit, crowd),
            events=events,
            clock=clock,
        )
        wakes = (dispatch.wake, numbers.wake, area.reconciler.wake)
        status, relay = await stack.enter_async_context(
            running_status(settings.redis_url, sender, events, requests, batches, *wakes)
        )
        revival = build_revival(
            settings, batches, sender, *wakes, events=events, destinations=destinations, clock=clock
        )
        retention, backlog = Retention(batches, ages_of(settings), clock), Backlog(batches, MEASURED, clock)
        rate_limiter, single_sign_on = build_sign_on(stack, settings, engine, events)
        eraser, last_used, idempotent, failures = (
            Eraser(batches, engine),
            LastUsed(batches),
            IdempotentRequests(requests),
            FailedSignIns(batches),
        )
        registry.register(PoolCollector({"requests": requests, "batches": batches}))
        registry.register(
            CoreCollector(
                backlog=backlog,
                in_progress={
                    "notifications": lambda: dispatch.in_progress,
                    "badges": lambda: numbers.in_progress,
                    "live_activities": lambda: area.reconciler.in_progress,
                    "webhooks": lambda: webhooks.in_progress,
                },
                sender=sender,
                events=events,
                relay=relay,
                calls_limit=settings.max_concurrent_requests,
            )
        )
        server = build_server(
            settings,
            registry=registry,
            rate_limiter=rate_limiter,
            single_sign_on=single_sign_on,
            pool=requests,
            intake=Intake(batches, settings.request_log_per_day),
            account_limit=account_limit,
            crowd=crowd,
            engine=engine,
            dispatch=dispatch,
            badges=numbers,
            area=area,
            events=events,
            keys=keys,
            webhooks=webhooks,
            invites=invites,
            resets=resets,
            last_used=last_used,
            failures=failures,
            idempotent=idempotent,
            status=status,
            apns=GrpcAsker(channel),
            destinations=destinations,
            export=AccountExport(batches),
            eraser=eraser,
            facts=facts,
            clock=clock,
            hasher=hasher,
            caller=caller,
        )
        port = await server.start(settings.bind_host, settings.core_port, peers.server_credentials())
        claiming = start_jobs(
            dispatch.run,
            numbers.run,
            area.reconciler.run,
            area.broadcasts.run,
            area.expiry.run,
            area.withdrawals.run,
            webhooks.run,
            invites.mailer.run,
            resets.mailer.run,
            *([single_sign_on.recheck.run] if single_sign_on else []),
            alert_outbox.run,
            alerts.run,
        )
        background = start_jobs(
            dispatch.write,
            numbers.write,
            area.settler.run,
            area.withdrawals.write,
            recorder.run,
            webhooks.write,
            invites.mailer.write,
            resets.mailer.write,
            alert_outbox.write,
            retention.run,
            eraser.run,
            last_used.run,
            failures.run,
            counters.run,
            revival.run,
            idempotent.run,
            HealthReport(server, [requests, batches], status).run,
            Janitor(batches, QUEUES, clock).run,
            *([relay.run] if relay else []),
            # Only the metrics show it.
            *([backlog.run] if settings.metrics_port is not None else []),
        )
        try:
            yield port
        finally:
            await server.say_stopping(settings.shutdown_delay)
            deadline = asyncio.get_running_loop().time() + settings.drain_seconds
            events.close()
            await server.stop(settings.drain_seconds)
            await cancel(*claiming)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(max(deadline, asyncio.get_running_loop().time() + FLUSH_SECONDS)):
                    mailers = (invites.mailer, resets.mailer, alert_outbox)
                    for working in (dispatch, numbers, *area.outgoing, webhooks, *mailers, recorder):
                        await working.drain()
                    for noted in (last_used, failures, counters):
                        await noted.flush()
            await cancel(*background)


def build_sign_on(
    stack: AsyncExitStack, settings: CoreSettings, engine: AsyncEngine, events: EventBus
) -> "tuple[RateLimiter, SingleSignOnArea | None]":
    """What counts sign-ins, and what signs people in by way of a provider: None if the settings name none. Authlib is
    loaded only then."""
    rate_limiter = RateLimiter(create_storage(settings.redis_url))
    if settings.oidc_issuer is None:
        return rate_limiter, None
    from core_service.single_sign_on.wiring import build_single_sign_on

    area = build_single_sign_on(settings, engine, rate_limiter, events)
    stack.push_async_callback(area.aclose)
    return rate_limiter, area


def build_mails(
    sender: MailSender, batches: Pool, events: EventBus, *, admin_url: str
) -> tuple[InviteArea, PasswordResetArea]:
    """Builds what sends mails."""
    return (
        build_invites(sender, batches, events, admin_url=admin_url),
        build_password_resets(sender, batches, events, admin_url=admin_url),
    )


def build_revival(
    settings: CoreSettings,
    pool: Pool,
    guarded: GuardedSender,
    *wakes: Callable[[], None],
    events: EventBus,
    destinations: KnownDestinations,
    clock: Clock,
) -> Revival:
    """What undoes deaths of tokens that were the server's fault."""
    time_to_live = dt.timedelta(hours=settings.notification_ttl_hours)
    revival = Revival(pool, events, destinations.configuration, clock, time_to_live=time_to_live)
    revival.wakes(*wakes)
    guarded.listen_for_faults(revival.is_proven)
    return revival


def ages_of(settings: CoreSettings) -> Ages:
    """Returns how long the server keeps what."""
    return Ages(
        delivery_log=dt.timedelta(days=settings.delivery_log_days),
        history=dt.timedelta(days=settings.history_days),
        audit_log=dt.timedelta(days=settings.audit_log_days),
        request_log=dt.timedelta(days=settings.request_log_days),
    )
