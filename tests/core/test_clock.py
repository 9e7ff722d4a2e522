"""There is one clock, the database's, and one that is set back makes work wait for no longer than work ever waits."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.app.queues import QUEUES
from core_service.common import clock as module
from core_service.common.clock import DatabaseClock
from core_service.common.jobs import cancel
from core_service.common.orm import now
from core_service.work_queue import janitor
from core_service.work_queue.janitor import Janitor
from service_kit.database import Pool, create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import start_account, start_core
from tests.core.live_rig import TravelClock
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="session")
async def pool(new_database: NewDatabase) -> AsyncIterator[Pool]:
    """A database that no core works on."""
    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=2) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked_at", "heard_at", "moved", "shown"),
    [
        # The database's clock: said between `asked_at` and `heard_at`, and `moved` from what it would have said.
        (10.0, 10.0, 0.0, 0.0),
        (10.0, 10.0, 3600.0, 3600.0),
        (10.0, 10.0, -3600.0, -3600.0),
        (10.0, 10.1, -0.05, 0.0),
        (10.0, 18.0, -7.9, 0.0),
        (10.0, 18.0, -60.0, -52.0),
        (10.0, 18.0, 5.0, 5.0),
    ],
)
async def test_a_reading_corrects_the_clock_by_no_more_than_is_certain(
    pool: Pool, asked_at: float, heard_at: float, moved: float, shown: float
) -> None:
    seconds = 0.0
    clock = DatabaseClock(pool, steady=lambda: seconds, own=lambda: START)
    seconds = heard_at
    clock.correct(START + dt.timedelta(seconds=heard_at + moved), asked_at, heard_at)
    assert (clock() - START).total_seconds() == pytest.approx(heard_at + shown)


async def test_the_machines_own_clock_does_not_matter(pool: Pool) -> None:
    clock = DatabaseClock(pool, own=lambda: now() + HOUR)
    assert clock() - now() > HOUR / 2
    await clock.read()
    assert abs(clock() - now()) < dt.timedelta(seconds=10)


async def test_a_clock_goes_on_while_the_database_is_away_and_follows_it_afterwards(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.05)
    closed = create_batch_pool("postgresql://nowhere.invalid/x", max_size=2)
    clock = DatabaseClock(closed, own=lambda: now() + HOUR)
    reading = asyncio.create_task(clock.run())
    await asyncio.sleep(0)
    before = clock()
    assert dt.timedelta() <= clock() - before < dt.timedelta(seconds=10)
    assert not reading.done()
    clock._pool = pool

    async def follows() -> bool:
        return clock() - now() < HOUR / 2

    await eventually_async("the database's clock is read", follows)
    await cancel(reading)


async def test_a_core_goes_by_the_databases_clock(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its machine's clock says: what it owes, it owes now."""
    begin = module.DatabaseClock.__init__
    monkeypatch.setattr(
        module.DatabaseClock, "__init__", lambda self, pool: begin(self, pool, own=lambda: now() + 10 * HOUR)
    )
    async with start_core(await asyncio.to_thread(new_database), delivery_wait=0.1) as core:
        account = await start_account(core)
        await account.add_startable_phone()
        _, secret = await account.add_key()
        await core.caller(secret).StartLiveActivity(
            content_state={"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 1}
        )
        query = "SELECT next_at < now() + interval '1 minute' FROM live_activity_devices"
        assert await core.sql(query) == [(True,)]


async def test_a_start_that_waits_for_a_time_far_off_is_tried_again(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitor, "EVERY_SECONDS", 0.1)
    clock = TravelClock(48 * HOUR)
    async with start_core(await asyncio.to_thread(new_database), clock=clock, delivery_wait=0.1) as core:
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


RUN = """
INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
    response_body, reason, message, created_at)
VALUES (gen_random_uuid(), %(account_id)s, gen_random_uuid(), gen_random_uuid(), true, 'u', 'GET', 'running',
    now() + %(seconds)s * interval '1 second', 1, '', '', '', now())
"""
DELIVERY = """
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
VALUES (gen_random_uuid(), gen_random_uuid(), %(account_id)s, gen_random_uuid(), gen_random_uuid(), 'due',
    now() + %(seconds)s * interval '1 second', 1)
"""
MAIL = """
INSERT INTO mails (id, kind, email, queued_at, due_at, expires_at, state, attempts, reason, message)
VALUES (gen_random_uuid(), 'password_reset', 'a@b.test', now(), now() + %(seconds)s * interval '1 second', now(),
    'queued', 1, '', '')
"""
WITHDRAWAL = """
INSERT INTO live_activity_withdrawals (update_token, account_id, activity_id, device_id, user_id, environment,
    timestamp, apns_id, attempts, next_at, gone_at)
VALUES (gen_random_uuid()::text, %(account_id)s, 'a', gen_random_uuid(), gen_random_uuid(), 'sandbox', 1,
    gen_random_uuid(), 1, now() + %(seconds)s * interval '1 second', now())
"""


BROADCAST = """
INSERT INTO live_activity_broadcasts (id, account_id, activity_id, environment, state, accepted_version, sent_version,
    timestamp, request_id, attempt, failures, leased, next_at, urgent_sent_at, repeats, gone_at)
VALUES (gen_random_uuid(), %(account_id)s, 'a', 'sandbox', 'deleting', 1, 1, 1, gen_random_uuid(), 1, 0, false,
    now() + %(seconds)s * interval '1 second', '{}', false, now())
"""


@pytest.mark.parametrize(
    ("table", "moment", "insert", "longest"),
    [
        ("action_runs", "due_at", RUN, 60),
        ("deliveries", "due_at", DELIVERY, 3960),
        ("mails", "due_at", MAIL, 3600),
        ("live_activity_withdrawals", "next_at", WITHDRAWAL, 3960),
        ("live_activity_broadcasts", "next_at", BROADCAST, 13 * 3600),
    ],
)
async def test_what_waits_for_longer_than_any_wait_is_due_now(
    pool: Pool, table: str, moment: str, insert: str, longest: float
) -> None:
    """As after the database's clock was set back by a day."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "INSERT INTO accounts (id, name, created_at) VALUES (gen_random_uuid(), 'a', now()) RETURNING id"
        )
        [(account_id,)] = await cursor.fetchall()
        for seconds in (longest, longest + 86_400, longest + 2 * 86_400):
            await connection.execute(insert, {"account_id": account_id, "seconds": seconds})

    async def waits() -> list[float]:
        async with pool.connection() as connection:
            cursor = await connection.execute(
                f"SELECT extract(epoch FROM {moment} - now())::float8 FROM {table} ORDER BY 1"  # noqa: S608 - constants
            )
            return [row[0] for row in await cursor.fetchall()]

    async def freed() -> bool:
        return (await waits())[1] < 1

    cleaning = asyncio.create_task(Janitor(pool, QUEUES, now).run())
    await eventually_async("it is due", freed)
    await cancel(cleaning)
    [*due, waiting] = await waits()
    assert all(seconds <= 0 for seconds in due)
    assert longest - 30 < waiting <= longest
