"""What a request leaves behind: its line in the access log, its counts, and what its span says."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry.trace import Span, StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.load import Calls
from service_kit import tracing
from service_kit.metrics import SECONDS
from service_kit.tallies import Durations, Histograms, Tallies, Tally

# Its name is documented: people filter by it.
log = logging.getLogger("gateway.access")

HEALTH = frozenset({"/healthz", "/readyz"})
"""Paths that machines ask for all the time. "Not ready" is a regular answer there, not a failed request."""

MAX_WARNINGS_PER_SECOND = 20
"""Most lines in a second: when core is away, every request of every client is answered 503."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""The label of methods and paths that the API does not have."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. Except for the method, it holds nothing that a client chose."""

    method: str
    route: str
    """The route's path template; empty if no route matched."""
    status: int
    seconds: float
    longest_wait: float = 0
    """Seconds of them for which the answer may have waited because that was asked for."""

    def describe(self, span: Span) -> None:
        """Names the request's span by the route: the path could hold a client's data."""
        span.update_name(f"{self.method} {self.route}".rstrip())
        span.set_attribute("http.request.method", self.method)
        span.set_attribute("http.response.status_code", self.status)
        span.set_attribute("smith.request_id", tracing.request_id.get())
        if self.route:
            span.set_attribute("http.route", self.route)
        if self.status >= 500:
            span.set_status(StatusCode.ERROR, str(self.status))


class AccessLog:
    """A line for each request if that is set, and always a warning for a failed or slow one. The lines have the
    request's id; they hold neither path nor query nor credentials."""

    def __init__(self, *, every: bool, slow_seconds: float) -> None:
        self._every = every
        self._slow_seconds = slow_seconds
        self._second = 0
        self._told = 0

    def tell(self, exchange: Exchange) -> None:
        """Logs a request that is over, if it has to be logged."""
        failed = exchange.status >= 500 and exchange.route not in HEALTH
        if failed or exchange.seconds >= self._slow_seconds + exchange.longest_wait:
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
        method, route, status = exchange.method, exchange.route, exchange.status
        milliseconds = round(exchange.seconds * 1000, 1)
        fields = {"method": method, "route": route, "status": status, "duration_ms": milliseconds}
        log.log(
            level, "%s %s %d in %s ms", method, route or "(no such path)", status, milliseconds, extra=fields
        )  # fmt: skip


class GatewayMetrics:
    """Requests by route and status, and requests that were refused before they were handled."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ["method", "route"]
        self._total = Tallies("smith_gateway_requests", "Requests answered, by HTTP status.", [*by, "status"], registry)
        self._duration = Histograms(
            "smith_gateway_request_duration_seconds",
            "Time from a request's head to its answer.",
            by,
            SECONDS,
            registry,
        )
        self.in_progress = 0
        """Requests being answered."""
        Gauge("smith_gateway_requests_in_progress", "Requests being answered.", registry=registry).set_function(
            lambda: self.in_progress
        )
        self._refused = Counter(
            "smith_gateway_refused", "Requests refused because a bound was reached.", ["bound"], registry=registry
        )
        self._unread = Counter(
            "smith_gateway_unread_requests",
            "Connections refused before a request could be read, by status.",
            ["status"],
            registry=registry,
        )
        self._ignored = Counter(
            "smith_gateway_ignored_fields",
            "Fields of requests that were ignored because the API does not know them.",
            by,
            registry=registry,
        )
        self._missing = Counter(
            "smith_gateway_request_log_missing",
            "Requests that the log of requests does not have, because core did not take them in time.",
            registry=registry,
        )
        self._unlogged = Gauge(
            "smith_gateway_request_log_waiting", "Requests that wait to be handed to core's log.", registry=registry
        )
        self._calls = Gauge("smith_gateway_calls_in_progress", "Calls of core in progress.", registry=registry)
        self._limit = Gauge("smith_gateway_calls_limit", "Most calls of core in progress.", registry=registry)
        self._connections = Gauge("smith_gateway_connections", "Open connections.", registry=registry)
        self._ended: dict[tuple[str, str, int], tuple[Tally, Durations]] = {}

    def watch(self, calls: Calls) -> None:
        """Sets the source of the gauges of calls in progress."""
        self._calls.set_function(lambda: calls.active)
        self._limit.set(calls.limit)

    def watch_request_log(self, waiting: Callable[[], int]) -> None:
        """Sets the source of the gauge of requests that wait to be logged."""
        self._unlogged.set_function(waiting)

    def miss_in_request_log(self, count: int) -> None:
        """Counts requests that the log of requests will not have."""
        self._missing.inc(count)

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Sets the source of the gauge of open connections."""
        self._connections.set_function(count)

    def count(self, exchange: Exchange) -> None:
        """Counts a request that is over."""
        method = exchange.method if exchange.method in METHODS else OTHER
        key = (method, exchange.route, exchange.status)
        found = self._ended.get(key)
        if found is None:
            route = exchange.route or OTHER
            found = self._ended[key] = (
                self._total.labels(method, route, str(exchange.status)),
                self._duration.labels(method, route),
            )
        total, duration = found
        total.inc()
        duration.observe(exchange.seconds)

    def refuse(self, bound: str) -> None:
        """Counts a request that was refused by a limit of load.py."""
        self._refused.labels(bound).inc()

    def refuse_unread(self, status: int) -> None:
        """Counts a connection that was refused before a request was read."""
        self._unread.labels(str(status)).inc()

    def ignore(self, method: str, route: str, fields: int) -> None:
        """Counts the ignored fields of a request. Their names are not kept: clients choose them."""
        self._ignored.labels(method, route).inc(fields)
