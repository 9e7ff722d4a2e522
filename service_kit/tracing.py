"""Traces, if a collector is configured (`OTEL_EXPORTER_OTLP_ENDPOINT`); otherwise nothing is loaded and nothing paid.

This is all that the rest of the code knows of tracing. What stands behind it when it is on: `service_kit/otel.py`.
"""

import os
import sys
from contextlib import AbstractContextManager
from enum import Enum, auto
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service_kit.otel import OpenTelemetry

METADATA_KEY = "traceparent"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
INSTALL = "run `pip install '.[tracing]'` in the server's folder"

Value = str | int | float | bool


class Kind(Enum):
    """Which side of a call a span stands for."""

    SERVER = auto()
    CLIENT = auto()
    CONSUMER = auto()
    """Work that was handed over together with others', each by its own request."""


class Span:
    """Something that takes time and is on record; this one is not."""

    def name(self, name: str) -> None:
        """Names it anew, once more is known."""

    def note(self, **attributes: Value) -> None:
        """Says more about it: `http__route="/x"` becomes `http.route`. Neither secrets, nor tokens, nor contents."""

    def fail(self, why: str) -> None:
        """It did not succeed, in a word or two."""


class _NoSpan(AbstractContextManager[Span]):
    _span = Span()

    def __enter__(self) -> Span:
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


NO_SPAN = _NoSpan()

_active: "OpenTelemetry | None" = None


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
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401 - only whether it is there
    except ImportError:
        given = next(name for name in ENDPOINTS if os.environ.get(name))
        return f"{given} is set, but OpenTelemetry is not installed: {INSTALL}, or unset the variable"
    return ""


def configure(process: str) -> None:
    """Begins to trace if that is wanted. Ends the process with one line and exit code 2 if it cannot be."""
    global _active  # noqa: PLW0603 - on or off for the whole process, as logs are
    if why := mistake():
        print(f"{process}: {why}", file=sys.stderr)
        raise SystemExit(2)
    if is_wanted():
        from service_kit.otel import OpenTelemetry

        _active = OpenTelemetry(process)


def shutdown() -> None:
    """Sends what is left, for two seconds at most."""
    global _active  # noqa: PLW0603 - see configure
    if _active is not None:
        _active.shutdown()
        _active = None


def is_on() -> bool:
    """Whether anything is traced."""
    return _active is not None


def span(name: str, kind: Kind, *, parent: str | None = None) -> AbstractContextManager[Span]:
    """A span for the length of the context, within the current one, or within `parent` (a W3C traceparent; one that
    cannot be read begins a new trace)."""
    return NO_SPAN if _active is None else _active.span(name, kind, parent)


def child(name: str, kind: Kind, parent: str | None = None) -> AbstractContextManager[Span]:
    """A span within `parent`, or within the current one if left out; none where there is nothing to be within."""
    if _active is None:
        return NO_SPAN
    within = _active.traceparent() if parent is None else parent
    return _active.span(name, kind, within) if within else NO_SPAN


def traceparent() -> str:
    """The current span for another process to go on from (W3C Trace Context); empty if there is none."""
    return "" if _active is None else _active.traceparent()


def trace_id() -> str:
    """The current trace, 32 hexadecimal digits; empty if there is none."""
    return "" if _active is None else _active.trace_id()


def metadata() -> tuple[tuple[str, str], ...]:
    """What a gRPC call carries along."""
    if _active is None or not (parent := _active.traceparent()):
        return ()
    return ((METADATA_KEY, parent),)


def leave() -> None:
    """The running task goes on outside of any span."""
    if _active is not None:
        _active.leave()
