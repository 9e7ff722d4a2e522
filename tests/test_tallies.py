"""Our counters and histograms tell Prometheus to the letter what its own library would."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from service_kit.metrics import SECONDS
from service_kit.tallies import Histograms, Tallies

DURATIONS = [0.0, SECONDS[0], SECONDS[0] + 0.0001, 0.3, SECONDS[-1], SECONDS[-1] + 1, 100.0]

Make = Callable[[CollectorRegistry], tuple[Any, Any]]


def theirs(registry: CollectorRegistry) -> tuple[Any, Any]:
    return (
        Counter("smith_calls", "Calls.", ["method", "code"], registry=registry),
        Histogram("smith_call_seconds", "Time.", ["method"], buckets=SECONDS, registry=registry),
    )


def ours(registry: CollectorRegistry) -> tuple[Any, Any]:
    return (
        Tallies("smith_calls", "Calls.", ["method", "code"], registry),
        Histograms("smith_call_seconds", "Time.", ["method"], SECONDS, registry),
    )


def told(make: Make, durations: list[float]) -> str:
    registry = CollectorRegistry()
    total, duration = make(registry)
    for seconds in durations:
        total.labels('Service/"Method"', "OK").inc()
        duration.labels("Service/Method").observe(seconds)
    if durations:
        total.labels("Service/Other", "NOT_FOUND").inc()
        duration.labels("Service/Other")
    return generate_latest(registry).decode()


@pytest.mark.parametrize("durations", [[], DURATIONS, DURATIONS * 3])
def test_what_is_told_is_what_the_library_would_tell(durations: list[float]) -> None:
    assert told(ours, durations) == told(theirs, durations)
