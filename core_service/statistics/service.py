"""The overview of an account."""

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core_service.auth.rate_limit import RateLimiter
from core_service.common.clock import Clock
from core_service.common.orm import now
from core_service.live_activities.state.vacancy_queries import COUNT_ACTIVE
from core_service.statistics.counters import Counters, percentile
from core_service.statistics.models import Counted
from core_service.statistics.queries import DEVICES, FIRST_STEPS, OWED, READ
from service_kit.database import Pool

__all__ = ["Counted", "Counters", "Figures", "Limit", "Overview", "Period", "Statistics"]

HOUR = dt.timedelta(hours=1)
MOST = 50_000
"""Counting of what is owed ends here."""


class Period(StrEnum):
    """How far an overview looks back."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


STEPS = {Period.DAY: (HOUR, 24), Period.WEEK: (6 * HOUR, 28), Period.MONTH: (24 * HOUR, 30)}
"""The length of a step of the overview, and the number of steps."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened within a time."""

    starts_at: dt.datetime
    counts: Mapping[str, int]
    """By the value of Counted."""
    latency_p50_ms: int | None
    latency_p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a limit is used. `used` is None if that is unknown."""

    used: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class QueuedCounts:
    """What is owed to phones now."""

    notifications: int
    live_activities: int


@dataclass(frozen=True, slots=True)
class DeviceTotals:
    """The account's phones."""

    total: int
    push_token_dead: int
    start_token_dead: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole overview."""

    total: Figures
    previous: Figures
    """Of the time before, which was as long."""
    steps: Sequence[Figures]
    step: dt.timedelta
    owed: QueuedCounts
    rate_limit: Limit
    live_activity_limit: Limit
    devices: DeviceTotals
    has_api_key: bool
    has_sent: bool
    has_live_activity: bool
    has_second_member: bool
    has_backup: bool
    """Whether there is a backup of the server."""


class Statistics:
    """Reads. What is counted is written by Counters."""

    def __init__(self, pool: Pool, limiter: RateLimiter, clock: Clock, *, default_live_activities: int) -> None:
        """`clock` is that of Live Activities."""
        self._pool = pool
        self._limiter = limiter
        self._clock = clock
        self._default_live_activities = default_live_activities

    async def overview(self, account_id: uuid.UUID, rate_limit: int, period: Period) -> Overview:
        """The account's overview; `rate_limit` is how many requests a minute it may make."""
        step, number = STEPS[period]
        start = now().replace(minute=0, second=0, microsecond=0) + HOUR - number * step
        before = start - number * step
        of_account: dict[str, Any] = {"account_id": account_id}
        counting = of_account | {"start": before, "step": step.total_seconds()}
        async with self._pool.connection() as connection:

            async def rows(query: str, parameters: Any) -> list[Any]:
                return await (await connection.execute(query, parameters, binary=True)).fetchall()

            counted = await rows(READ, counting)
            [owed] = await rows(OWED, of_account | {"most": MOST})
            [devices] = await rows(DEVICES, of_account)
            [(own_limit, *done)] = await rows(FIRST_STEPS, of_account)
            [(active,)] = await rows(COUNT_ACTIVE, of_account | {"now": self._clock(), "replaces": None})
        steps: dict[int, list[Any]] = defaultdict(list)
        for place, *row in counted:
            steps[place - number].append(row)
        return Overview(
            _figures(start, (row for place in range(number) for row in steps[place])),
            _figures(before, (row for place in range(-number, 0) for row in steps[place])),
            [_figures(start + place * step, steps[place]) for place in range(number)],
            step,
            QueuedCounts(*owed),
            Limit(await self._limiter.used(str(account_id), rate_limit), rate_limit),
            Limit(active, own_limit or self._default_live_activities),
            DeviceTotals(*devices),
            *done,
        )


def _figures(starts_at: dt.datetime, rows: Iterable[Sequence[Any]]) -> Figures:
    counts: Counter[str] = Counter()
    latencies: dict[int, int] = defaultdict(int)
    for counted, latency_class, count in rows:
        counts[counted] += count
        if counted == Counted.ACCEPTED:
            latencies[latency_class] += count
    return Figures(starts_at, counts, percentile(latencies, 0.5), percentile(latencies, 0.95))
