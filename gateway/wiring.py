"""The only place that builds the gateway's channel, application and server."""

import logging
from collections.abc import Callable
from functools import partial

import grpc
from prometheus_client import CollectorRegistry

from gateway import health
from gateway.app import Gateway, Handler
from gateway.load import BodyMemory, Callers, Calls
from gateway.operations import Operation
from gateway.phone import phone
from gateway.reference import reference
from gateway.request_log.cleaning import Cleaner
from gateway.request_log.log import RequestLog
from gateway.routes import routes
from gateway.settings import GatewaySettings
from gateway.streams import StreamedOperation
from gateway.telemetry import AccessLog, GatewayMetrics
from service_kit import metrics
from service_kit.addresses import join
from service_kit.client import open_channel
from service_kit.connections import Connections
from service_kit.descriptors import that_fit
from service_kit.hosts import Hosts
from service_kit.http_protocol import BoundedHttpProtocol
from service_kit.http_server import HttpServer
from service_kit.in_process import InProcessChannel
from service_kit.listening import listen
from service_kit.peers import Peers
from service_kit.process import StopRequest

log = logging.getLogger(__name__)


async def serve(config: GatewaySettings, stop: StopRequest, *, core: InProcessChannel | None = None) -> None:
    """Listens, serves, and drains once `stop` is set. `core` is the core service if it runs in this process.

    Raises OSError if the address cannot be listened on.
    """
    registry = metrics.new_registry()
    async with metrics.serving(registry, config, "gateway"):
        listener = listen(config.bind_host, config.gateway_port)
        channel = core or open_channel(config.core_address, Peers.of(config))
        app = build_app(channel, config, registry, is_stopping=stop.is_set)
        server = build_server(app, config)
        # Connects now rather than at the first request.
        channel.get_state(try_to_connect=True)
        port = listener.getsockname()[1]
        where = f"at {config.core_address}" if core is None else "in this process"
        log.info("serving on http://%s, core %s", join(config.bind_host, port), where)
        async with app.running():
            await server.serve_until(stop, listener, delay=config.shutdown_delay)
        await channel.close()


def build_app(
    channel: grpc.aio.Channel,
    settings: GatewaySettings,
    registry: CollectorRegistry | None = None,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Gateway:
    """The application over `channel`, with its metrics in `registry`. Raises ValueError or TypeError if the protos have
    something that REST cannot express."""
    table = routes()
    measured = GatewayMetrics(registry or CollectorRegistry())
    calls = Calls(settings.gateway_max_concurrent_requests, measured.refuse)
    memory = BodyMemory(on_refused=measured.refuse)
    callers = Callers()
    measured.watch(calls)
    request_log = None
    if settings.request_log:
        request_log = RequestLog(
            channel, Cleaner(table), settings.request_log_bodies, on_missing=measured.miss_in_request_log
        )
        measured.watch_request_log(lambda: request_log.waiting)
    resources: dict[str, dict[str, Handler]] = {}
    for route in table:
        kind = StreamedOperation if route.rpc.server_streaming else Operation
        resources.setdefault(route.path, {})[route.method] = kind(
            route,
            channel,
            calls,
            memory,
            callers,
            call_timeout=settings.gateway_call_timeout,
            body_timeout=settings.gateway_body_timeout,
            on_ignored=measured.ignore,
            keeps_bodies=request_log is not None and request_log.keeps_bodies,
        )
    resources["/healthz"] = {"GET": health.alive}
    resources["/readyz"] = {"GET": health.Readiness(channel, is_stopping=is_stopping)}
    published: dict[str, Handler] = {**reference(table, settings.public_path), **phone()}
    resources.update({path: {"GET": content} for path, content in published.items()})
    access = AccessLog(every=settings.gateway_access_log, slow_seconds=settings.gateway_slow_seconds)
    hosts = Hosts(settings.gateway_hosts) if settings.gateway_hosts else None
    return Gateway(resources, measured, access, is_stopping=is_stopping, hosts=hosts, request_log=request_log)


def build_server(app: Gateway, settings: GatewaySettings) -> HttpServer:
    """The HTTP server; it listens once it is given a socket."""
    held = Connections(
        that_fit(settings.gateway_max_connections, "SMITH_GATEWAY_MAX_CONNECTIONS"), settings.trusted_proxies
    )
    app.metrics.watch_connections(lambda: len(held))
    http = partial(
        BoundedHttpProtocol,
        held=held,
        head_seconds=settings.gateway_body_timeout,
        unread_seconds=settings.gateway_unread_timeout,
        on_refused=app.metrics.refuse_unread,
    )
    return HttpServer(
        app,
        http=http,
        drain_seconds=settings.drain_seconds,
        trusted_proxies=settings.trusted_proxies,
        interface="asgi3",
    )
