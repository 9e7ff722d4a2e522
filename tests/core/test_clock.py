"""A clock that is set back makes nobody wait."""

import datetime as dt

import pytest
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.clock_watch import Drift
from tests.core.conftest import NewDatabase
from tests.core.harness import start_account, start_core
from tests.core.live_rig import TravelClock
from tests.waiting import eventually_async

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("steady", "moved", "noticed"),
    [
        (10.0, 10.0, False),
        (10.0, 5.5, False),
        (10.0, 4.0, True),
        (10.0, -3600.0, True),
        (10.0, 3610.0, False),
        (0, 0, False),
    ],
)
def test_only_a_clock_that_falls_behind_the_steady_one_was_set_back(steady: float, moved: float, noticed: bool) -> None:
    seconds = 0.0
    drift = Drift("a clock", lambda: seconds)
    assert not drift.was_set_back(START)
    seconds = steady
    after = START + dt.timedelta(seconds=moved)
    assert drift.was_set_back(after) is noticed
    assert not drift.was_set_back(after)


async def test_what_waits_for_a_time_is_looked_at_when_the_clock_is_set_back(new_database: NewDatabase) -> None:
    clock = TravelClock(HOUR)
    async with start_core(new_database(), clock=clock, delivery_wait=0.1) as core:
        account = await start_account(core)
        await account.add_startable_phone()
        _, secret = await account.add_key()
        # There is no delivery service here: the start is owed, and tried again and again.
        await core.caller(secret).StartLiveActivity(
            content_state={"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 1}
        )
        clock.ahead = dt.timedelta()

        async def is_soon() -> bool:
            [[next_at]] = await core.sql("SELECT next_at FROM live_activity_devices")
            return bool(next_at < clock() + HOUR / 2)

        await eventually_async("the start is tried again", is_soon)
