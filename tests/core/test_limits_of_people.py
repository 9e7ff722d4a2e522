"""What one person may do to a server that others share: sessions, acts of administration, rate limits; and what failed
sign-ins leave behind."""

import asyncio
import json
import logging
import re
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher
from limits.aio.storage import MemoryStorage
from pydantic import ValidationError

from core_service.auth import failed_sign_ins
from core_service.auth.failed_sign_ins import FailedSignIns
from core_service.auth.rate_limit import InProcessStorage, RateLimiter
from core_service.auth.session_rows import MAX_SESSIONS
from core_service.settings import CoreSettings
from service_kit.database import create_batch_pool
from service_kit.logs import JsonFormatter, TextFormatter
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, refusal, refused_with, start_account, start_core
from tests.waiting import eventually_async

OPERATING = Path(__file__).parent.parent.parent / "docs" / "operating.md"
[FILTER] = re.findall(r"^failregex = (.*)$", OPERATING.read_text(), re.MULTILINE)
FAIL2BAN = re.compile(FILTER.replace("<HOST>", "(?P<host>[0-9a-fA-F.:]+)"))
"""As the document has it, with what fail2ban puts in."""


async def entries(account: Account, method: str) -> list[Any]:
    """Of the account's audit log, newest first."""
    return list((await account.owner.ListAuditEntries(method=method)).audit_entries)


async def test_a_new_session_of_somebody_with_many_ends_their_oldest(account: Account) -> None:
    await account.core.sql(
        """
        INSERT INTO sessions (id, account_id, user_id, secret_hash, created_at, expires_at)
        SELECT gen_random_uuid(), %(account_id)s::uuid, %(user_id)s::uuid,
               decode(md5(%(user_id)s::uuid::text || i), 'hex'),
               now() - i * interval '1 hour', now() + interval '1 day'
        FROM generate_series(1, 60) i
        """,
        account_id=account.id,
        user_id=account.owner_id,
    )
    session = await account.sign_in(account.email)
    listed = (await account.core.caller(session).ListSessions(page_size=1000)).sessions
    assert len(listed) == MAX_SESSIONS
    oldest = await account.core.sql(
        "SELECT now() - min(created_at) < interval '50 hours' FROM sessions WHERE user_id = %s", account.owner_id
    )
    assert oldest == [(True,)]
    await account.owner.GetAccount()


async def test_acts_of_administration_of_one_person_are_limited(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_core(url, administration_per_minute=5) as core:
        account = await start_account(core)
        member_id, member = await account.add_member()
        for number in range(5):
            await member.CreateApiKey(name=f"key {number}")
        error = await refusal(member.CreateApiKey(name="one too many"))
        assert (error.reason, error.facts["limit"]) == ("RATE_LIMITED", 5)
        assert 0 < error.facts["retry_after_seconds"] <= 60
        await member.ListApiKeys()
        await account.owner.CreateApiKey(name="another person's")
        assert len([one for one in await entries(account, "CreateApiKey") if one.actor_id == member_id]) == 5


async def test_another_limit_begins_no_new_window(account: Account) -> None:
    backend = account.core.caller((await account.add_key())[1])

    async def passed(tries: int) -> int:
        reasons = [(await refusal(backend.SendPushNotification(title="x"))).reason for _ in range(tries)]
        return reasons.count("NO_RECIPIENTS")

    await account.owner.UpdateAccount(rate_limit_per_minute=5)
    assert await passed(7) == 5
    await account.owner.UpdateAccount(rate_limit_per_minute=6)
    assert await passed(7) == 1
    await account.owner.UpdateAccount(rate_limit_per_minute=3)
    assert await passed(2) == 0
    await account.owner.UpdateAccount(rate_limit_per_minute=8)
    assert await passed(4) == 2


async def test_the_operator_has_the_last_word_on_rate_limits(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_core(url, rate_limit_per_minute=4, max_rate_limit_per_minute=10) as core:
        account = await start_account(core)
        call = account.owner.UpdateAccount(rate_limit_per_minute=11)
        message = await refused_with("INVALID_REQUEST", call)
        assert message == "rate_limit_per_minute must be 1 to 10, or 0 for the server's default"
        told = (await account.owner.UpdateAccount(rate_limit_per_minute=10)).account
        assert (told.rate_limit_per_minute, told.max_rate_limit_per_minute) == (10, 10)
        # Chosen before the operator has set a ceiling.
        await core.sql("UPDATE accounts SET rate_limit_per_minute = 1000 WHERE id = %s", account.id)
        assert (await account.owner.GetAccount()).account.rate_limit_per_minute == 10
        backend = core.caller((await account.add_key())[1])
        reasons = [(await refusal(backend.SendPushNotification(title="x"))).reason for _ in range(12)]
        assert reasons.count("RATE_LIMITED") == 2
    with pytest.raises(ValidationError, match="SMITH_MAX_RATE_LIMIT_PER_MINUTE"):
        CoreSettings(database_url=url, rate_limit_per_minute=11, max_rate_limit_per_minute=10)


async def test_the_same_requests_are_counted_whatever_the_limit() -> None:
    storage = InProcessStorage()
    assert isinstance(storage, MemoryStorage)
    limiter = RateLimiter(storage)
    for _ in range(5):
        assert (await limiter.hit("a", 5)).allowed
    lowered = await limiter.hit("a", 2)
    assert (lowered.allowed, lowered.remaining) == (False, 0)
    assert await limiter.used("a", 2) == 2
    assert (await limiter.hit("a", 6)).allowed
    assert not (await limiter.hit("a", 6)).allowed
    assert (await limiter.hit("a", 5, kind="acts")).allowed


@pytest.mark.parametrize("formatter", [TextFormatter("core"), JsonFormatter("core")], ids=["text", "json"])
async def test_failed_sign_ins_and_other_guesses_leave_a_line_that_fail2ban_reads(
    account: Account, caplog: pytest.LogCaptureFixture, formatter: logging.Formatter
) -> None:
    stranger = account.core.caller(address="2001:DB8::7")
    await account.owner.CreateInvites(emails=[f"{uuid.uuid4().hex}@team.test"])
    with caplog.at_level(logging.WARNING):
        for call in (
            stranger.CreateSession(email=account.email, password="wrong password"),
            stranger.CreateSession(email="nobody@team.test", password="wrong password"),
            stranger.GetInvite(token="inv_x"),
            stranger.GetPasswordReset(token="pwr_x"),
            stranger.PairDevice(pairing_code="0000-0000", name="x"),
            account.core.caller(account.session, address="2001:db8::7").ChangePassword(
                current_password="wrong password", new_password="a new password"
            ),
        ):
            await refusal(call)
    lines = [formatter.format(record) for record in caplog.records]
    found = [match["host"] for line in lines if (match := FAIL2BAN.search(line))]
    assert found == ["2001:db8::7"] * 6
    assert account.email not in "\n".join(lines)


async def test_a_failed_sign_in_and_a_lockout_stand_in_the_audit_logs_of_the_persons_accounts(
    account: Account, stranger: Account, caplog: pytest.LogCaptureFixture
) -> None:
    await stranger.join(account.email)
    guesser = account.core.caller(address="203.0.113.77")
    await refusal(guesser.CreateSession(email=account.email, password="wrong password"))

    async def told(method: str) -> list[Any]:
        return await entries(account, method)

    [entry] = await eventually_async("the failure is told", lambda: told("SignInFailed"))
    assert (entry.client_address, entry.subject_id) == ("203.0.113.77", account.owner_id)
    assert json.loads(entry.request.json) == {"email": account.email, "failures": 1}
    assert len(await entries(stranger, "SignInFailed")) == 1
    with caplog.at_level(logging.WARNING):
        for _ in range(12):
            await refusal(guesser.CreateSession(email=account.email, password="wrong password"))
    assert [record.getMessage() for record in caplog.records].count("locked sign-in from 203.0.113.77") == 1
    [entry] = await eventually_async("the lockout is told", lambda: told("SignInLocked"))
    assert json.loads(entry.request.json)["failures"] >= 9
    assert len(await entries(account, "SignInFailed")) == 1, "not one for each guess"


async def test_who_guesses_for_hours_does_not_drown_an_audit_log(
    core: Core, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    # For that module alone: the event loop, which other tests and their cores go on with, has timers by the real clock.
    monkeypatch.setattr(failed_sign_ins, "time", SimpleNamespace(monotonic=lambda: now))
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        failures = FailedSignIns(pool)
        for minute in range(60):
            now = minute * 60.0
            for number in range(100):
                failures.note(account.email, f"203.0.113.{number}", locks=number > 9)
                failures.note(f"nobody-{minute}-{number}@team.test", "203.0.113.9", locks=False)
            await failures.flush()
        assert len(failures._noted) <= failed_sign_ins.MAX_NOTED
        now += 2000
        await failures.flush()
        now += 2000
        await failures.flush()
        assert not failures._noted
    written = [*await entries(account, "SignInFailed"), *await entries(account, "SignInLocked")]
    assert 4 <= len(written) <= 6
    assert sum(json.loads(entry.request.json)["failures"] for entry in written) == 6000


async def test_what_is_noted_has_an_end(core: Core) -> None:
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        failures = FailedSignIns(pool)
        for number in range(failed_sign_ins.MAX_NOTED + 50):
            failures.note(f"{number}@team.test", "", locks=False)
        assert len(failures._noted) == failed_sign_ins.MAX_NOTED


@pytest.mark.thorough
@pytest.mark.slow
async def test_somebody_signs_in_while_another_person_signs_in_without_end(new_database: NewDatabase) -> None:
    # A third of what the server's own hasher takes, which is still long for so many at once.
    hasher = PasswordHasher(time_cost=1)
    async with start_core(await asyncio.to_thread(new_database), hasher=hasher) as core:
        account, stranger = await start_account(core), await start_account(core, "Elsewhere")
        await core.sql("UPDATE users SET password_hash = %s", hasher.hash(PASSWORD))
        busy = [
            asyncio.create_task(refused_or_in(account, account.email)) for _ in range(24)
        ]  # fmt: skip
        await asyncio.sleep(0)
        assert await refused_or_in(stranger, stranger.email) == "in"
        assert "in" in await asyncio.gather(*busy)


async def refused_or_in(account: Account, email: str) -> str:
    """Whether somebody with the right password gets in at the first try."""
    try:
        await account.sign_in(email, PASSWORD)
    except Exception as error:
        return repr(error)
    return "in"
