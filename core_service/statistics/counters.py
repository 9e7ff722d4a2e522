"""Counts what happens in accounts. Counts are kept in memory and written every second, so that hot paths only add to
numbers."""

import asyncio
import datetime as dt
import logging
import math
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core_service.common.orm import now
from core_service.events.service import Event
from core_service.statistics.models import Counted
from core_service.statistics.queries import ADD
from service_kit.database import DATABASE_AWAY, Pool

PER_DOUBLING = 3
"""Latencies are counted in classes, each a quarter wider than the one before: few numbers, from which any
percentile can be told."""
HIGHEST = 60
"""The class of latencies of a quarter of an hour and more."""


def class_of(milliseconds: float) -> int:
    """The class, 0 to HIGHEST."""
    return min(HIGHEST, max(0, math.ceil(math.log2(max(milliseconds, 1.0)) * PER_DOUBLING)))


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """Returns the milliseconds that `share` of the counted latencies took at most; None if there are none.

    `counts` has the number of latencies by class.
    """
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


log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
MAX_WAITING = 100_000
"""Numbers that may wait to be written. Beyond it, new ones are not counted."""
BATCH = 2000

Key = tuple[uuid.UUID, dt.datetime, str, int]
"""Account, hour, what is counted, class of latency."""
EVENTS = frozenset(one.value for one in Counted)


class Counters:
    """Counts events and attempts of this core.

    A crash loses the last second. If a connection breaks during a write, that second may be counted twice. People look
    at these numbers; nothing is decided by them.
    """

    def __init__(self, pool: Pool, *, clock: Callable[[], dt.datetime] = now) -> None:
        self._pool = pool
        self._clock = clock
        self._waiting: Counter[Key] = Counter()

    def event(self, account_id: uuid.UUID, event: Event) -> None:
        """Counts the event if it is of a kind that is counted."""
        if event.type.value in EVENTS:
            self._add(account_id, event.type.value, 0)

    def attempt(self, account_id: uuid.UUID, outcome: str, latency_seconds: float) -> None:
        """Counts an attempt that ended in `outcome`, a value of Counted."""
        latency_class = class_of(latency_seconds * 1000) if outcome == Counted.ACCEPTED else 0
        self._add(account_id, outcome, latency_class)

    def _add(self, account_id: uuid.UUID, counted: str, latency_class: int) -> None:
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        key = (account_id, hour, counted, latency_class)
        if len(self._waiting) < MAX_WAITING or key in self._waiting:
            self._waiting[key] += 1

    async def run(self) -> None:
        """Writes the counts every second, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes the counts. Those that the database does not take now are kept for the next time."""
        counted, self._waiting = self._waiting, Counter()
        keys = sorted(counted)
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(ADD, _columns(batch, counted))
            except DATABASE_AWAY as error:
                log.warning("%d counts not written yet: %s", len(keys) - start, error)
                for key in keys[start:]:
                    self._waiting[key] += counted[key]
                return


def _columns(keys: Sequence[Key], counted: Counter[Key]) -> dict[str, list[Any]]:
    account_ids, hours, names, latency_classes = (list(column) for column in zip(*keys, strict=True))
    return {
        "accounts": sorted(set(account_ids)),
        "account_ids": account_ids,
        "hours": hours,
        "counted": names,
        "latency_classes": latency_classes,
        "counts": [counted[key] for key in keys],
    }
