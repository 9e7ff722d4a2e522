"""A process's metrics for Prometheus. Names begin with `smith_`; those about the process itself are the usual
`process_...` and `python_...`.

Wiring passes metrics to the classes that count, in one registry for each process. Labels take their values from fixed
lists, never from a caller, so that their number is limited.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from service_kit.addresses import join
from service_kit.settings import ServiceSettings
from service_kit.tallies import Histograms, Tallies

log = logging.getLogger(__name__)

SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of durations."""

LONGEST_CONNECTION_SECONDS = 10.0
MAX_CONNECTIONS = 20


# Without this, each counter has a second series with its start time, which Prometheus does not need.
disable_created_metrics()  # type: ignore[no-untyped-call]


def new_registry() -> CollectorRegistry:
    """A registry with the metrics of every process: memory, CPU time, open files, garbage collection."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class CallMetrics:
    """The calls that a gRPC server answers."""

    def __init__(self, registry: CollectorRegistry, process: str) -> None:
        """Names begin with `smith_<process>_`."""
        self.total = Tallies(
            f"smith_{process}_calls", "Calls answered, by method and gRPC code.", ["method", "code"], registry
        )
        self.duration = Histograms(
            f"smith_{process}_call_duration_seconds",
            "Time to answer a call; streams are not among them.",
            ["method"],
            SECONDS,
            registry,
        )
        self.in_progress = 0
        """Calls being answered."""
        Gauge(f"smith_{process}_calls_in_progress", "Calls being answered.", registry=registry).set_function(
            lambda: self.in_progress
        )


@asynccontextmanager
async def serving(registry: CollectorRegistry, settings: ServiceSettings, process: str) -> AsyncIterator[None]:
    """Lets Prometheus read the registry for the length of the context, if the settings name a port.

    Served on the event loop that the metrics belong to, because reading them walks what that loop changes. Ends the
    process with one line and exit code 2 if the port cannot be listened on.
    """
    if settings.metrics_port is None:
        yield
        return
    # Not loaded by those who do not use it.
    from prometheus_client import make_asgi_app
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from service_kit.http_server import HttpServer
    from service_kit.listening import listen, reason_of

    class BriefProtocol(HttpToolsProtocol):
        """A connection that ends after a limited time, even if its client keeps it open."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > MAX_CONNECTIONS:
                transport.abort()
            else:
                self.loop.call_later(LONGEST_CONNECTION_SECONDS, transport.abort)

    try:
        listener = listen(settings.bind_host, settings.metrics_port, backlog=MAX_CONNECTIONS)
    except OSError as error:
        place = join(settings.bind_host, settings.metrics_port)
        print(
            f"{process}: cannot listen on {place} for metrics (SMITH_METRICS_PORT): {reason_of(error)}", file=sys.stderr
        )
        raise SystemExit(2) from None
    # A connection that is not kept is never cut off while it is used again.
    closing = [("connection", "close")]
    app = make_asgi_app(registry)
    server = HttpServer(app, drain_seconds=1, http=BriefProtocol, interface="asgi3", headers=closing)
    task = asyncio.create_task(server.serve([listener]))
    log.info("metrics on http://%s/metrics", join(settings.bind_host, listener.getsockname()[1]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
