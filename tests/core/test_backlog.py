"""What is told of work that is owed: true, and read at a cost that does not grow with it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from core_service.app.queues import MEASURED
from core_service.common.orm import now
from core_service.work_queue import backlog
from core_service.work_queue.backlog import MAX_COUNTED, Backlog, Depth
from core_service.work_queue.fair_claim import MAX_ACCOUNTS
from service_kit.database import Pool, create_batch_pool
from tests.core.conftest import NewDatabase
from tests.waiting import eventually_async

QUEUES = ("notifications", "live_activities", "webhooks", "badges")
DELIVERIES = """
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
SELECT gen_random_uuid(), gen_random_uuid(), md5('account' || (i %% %(accounts)s))::uuid, gen_random_uuid(),
       gen_random_uuid(), %(state)s, now() + %(seconds)s * interval '1 second', 0
FROM generate_series(1, %(count)s) i
"""


@pytest_asyncio.fixture(loop_scope="session")
async def pool(new_database: NewDatabase) -> AsyncIterator[Pool]:
    """A database that no core works on."""
    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=2) as pool:
        yield pool


async def owe(pool: Pool, **what: Any) -> None:
    """Adds deliveries."""
    async with pool.connection() as connection:
        await connection.execute(DELIVERIES, {"accounts": 1, "state": "due", "count": 1, "seconds": 3600} | what)


async def reading(pool: Pool) -> dict[str, Depth]:
    """What a first reading finds."""
    read = Backlog(pool, MEASURED, now)
    running = asyncio.create_task(read.run())

    async def is_read() -> float:
        return read.read_at

    try:
        await eventually_async("the queues are read", is_read)
        return read.depths
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_nothing_owed_is_nothing_late(pool: Pool) -> None:
    assert await reading(pool) == dict.fromkeys(QUEUES, Depth(0, 0.0))


async def test_work_counts_whether_due_or_waiting_and_is_late_only_once_due(pool: Pool) -> None:
    await owe(pool, count=7)
    await owe(pool, count=5, state="accepted", seconds=-7200)
    found = (await reading(pool))["notifications"]
    assert found == Depth(7, 0.0)
    await owe(pool, count=2, seconds=-90)
    found = (await reading(pool))["notifications"]
    assert found.owed == 9
    assert 90 <= found.oldest_seconds < 150


async def test_the_oldest_is_found_among_more_accounts_than_one_visit_takes(pool: Pool) -> None:
    await owe(pool, accounts=3 * MAX_ACCOUNTS, count=3 * MAX_ACCOUNTS)
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE deliveries SET due_at = now() - interval '500 seconds' "
            "WHERE account_id = (SELECT max(account_id::text)::uuid FROM deliveries)"
        )
    found = (await reading(pool))["notifications"]
    assert found.owed == 3 * MAX_ACCOUNTS
    assert found.oldest_seconds >= 500


async def test_counting_ends_at_a_bound(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_COUNTED == 50_000
    monkeypatch.setattr(backlog, "MAX_COUNTED", 100)
    await owe(pool, count=150)
    assert (await reading(pool))["notifications"].owed == 100
