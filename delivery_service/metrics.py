"""The delivery service's metrics."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from smith.delivery.v1.delivery_pb2 import Environment, Outcome
from smith.delivery.v1.mail_pb2 import MailResult, MailResultKind
from smith.delivery.v1.reason_pb2 import OutcomeKind
from smith.delivery.v1.webhook_pb2 import WebhookResult, WebhookResultKind

from delivery_service.apns.outcomes import BY_WORD
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.mail.results import REASONS as MAIL_REASONS
from delivery_service.webhooks.results import REASONS
from service_kit.metrics import SECONDS

OTHER = "other"
"""The label of reasons that are not in our tables: APNs and receivers choose theirs."""
ENVIRONMENTS: dict[int, str] = {
    Environment.ENVIRONMENT_PRODUCTION: "production",
    Environment.ENVIRONMENT_SANDBOX: "sandbox",
}
KINDS: dict[int, str] = {number: name.removeprefix("OUTCOME_KIND_").lower() for name, number in OutcomeKind.items()}
MAIL_RESULTS = {number: name.removeprefix("MAIL_RESULT_KIND_").lower() for name, number in MailResultKind.items()}
RESULTS = {number: name.removeprefix("WEBHOOK_RESULT_KIND_").lower() for name, number in WebhookResultKind.items()}


class ApnsMetrics:
    """Pushes by outcome. Who counts takes the counter or histogram of its labels and adds to it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.pushes = _PushCounters(registry)
        """By environment, kind of outcome, and reason, which is empty if APNs took the push."""
        duration = Histogram(
            "smith_apns_push_duration_seconds",
            "Time until APNs has answered a push, the wait for a free stream included.",
            ["environment"],
            buckets=SECONDS,
            registry=registry,
        )
        self.duration = {number: duration.labels(name) for number, name in ENVIRONMENTS.items()}
        """By environment."""
        self.refused = Counter(
            "smith_apns_refused", "Deliver calls refused because too many pushes are in progress.", registry=registry
        )


class _PushCounters(dict[tuple[int, int, str], Counter]):
    """Counters by their labels, each made when it is first asked for: looking one up in the library costs more."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._pushes = Counter(
            "smith_apns_pushes",
            "Pushes to single devices, and broadcasts to channels, by outcome and reason.",
            ["environment", "outcome", "reason"],
            registry=registry,
        )

    def __missing__(self, key: tuple[int, int, str]) -> Counter:
        environment, kind, reason = key
        if reason not in BY_WORD and reason not in ("", OTHER):
            return self[environment, kind, OTHER]
        labels = ENVIRONMENTS.get(environment, OTHER), KINDS.get(kind, OTHER), reason
        counter = self[key] = self._pushes.labels(*labels)
        return counter


class ChannelMetrics:
    """Broadcast channels that were asked for and given back."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "smith_apns_channel_requests",
            "Requests to make or delete broadcast channels, by outcome and reason.",
            ["environment", "operation", "outcome", "reason"],
            registry=registry,
        )

    def count(self, environment: int, operation: str, outcome: Outcome) -> None:
        """Counts a request, `create` or `delete`, that has its outcome."""
        reason = outcome.reason if outcome.reason in BY_WORD or not outcome.reason else OTHER
        labels = ENVIRONMENTS.get(environment, OTHER), operation, KINDS.get(outcome.kind, OTHER), reason
        self._requests.labels(*labels).inc()


class WebPushMetrics:
    """Pushes to browsers, by the push service that they belong to: `none` if the target names none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._pushes = Counter(
            "smith_web_pushes",
            "Pushes to single browsers, by push service, outcome and reason.",
            ["service", "outcome", "reason"],
            registry=registry,
        )
        self._duration = Histogram(
            "smith_web_push_duration_seconds",
            "Time until a push service has answered a push, the wait for its turn included.",
            ["service"],
            buckets=SECONDS,
            registry=registry,
        )
        self._in_progress = Gauge(
            "smith_web_push_in_progress", "Browsers that a push waits for or is sent to.", registry=registry
        )

    def watch(self, in_progress: Callable[[], int]) -> None:
        """Shows how many are in progress, as the function says when it is asked."""
        self._in_progress.set_function(in_progress)

    def count(self, service: str, outcome: Outcome, seconds: float) -> None:
        """Counts a push that has its outcome, after this time."""
        self._pushes.labels(service or "none", KINDS.get(outcome.kind, OTHER), outcome.reason).inc()
        if outcome.status:
            self._duration.labels(service or "none").observe(seconds)


class WebhookMetrics:
    """Webhook calls by result."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "smith_webhook_calls", "Attempts to call webhooks, by result.", ["result", "reason"], registry=registry
        )
        self._duration = Histogram(
            "smith_webhook_call_duration_seconds", "Time that an attempt took.", buckets=SECONDS, registry=registry
        )
        self._refused = Counter(
            "smith_webhook_refused", "Calls refused because too many are in progress.", registry=registry
        )
        self.in_progress = Gauge("smith_webhook_calls_in_progress", "Webhooks being called.", registry=registry)

    def count(self, result: WebhookResult) -> None:
        """Counts an attempt that is over."""
        reason = result.reason if not result.reason or result.reason in REASONS else OTHER
        self._calls.labels(RESULTS.get(result.kind, OTHER), reason).inc()
        self._duration.observe(result.latency_ms / 1000)

    def refuse(self) -> None:
        """Counts a refused call."""
        self._refused.inc()


class MailMetrics:
    """Mails by result."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._mails = Counter(
            "smith_mails", "Attempts to send mails, by result.", ["result", "reason"], registry=registry
        )  # fmt: skip

    def count(self, result: MailResult) -> None:
        """Counts an attempt that is over."""
        reason = result.reason if not result.reason or result.reason in MAIL_REASONS else OTHER
        self._mails.labels(MAIL_RESULTS.get(result.kind, OTHER), reason).inc()


class ApnsCollector(Collector):
    """Connections and streams, read when Prometheus asks."""

    def __init__(
        self, pools: Mapping["Environment.ValueType", ApnsConnectionPool], in_progress: Callable[[], int], limit: int
    ) -> None:
        """`in_progress` returns how many pushes the process holds; `limit` is how many it may hold."""
        self._pools = pools
        self._in_progress = in_progress
        self._limit = limit

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        by = ["environment"]
        connections = GaugeMetricFamily("smith_apns_connections", "Open connections to APNs.", labels=by)
        streams = GaugeMetricFamily("smith_apns_streams", "Pushes that APNs has and has not answered.", labels=by)
        waiting = GaugeMetricFamily("smith_apns_waiting", "Pushes that wait for a free stream.", labels=by)
        for number, name in ENVIRONMENTS.items():
            pool = self._pools.get(number)  # type: ignore[call-overload] # an enum's values are plain numbers
            connections.add_metric([name], len(pool.connections) if pool else 0)
            streams.add_metric([name], sum(connection.load for connection in pool.connections) if pool else 0)
            waiting.add_metric([name], pool.waiting if pool else 0)
        yield from (connections, streams, waiting)
        yield GaugeMetricFamily("smith_apns_in_progress", "Pushes that this process holds.", value=self._in_progress())
        yield GaugeMetricFamily("smith_apns_in_progress_limit", "Most pushes that it may hold.", value=self._limit)
