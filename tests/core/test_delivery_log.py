"""A page of the log costs the same however much is in it, and page after page gives every line once."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from smith.core.v1 import delivery_attempt_pb2 as nouns

from core_service.common.plans import CUSTOM_PLAN
from core_service.delivery_log.queries import list_attempts
from core_service.delivery_log.service import LOWEST, Filters
from service_kit.database import create_request_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Core, start_account, start_core

MANY = 40_000
ACTIVITIES = 20
RETRY = nouns.DELIVERY_OUTCOME_RETRY

FILL = """
INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome,
                               latency_ms)
SELECT ('01900000-' || lpad(to_hex(i / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
       %(account_id)s, now(), md5('device' || i %% 4)::uuid,
       'activity-' || i / (%(many)s / %(activities)s), 'update', 5,
       gen_random_uuid(), CASE WHEN i %% 5000 = 7 THEN 'retry' ELSE 'accepted' END, 5
FROM generate_series(0, %(many)s - 1) i
"""
OTHERS = """
INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome,
                               latency_ms)
SELECT gen_random_uuid(), gen_random_uuid(), now(), gen_random_uuid(), gen_random_uuid()::text, 'alert', 5,
       gen_random_uuid(), 'accepted', 5
FROM generate_series(1, 20000) i
"""
STREAM = """
WITH s AS (
    INSERT INTO live_activity_streams (id, account_id, stream_key, activity_id, created_at)
    VALUES (gen_random_uuid(), %(account_id)s, 'busy', 'activity-1', now()) RETURNING id
)
INSERT INTO live_activities (id, account_id, stream_id, version, content_state, alert_version, urgent_version, updates,
    quiet_start, created_at, updated_at, heard_at, expires_at, ended_at, dismiss_at)
SELECT 'activity-' || i, %(account_id)s, s.id, 3, '{}', 0, 1, 2, false, now(), now(), now(), now(), now(), now()
FROM s, generate_series(0, %(activities)s - 1) i
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(new_database: NewDatabase) -> AsyncIterator[tuple[Core, Account]]:
    """An account with a stream that four phones were sent very much of, among many accounts with a little."""
    # The ids say that the lines are of 2024: a core that cleans up late would find them too old.
    async with start_core(new_database(), delivery_log_days=3650) as core:
        account = await start_account(core)
        for statement in (FILL, OTHERS, STREAM, "ANALYZE"):
            await core.sql(statement, account_id=account.id, many=MANY, activities=ACTIVITIES)
        yield core, account


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plan's, all of them."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.mark.thorough
@pytest.mark.parametrize(("by", "things"), [("account", 1), ("device", 1), ("subject", 1), ("subject", ACTIVITIES)])
async def test_a_page_reads_no_more_than_it_examines(busy: tuple[Core, Account], by: str, things: int) -> None:
    core, account = busy
    parameters = {
        "account_id": account.id,
        "subjects": [f"activity-{number}" for number in range(things)] if by == "subject" else None,
        "channel": None,
        **Filters().looked_for,
        "since": LOWEST,
        "before": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "examined": 101,
        "limit": 101,
    }
    [[parameters["device_id"]]] = await core.sql("SELECT md5('device1')::uuid")
    async with (
        create_request_pool(core.database_url, max_size=2) as pool,
        pool.connection() as connection,
        connection.transaction(),
        psycopg.AsyncClientCursor(connection) as cursor,
    ):
        await cursor.execute(CUSTOM_PLAN)
        await cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {list_attempts(by)}", parameters)
        [plan] = (await cursor.fetchall())[0][0]
    read = [node for node in nodes(plan["Plan"]) if "delivery_attempts" in str(node.get("Index Name"))]
    assert read, json.dumps(plan)
    rows = sum(node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0) for node in read)
    assert rows <= 101 * things, json.dumps(plan, indent=1)


@pytest.mark.parametrize(
    "filters",
    [{"stream_key": "busy"}, {"outcomes": [RETRY]}, {"device_id": "3", "outcomes": [RETRY], "stream_key": "busy"}],
    ids="+".join,
)
async def test_pages_give_each_line_once_newest_first(busy: tuple[Core, Account], filters: dict[str, Any]) -> None:
    core, account = busy
    if "device_id" in filters:
        [[device_id]] = await core.sql("SELECT md5('device' || %s)::uuid", filters["device_id"])
        filters = filters | {"device_id": str(device_id)}
    found, token = [], None
    while True:
        page = await account.owner.ListDeliveryAttempts(**filters, page_size=1000, page_token=token)
        found += [attempt.id for attempt in page.delivery_attempts]
        token = page.next_page_token or None
        if token is None:
            break
    assert len(found) == (MANY // 5000 if "outcomes" in filters else MANY)
    assert found == sorted(set(found), reverse=True)


async def test_what_a_stranger_was_sent_is_not_even_hinted_at(busy: tuple[Core, Account]) -> None:
    core, _ = busy
    stranger = await start_account(core)
    [[device_id]] = await core.sql("SELECT md5('device1')::uuid")
    for filters in ({"device_id": str(device_id), "outcomes": [RETRY]}, {"activity_id": "activity-3"}):
        page = await stranger.owner.ListDeliveryAttempts(**filters, page_size=10)
        assert not page.delivery_attempts
        assert not page.next_page_token
