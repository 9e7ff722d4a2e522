"""OpenTelemetry's SDK. Loaded only where a collector is configured; see `service_kit/tracing.py`."""

import os
import threading
from collections.abc import Callable
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer

SHUTDOWN_SECONDS = 2.0


def recorder(process: str) -> tuple[Tracer, Callable[[], None]]:
    """A tracer that records, and what ends it.

    It does not become the process's global one: FastAPI, beneath the admin, would trace requests with their whole URLs.
    Spans wait in a bounded queue (`OTEL_BSP_MAX_QUEUE_SIZE`) for a thread that sends them. A collector that is slow or
    away costs spans and nothing else. Sampler, limits, endpoint, headers, time-outs and resource are OpenTelemetry's
    own variables.
    """
    provider = TracerProvider(resource=_resource(process), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def shutdown() -> None:
        # OpenTelemetry's own would wait for half a minute for a collector that is away.
        ending = threading.Thread(target=provider.shutdown, daemon=True)
        ending.start()
        ending.join(SHUTDOWN_SECONDS)

    return provider.get_tracer("activitysmith"), shutdown


def _resource(process: str) -> Resource:
    """The user's word for the service counts; without one each process has its own."""
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    ours: dict[str, str] = {"service.version": version("activitysmith-server"), "smith.process": process}
    if not named:
        ours |= {"service.name": f"smith-{process}", "service.namespace": "activitysmith"}
    return Resource.create(dict(ours))
