"""Counters and histograms of what happens for each request.

They are as those of `prometheus_client`, but without locks and checks: the event loop counts, and answers Prometheus. A
count and a duration took 6 % of what a request costs the gateway.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


class Tally:
    """A count that only grows."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def inc(self) -> None:
        """Counts one more."""
        self.count += 1


class Tallies(Collector):
    """Counts by labels, whose values come from fixed lists."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        """`name` is without `_total`."""
        self._described = name, documentation, labels
        self._found: dict[Labels, Tally] = {}
        registry.register(self)

    def labels(self, *values: str) -> Tally:
        """The count of these labels, the same every time."""
        return self._found.setdefault(values, Tally())

    def collect(self) -> Iterable[Metric]:
        """What Prometheus reads."""
        name, documentation, labels = self._described
        family = CounterMetricFamily(name, documentation, labels=labels)
        for values, tally in self._found.items():
            family.add_metric(values, tally.count)
        yield family


class Durations:
    """Durations in seconds, by the bucket that each belongs to, and their sum."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Counts one more."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.sum += seconds


class Histograms(Collector):
    """Histograms of durations by labels, whose values come from fixed lists."""

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str], bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        """`bounds` are the upper bounds of the buckets in seconds, the lowest first; a last bucket takes the rest."""
        self._described = name, documentation, labels
        self._bounds = tuple(bounds)
        self._names = [*map(floatToGoString, bounds), "+Inf"]
        self._found: dict[Labels, Durations] = {}
        registry.register(self)

    def labels(self, *values: str) -> Durations:
        """The histogram of these labels, the same every time."""
        return self._found.setdefault(values, Durations(self._bounds))

    def collect(self) -> Iterable[Metric]:
        """What Prometheus reads."""
        name, documentation, labels = self._described
        family = HistogramMetricFamily(name, documentation, labels=labels)
        for values, durations in self._found.items():
            buckets = list(zip(self._names, map(float, accumulate(durations.counts)), strict=True))
            family.add_metric(values, buckets, durations.sum)
        yield family
