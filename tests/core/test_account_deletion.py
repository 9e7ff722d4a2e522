"""An account is closed at once and deleted in small steps, whatever dies in between; others are untouched."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from smith.core.v1.account_pb2 import ROLE_OWNER

from core_service.account_data.erasing import Eraser, NotOurTurn
from core_service.common.orm import now
from core_service.retention.service import Retention
from service_kit.client import open_channel
from service_kit.database import create_batch_pool, create_engine
from tests.core.belongings import CONTENT_STATE, changes, everything
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, outcomes, refusal, refused_with, start_account, start_core
from tests.core.live_rig import Rig, Team
from tests.core.processes import core_process, serving_address
from tests.core.test_isolation import belongings
from tests.core.test_retention import AGES
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

EMAIL = "ann@team.test"


@asynccontextmanager
async def eraser(core: Core, **options: Any) -> AsyncIterator[Eraser]:
    """The job of another core, run when the test says so."""
    engine = create_engine(core.database_url, pool_size=2)
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        try:
            yield Eraser(pool, engine, **({"pause_seconds": 0.0, "quiet_seconds": 0.0} | options))
        finally:
            await engine.dispose()


async def rows_of(account: Account) -> dict[str, int]:
    """How many rows each table has of the account."""
    query = """
    SELECT c.table_name FROM information_schema.columns c JOIN pg_tables t ON t.tablename = c.table_name
    WHERE c.column_name = 'account_id' AND t.schemaname = 'public'
    """
    tables = [name for (name,) in await account.core.sql(query)]
    counted = {}
    for table in tables:
        [(count,)] = await account.core.sql(f"SELECT count(*) FROM {table} WHERE account_id = %s", account.id)  # noqa: S608
        if count:
            counted[table] = count
    return counted


async def erased(account: Account, job: Eraser, *, forgets: bool = False) -> None:
    """Has the job go on until nothing of the account is left. The server's own job may be at it, too. `forgets` its
    cards, whichever job comes to owe them an end, and when."""

    async def nothing_is_left() -> bool:
        if forgets:
            await forget_cards(account)
        try:
            await job.erase()
        except NotOurTurn:
            return False
        return not await account.core.sql("SELECT 1 FROM accounts WHERE id = %s", account.id)

    await eventually_async("the account is deleted", nothing_is_left)


async def close(account: Account, name: str = "Acme") -> Any:
    return await account.owner.DeleteAccount(password=PASSWORD, account_name=name)


async def forget_cards(account: Account) -> None:
    """No delivery service answers here: as if iOS had taken the cards away by itself."""
    await account.core.sql("DELETE FROM live_activity_withdrawals WHERE account_id = %s", account.id)


async def test_everything_is_refused_at_once(account: Account, core: Core) -> None:
    _, member = await account.add_member()
    _, key = await account.add_key()
    phone = await account.add_startable_phone()
    code = (await account.owner.CreatePairingCode()).pairing_code
    await account.owner.CreateInvites(emails=["soon@team.test"])
    invited = await account.invite_token("soon@team.test")
    closed = await close(account)
    assert (closed.members, closed.devices) == (2, 1)
    for call in (
        account.owner.GetAccount(), member.GetAccount(), core.caller(key).SendPushNotification(title="late"),
        phone.caller.GetDeviceState(), account.core.caller().CreateSession(email=account.email, password=PASSWORD),
    ):  # fmt: skip
        await refused_with("UNAUTHENTICATED", call)
    assert (await refusal(core.caller().PairDevice(pairing_code=code, name="x"))).reason
    await refused_with("NOT_FOUND", core.caller().AcceptInvite(token=invited, password="ten letters"))


async def test_an_account_goes_with_everything_and_another_keeps_all(account: Account, core: Core) -> None:
    stranger = await start_account(core, "Elsewhere")
    mine = await belongings(account)
    await belongings(stranger)
    kept, kept_rows = await everything(stranger), await rows_of(stranger)
    assert len(await rows_of(account)) > 15
    await close(account)
    async with eraser(core, batch=2) as job:
        for _ in range(2):
            await forget_cards(account)
            await asyncio.gather(job.erase(), return_exceptions=True)
        await erased(account, job, forgets=True)
    assert await rows_of(account) == {}
    for table, column in (("notification_actions", "id"), ("live_activity_actions", "id")):
        assert not await core.sql(f"SELECT 1 FROM {table} WHERE {column}::text = %s", mine["action_id"])  # noqa: S608
    activity_id = mine["activity_id"]
    for table in ("live_activity_versions", "live_activity_devices", "live_activity_actions"):
        assert not await core.sql(f"SELECT 1 FROM {table} WHERE activity_id = %s", activity_id)  # noqa: S608
    assert changes(kept, await everything(stranger)) == []
    assert set(await rows_of(stranger)) >= set(kept_rows)


@pytest.mark.thorough
async def test_a_job_that_dies_in_the_middle_is_carried_on(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whichever core comes next. It is cancelled after each number of steps, as a kill would end it."""
    url = await asyncio.to_thread(new_database)
    async with start_core(url) as core:
        account = await start_account(core)
        await belongings(account)
        for _ in range(3):
            await account.add_startable_phone()
    # The core's own job would begin at once, and a core that takes long to stop leaves it the time to end.
    monkeypatch.setattr(Eraser, "run", lambda self: asyncio.Event().wait())
    async with start_core(url) as core:
        owner = core.caller(account.session)
        await owner.DeleteAccount(password=PASSWORD, account_name="Acme")
    before = sum((await rows_of(account)).values())
    for steps in range(1, 40, 3):
        async with eraser(core, batch=3) as job:
            _die_after(job, steps)
            try:
                await job.erase()
            except Killed:
                continue
            break
    async with eraser(core) as job:
        assert sum((await rows_of(account)).values()) < before
        await erased(account, job, forgets=True)
    assert await rows_of(account) == {}
    await core.aclose()


class Killed(BaseException):
    """The process was killed."""


def _die_after(job: Eraser, steps: int) -> None:
    whole, left = job._step, [steps]

    async def step(*arguments: Any) -> int:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return await whole(*arguments)

    job._step = step  # type: ignore[method-assign]


@pytest_asyncio.fixture(loop_scope="session")
async def database(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A database on which no core runs, so that no other job has its turn or deletes first."""
    url = await asyncio.to_thread(new_database)
    async with open_channel("127.0.0.1:1") as channel, aclosing(Core("", url, channel)) as place:
        yield place


async def test_no_step_deletes_more_than_a_batch(database: Core) -> None:
    account, core = await start_account(database), database
    await account.core.sql(
        """
        INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id,
                                       outcome, latency_ms)
        SELECT gen_random_uuid(), %s, now(), gen_random_uuid(), 's', 'alert', 10, gen_random_uuid(), 'accepted', 1
        FROM generate_series(1, 250)
        """,
        account.id,
    )
    deleted = []
    async with eraser(core, batch=100) as job:
        whole = job._step

        async def step(*arguments: Any) -> int:
            deleted.append(await whole(*arguments))
            return deleted[-1]

        job._step = step  # type: ignore[method-assign]
        await core.sql("UPDATE accounts SET closed_at = now() WHERE id = %s", account.id)
        await job.erase()
    assert max(deleted) <= 100
    assert (await rows_of(account)).get("delivery_attempts") is None


MANY = """
WITH activity AS (
    INSERT INTO live_activities (id, account_id, version, content_state, alert_version, urgent_version, updates,
        quiet_start, created_at, updated_at, heard_at, expires_at, ended_at, dismiss_at)
    SELECT %(name)s || i, %(account_id)s, 1, '{}', 0, 1, 0, false, now(), now(), now(), now(), now(),
           CASE WHEN i %% 3 > 0 THEN now() - (i * 7919 %% 350) * interval '1 minute' END
    FROM generate_series(1, 350) i
    RETURNING id
), state AS (
    INSERT INTO live_activity_versions (activity_id, slot, id, version, event, content_state, recorded_at)
    SELECT id, slot, gen_random_uuid(), slot, 'update', '{}', now() FROM activity, generate_series(1, 3) slot
), notification AS (
    INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
    -- Young, as ids tell the time.
    SELECT overlay(gen_random_uuid()::text PLACING 'ff' FROM 1)::uuid, %(account_id)s, 't', '{}', now(), now()
    FROM generate_series(1, 350)
    RETURNING id
)
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
SELECT id, gen_random_uuid(), %(account_id)s, gen_random_uuid(), gen_random_uuid(), 'accepted', now(), 1
FROM notification, generate_series(1, 3)
"""


async def test_one_round_deletes_all_there_is_in_whatever_order_it_lies(account: Account, core: Core) -> None:
    await core.sql(MANY, account_id=account.id, name=f"{uuid.uuid4()}-")
    await core.sql("UPDATE accounts SET closed_at = now() WHERE id = %s", account.id)

    async def is_deleted() -> bool:
        try:
            async with eraser(core) as job:
                await job.erase()
        except NotOurTurn:
            return False
        return True

    await eventually_async("a round is over", is_deleted)
    left = await rows_of(account)
    assert not {"live_activities", "notifications", "deliveries"} & left.keys()
    orphans = "SELECT 1 FROM live_activity_versions WHERE activity_id NOT IN (SELECT id FROM live_activities)"
    assert not await core.sql(orphans)


@pytest.mark.thorough
async def test_what_a_killed_core_was_deleting_another_deletes(new_database: NewDatabase, tmp_path: Path) -> None:
    url = await asyncio.to_thread(new_database)
    with core_process(url, tmp_path / "first") as process:
        address = await asyncio.to_thread(serving_address, process, tmp_path / "first")
        async with open_channel(address) as channel, aclosing(Core(address, url, channel)) as core:
            account, stranger = await start_account(core), await start_account(core, "Elsewhere")
            for one in (account, stranger):
                await core.sql(MANY, account_id=one.id, name=f"{uuid.uuid4()}-")
            await close(account)
            process.kill()
    async with aclosing(Core(address, url, channel)) as database:
        account, stranger = replace(account, core=database), replace(stranger, core=database)
        assert {"live_activities", "notifications"} & (await rows_of(account)).keys()
        kept = await rows_of(stranger)
        with core_process(url, tmp_path / "second"):

            async def nothing_is_left() -> bool:
                return await rows_of(account) == {}

            await eventually_async("all is deleted", nothing_is_left)
        assert await rows_of(stranger) == kept


async def test_a_card_leaves_the_phone_before_the_account_goes(rig: Rig, team: Team) -> None:
    """The pushes go out, though the device is deleted by then."""
    started = await team.backend.StartLiveActivity(content_state=CONTENT_STATE)
    await team.phone.shows(started.activity_id)
    await team.phone.live(started.activity_id)
    await close(team.account)
    await team.phone.until("nothing is shown", lambda cards: all(one["state"] != "active" for one in cards.values()))
    async with eraser(rig.core) as job:
        await erased(team.account, job)
    assert await rows_of(team.account) == {}


async def test_what_is_owed_is_dropped(account: Account, core: Core) -> None:
    await account.add_startable_phone()
    backend = core.caller((await account.add_key())[1])
    await backend.SendPushNotification(title="never")
    await close(account)

    async def nothing_is_owed() -> bool:
        return not await core.sql("SELECT 1 FROM deliveries WHERE account_id = %s", account.id)

    await eventually_async("nothing is owed", nothing_is_owed)


@pytest.mark.parametrize("wrong", [{"password": "not the password"}, {"account_name": "Acmee"}])
async def test_it_takes_the_password_and_the_name(account: Account, wrong: dict[str, str]) -> None:
    error = await refusal(account.owner.DeleteAccount(**({"password": PASSWORD, "account_name": "Acme"} | wrong)))
    assert (error.reason, next(iter(wrong)) in error.message) == (
        "FORBIDDEN" if "password" in wrong else "INVALID_REQUEST",
        True,
    )
    assert (await account.owner.GetAccount()).account.name == "Acme"


@dataclass(frozen=True)
class Proof:
    """How somebody who deletes shows who they are, and what core says."""

    has_password: bool
    minutes: int
    """Age of the session."""
    given: str | None
    reason: str = ""
    words: str = ""


LEFT_OUT = "password must be left out: no password opens this login"
PROOFS = (
    Proof(True, 0, PASSWORD),
    Proof(True, 60, PASSWORD),
    Proof(True, 0, None, "INVALID_REQUEST", "password is required"),
    Proof(True, 0, "", "INVALID_REQUEST", "password must be 1 to 200 characters"),
    Proof(True, 60, None, "INVALID_REQUEST", "password is required"),
    Proof(False, 0, None),
    Proof(False, 9, None),
    Proof(False, 11, None, "FORBIDDEN", "No password opens this login. Sign in again, then do this within 10 minutes."),
    Proof(False, 0, PASSWORD, "INVALID_REQUEST", LEFT_OUT),
    Proof(False, 11, PASSWORD, "INVALID_REQUEST", LEFT_OUT),
)


@pytest.mark.parametrize("proof", PROOFS, ids=str)
async def test_who_has_no_password_deletes_with_a_session_that_has_just_begun(account: Account, proof: Proof) -> None:
    """A login and an account alike. For a person who has a password a new session is not enough."""
    sql, email = account.core.sql, f"leaver-{uuid.uuid4().hex[:8]}@team.test"
    leaver = account.core.caller((await account.join(email)).session_token)
    if not proof.has_password:
        await sql("UPDATE users SET password_hash = '' WHERE email = ANY(%s)", [email, account.email])
    aged = """
    UPDATE sessions SET authenticated_at = now() - %s * interval '1 minute'
    WHERE user_id IN (SELECT id FROM users WHERE email = ANY(%s))
    """
    await sql(aged, proof.minutes, [email, account.email])
    assert (await leaver.GetSecondFactor()).has_password == proof.has_password
    given = {} if proof.given is None else {"password": proof.given}
    for call in (leaver.DeleteProfile(**given), account.owner.DeleteAccount(account_name="Acme", **given)):
        if proof.reason:
            error = await refusal(call)
            assert (error.reason, error.message) == (proof.reason, proof.words)
        else:
            await call
    gone = await outcomes(leaver.GetAccount(), account.owner.GetAccount())
    assert gone == ({"OK": 2} if proof.reason else {"UNAUTHENTICATED": 2})


async def test_passwords_cannot_be_guessed_with_it(account: Account) -> None:
    for _ in range(10):
        await refused_with("FORBIDDEN", account.owner.DeleteAccount(password="wrong", account_name="Acme"))
    await refused_with("TOO_MANY_ATTEMPTS", account.owner.DeleteAccount(password=PASSWORD, account_name="Acme"))
    await refused_with("TOO_MANY_ATTEMPTS", account.owner.DeleteProfile(password=PASSWORD))


async def test_a_member_deletes_no_account(account: Account) -> None:
    _, member = await account.add_member()
    await refused_with("FORBIDDEN", member.DeleteAccount(password=PASSWORD, account_name="Acme"))


async def test_the_servers_log_says_who_deleted_it(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "core_service.account_data"):
        await close(account)
    [line] = [record.getMessage() for record in caplog.records if account.id in record.getMessage()]
    assert account.email in line
    assert "Acme" in line


async def test_after_the_last_account_the_server_is_as_before_its_first(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), setup_code="let me in please") as core:
        first = {
            "setup_code": "let me in please",
            "account_name": "Acme",
            "email": "ann@team.test",
            "password": PASSWORD,
        }
        made = await core.caller().CreateAccount(**first)
        assert not (await core.caller().GetSetup()).needs_account
        await core.caller(made.session_token).DeleteAccount(password=PASSWORD, account_name="Acme")
        state = await core.caller().GetSetup()
        assert (state.needs_account, state.has_setup_code) == (True, True)
        again = await core.caller().CreateAccount(**(first | {"password": "another password"}))
        assert again.account.id != made.account.id
        assert (await core.caller().CreateSession(email=EMAIL, password="another password")).session_token


async def test_a_person_of_several_accounts_keeps_the_others(account: Account, stranger: Account) -> None:
    person = await stranger.join(account.email)
    await close(account)
    there = stranger.core.caller(person.session_token)
    assert [one.name for one in (await there.GetAccount()).accounts] == ["Elsewhere"]


async def test_a_person_who_deletes_themselves_leaves_all_accounts(account: Account, stranger: Account) -> None:
    email = f"leaver-{uuid.uuid4().hex[:8]}@team.test"
    first = await account.join(email)
    await stranger.join(email, role=ROLE_OWNER)
    user_id, caller = first.member.user_id, account.core.caller(first.session_token)
    phone = await account.add_phone(user_id)
    assert (await caller.DeleteProfile(password=PASSWORD)).accounts == 2
    await refused_with("UNAUTHENTICATED", caller.GetAccount())
    await refused_with("UNAUTHENTICATED", phone.caller.GetDeviceState())
    await refused_with("UNAUTHENTICATED", account.core.caller().CreateSession(email=email, password=PASSWORD))
    assert not await account.core.sql("SELECT 1 FROM users WHERE id = %s", user_id)
    for one in (account, stranger):
        entries = (await one.owner.ListAuditEntries()).audit_entries
        assert (entries[0].method, entries[0].actor_name) == ("DeleteProfile", email)
        assert len((await one.owner.ListMembers()).members) == 1


async def test_the_last_owner_of_an_account_does_not_delete_themselves(account: Account, stranger: Account) -> None:
    there = account.core.caller((await stranger.join(account.email)).session_token)
    await refused_with("LAST_OWNER", there.DeleteProfile(password=PASSWORD))
    assert len((await account.owner.ListMembers()).members) == 1


async def test_a_login_without_an_account_is_deleted_after_a_month_and_an_invite_keeps_it(
    account: Account, core: Core
) -> None:
    gone, _ = await account.add_member()
    back, _ = await account.add_member()
    member, _ = await account.add_member()
    [(email,)] = await core.sql("SELECT email FROM users WHERE id = %s", back)
    for one in (gone, back):
        await account.owner.RemoveMember(user_id=one)
    [(days,)] = await core.sql("SELECT extract(day FROM forget_at - now()) FROM users WHERE id = %s", gone)
    assert days == 29
    await core.sql("UPDATE users SET forget_at = now() - interval '1 day' WHERE id = ANY(%s)", [gone, back])
    await account.join(email)
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        await Retention(pool, AGES, now).forget()
    left = {str(row[0]) for row in await core.sql("SELECT id FROM users WHERE id = ANY(%s)", [gone, back, member])}
    assert left == {back, member}
