"""Runs the core: opens what it needs, has the parts built, and lets them finish at the end."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry

from core_service.app.delivery_clients import delivery_clients
from core_service.app.first_contact import upgrade_schema, wait_for_file
from core_service.app.health import HealthReport
from core_service.app.metrics import CoreCollector, PoolCollector
from core_service.app.parts import Parts, built_parts
from core_service.app.queues import MEASURED
from core_service.app.server import build_server
from core_service.app.shared import Shared
from core_service.auth.rate_limit import RateLimiter, create_storage
from core_service.common.clock import Clock, database_clock
from core_service.common.jobs import cancel, start_jobs
from core_service.events.service import EventBus
from core_service.settings import CoreSettings
from core_service.statistics.service import Counters
from core_service.work_queue.backlog import Backlog
from core_service.work_queue.gathering import APART, IN_ONE_PROCESS
from core_service.work_queue.group import Crowd
from core_service.work_queue.keyed import KeyedLimiter
from service_kit import metrics
from service_kit.addresses import join
from service_kit.client import open_channel
from service_kit.database import create_batch_pool, create_engine, create_request_pool
from service_kit.in_process import InProcessChannel
from service_kit.peers import Peers
from service_kit.process import StopRequest

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
    registry = metrics.new_registry()
    async with (
        metrics.serving(registry, settings, "core"),
        _opened(settings, other_clock, delivery) as shared,
        built_parts(shared) as parts,
    ):
        backlog = _measured(registry, shared, parts)
        server = build_server(shared, parts, registry=registry, hasher=hasher, caller=caller)
        port = await server.start(settings.bind_host, settings.core_port, Peers.of(settings).server_credentials())
        claiming = start_jobs(*parts.claiming)
        background = start_jobs(
            *parts.background,
            HealthReport(server, [shared.requests, shared.batches], parts.status).run,
            # Only the metrics show it.
            *([backlog.run] if settings.metrics_port is not None else []),
        )
        try:
            yield port
        finally:
            await server.say_stopping(settings.shutdown_delay)
            deadline = asyncio.get_running_loop().time() + settings.drain_seconds
            shared.events.close()
            await server.stop(settings.drain_seconds)
            await cancel(*claiming)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(max(deadline, asyncio.get_running_loop().time() + FLUSH_SECONDS)):
                    for working in parts.outgoing:
                        await working.drain()
                    for noted in parts.upkeep.noted:
                        await noted.flush()
            await cancel(*background)


@asynccontextmanager
async def _opened(
    settings: CoreSettings, other_clock: Clock | None, delivery: InProcessChannel | None
) -> AsyncIterator[Shared]:
    """Opens the connections to the database and to delivery, for the length of the block. See `running_core`."""
    url = settings.database_url
    async with AsyncExitStack() as stack:
        requests = await stack.enter_async_context(create_request_pool(url, max_size=settings.database_connections))
        # If PostgreSQL crashes and the last outcomes are lost, their pushes are repeated with the same ids.
        batches = await stack.enter_async_context(create_batch_pool(url, max_size=4))
        clock = await stack.enter_async_context(database_clock(batches)) if other_clock is None else other_clock
        engine = create_engine(url, pool_size=5)
        stack.push_async_callback(engine.dispose)
        channel = await stack.enter_async_context(
            delivery or open_channel(settings.delivery_address, Peers.of(settings))
        )
        gathering, counters, events = IN_ONE_PROCESS if delivery else APART, Counters(batches), EventBus()
        events.witness(counters.event)
        yield Shared(
            settings=settings,
            requests=requests,
            batches=batches,
            engine=engine,
            clock=clock,
            delivery=delivery_clients(channel, gather_seconds=gathering.pushes),
            events=events,
            counters=counters,
            rate_limiter=RateLimiter(create_storage(settings.redis_url)),
            # Six of ten connections. The rest is left for small requests of all accounts.
            account_limit=KeyedLimiter[uuid.UUID](max(1, settings.database_connections * 6 // 10)),
            crowd=Crowd(gathering.requests),
            gathering=gathering,
        )


def _measured(registry: CollectorRegistry, shared: Shared, parts: Parts) -> Backlog:
    """Enters pools and parts into the metrics. Returns what counts the work in the queues, once it runs."""
    backlog = Backlog(shared.batches, MEASURED, shared.clock)
    registry.register(PoolCollector({"requests": shared.requests, "batches": shared.batches}))
    registry.register(
        CoreCollector(
            backlog=backlog,
            in_progress=parts.senders.in_progress,
            sender=parts.senders.guarded,
            events=shared.events,
            relay=parts.relay,
            calls_limit=shared.settings.max_concurrent_requests,
        )
    )
    return backlog
