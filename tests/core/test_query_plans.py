"""Every hot query uses an index, so that a request costs the same among a thousand devices and among a million."""

import uuid
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from core_service.auth import credentials, last_used
from core_service.dispatch import queries as dispatch
from core_service.push import queries as push
from tests.core.harness import Core

FILL = """
INSERT INTO accounts (id, name, created_at)
SELECT md5('account' || i)::uuid, 'a', now() FROM generate_series(1, 500) i;
INSERT INTO users (id, email, name, password_hash, created_at)
SELECT md5('user' || i)::uuid, i::text, 'u', '', now() FROM generate_series(1, 2000) i;
INSERT INTO members (account_id, user_id, role, created_at)
SELECT md5('account' || (1 + i %% 500))::uuid, md5('user' || i)::uuid, 'owner', now() FROM generate_series(1, 2000) i;
INSERT INTO sessions (id, account_id, user_id, secret_hash, created_at, expires_at)
SELECT gen_random_uuid(), md5('account' || (1 + i %% 500))::uuid, md5('user' || i)::uuid, sha256(('s' || i)::bytea),
       now(), now() + interval '1 day' FROM generate_series(1, 2000) i;
INSERT INTO api_keys (id, account_id, name, scope, secret_hash, hint, created_at)
SELECT md5('key' || i)::uuid, md5('account' || (1 + i %% 500))::uuid, 'k', 'channels', sha256(('k' || i)::bytea), '',
       now() FROM generate_series(1, 2000) i;
INSERT INTO channels (id, account_id, slug, name, created_at)
SELECT md5('channel' || i)::uuid, md5('account' || (1 + i %% 500))::uuid, 'c-' || i, '', now()
FROM generate_series(1, 2000) i;
INSERT INTO api_key_channels (api_key_id, channel_id)
SELECT md5('key' || i)::uuid, md5('channel' || i)::uuid FROM generate_series(1, 2000) i;
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, bundle_id, push_token,
                     push_token_registered_at, created_at)
SELECT md5('device' || i)::uuid, md5('account' || (1 + i %% 500))::uuid, md5('user' || (1 + i %% 2000))::uuid, 'd',
       sha256(('d' || i)::bytea), 'sandbox', 'b', md5(i::text), now(), now() FROM generate_series(1, 20000) i;
INSERT INTO channel_users (channel_id, user_id)
SELECT md5('channel' || i)::uuid, md5('user' || i)::uuid FROM generate_series(1, 2000) i;
INSERT INTO channel_devices (channel_id, device_id)
SELECT md5('channel' || (1 + i %% 2000))::uuid, md5('device' || i)::uuid FROM generate_series(1, 20000) i;
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
SELECT md5('notification' || i)::uuid, md5('account' || (1 + i %% 500))::uuid, 't', '{}', now(), now()
FROM generate_series(1, 5000) i;
INSERT INTO deliveries (notification_id, device_id, user_id, apns_id, state, due_at, attempts)
SELECT md5('notification' || (1 + i %% 5000))::uuid, md5('device' || i)::uuid, gen_random_uuid(), gen_random_uuid(),
       CASE WHEN i %% 100 = 0 THEN 'due' ELSE 'accepted' END, now() + interval '1 day', 0
FROM generate_series(1, 20000) i;
ANALYZE
"""

ID = uuid.uuid4()
RECORD: dict[str, Any] = {
    "notification_id": ID,
    "account_id": ID,
    "api_key_id": ID,
    "title": "t",
    "payload": b"{}",
    "channel_slugs": None,
    "channel_ids": [ID],
    "created_at": "2026-01-01",
    "expires_at": "2026-01-02",
    "action_ids": [ID],
    "action_titles": ["t"],
    "action_types": ["webhook"],
    "action_urls": ["u"],
    "action_methods": ["GET"],
    "action_bodies": [None],
    "leased": 200,
    "lease": 20,
}
SETTLEMENT: dict[str, Any] = {
    "notification_ids": [ID],
    "device_ids": [ID],
    "states": ["accepted"],
    "reasons": [None],
    "delays": [0.0],
    "tokens": ["ab"],
    "dead_since": [None],
}
HOT: dict[str, tuple[str, Any]] = {
    "find the API key": (credentials.SELECT_API_KEY, (b"x",)),
    "find the session": (credentials.SELECT_SESSION, (b"x",)),
    "find the device": (credentials.SELECT_DEVICE, (b"x",)),
    "note last use": (last_used.UPDATE, ([ID], ["2026-01-01"])),
    "find channels": (push.FIND_CHANNELS, (ID, ["a"])),
    "record for all": (push.RECORD_FOR_ALL, RECORD),
    "record for channels": (push.RECORD_FOR_CHANNELS, RECORD),
    "claim": (dispatch.CLAIM, {"limit": 500, "lease": 20}),
    "read notifications": (dispatch.READ_NOTIFICATIONS, ([ID],)),
    "settle accepted": (dispatch.SETTLE_ACCEPTED, ([ID], [ID])),
    "settle": (dispatch.SETTLE, SETTLEMENT),
    "count": (dispatch.COUNT, (ID,)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(core: Core) -> Core:
    """A core whose tables are large enough for the planner to care."""
    for statement in FILL.split(";"):
        await core.sql(statement)
    return core


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_query_never_scans_a_table(filled: Core, name: str) -> None:
    query, parameters = HOT[name]
    async with await psycopg.AsyncConnection.connect(
        filled.database_url, autocommit=True, cursor_factory=psycopg.AsyncClientCursor
    ) as connection:
        cursor = await connection.execute(f"EXPLAIN {query}", parameters)
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "Index" in plan
    assert "Seq Scan" not in plan, plan
