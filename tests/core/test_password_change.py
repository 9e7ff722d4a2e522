"""Another password, and signing out everywhere else."""

import asyncio

import psycopg
import pytest

from tests.core.harness import PASSWORD, Account, outcomes, refusal
from tests.waiting import eventually_async

NEW = "a better passphrase"


async def works(account: Account, session: str) -> bool:
    """Whether the session is accepted."""
    return await outcomes(account.core.caller(session).GetAccount()) == {"OK": 1}


async def test_a_new_password_replaces_the_old_and_ends_the_other_sessions(account: Account) -> None:
    elsewhere = [await account.sign_in(account.email) for _ in range(2)]
    member, _ = await account.add_member()
    changed = await account.owner.ChangePassword(current_password=PASSWORD, new_password=NEW)
    assert changed.revoked == 2
    assert [await works(account, session) for session in (*elsewhere, account.session)] == [False, False, True]
    refused = await refusal(account.core.caller().CreateSession(email=account.email, password=PASSWORD))
    assert refused.reason == "UNAUTHENTICATED"
    assert await works(account, await account.sign_in(account.email, NEW))
    owners = {one.user_id for one in (await account.owner.ListSessions()).sessions}
    assert owners == {account.owner_id, member}


async def test_who_does_not_know_the_password_changes_nothing_and_cannot_guess_on(account: Account) -> None:
    elsewhere = await account.sign_in(account.email)
    reasons = []
    for number in range(11):
        call = account.owner.ChangePassword(current_password=f"guess {number}", new_password=NEW)
        reasons.append((await refusal(call)).reason)
    assert reasons == ["FORBIDDEN"] * 10 + ["TOO_MANY_ATTEMPTS"]
    right = account.owner.ChangePassword(current_password=PASSWORD, new_password=NEW)
    assert (await refusal(right)).reason == "TOO_MANY_ATTEMPTS"
    assert await works(account, elsewhere)
    await account.sign_in(account.email)


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [("", NEW, "current_password"), (PASSWORD, "short", "new_password"), (PASSWORD, "x" * 201, "new_password")],
)
async def test_what_is_no_password_is_refused_by_name(account: Account, current: str, new: str, field: str) -> None:
    error = await refusal(account.owner.ChangePassword(current_password=current, new_password=new))
    assert error.reason == "INVALID_REQUEST"
    assert error.message.startswith(field)


async def test_of_two_who_change_it_at_once_one_does(account: Account) -> None:
    other = account.core.caller(await account.sign_in(account.email))
    ended = await asyncio.gather(
        outcomes(account.owner.ChangePassword(current_password=PASSWORD, new_password=NEW)),
        outcomes(other.ChangePassword(current_password=PASSWORD, new_password=f"{NEW} too")),
    )
    assert [one["OK"] for one in ended].count(1) == 1
    sessions = (
        (await account.owner.ListSessions()).sessions if ended[0]["OK"] else (await other.ListSessions()).sessions
    )
    assert len(sessions) == 1


async def test_signing_out_everywhere_else_ends_the_persons_other_sessions_only(account: Account) -> None:
    elsewhere = await account.sign_in(account.email)
    _, member = await account.add_member()
    assert (await account.owner.RevokeOtherSessions()).revoked == 1
    assert not await works(account, elsewhere)
    assert await works(account, account.session)
    await member.GetAccount()
    assert (await account.owner.RevokeOtherSessions()).revoked == 0


async def test_no_session_of_the_old_password_outlives_it(account: Account) -> None:
    """One that is being opened while the password is changed neither: it is held up here until the change is made."""
    core = account.core
    async with await psycopg.AsyncConnection.connect(core.database_url) as change:

        async def is_held_up() -> bool:
            query = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            return bool(await core.sql(query, change.info.backend_pid))

        await change.execute("UPDATE users SET password_hash = 'another' WHERE id = %s", (account.owner_id,))
        signing_in = asyncio.create_task(outcomes(core.caller().CreateSession(email=account.email, password=PASSWORD)))
        await eventually_async("the password is accepted", is_held_up)
        await change.execute("DELETE FROM sessions WHERE user_id = %s", (account.owner_id,))
    assert await signing_in == {"UNAVAILABLE": 1}
    assert await core.sql("SELECT 1 FROM sessions WHERE user_id = %s", account.owner_id) == []
