"""The request that work is done for: several may share one call of another process, and a task."""

from dataclasses import dataclass

from service_kit import request_id, tracing


@dataclass(frozen=True, slots=True)
class Origin:
    """A request of a client, as far as another process needs to know it."""

    request_id: str = ""
    traceparent: str = ""
    """W3C Trace Context of the span that asks for the work; empty if nobody traces it."""


NOBODY = Origin()
"""Of work that no request waits for."""


def here() -> Origin:
    """The request that the running task serves."""
    given = request_id.current.get()
    return Origin(given, tracing.traceparent()) if given else NOBODY


def leave() -> None:
    """From here on the running task works for several requests, or for none. A task inherits the request that happened
    to start it."""
    request_id.current.set("")
    tracing.leave()
