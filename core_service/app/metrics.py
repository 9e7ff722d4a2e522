"""The core's metrics: what it counts, and what is read when they are asked for."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core_service.devices.models import Environment
from core_service.events.service import EventBus
from core_service.sending.circuit_breaker import Step
from core_service.sending.guarded_sender import GuardedSender
from core_service.sending.reasons import BY_WORD
from core_service.work_queue.backlog import Backlog
from service_kit.database import Pool

if TYPE_CHECKING:
    from core_service.events.relay import EventRelay

ENVIRONMENTS = frozenset(one.value for one in Environment)
OTHER = "other"


def error_counter(registry: CollectorRegistry) -> Callable[[str], None]:
    """Counts errors by their reason, which must be one of a class of ours."""
    errors = Counter(
        "smith_core_errors",
        "Calls that ended with an error, by reason: those of smith.core.v1.ErrorReason, DATABASE_AWAY, INTERNAL.",
        ["reason"],
        registry=registry,
    )
    # Worth an alert, so it exists from the start: a rate needs a first value.
    for reason in ("RATE_LIMITED", "TOO_MANY_ATTEMPTS", "UNAVAILABLE", "DATABASE_AWAY", "INTERNAL"):
        errors.labels(reason)
    return lambda reason: errors.labels(reason).inc()


class CoreCollector(Collector):
    """Queues, work in progress, routes to APNs, and events."""

    def __init__(
        self,
        *,
        backlog: Backlog,
        in_progress: Mapping[str, Callable[[], int]],
        sender: GuardedSender,
        events: EventBus,
        relay: "EventRelay | None",
        calls_limit: int,
    ) -> None:
        """`in_progress` returns, for each queue, how much work this process has taken."""
        self._backlog = backlog
        self._in_progress = in_progress
        self._sender = sender
        self._events = events
        self._relay = relay
        self._calls_limit = calls_limit

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        yield GaugeMetricFamily(
            "smith_core_calls_limit", "Calls beyond which new ones are refused.", value=self._calls_limit
        )
        yield from self._queues()
        yield self._lines()
        watchers = GaugeMetricFamily("smith_event_watchers", "Readers of events.", value=self._events.watchers)
        dropped = CounterMetricFamily("smith_events_dropped", "Events that somebody missed.", labels=["where"])
        dropped.add_metric(["watcher"], self._events.dropped)
        dropped.add_metric(["relay"], self._relay.dropped if self._relay is not None else 0)
        yield from (watchers, dropped)

    def _queues(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily(
            "smith_queue_depth", "Work owed, waiting or in progress; counted to 50,000.", labels=["queue"]
        )
        oldest = GaugeMetricFamily(
            "smith_queue_oldest_due_seconds", "For how long the oldest work has been due.", labels=["queue"]
        )
        for name, found in self._backlog.depths.items():
            depth.add_metric([name], found.owed)
            oldest.add_metric([name], found.oldest_seconds)
        read_at = GaugeMetricFamily(
            "smith_queue_read_timestamp_seconds", "When the queues were last read.", value=self._backlog.read_at
        )
        taken = GaugeMetricFamily(
            "smith_queue_in_progress", "Work that this process has taken, until it is settled.", labels=["queue"]
        )
        for name, count in self._in_progress.items():
            taken.add_metric([name], count())
        yield from (depth, oldest, read_at, taken)

    def _lines(self) -> Metric:
        stopped = GaugeMetricFamily(
            "smith_apns_lines_stopped",
            "Routes to APNs, or to a browser's push service, that are stopped, as this process sees it.",
            labels=["environment", "reach", "reason"],
        )
        # Phones report their environment and app, so neither may become a label unchecked.
        alarms = Tally(
            (
                alarm.route.environment if alarm.route.environment in ENVIRONMENTS else OTHER,
                "environment" if alarm.route.step is Step.SENDER else "app",
                alarm.reason if alarm.reason in BY_WORD else OTHER,
            )
            for alarm in self._sender.alarms()
        )
        for environment in ENVIRONMENTS:
            if not any(key[0] == environment for key in alarms):
                stopped.add_metric([environment, "", ""], 0)
        for labels, count in alarms.items():
            stopped.add_metric(list(labels), count)
        return stopped


class PoolCollector(Collector):
    """The state of the pools of connections to PostgreSQL."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools

    def collect(self) -> Iterator[Metric]:
        """See https://www.psycopg.org/psycopg3/docs/advanced/pool.html#pool-stats."""
        gauges = {
            "pool_max": GaugeMetricFamily("smith_database_pool_max", "Most connections.", labels=["pool"]),
            "pool_size": GaugeMetricFamily("smith_database_pool_size", "Open connections.", labels=["pool"]),
            "pool_available": GaugeMetricFamily("smith_database_pool_idle", "Idle connections.", labels=["pool"]),
            "requests_waiting": GaugeMetricFamily(
                "smith_database_pool_waiting", "Callers that wait for a connection.", labels=["pool"]
            ),
        }
        counters = {
            "requests_num": CounterMetricFamily(
                "smith_database_pool_requests", "Connections asked for.", labels=["pool"]
            ),
            "requests_errors": CounterMetricFamily(
                "smith_database_pool_errors", "Callers that got no connection.", labels=["pool"]
            ),
            "requests_wait_ms": CounterMetricFamily(
                "smith_database_pool_wait_seconds", "Time that callers waited for connections.", labels=["pool"]
            ),
            "connections_lost": CounterMetricFamily(
                "smith_database_pool_lost", "Connections that broke.", labels=["pool"]
            ),
        }
        for name, pool in self._pools.items():
            stats = pool.get_stats()
            for key, gauge in gauges.items():
                gauge.add_metric([name], stats.get(key, 0))
            for key, counter in counters.items():
                value = stats.get(key, 0)
                counter.add_metric([name], value / 1000 if key.endswith("_ms") else value)
        yield from gauges.values()
        yield from counters.values()
