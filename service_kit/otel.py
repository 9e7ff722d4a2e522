"""Tracing by OpenTelemetry. Loaded only where a collector is configured; see `service_kit/tracing.py`."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context, attach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service_kit.tracing import METADATA_KEY, Kind, Span, Value

SHUTDOWN_SECONDS = 2.0
KINDS = {Kind.SERVER: SpanKind.SERVER, Kind.CLIENT: SpanKind.CLIENT, Kind.CONSUMER: SpanKind.CONSUMER}
NOWHERE = Context()


class OpenTelemetry:
    """A tracer whose spans wait in a bounded queue (`OTEL_BSP_MAX_QUEUE_SIZE`) for a thread that sends them.

    A collector that is slow or away costs spans and nothing else. Sampler, limits, endpoint, headers, time-outs and
    resource are OpenTelemetry's own variables.
    """

    def __init__(self, process: str) -> None:
        self._provider = TracerProvider(resource=_resource(process), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("activitysmith")
        # Without baggage and tracestate: what clients write there is passed on to nobody.
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, kind: Kind, parent: str | None) -> Iterator[Span]:
        """See tracing.span. Of an error only the name of its class is kept: messages may quote what users sent."""
        context = None if parent is None else self._propagator.extract({METADATA_KEY: parent}, NOWHERE)
        with self._tracer.start_as_current_span(
            name, context, KINDS[kind], record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Recorded(span)
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def traceparent(self) -> str:
        """See tracing.traceparent."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get(METADATA_KEY, "")

    def trace_id(self) -> str:
        """See tracing.trace_id."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else ""

    def leave(self) -> None:
        """See tracing.leave."""
        attach(NOWHERE)

    def shutdown(self) -> None:
        """See tracing.shutdown. OpenTelemetry's own would wait for half a minute for a collector that is away."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(SHUTDOWN_SECONDS)


class _Recorded(Span):
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: Value) -> None:
        for key, value in attributes.items():
            self._span.set_attribute(key.replace("__", "."), value)

    def fail(self, why: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, why))


def _resource(process: str) -> Resource:
    """The user's word for the service counts; without one each process has its own."""
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    ours: dict[str, str] = {"service.version": version("activitysmith-server"), "smith.process": process}
    if not named:
        ours |= {"service.name": f"smith-{process}", "service.namespace": "activitysmith"}
    return Resource.create(dict(ours))
