"""The client's request that work is done for. Several requests may share a call of another process, or a task."""

from dataclasses import dataclass

from service_kit import request_id, tracing


@dataclass(frozen=True, slots=True)
class Origin:
    """The parts of a client's request that other processes need."""

    request_id: str = ""
    traceparent: str = ""
    """W3C Trace Context of the span that asks for the work; empty without tracing."""


NO_ORIGIN = Origin()
"""The origin of work that no request waits for."""


def here() -> Origin:
    """The request that the running task serves."""
    given = request_id.current.get()
    return Origin(given, tracing.traceparent()) if given else NO_ORIGIN


def leave() -> None:
    """Declares that the running task works for several requests, or for none. Otherwise it would keep the request that
    happened to start it."""
    request_id.current.set("")
    tracing.leave()
