"""What is old goes, what is young or still owed stays."""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core_service.common.orm import lowest_id, now
from core_service.retention import service as module
from core_service.retention.queries import PURGES
from core_service.retention.service import Ages, Retention
from service_kit.database import create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Core

pytestmark = pytest.mark.slow

DAY = dt.timedelta(days=1)
AGES = Ages(delivery_log=30 * DAY, history=30 * DAY, audit_log=365 * DAY, request_log=30 * DAY)
OLD, YOUNG = now() - 31 * DAY, now() - 29 * DAY

OLD_ATTEMPTS = """
INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome,
                               latency_ms)
SELECT ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, %(account_id)s, now(), gen_random_uuid(), 's',
       'alert', 10, gen_random_uuid(), 'accepted', 1
FROM generate_series(1, %(count)s) i
"""


@pytest_asyncio.fixture(loop_scope="session")
async def retention(core: Core) -> AsyncIterator[Retention]:
    """The job, run when the test says so."""
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        yield Retention(pool, AGES, now)


def made_at(moment: dt.datetime) -> uuid.UUID:
    return uuid.UUID(int=lowest_id(moment).int + uuid.uuid4().int % 2**64)


async def a_notification(account: Account, moment: dt.datetime, state: str) -> uuid.UUID:
    """A notification of that time, with a button, a delivery and an attempt."""
    id_ = made_at(moment)
    await account.core.sql(
        """
        WITH n AS (
            INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
            VALUES (%(id)s, %(account_id)s, 't', '{}', %(moment)s, %(moment)s + interval '3 days')
        ), a AS (
            INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id,
                                           outcome, latency_ms)
            VALUES (%(id)s, %(account_id)s, %(moment)s, gen_random_uuid(), %(id)s::text, 'alert', 10, gen_random_uuid(),
                    'accepted', 1)
        )
        INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
        VALUES (%(id)s, gen_random_uuid(), %(account_id)s, gen_random_uuid(), gen_random_uuid(), %(state)s,
                now() + interval '1 hour', 1)
        """,
        id=id_,
        account_id=account.id,
        moment=moment,
        state=state,
    )
    await account.core.sql(
        "INSERT INTO notification_actions (id, notification_id, position, title, type, url)"
        " VALUES (gen_random_uuid(), %s, 1, 't', 'open_url', 'u')",
        id_,
    )
    return id_


async def left(account: Account, table: str, column: str, *ids: object) -> list[object]:
    rows = await account.core.sql(f"SELECT {column} FROM {table} WHERE {column} = ANY(%s)", list(ids))  # noqa: S608
    return [row[0] for row in rows]


async def test_old_notifications_go_with_all_that_belongs_to_them(account: Account, retention: Retention) -> None:
    old, owed = await a_notification(account, OLD, "accepted"), await a_notification(account, OLD, "due")
    young = await a_notification(account, YOUNG, "accepted")
    await retention.forget()
    assert set(await left(account, "notifications", "id", old, owed, young)) == {owed, young}
    assert set(await left(account, "deliveries", "notification_id", old, owed, young)) == {owed, young}
    assert set(await left(account, "notification_actions", "notification_id", old, owed, young)) == {owed, young}
    assert await left(account, "delivery_attempts", "id", old, owed, young) == [young]


async def test_more_than_a_batch_goes_too(new_database: NewDatabase) -> None:
    # On a database of its own: where a core runs, its own job may have forgotten some of them.
    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=2) as pool:
        account_id = uuid.uuid4()
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO accounts (id, name, created_at) VALUES (%s, 'a', now())", [account_id]
            )
            await connection.execute(OLD_ATTEMPTS, {"account_id": account_id, "count": 2500})
        assert await Retention(pool, AGES, now).forget() >= 2500
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT count(*) FROM delivery_attempts")
            assert await cursor.fetchall() == [(0,)]


async def test_the_number_of_a_phone_goes_with_the_phone_and_that_of_others_stays(
    account: Account, retention: Retention
) -> None:
    stays, goes = await account.add_startable_phone(), await account.add_startable_phone()
    await account.core.sql("DELETE FROM badge_updates")
    backend = account.core.caller((await account.add_key())[1])
    await backend.SetBadge(badge=3)
    old = made_at(OLD)
    await account.core.sql("UPDATE badge_updates SET id = %s WHERE account_id = %s", old, account.id)
    await goes.caller.UnpairDevice()
    await retention.forget()
    assert await account.core.sql("SELECT device_id::text, number FROM badges WHERE account_id = %s", account.id) == [
        (stays.id, 3)
    ]
    assert await left(account, "badge_updates", "id", old) == []


@pytest.mark.parametrize(("ended", "stays"), [(OLD, False), (YOUNG, True), (None, True)])
async def test_a_live_activity_goes_a_month_after_its_end(
    account: Account, retention: Retention, ended: dt.datetime | None, stays: bool
) -> None:
    phone, id_ = await account.add_startable_phone(), uuid.uuid4().hex
    await account.core.sql(
        """
        INSERT INTO live_activities (id, account_id, version, content_state, alert_version, urgent_version, updates,
            quiet_start, created_at, updated_at, heard_at, expires_at, ended_at, dismiss_at)
        VALUES (%(id)s, %(account_id)s, 1, '{}', 0, 1, 0, false, now(), now(), now(), now() + interval '8 hours',
                %(ended)s, %(ended)s)
        """,
        id=id_,
        account_id=account.id,
        ended=ended,
    )
    await account.core.sql(
        """
        INSERT INTO live_activity_devices (activity_id, device_id, account_id, user_id, phase, maybe_shown,
            accepted_version, sent_version, timestamp, apns_id, attempt, failures, leased)
        VALUES (%s, %s, %s, gen_random_uuid(), 'ended', true, 1, 1, 1, gen_random_uuid(), 1, 0, false)
        """,
        *(id_, phone.id, account.id),
    )
    await account.core.sql(
        "INSERT INTO live_activity_actions (id, activity_id, title, type, url)"
        " VALUES (gen_random_uuid(), %s, 't', 'open_url', 'u')",
        id_,
    )
    await account.core.sql(
        "INSERT INTO live_activity_versions (activity_id, slot, id, version, event, content_state, recorded_at)"
        " SELECT %s, slot, gen_random_uuid(), slot, 'update', '{}', now() FROM generate_series(0, 49) slot",
        id_,
    )
    await retention.forget()
    for table, column in (
        ("live_activities", "id"),
        ("live_activity_versions", "activity_id"),
        ("live_activity_devices", "activity_id"),
        ("live_activity_actions", "activity_id"),
    ):
        assert bool(await left(account, table, column, id_)) is stays


async def test_what_is_used_up_goes(account: Account, retention: Retention) -> None:
    core = account.core
    await core.sql("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE account_id <> %s", account.id)
    await account.owner.CreatePairingCode()
    await core.sql("UPDATE pairing_codes SET expires_at = now() - interval '1 second'")
    await account.owner.with_metadata(("idempotency-key", "old")).CreateChannel(slug="old")
    await core.sql("UPDATE idempotent_requests SET created_at = now() - interval '25 hours'")
    await account.owner.with_metadata(("idempotency-key", "new")).CreateChannel(slug="new")
    await account.owner.GetWebhookSecret()
    await account.owner.RotateWebhookSecret()
    await core.sql("UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
    await core.sql("INSERT INTO live_activity_push_budgets (device_id, sent_at) VALUES (gen_random_uuid(), '{1}')")
    await retention.forget()
    counts = await core.sql(
        """
        SELECT (SELECT count(*) FROM pairing_codes), (SELECT count(*) FROM idempotent_requests),
               (SELECT count(*) FROM webhook_secrets WHERE account_id = %s),
               (SELECT count(*) FROM sessions WHERE expires_at < now()),
               (SELECT count(*) FROM live_activity_push_budgets)
        """,
        account.id,
    )
    assert counts == [(0, 1, 1, 0, 0)]
    assert (await account.owner.GetAccount()).account.id == account.id


async def test_two_cores_take_turns(account: Account, retention: Retention, core: Core) -> None:
    id_ = await a_notification(account, OLD, "accepted")
    async with create_batch_pool(core.database_url, max_size=2) as pool, pool.connection() as other:
        async with other.transaction():
            await other.execute("SELECT pg_advisory_xact_lock(%s)", (0x464F52474554,))
            forgetting = asyncio.create_task(retention.forget())
            await asyncio.sleep(0.2)
            assert await left(account, "notifications", "id", id_) == [id_]
        await forgetting
    assert await left(account, "notifications", "id", id_) == []


async def test_neither_of_two_cores_stops_because_it_is_the_others_turn(
    account: Account, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 20)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.001)
    await account.core.sql(OLD_ATTEMPTS, account_id=account.id, count=2000)
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        await asyncio.gather(*(Retention(pool, AGES, now).forget() for _ in range(2)))
    assert await account.core.sql("SELECT count(*) FROM delivery_attempts WHERE account_id = %s", account.id) == [(0,)]


async def test_what_cannot_be_forgotten_does_not_have_all_the_rest_stay(account: Account, retention: Retention) -> None:
    id_, sql = await a_notification(account, OLD, "accepted"), account.core.sql
    await sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$")
    await sql("CREATE TRIGGER refuse BEFORE DELETE ON delivery_attempts EXECUTE FUNCTION refuse()")
    try:
        await retention.forget()
    finally:
        await sql("DROP FUNCTION refuse CASCADE")
    assert await left(account, "delivery_attempts", "id", id_) == [id_]
    assert await left(account, "notifications", "id", id_) == []


def test_every_purge_is_bounded() -> None:
    assert [purge for purge in PURGES if "LIMIT" not in purge] == [
        "DELETE FROM webhook_secrets WHERE expires_at < now()"
    ]


@pytest.mark.parametrize(("expired", "stays"), [(OLD, False), (YOUNG, True)])
async def test_an_invite_goes_a_month_after_it_has_expired_and_its_links_at_once(
    account: Account, retention: Retention, expired: dt.datetime, stays: bool
) -> None:
    made = (await account.owner.CreateInvites(emails=["ann@team.test"])).results[0].invite
    await account.invite_token("ann@team.test")
    await account.core.sql("UPDATE invites SET expires_at = %s, mail_state = 'sent' WHERE id = %s", expired, made.id)
    await account.core.sql("UPDATE invite_tokens SET expires_at = now() WHERE invite_id = %s", made.id)
    await retention.forget()
    assert bool(await left(account, "invites", "id", made.id)) == stays
    assert not await left(account, "invite_tokens", "invite_id", made.id)


async def test_old_requests_go_and_those_of_accounts_that_are_gone(account: Account, retention: Retention) -> None:
    old, young, of_nobody = made_at(OLD), made_at(YOUNG), made_at(YOUNG)
    gone = uuid.uuid4()
    for id_, account_id in ((old, account.id), (young, account.id), (of_nobody, gone)):
        await account.core.sql(
            """
            INSERT INTO requests (account_id, id, route, status, latency_ms, caller, caller_id)
            VALUES (%s, %s, 'GET /api/channels', 200, 1, 'api_key', gen_random_uuid())
            """,
            account_id,
            id_,
        )
    for account_id, moment in ((account.id, OLD), (account.id, YOUNG), (gone, YOUNG)):
        await account.core.sql("INSERT INTO request_gaps VALUES (%s, %s, 1)", account_id, moment)
        await account.core.sql("INSERT INTO request_days VALUES (%s, %s, 1)", account_id, moment.date())
    today = "INSERT INTO request_days VALUES (%s, (now() AT TIME ZONE 'UTC')::date, 1)"
    await account.core.sql(today, account.id)
    batches = [uuid.uuid4() for _ in range(2)]
    for id_, minutes in zip(batches, (61, 59), strict=True):
        taken = "INSERT INTO request_batches VALUES (%s, now() - %s * interval '1 minute')"
        await account.core.sql(taken, id_, minutes)
    for address, days in (("198.51.100.1", 8), ("198.51.100.2", 6)):
        refused = "INSERT INTO refused_strangers VALUES (now() - %s * interval '1 day', %s, 401, 1)"
        await account.core.sql(refused, days, address)

    await retention.forget()

    assert await left(account, "requests", "id", old, young, of_nobody) == [young]
    assert await left(account, "request_gaps", "minute", OLD, YOUNG) == [YOUNG]
    assert await left(account, "request_gaps", "account_id", gone) == []
    assert await left(account, "request_days", "account_id", uuid.UUID(account.id), gone) == [uuid.UUID(account.id)]
    assert await left(account, "request_batches", "id", *batches) == batches[1:]
    addresses = ("198.51.100.1", "198.51.100.2")
    assert await left(account, "refused_strangers", "address", *addresses) == ["198.51.100.2"]
