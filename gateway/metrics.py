"""The gateway's metrics."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.access import Exchange
from gateway.load import Calls
from service_kit.metrics import SECONDS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""The label of methods and paths that the API does not have."""


class GatewayMetrics:
    """Requests by route and status, and requests that were refused before they were handled."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ["method", "route"]
        self._total = Counter(
            "smith_gateway_requests", "Requests answered, by HTTP status.", [*by, "status"], registry=registry
        )
        self._duration = Histogram(
            "smith_gateway_request_duration_seconds",
            "Time from a request's head to its answer.",
            by,
            buckets=SECONDS,
            registry=registry,
        )
        self.in_progress = Gauge("smith_gateway_requests_in_progress", "Requests being answered.", registry=registry)
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
        self._calls = Gauge("smith_gateway_calls_in_progress", "Calls of core in progress.", registry=registry)
        self._limit = Gauge("smith_gateway_calls_limit", "Most calls of core in progress.", registry=registry)
        self._connections = Gauge("smith_gateway_connections", "Open connections.", registry=registry)
        self._ended: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def watch(self, calls: Calls) -> None:
        """Sets the source of the gauges of calls in progress."""
        self._calls.set_function(lambda: calls.active)
        self._limit.set(calls.limit)

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
