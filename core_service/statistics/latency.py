"""Latencies in classes, each a quarter wider than the one before: few numbers from which any percentile can be told."""

import math
from collections.abc import Mapping

PER_DOUBLING = 3
HIGHEST = 60
"""The class of a quarter of an hour, and of all that took longer."""


def class_of(milliseconds: float) -> int:
    """The class, 0 to HIGHEST."""
    return min(HIGHEST, max(0, math.ceil(math.log2(max(milliseconds, 1.0)) * PER_DOUBLING)))


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """The milliseconds that `share` of what was counted, by class, took at most; None if nothing was counted."""
    total = sum(counts.values())
    if not total:
        return None
    left = share * total
    for latency_class, count in sorted(counts.items()):
        if left <= count:
            place = latency_class - 1 + left / count
            return max(1, round(2 ** (place / PER_DOUBLING)))
        left -= count
    return round(2 ** (max(counts) / PER_DOUBLING))
