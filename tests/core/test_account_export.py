"""An export has everything of an account, nothing of another, and no secret."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc
import pytest
import pytest_asyncio
from smith.core.v1 import account_data_service_pb2 as messages
from smith.core.v1 import account_data_service_pb2_grpc

from core_service.account_data.export import MAX_RUNNING, AccountExport
from core_service.account_data.export_queries import SECTIONS
from service_kit.database import Pool, create_batch_pool
from service_kit.errors import Unavailable
from service_kit.status import from_rpc_error
from tests.core.belongings import CONTENT_STATE
from tests.core.harness import Account, Caller, Core, start_account
from tests.core.test_isolation import belongings
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.slow

SECRETS = {
    "secret", "secret_hash", "token_hash", "code_hash", "key_hash", "password_hash", "hint", "push_token",
    "push_to_start_token", "update_token", "lease_id",
}  # fmt: skip
"""Columns that no export may have."""

LEFT_OUT = {
    "alembic_version": "the schema's",
    "api_key_channels": "in the keys",
    "users": "the name and address of members are with them",
    "sessions": "credentials",
    "pairing_codes": "credentials, for minutes",
    "invite_tokens": "credentials",
    "password_reset_tokens": "credentials",
    "mails": "how a mail to a person was sent, for a day",
    "idempotent_requests": "answers that are kept for a day to be repeated, with secrets of new keys",
    "live_activity_push_budgets": "times of pushes within the last hour",
    "live_activity_broadcasts": "channels at Apple by which activities are told, until they are deleted there",
    "live_activity_withdrawals": "ends that are owed to cards of devices that are gone",
    "failed_sign_ins": "the server's, not an account's",
    "sign_in_challenges": "sign-ins that are under way, for minutes",
    "single_sign_on_attempts": "sign-ins that are under way, for minutes",
    "single_sign_on_sessions": "credentials",
    "authenticator_apps": "credentials of persons",
    "recovery_codes": "credentials of persons",
    "passkeys": "credentials of persons",
    "external_identities": "logins of persons elsewhere",
    "request_days": "numbers by which a day's requests are bounded",
    "request_gaps": "how many requests the log lacks",
    "request_batches": "the server's, not an account's",
    "core_reports": "the server's, not an account's",
    "backup_records": "the server's, not an account's",
    "server_alerts": "the server's, not an account's",
    "alert_messages": "the server's, not an account's",
    "refused_strangers": "the server's, not an account's",
}
"""Tables that are not exported, and why."""

TABLES = {
    "members": "members", "invites": "invites", "channels": "channels", "channel_people": "channel_users",
    "channel_devices": "channel_devices", "devices": "devices", "api_keys": "api_keys",
    "webhook_signing_keys": "webhook_secrets", "push_notifications": "notifications",
    "push_notification_actions": "notification_actions", "deliveries": "deliveries",
    "badge_updates": "badge_updates", "badges": "badges", "live_activity_streams": "live_activity_streams",
    "live_activities": "live_activities", "live_activity_states": "live_activity_versions",
    "live_activity_actions": "live_activity_actions", "live_activity_devices": "live_activity_devices",
    "saved_messages": "saved_messages", "widget_metrics": "metrics",
    "webhook_calls": "action_runs", "delivery_attempts": "delivery_attempts",
    "hourly_counts": "hourly_counts", "requests": "requests", "audit_log": "audit_entries",
}  # fmt: skip
"""Each section's table."""


async def text_of(caller: Caller, core: Core) -> str:
    stub = account_data_service_pb2_grpc.AccountDataServiceStub(core.channel)
    metadata = (("authorization", f"Bearer {caller.secret}"),)
    call = stub.ExportAccount(messages.ExportAccountRequest(), metadata=metadata, timeout=LONG)
    return "".join([piece.content async for piece in call])


@pytest_asyncio.fixture(loop_scope="session")
async def pool(core: Core) -> AsyncIterator[Pool]:
    async with create_batch_pool(core.database_url, max_size=2) as opened:
        yield opened


async def exported(pool: Pool, account: Account, *, page: int = 2) -> dict[str, Any]:
    """What an export with small pages has."""
    pieces = AccountExport(pool, page=page).pieces(uuid.UUID(account.id))
    found: dict[str, Any] = json.loads("".join([piece async for piece in pieces]))
    return found


async def test_an_export_is_one_json_object_that_says_when_it_is_complete(account: Account, core: Core) -> None:
    mine = await belongings(account)
    text = await text_of(account.owner, core)
    export = json.loads(text)
    assert list(export) == ["format", "version", "exported_at", "account", *SECTIONS, "complete"]
    assert (export["format"], export["version"], export["complete"]) == ("smith-account-export", 1, True)
    assert export["account"]["id"] == account.id
    found = json.dumps(export)
    for name in ("notification_id", "api_key_id", "channel_id", "user_id", "device_id", "activity_id", "action_id"):
        assert mine[name] in found, name
    assert [row["key"] for row in export["widget_metrics"]] == [mine["key"]]
    assert mine["stream_key"] in {row["stream_key"] for row in export["live_activity_streams"]}
    assert account.email in {row["email"] for row in export["members"]}


async def test_an_export_has_no_secret_and_nothing_of_another_account(account: Account, core: Core) -> None:
    mine, theirs = await belongings(account), await belongings(await start_account(core, "Elsewhere"))
    text = await text_of(account.owner, core)
    assert not [name for name, value in theirs.items() if value in text]
    for secret in (mine["push_token"], mine["push_to_start_token"], mine["endpoint"], account.session):
        assert secret not in text
    assert not {key for name in SECTIONS for row in json.loads(text)[name] for key in row} & SECRETS


async def test_no_table_is_forgotten(core: Core) -> None:
    tables = {name for (name,) in await core.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert list(TABLES) == list(SECTIONS)
    assert tables - {"accounts"} <= {*TABLES.values(), *LEFT_OUT}


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    """What does not change of a row, whatever is going on."""
    return tuple(
        row.get(name)
        for name in (
            "id", "activity_id", "notification_id", "channel_id", "device_id", "user_id", "key", "stream_key", "event",
            "recorded_at", "hour", "counted", "latency_class",
        )
    )  # fmt: skip


async def test_each_row_comes_once_however_the_pages_fall(account: Account, core: Core, pool: Pool) -> None:
    await belongings(account)
    backend = account.core.caller((await account.add_key())[1])
    await account.owner.UpdateAccount(max_live_activities=100)
    for _ in range(3):
        await account.add_startable_phone()
        await backend.SendPushNotification(title="to all")
        started = await backend.StartLiveActivity(content_state=CONTENT_STATE)
        await backend.EndLiveActivity(activity_id=started.activity_id, content_state=CONTENT_STATE)
        await backend.StartLiveActivity(content_state=CONTENT_STATE)
    small, large = await exported(pool, account), await exported(pool, account, page=500)
    for name in SECTIONS:
        rows = [identity(row) for row in small[name]]
        assert len(rows) == len(set(rows)), name
        # Counts and attempts may come to an account at any moment.
        if name not in ("hourly_counts", "delivery_attempts"):
            assert rows == [identity(row) for row in large[name]], name
    assert len(small["deliveries"]) == len(large["deliveries"]) > 6
    assert len(small["live_activity_devices"]) == len(large["live_activity_devices"]) > 6
    assert len(small["live_activities"]) >= 8
    assert len({row["ended_at"] for row in small["live_activities"]}) >= 4


async def test_what_is_made_meanwhile_is_left_out(account: Account, pool: Pool) -> None:
    backend = account.core.caller((await account.add_key())[1])
    await account.add_startable_phone()
    await backend.SendPushNotification(title="before")
    parts, moment = [], await _now(account)

    async def is_over() -> bool:
        return bool((await account.core.sql("SELECT clock_timestamp() > %s + interval '1 millisecond'", moment))[0][0])

    async with aclosing(AccountExport(pool)._texts(uuid.UUID(account.id), moment)) as texts:
        async for text in texts:
            if not parts:
                await eventually_async("the time of the export is over", is_over)
                await backend.SendPushNotification(title="after")
            parts.append(text)
    titles = [row["title"] for row in json.loads("".join(parts))["push_notifications"]]
    assert titles == ["before"]


async def _now(account: Account) -> Any:
    await asyncio.sleep(0)
    return (await account.core.sql("SELECT clock_timestamp() + interval '2 milliseconds'"))[0][0]


async def test_an_export_is_in_the_audit_log(account: Account, core: Core) -> None:
    await text_of(account.owner, core)
    [entry] = [one for one in (await account.owner.ListAuditEntries()).audit_entries if one.method == "ExportAccount"]
    assert entry.actor_name == account.email
    export = json.loads(await text_of(account.owner, core))
    assert "ExportAccount" in {row["method"] for row in export["audit_log"]}


async def test_only_an_owner_exports(account: Account, core: Core) -> None:
    _, member = await account.add_member()
    for caller in (member, core.caller((await account.add_key())[1]), (await account.add_phone()).caller):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await text_of(caller, core)
        assert from_rpc_error(refused.value).reason == "FORBIDDEN"


async def test_exports_at_a_time_are_limited(pool: Pool) -> None:
    export = AccountExport(pool)
    running = [export.place(uuid.uuid4()) for _ in range(MAX_RUNNING)]
    for place in running:
        place.__enter__()
    with pytest.raises(Unavailable), export.place(uuid.uuid4()):
        pass
    running[0].__exit__(None, None, None)
    with export.place(uuid.uuid4()):
        pass
