"""A clock that is set back makes nobody wait."""

import asyncio
import datetime as dt

import psycopg
import pytest
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.app.jobs import cancel
from core_service.common.orm import now
from core_service.events.service import EventBus
from core_service.webhooks.grpc_caller import GrpcWebhookCaller
from core_service.webhooks.runner import WebhookRunner
from core_service.webhooks.signing_keys import SigningKeys
from core_service.work_queue.clock_watch import ClockWatch, Drift
from service_kit.database import create_batch_pool, create_engine
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


@pytest.mark.parametrize("said_at", [0.0, 8.0])
def test_an_answer_that_takes_long_is_no_clock_that_was_set_back(said_at: float) -> None:
    """Whether the clock was read before the wait or after it."""
    seconds = 0.0
    drift = Drift("a clock", lambda: seconds)
    for wait in (0.0, 8.0, 0.0, 8.0):
        asked_at = seconds
        seconds += wait
        said = START + dt.timedelta(seconds=asked_at + min(said_at, wait))
        assert not drift.was_set_back(said, asked_at)
    asked_at = seconds
    assert drift.was_set_back(START + dt.timedelta(seconds=asked_at - 60), asked_at)


async def test_what_could_not_be_looked_at_while_the_database_was_away_is_later(new_database: NewDatabase) -> None:
    ahead, looks, tries = HOUR, 0, 0

    def clock() -> dt.datetime:
        nonlocal looks
        looks += 1
        return now() + ahead

    async def release() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise psycopg.OperationalError("the database is away")

    async def idle() -> None:
        raise AssertionError("the database's clock was not set back")

    async def looked() -> bool:
        return looks > 0

    async def tried_again() -> bool:
        return tries == 2

    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=2) as pool:
        watching = asyncio.create_task(ClockWatch(pool, clock, own=release, database=[idle]).run())
        await eventually_async("the clock is looked at", looked)
        ahead = dt.timedelta()
        await eventually_async("it is released", tried_again)
        await cancel(watching)


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


async def test_a_webhook_that_waits_for_a_time_is_called_when_the_databases_clock_is_set_back(
    new_database: NewDatabase,
) -> None:
    """Whose clock no test can set: its watch is asked for what it would do."""
    async with (
        start_core(await asyncio.to_thread(new_database)) as core,
        create_batch_pool(core.database_url, max_size=2) as pool,
    ):
        account = await start_account(core)
        for seconds in (60, 3600):
            await core.sql(
                """
                INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at,
                    attempts, response_body, reason, message, created_at)
                VALUES (gen_random_uuid(), %s, gen_random_uuid(), gen_random_uuid(), true, 'u', 'GET', 'running',
                        now() + %s * interval '1 second', 1, '', '', '', now())
                """,
                *(account.id, seconds),
            )
        keys = SigningKeys(pool, create_engine(core.database_url, pool_size=1))
        await WebhookRunner(pool, GrpcWebhookCaller(core.channel), keys, EventBus()).release()
        rows = await core.sql("SELECT due_at > now() + interval '55 seconds' FROM action_runs ORDER BY due_at DESC")
        assert rows == [(True,), (False,)]
