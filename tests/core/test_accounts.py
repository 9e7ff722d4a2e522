"""Signing in and out, members and roles, settings of an account, and the first account of a server."""

import asyncio
import time

import pytest
from argon2 import PasswordHasher
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.app import bootstrap
from core_service.auth.passwords import MAX_WAITING, SLOTS, Passwords
from core_service.auth.rate_limit import RateLimiter, create_storage
from core_service.auth.sessions import Sessions
from service_kit.database import create_engine
from service_kit.errors import DomainError
from tests.core.conftest import NewDatabase
from tests.core.harness import (
    PASSWORD,
    Account,
    Core,
    refusal,
    refused_with,
    start_account,
    start_core,
    unwritten_failures,
)

pytestmark = pytest.mark.slow

WRONG = "The e-mail address or the password is wrong."


async def test_a_session_tells_who_signed_in_and_works(account: Account) -> None:
    answer = await account.core.caller().CreateSession(email=f" {account.email.upper()} ", password=PASSWORD)
    assert answer.session_token.startswith("ses_")
    assert 29 * 86400 < answer.expires_at.seconds - time.time() <= 30 * 86400
    assert (answer.account.id, answer.account.name) == (account.id, "Acme")
    assert (answer.member.user_id, answer.member.email) == (account.owner_id, account.email)
    assert answer.member.role == ROLE_OWNER
    seen = await account.core.caller(answer.session_token).GetAccount()
    assert (seen.account, seen.member) == (answer.account, answer.member)


async def test_a_session_that_signed_out_is_refused_and_others_go_on(account: Account) -> None:
    other = account.core.caller(await account.sign_in(account.email))
    await account.owner.DeleteSession()
    assert (await refusal(account.owner.GetAccount())).reason == "UNAUTHENTICATED"
    await other.GetAccount()


async def test_an_expired_session_is_refused_and_deleted_in_passing(account: Account) -> None:
    await account.core.sql("UPDATE sessions SET expires_at = now() WHERE account_id = %s", account.id)
    assert (await refusal(account.owner.GetAccount())).reason == "UNAUTHENTICATED"
    await account.sign_in(account.email)
    assert await account.core.sql("SELECT count(*) FROM sessions WHERE account_id = %s", account.id) == [(1,)]


@pytest.mark.slow
async def test_an_unknown_address_and_a_wrong_password_look_alike_and_take_as_long(new_database: NewDatabase) -> None:
    seconds: dict[str, list[float]] = {}
    async with start_core(await asyncio.to_thread(new_database), hasher=PasswordHasher()) as core:
        account = await start_account(core)
        # As the server hashes them.
        await core.sql("UPDATE users SET password_hash = %s", PasswordHasher().hash(PASSWORD))
        for _ in range(3):
            for email in (account.email, "nobody@team.test"):
                # The core runs in this process; how busy the machine is counts for nothing.
                began = time.process_time()
                create = core.caller(address="198.51.100.7").CreateSession
                assert await refused_with("UNAUTHENTICATED", create(email=email, password="wrong password")) == WRONG
                seconds.setdefault(email, []).append(time.process_time() - began)
    known, unknown = (min(times) for times in seconds.values())
    assert 0.4 < known / unknown < 2.5


async def test_after_ten_failures_even_the_right_password_is_refused_for_that_address_only(
    account: Account, stranger: Account
) -> None:
    create = account.core.caller(address="198.51.100.8").CreateSession
    guesses = [create(email=account.email, password=f"guess number {number}") for number in range(14)]
    reasons = [error.reason for error in await asyncio.gather(*map(refusal, guesses))]
    # Two are hashed at once, so one may pass beyond the tenth.
    assert reasons.count("UNAUTHENTICATED") in (10, 11)
    assert reasons.count("TOO_MANY_ATTEMPTS") == 14 - reasons.count("UNAUTHENTICATED")
    error = await refusal(create(email=account.email.upper(), password=PASSWORD))
    assert error.reason == "TOO_MANY_ATTEMPTS"
    assert 0 < error.facts["retry_after_seconds"] <= 15 * 60
    await stranger.sign_in(stranger.email)
    await account.owner.GetAccount()


async def test_successes_are_not_counted_as_failures(account: Account) -> None:
    for _ in range(11):
        await account.sign_in(account.email)


async def test_a_hash_with_outdated_parameters_is_replaced_at_sign_in(account: Account) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await account.core.sql("UPDATE users SET password_hash = %s WHERE id = %s", old, account.owner_id)
    await account.sign_in(account.email)
    [(stored,)] = await account.core.sql("SELECT password_hash FROM users WHERE id = %s", account.owner_id)
    assert stored.startswith("$argon2id$")
    assert stored != old
    await account.sign_in(account.email)


@pytest.mark.parametrize(
    ("email", "password", "rule"),
    [
        ("", PASSWORD, "email must be 1 to 254 characters"),
        ("nobody", PASSWORD, "email must be an e-mail address"),
        ("a@b@c", PASSWORD, "email must be an e-mail address"),
        ("a\x00@b.test", PASSWORD, "email must not contain the character U+0000"),
        ("a" * 100_000 + "@b.test", PASSWORD, "email must be 1 to 254 characters"),
        ("a@b.test", "", "password must be "),
        ("a@b.test", "p" * 201, "password must be "),
        ("a@b.test", "passwords\x00with zero", "password must not contain the character U+0000"),
    ],
)
async def test_a_malformed_address_or_password_is_refused(
    account: Account, email: str, password: str, rule: str
) -> None:
    sign_in = account.core.caller().CreateSession(email=email, password=password)
    assert (await refused_with("INVALID_REQUEST", sign_in)).startswith(rule)


async def test_an_owner_changes_name_and_rate_limit(account: Account) -> None:
    assert (await account.owner.GetAccount()).account.rate_limit_per_minute == 60
    update = account.owner.UpdateAccount
    changed = (await update(name=" Acme Inc ", rate_limit_per_minute=2)).account
    assert (changed.name, changed.rate_limit_per_minute) == ("Acme Inc", 2)
    assert (await update()).account == changed
    caller = account.core.caller((await account.add_key())[1])
    reasons = [(await refusal(caller.SendPushNotification(title="x"))).reason for _ in range(3)]
    assert reasons == ["NO_RECIPIENTS", "NO_RECIPIENTS", "RATE_LIMITED"]
    assert (await update(rate_limit_per_minute=0)).account.rate_limit_per_minute == 60
    for limit in (-1, 1_000_001):
        assert "rate_limit_per_minute must be" in await refused_with(
            "INVALID_REQUEST", update(rate_limit_per_minute=limit)
        )
    assert await refused_with("INVALID_REQUEST", update(name="")) == "name must be 1 to 100 characters"


async def test_an_owner_changes_how_many_live_activities_there_may_be_at_once(account: Account) -> None:
    assert (await account.owner.GetAccount()).account.max_live_activities == 4
    update = account.owner.UpdateAccount
    changed = (await update(max_live_activities=2)).account
    assert (changed.max_live_activities, changed.rate_limit_per_minute) == (2, 60)
    assert (changed.default_max_live_activities, changed.default_rate_limit_per_minute) == (4, 60)
    assert (await update(name="Acme Inc")).account.max_live_activities == 2
    await account.add_startable_phone()
    start = account.core.caller((await account.add_key())[1]).StartLiveActivity
    state = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
    for _ in range(2):
        await start(content_state=state)
    error = await refusal(start(content_state=state))
    assert (error.reason, error.facts) == ("LIVE_ACTIVITY_LIMIT", {"limit": 2, "active": 2})
    assert (await update(max_live_activities=0)).account.max_live_activities == 4
    await start(content_state=state)
    assert (await update(max_live_activities=1)).account.max_live_activities == 1
    error = await refusal(start(content_state=state))
    assert error.facts == {"limit": 1, "active": 3}
    for limit in (-1, 10_001, 2**31 - 1):
        message = await refused_with("INVALID_REQUEST", update(max_live_activities=limit))
        assert "max_live_activities must be" in message


async def test_the_servers_limits_of_live_activities_are_settings(new_database: NewDatabase) -> None:
    limits = {"max_live_activities": 7, "max_live_activities_per_device": 3}
    async with start_core(await asyncio.to_thread(new_database), **limits) as core:
        account = (await (await start_account(core)).owner.GetAccount()).account
    assert (account.max_live_activities, account.max_live_activities_per_device) == (7, 3)


async def test_the_first_account_is_made_once(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)

    async def make(email: str, password: str = PASSWORD, name: str = "Acme") -> str | None:
        return await bootstrap.run(url, email, password, name)

    assert "password must be 10 to 200 characters" in (await make("o@acme.test", "short") or "")
    assert "account_name must be" in (await make("o@acme.test", name=" ") or "")
    assert await asyncio.gather(*(make("o@acme.test") for _ in range(3))) == [None] * 3
    assert await make(" O@ACME.test", "another password", "Other") is None
    assert "has an account already" in (await make("somebody@else.test") or "")
    async with start_core(url) as core:
        answer = await core.caller().CreateSession(email="o@acme.test", password=PASSWORD)
        assert (answer.account.name, answer.member.role) == ("Acme", ROLE_OWNER)
        assert len(await core.sql("SELECT id FROM accounts")) == 1


async def test_bootstrap_says_in_one_line_that_the_database_is_away() -> None:
    line = await bootstrap.run("postgresql://postgres@127.0.0.1:1/smith", "o@acme.test", PASSWORD, "Acme")
    assert (line or "").startswith("bootstrap: the database cannot be reached")


async def test_a_crowd_that_signs_in_is_turned_away_rather_than_kept_waiting(core: Core) -> None:
    """Calls that wait take the places of others. Those that waited get a turn, and the next crowd is welcome."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    leave = asyncio.Event()

    async def occupy(person: str) -> str:
        try:
            async with passwords.slot(person):
                await leave.wait()
        except DomainError as error:
            return error.reason
        return "served"

    for _ in range(2):
        leave.clear()
        crowd = [asyncio.create_task(occupy(f"person {number}")) for number in range(SLOTS + MAX_WAITING + 5)]
        for _ in range(5 * len(crowd)):
            await asyncio.sleep(0)  # each may take some steps
        done, waiting = {task for task in crowd if task.done()}, {task for task in crowd if not task.done()}
        assert [task.result() for task in done] == ["UNAVAILABLE"] * 5
        waiting.pop().cancel()
        leave.set()
        await asyncio.wait(waiting)
        assert {task.result() for task in waiting} == {"served"}


async def test_failures_from_one_client_address_are_limited_whatever_the_e_mail(core: Core) -> None:
    """Without gRPC, so that a hundred wrong passwords need not be hashed at full strength."""
    engine = create_engine(core.database_url, pool_size=2)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    sessions = Sessions(engine, cheap, RateLimiter(create_storage(None)), unwritten_failures())

    async def guess(email: str, client_address: str) -> str:
        try:
            await sessions.sign_in(email, "wrong password", client_address)
        except DomainError as error:
            return error.reason
        return "signed in"

    reasons = [await guess(f"person-{number}@team.test", "198.51.100.9") for number in range(102)]
    assert reasons == ["UNAUTHENTICATED"] * 100 + ["TOO_MANY_ATTEMPTS"] * 2
    assert await guess("person-0@team.test", "198.51.100.10") == "UNAUTHENTICATED"
    await engine.dispose()


async def test_more_accounts_are_made_on_the_database_each_with_a_new_owner(new_database: NewDatabase) -> None:
    """By its holder: `smith account create`. It brings an empty database to the newest schema first."""
    url = await asyncio.to_thread(new_database)
    made = {
        name: await bootstrap.create_account(
            url, account_name=name, name=None, email=f"{name}@a.test", password=PASSWORD
        )
        for name in ("first", "second")
    }
    async with start_core(url) as core:
        for name, facts in made.items():
            session = await core.caller().CreateSession(email=f"{name}@a.test", password=PASSWORD)
            assert (session.account.id, session.account.name) == (facts["account_id"], name)
            assert (session.member.user_id, session.member.role) == (facts["user_id"], ROLE_OWNER)
    wrong = {
        "email": ("Second@A.test", "exists"),
        "password": ("short", "password must be"),
        "name": ("\udcff", "name"),
    }
    for field, (value, word) in wrong.items():
        wanted = {"account_name": "third", "name": None, "email": "third@a.test", "password": PASSWORD} | {field: value}
        with pytest.raises(bootstrap.CannotMake, match=word):
            await bootstrap.create_account(url, **wanted)
    async with start_core(url) as core:
        assert await core.sql("SELECT count(*)::int FROM accounts") == [(2,)]
        assert await core.sql("SELECT count(*)::int FROM users") == [(2,)]
