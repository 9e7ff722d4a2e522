"""Builds the core: the one place where engines, clients, services and servicers meet."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import sqlalchemy.exc
from prometheus_client import CollectorRegistry
from smith.core.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    audit_service_pb2,
    audit_service_pb2_grpc,
    channel_service_pb2,
    channel_service_pb2_grpc,
    delivery_log_service_pb2,
    delivery_log_service_pb2_grpc,
    device_service_pb2,
    device_service_pb2_grpc,
    event_service_pb2,
    event_service_pb2_grpc,
    live_activity_service_pb2,
    live_activity_service_pb2_grpc,
    phone_service_pb2,
    phone_service_pb2_grpc,
    push_notification_service_pb2,
    push_notification_service_pb2_grpc,
    status_service_pb2,
    status_service_pb2_grpc,
    webhook_service_pb2,
    webhook_service_pb2_grpc,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from core_service import migrations
from core_service.audit import recording
from core_service.audit.interceptor import AuditInterceptor
from core_service.audit.service import AuditLog
from core_service.audit.servicer import AuditServicer
from core_service.auth.api_keys import ApiKeys
from core_service.auth.credentials import Credentials
from core_service.auth.interceptor import AccessInterceptor, read_policies
from core_service.auth.last_used import LastUsed
from core_service.auth.password_change import PasswordChanges
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import RateLimiter, create_storage
from core_service.auth.servicer import ApiKeyServicer
from core_service.auth.sessions import Sessions
from core_service.backlog import Backlog
from core_service.channels.audience import Audience
from core_service.channels.service import Channels
from core_service.channels.servicer import ChannelServicer
from core_service.clock import Clock
from core_service.clock_watch import ClockWatch
from core_service.courier.grpc_courier import GrpcCourier
from core_service.courier.line_courier import LineCourier
from core_service.delivery_log.recorder import DeliveryRecorder
from core_service.delivery_log.service import DeliveryLog
from core_service.delivery_log.servicer import DeliveryLogServicer
from core_service.devices.service import Devices
from core_service.devices.servicer import DeviceServicer, PhoneServicer
from core_service.dispatch.service import Dispatch
from core_service.dispatch.settlement import Settler
from core_service.events.relay import EventRelay
from core_service.events.service import EventBus
from core_service.events.servicer import EventServicer
from core_service.health import HealthReport
from core_service.idempotency.interceptor import IdempotencyInterceptor
from core_service.idempotency.service import IdempotentRequests
from core_service.live_activities.servicer import LiveActivityServicer
from core_service.live_activities.wiring import LiveActivityArea, build_live_activities
from core_service.metrics import CoreCollector, error_counter
from core_service.orm import now
from core_service.push.service import PushNotifications
from core_service.push.servicer import PushNotificationServicer
from core_service.retention.service import Ages, Retention
from core_service.settings import CoreSettings
from core_service.shares import AccountShares
from core_service.status.service import ServerStatus
from core_service.status.servicer import StatusServicer
from core_service.teams.service import Accounts, Defaults
from core_service.teams.servicer import AccountServicer
from core_service.webhooks.grpc_caller import GrpcWebhookCaller
from core_service.webhooks.runner import WebhookRunner
from core_service.webhooks.service import ActionRuns
from core_service.webhooks.servicer import WebhookServicer
from core_service.webhooks.signing_keys import SigningKeys
from service_kit import metrics
from service_kit.call_observer import CallObserver
from service_kit.client import open_channel
from service_kit.database import Pool, create_batch_pool, create_engine, create_request_pool
from service_kit.interceptors import ErrorInterceptor
from service_kit.peers import Peers
from service_kit.process import StopRequest
from service_kit.server import GrpcServer

log = logging.getLogger(__name__)

SERVICES = [
    module.DESCRIPTOR.services_by_name[name]
    for module, name in (
        (account_service_pb2, "AccountService"),
        (api_key_service_pb2, "ApiKeyService"),
        (audit_service_pb2, "AuditService"),
        (channel_service_pb2, "ChannelService"),
        (delivery_log_service_pb2, "DeliveryLogService"),
        (device_service_pb2, "DeviceService"),
        (event_service_pb2, "EventService"),
        (live_activity_service_pb2, "LiveActivityService"),
        (phone_service_pb2, "PhoneService"),
        (push_notification_service_pb2, "PushNotificationService"),
        (status_service_pb2, "StatusService"),
        (webhook_service_pb2, "WebhookService"),
    )
]
MAX_REQUEST_BYTES = 1024 * 1024
"""Four times what the gateway lets through. Answers may be larger."""
DATABASE_WAIT_SECONDS = 1.0
RESTART_SECONDS = 1.0
FLUSH_SECONDS = 2.0
"""What is left at least for outcomes to be written if requests took all the time there was to drain."""


async def serve(settings: CoreSettings, stop: StopRequest) -> None:
    """Serves until told to stop, then finishes what has begun."""
    await upgrade_schema(settings.database_url, stop)
    if stop.is_set():
        return
    async with running_core(settings) as port:
        log.info("serving on %s:%d", settings.bind_host, port)
        await stop.wait()
        log.info("draining")


async def upgrade_schema(database_url: str, stop: StopRequest) -> None:
    """Brings the schema up to date, as soon as the database can be reached.

    Raises NewerSchema if a newer release has been at work there.
    """
    while not stop.is_set():
        try:
            await asyncio.to_thread(migrations.upgrade, database_url)
            break
        except sqlalchemy.exc.OperationalError as error:
            log.warning("waiting for the database: %s", str(error.orig).strip())
            with suppress(TimeoutError):
                async with asyncio.timeout(DATABASE_WAIT_SECONDS):
                    await stop.wait()


@asynccontextmanager
async def running_core(settings: CoreSettings, clock: Clock = now) -> AsyncIterator[int]:
    """A core that serves on the port it yields, and drains at the end. Live Activities go by `clock`."""
    url = settings.database_url
    registry = metrics.new_registry()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(metrics.serving(registry, settings, "core"))
        requests = await stack.enter_async_context(create_request_pool(url, max_size=settings.database_connections))
        # Losing the last outcomes in a crash of PostgreSQL only repeats pushes that carry the same ids.
        batches = await stack.enter_async_context(create_batch_pool(url, max_size=4))
        engine = create_engine(url, pool_size=5)
        peers = Peers.of(settings)
        stack.push_async_callback(engine.dispose)
        channel = await stack.enter_async_context(open_channel(settings.delivery_address, peers))

        lines, events = LineCourier(GrpcCourier(channel)), EventBus()
        courier = DeliveryRecorder(lines, batches)
        settler = Settler(batches)
        dispatch = Dispatch(batches, courier, settler)
        # No account's big writes take all connections: six of ten leave room for everybody's small ones.
        shares = AccountShares(max(1, settings.database_connections * 6 // 10))
        area = build_live_activities(
            settings,
            requests=requests,
            shares=shares,
            batches=batches,
            courier=courier,
            events=events,
            clock=clock,
        )
        keys = SigningKeys(requests, engine)
        webhooks = WebhookRunner(batches, GrpcWebhookCaller(channel), keys, events)
        status = ServerStatus(lines, events, requests, now)
        status.wakes(dispatch.wake, area.reconciler.wake)
        relay = build_relay(settings.redis_url, events, lines, status)
        ages = Ages(
            delivery_log=dt.timedelta(days=settings.delivery_log_days),
            history=dt.timedelta(days=settings.history_days),
            audit_log=dt.timedelta(days=settings.audit_log_days),
        )
        retention = Retention(batches, ages, clock)
        last_used = LastUsed(batches)
        idempotent = IdempotentRequests(requests)
        backlog = Backlog(batches, clock)
        registry.register(metrics.PoolCollector({"requests": requests, "batches": batches}))
        registry.register(
            CoreCollector(
                backlog=backlog,
                in_progress={
                    "notifications": lambda: dispatch.in_progress,
                    "live_activities": lambda: area.reconciler.in_progress,
                    "webhooks": lambda: webhooks.in_progress,
                },
                courier=lines,
                events=events,
                relay=relay,
                calls_limit=settings.max_concurrent_requests,
            )
        )
        server = build_server(
            settings,
            registry=registry,
            pool=requests,
            shares=shares,
            engine=engine,
            dispatch=dispatch,
            area=area,
            events=events,
            keys=keys,
            webhooks=webhooks,
            last_used=last_used,
            idempotent=idempotent,
            status=status,
            clock=clock,
        )
        port = await server.start(settings.bind_host, settings.core_port, peers.server_credentials())
        claiming = start_jobs(dispatch.run, area.reconciler.run, area.timekeeper.run, webhooks.run)
        background = start_jobs(
            settler.run,
            area.settler.run,
            courier.run,
            webhooks.write,
            retention.run,
            last_used.run,
            idempotent.run,
            HealthReport(server, [requests, batches], status).run,
            ClockWatch(batches, clock, own=area.reconciler.release, database=[dispatch.release, webhooks.release]).run,
            *([relay.run] if relay else []),
            # Nobody else would look at it.
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
                    await dispatch.drain()
                    await area.reconciler.drain()
                    await webhooks.drain()
                    await courier.drain()
                    await last_used.flush()
            await cancel(*background)


def build_relay(redis_url: str | None, events: EventBus, lines: LineCourier, status: ServerStatus) -> EventRelay | None:
    """What ties this core to the others; None if there is no Redis."""
    if redis_url is None:
        return None
    relay = EventRelay(events, redis_url, lines=status.news, on_lines=status.heard)
    lines.listen(lambda alarm, stopped: relay.wake())
    return relay


def start_jobs(*jobs: Callable[[], Awaitable[None]]) -> list[asyncio.Task[None]]:
    """Each job in a task of its own, kept running."""
    return [asyncio.create_task(keep_running(job)) for job in jobs]


async def keep_running(job: Callable[[], Awaitable[None]]) -> None:
    """Runs the job until cancelled. A failure that it did not expect is logged, and it begins anew: without it the
    core would look healthy and owe for ever."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("a background job failed and begins anew")
        await asyncio.sleep(RESTART_SECONDS)


async def cancel(*tasks: asyncio.Task[None]) -> None:
    """Cancels the tasks and returns when they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def build_server(
    settings: CoreSettings,
    *,
    registry: CollectorRegistry,
    pool: Pool,
    shares: AccountShares,
    engine: AsyncEngine,
    dispatch: Dispatch,
    area: LiveActivityArea,
    events: EventBus,
    keys: SigningKeys,
    webhooks: WebhookRunner,
    last_used: LastUsed,
    idempotent: IdempotentRequests,
    status: ServerStatus,
    clock: Clock,
) -> GrpcServer:
    """The gRPC server with every service, not started."""
    rate_limiter = RateLimiter(create_storage(settings.redis_url))
    credentials = Credentials(pool, last_used, settings.rate_limit_per_minute)
    passwords = Passwords()
    sessions = Sessions(engine, passwords, rate_limiter)
    password_changes = PasswordChanges(engine, passwords, rate_limiter)
    accounts = Accounts(engine, passwords, Defaults(settings.rate_limit_per_minute, settings.max_live_activities))
    devices = Devices(engine, rate_limiter, area.phones)
    push_notifications = PushNotifications(
        pool,
        Audience(pool),
        dispatch,
        events,
        shares,
        delivery_wait=settings.delivery_wait,
        time_to_live=dt.timedelta(hours=settings.notification_ttl_hours),
    )
    recording.install()
    peers = Peers.of(settings)
    policies = read_policies(SERVICES)
    runs = ActionRuns(pool, webhooks, rate_limiter)
    server = GrpcServer(
        interceptors=[
            CallObserver(metrics.CallMetrics(registry, "core"), serves_clients=True),
            ErrorInterceptor(error_counter(registry)),
            AccessInterceptor(policies, credentials, rate_limiter, peers),
            IdempotencyInterceptor(SERVICES, idempotent),
            AuditInterceptor(policies, peers),
        ],
        max_concurrent_rpcs=settings.max_concurrent_requests,
        max_request_bytes=MAX_REQUEST_BYTES,
    )
    registrations: list[tuple[Callable[..., None], object]] = [
        (
            account_service_pb2_grpc.add_AccountServiceServicer_to_server,
            AccountServicer(accounts, sessions, password_changes),
        ),
        (api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server, ApiKeyServicer(ApiKeys(engine))),
        (audit_service_pb2_grpc.add_AuditServiceServicer_to_server, AuditServicer(AuditLog(engine))),
        (channel_service_pb2_grpc.add_ChannelServiceServicer_to_server, ChannelServicer(Channels(engine))),
        (
            delivery_log_service_pb2_grpc.add_DeliveryLogServiceServicer_to_server,
            DeliveryLogServicer(DeliveryLog(pool, clock)),
        ),
        (device_service_pb2_grpc.add_DeviceServiceServicer_to_server, DeviceServicer(devices)),
        (event_service_pb2_grpc.add_EventServiceServicer_to_server, EventServicer(events)),
        (
            live_activity_service_pb2_grpc.add_LiveActivityServiceServicer_to_server,
            LiveActivityServicer(area.activities, area.streams, area.control),
        ),
        (phone_service_pb2_grpc.add_PhoneServiceServicer_to_server, PhoneServicer(devices, area.phones, runs)),
        (
            push_notification_service_pb2_grpc.add_PushNotificationServiceServicer_to_server,
            PushNotificationServicer(push_notifications),
        ),
        (status_service_pb2_grpc.add_StatusServiceServicer_to_server, StatusServicer(status)),
        (webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server, WebhookServicer(runs, keys)),
    ]
    for (register, servicer), service in zip(registrations, SERVICES, strict=True):
        server.add(register, servicer, service.full_name)
    return server
