"""The last requests with their answers."""

import datetime
from collections import deque
from itertools import islice
from typing import Any, NamedTuple

from simulator.apns.rules import Request

CAPACITY = 10_000


class Entry(NamedTuple):
    """A request in raw form, because most are never shown."""

    connection: int
    stream: int
    request: Request
    status: int | None
    """None: never answered."""
    reason: str | None
    received_at: float


class RequestLog:
    """The last `CAPACITY` requests, in order of their answers."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self.add = self._entries.append

    def clear(self) -> None:
        """Forgets all requests."""
        self._entries.clear()

    def newest(self, limit: int, token: str | None = None) -> list[dict[str, Any]]:
        """At most `limit` requests, newest first; with `token` only those for it."""
        chosen = (entry for entry in reversed(self._entries) if token is None or entry.request.token == token.lower())
        return [_describe(entry) for entry in islice(chosen, limit)]


def _describe(entry: Entry) -> dict[str, Any]:
    return {
        "connection": entry.connection,
        "stream": entry.stream,
        "token": entry.request.token,
        "headers": {
            name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in entry.request.headers.items()
        },
        "body": entry.request.body.decode("utf-8", "replace"),
        "status": entry.status,
        "reason": entry.reason,
        "received_at": datetime.datetime.fromtimestamp(entry.received_at, datetime.UTC).isoformat(),
    }
