"""The access log: a line for each request if that is set, and always a warning for a failed or slow request."""

import logging
import time
from dataclasses import dataclass

log = logging.getLogger(__name__)

ROUTE_KEY = "smith.route"
"""Key of the route's path template in the ASGI scope; set once a route was found."""

HEALTH = frozenset({"/healthz", "/readyz"})
"""Paths that machines ask for all the time. "Not ready" is a regular answer there, not a failed request."""

MAX_WARNINGS_PER_SECOND = 20
"""Most lines in a second: when core is away, every request of every client is answered 503."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. Except for the method, it holds nothing that a client chose."""

    method: str
    route: str
    """The route's path template; empty if no route matched."""
    status: int
    seconds: float


class AccessLog:
    """Logs requests, without path, query and credentials. Each line has the request's id."""

    def __init__(self, *, every: bool, slow_seconds: float) -> None:
        self._every = every
        self._slow_seconds = slow_seconds
        self._second = 0
        self._told = 0

    def tell(self, exchange: Exchange) -> None:
        """Logs a request that is over, if it has to be logged."""
        failed = exchange.status >= 500 and exchange.route not in HEALTH
        if failed or exchange.seconds >= self._slow_seconds:
            if self._every or self._has_room():
                self._write(logging.WARNING, exchange)
        elif self._every:
            self._write(logging.INFO, exchange)

    def _has_room(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            if (untold := self._told - MAX_WARNINGS_PER_SECOND) > 0:
                log.warning("%d more requests went wrong or took long within a second", untold)
            self._second, self._told = second, 0
        self._told += 1
        return self._told <= MAX_WARNINGS_PER_SECOND

    def _write(self, level: int, exchange: Exchange) -> None:
        milliseconds = round(exchange.seconds * 1000, 1)
        fields = {
            "method": exchange.method,
            "route": exchange.route,
            "status": exchange.status,
            "duration_ms": milliseconds,
        }
        route = exchange.route or "(no such path)"
        log.log(level, "%s %s %d in %s ms", exchange.method, route, exchange.status, milliseconds, extra=fields)
