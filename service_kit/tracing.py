"""The request of a client that work is done for, through all processes: its id, and its trace.

The id is `X-Request-Id` in REST and `x-request-id` in gRPC. Spans are those of OpenTelemetry's API. Its SDK is loaded
only where a collector is named (`OTEL_EXPORTER_OTLP_ENDPOINT`); without one every span is `INVALID_SPAN`, which costs
next to nothing.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass

import uuid_utils
from opentelemetry import trace
from opentelemetry.context import Context, attach
from opentelemetry.trace import INVALID_SPAN, INVALID_SPAN_CONTEXT, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service_kit import part

REQUEST_ID_KEY = "x-request-id"
TRACEPARENT_KEY = "traceparent"
"""Keys of a call's metadata."""

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""The ids that a caller may choose. They are written to logs and headers."""

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
INSTALL = "run `pip install '.[tracing]'` in the server's folder"

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being served; empty for work that no request waits for."""

# Without baggage and tracestate: what clients write there goes no further.
PROPAGATOR = TraceContextTextMapPropagator()
NOWHERE = Context()
NO_SPAN = nullcontext(INVALID_SPAN)

_tracers: dict[str, Tracer] = {}
"""Of each part of the process, and under the empty name that of the first; none where nothing is traced."""
_shutdowns: list[Callable[[], None]] = []


@dataclass(frozen=True, slots=True)
class Origin:
    """The parts of a client's request that other processes need. Several requests may share a call, or a task."""

    request_id: str = ""
    traceparent: str = ""
    """W3C Trace Context of the span that asks for the work; empty without tracing."""


NO_ORIGIN = Origin()
"""The origin of work that no request waits for."""


def origin() -> Origin:
    """The request that the running task serves."""
    given = request_id.get()
    return Origin(given, traceparent()) if given else NO_ORIGIN


def leave() -> None:
    """Declares that the running task works for several requests, or for none. Otherwise it would keep the request that
    happened to start it."""
    request_id.set("")
    attach(NOWHERE)


@contextmanager
def of_request(given: str) -> Iterator[None]:
    """What is logged within belongs to this request. For code that a callback of no request runs."""
    token = request_id.set(given)
    try:
        yield
    finally:
        request_id.reset(token)


def new_request_id() -> str:
    """A new unique id: a UUID of version 7, so that what is stored by it is found by its time, too."""
    return uuid_utils.uuid7().hex


def taken_request_id(given: str) -> str:
    """The caller's id if it is 1 to 64 letters, digits, `_` or `-`, else a new one."""
    return checked_request_id(given) or new_request_id()


def checked_request_id(given: str) -> str:
    """The id that another process gave; empty if it is not valid."""
    return given if REQUEST_ID.fullmatch(given) else ""


def is_wanted() -> bool:
    """Whether the environment names a collector, and does not switch OpenTelemetry or its traces off."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(os.environ.get(name, "").strip() for name in ENDPOINTS)


def mistake() -> str:
    """Why traces that are wanted cannot be sent; empty if they can, or are not wanted."""
    if not is_wanted():
        return ""
    asked = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if asked and asked.strip() != "http/protobuf":
        return f"OTEL_EXPORTER_OTLP_PROTOCOL={asked}: traces are sent by http/protobuf only, to port 4318 as a rule"
    try:
        import service_kit.otel  # noqa: F401 - only whether the SDK is there
    except ImportError:
        given = next(name for name in ENDPOINTS if os.environ.get(name))
        return f"{given} is set, but OpenTelemetry is not installed: {INSTALL}, or unset the variable"
    return ""


def configure(process: str) -> None:
    """Begins to trace the process, or a part of it, if that is wanted. Ends the process with one line and exit code 2
    if it cannot be."""
    if why := mistake():
        print(f"{process}: {why}", file=sys.stderr)
        raise SystemExit(2)
    if is_wanted():
        from service_kit import otel

        tracer, shutdown = otel.recorder(process)
        _tracers[process] = tracer
        _tracers.setdefault("", tracer)
        _shutdowns.append(shutdown)


def shutdown() -> None:
    """Sends what is left, for two seconds at most for each part."""
    _tracers.clear()
    while _shutdowns:
        _shutdowns.pop()()


def is_on() -> bool:
    """Whether anything is traced."""
    return bool(_tracers)


def _tracer() -> Tracer | None:
    """That of the running task's part; None where nothing is traced."""
    return (_tracers.get(part.current.get()) or _tracers[""]) if _tracers else None


def span(name: str, kind: SpanKind, *, parent: str | None = None) -> AbstractContextManager[Span]:
    """A span for the length of the context, within the current one, or within `parent` (a W3C traceparent; one that
    cannot be read begins a new trace).

    Say of it neither secrets, nor tokens, nor contents.
    """
    tracer = _tracer()
    if tracer is None:
        return NO_SPAN
    context = None if parent is None else PROPAGATOR.extract({TRACEPARENT_KEY: parent}, NOWHERE)
    return _started(tracer, name, kind, context)


def child(name: str, kind: SpanKind, parent: str | None = None) -> AbstractContextManager[Span]:
    """A span within `parent`, or within the current one if left out; none where there is nothing to be within."""
    if not _tracers:
        return NO_SPAN
    within = traceparent() if parent is None else parent
    return span(name, kind, parent=parent) if within else NO_SPAN


@contextmanager
def _started(tracer: Tracer, name: str, kind: SpanKind, context: Context | None) -> Iterator[Span]:
    """Of an error only the name of its class is kept: messages may quote what users sent."""
    with tracer.start_as_current_span(
        name, context, kind, record_exception=False, set_status_on_exception=False
    ) as started:
        try:
            yield started
        except Exception as error:
            started.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def traceparent() -> str:
    """The current span for another process to go on from (W3C Trace Context); empty if there is none."""
    if not _tracers:
        return ""
    carrier: dict[str, str] = {}
    PROPAGATOR.inject(carrier)
    return carrier.get(TRACEPARENT_KEY, "")


def trace_id() -> str:
    """The current trace, 32 hexadecimal digits; empty if there is none."""
    context = trace.get_current_span().get_span_context() if _tracers else INVALID_SPAN_CONTEXT
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def metadata() -> tuple[tuple[str, str], ...]:
    """What a gRPC call carries along."""
    parent = traceparent()
    return ((TRACEPARENT_KEY, parent),) if parent else ()
