"""An account's overview: what happened in a period, and what it is compared with."""

import datetime as dt
from typing import Any, cast

import pytest
from smith.core.v1.overview_pb2 import OVERVIEW_PERIOD_DAY, OVERVIEW_PERIOD_MONTH, OVERVIEW_PERIOD_WEEK, OverviewPeriod

from tests.core.harness import Account


async def this_hour(account: Account) -> dt.datetime:
    """When the present hour began."""
    [(hour,)] = await account.core.sql("SELECT date_trunc('hour', now(), 'UTC')")
    return cast("dt.datetime", hour)


async def was_counted(account: Account, hour: dt.datetime, count: int) -> None:
    """So many pushes were sent in the hour."""
    await account.core.sql(
        """
        INSERT INTO hourly_counts (account_id, hour, counted, latency_class, count)
        VALUES (%s, %s, 'push_notification_sent', 0, %s)
        """,
        account.id,
        hour,
        count,
    )


async def overview_of(account: Account, period: OverviewPeriod, counts: dict[int, int]) -> Any:
    """The overview if so many pushes were sent so many hours ago."""
    while True:
        hour = await this_hour(account)
        for hours_ago, count in counts.items():
            await was_counted(account, hour - dt.timedelta(hours=hours_ago), count)
        overview = await account.owner.GetOverview(period=period)
        if await this_hour(account) == hour:
            return overview
        # Another hour has begun meanwhile, and all of it is an hour older than it shall be.
        await account.core.sql("DELETE FROM hourly_counts WHERE account_id = %s", account.id)


@pytest.mark.parametrize(
    ("period", "hours", "steps"),
    [(OVERVIEW_PERIOD_DAY, 24, 24), (OVERVIEW_PERIOD_WEEK, 7 * 24, 28), (OVERVIEW_PERIOD_MONTH, 30 * 24, 30)],
)
async def test_a_period_is_compared_with_the_one_before(
    account: Account, period: OverviewPeriod, hours: int, steps: int
) -> None:
    counts = {0: 1, hours - 1: 2, hours: 40, 2 * hours - 1: 80, 2 * hours: 1000}
    overview = await overview_of(account, period, counts)
    assert (overview.total.push_notifications, overview.previous.push_notifications) == (3, 120)
    counted = [step.push_notifications for step in overview.steps]
    assert (len(counted), counted[0], counted[-1], sum(counted)) == (steps, 2, 1, 3)
    length = overview.total.starts_at.ToDatetime() - overview.previous.starts_at.ToDatetime()
    assert length.total_seconds() == hours * 3600
