"""The first account of a server, made by the person who has the setup code."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.audit_entry_pb2 import AUDIT_ACTOR_ANONYMOUS

from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, outcomes, refused_with, start_core

CODE = "a-code-of-the-owners-own"
OWNER = {"account_name": "Acme", "name": "Ada", "email": " Ada@Acme.test", "password": PASSWORD}


async def create(core: Core, code: str = CODE, *, address: str = "192.0.2.1", **changes: Any) -> Any:
    """Makes the first account, or is refused."""
    return await core.caller(address=address).CreateAccount(**(OWNER | {"setup_code": code} | changes))


async def test_two_who_make_the_first_account_at_once_make_one_and_it_is_told_in_its_log(
    new_database: NewDatabase,
) -> None:
    async with start_core(await asyncio.to_thread(new_database), setup_code=CODE) as core:
        assert (setup := await core.caller().GetSetup()).needs_account
        assert setup.has_setup_code
        for field in ("account_name", "name", "email", "password"):
            assert f"{field} must be" in await refused_with("INVALID_REQUEST", create(core, **{field: ""}))
        emails = ("ada@acme.test", "bob@acme.test", "eve@acme.test")
        ended = await outcomes(*(create(core, email=email) for email in emails))
        assert ended == {"OK": 1, "ALREADY_EXISTS": 2}
        assert len(await core.sql("SELECT id FROM accounts")) == len(await core.sql("SELECT id FROM users")) == 1
        assert not (setup := await core.caller().GetSetup()).needs_account
        assert not setup.has_setup_code
        # Neither does the code open anything any more, nor is it looked at.
        await refused_with("ALREADY_EXISTS", create(core))
        await refused_with("ALREADY_EXISTS", create(core, "another code"))


async def test_the_owner_is_signed_in_and_may_do_everything(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), setup_code=CODE) as core:
        made = await create(core)
        assert (made.account.name, made.member.name, made.member.email) == ("Acme", "Ada", "ada@acme.test")
        owner = core.caller(made.session_token)
        assert (await owner.GetAccount()).member.role == ROLE_OWNER
        [entry] = (await owner.ListAuditEntries()).audit_entries
        assert (entry.method, entry.actor) == ("CreateAccount", AUDIT_ACTOR_ANONYMOUS)
        assert CODE not in entry.request.json
        assert PASSWORD not in entry.request.json
        await core.caller().CreateSession(email="ada@acme.test", password=PASSWORD)


async def test_codes_cannot_be_guessed_and_nothing_is_made_without_one(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), setup_code=CODE) as core:
        ended = await outcomes(*(create(core, f"{CODE}{number}") for number in range(12)))
        assert ended == {"PERMISSION_DENIED": 10, "RESOURCE_EXHAUSTED": 2}
        await refused_with("TOO_MANY_ATTEMPTS", create(core))
        for wrong in ("", CODE[:-1], CODE.upper(), CODE + "\n"):
            assert await refused_with("FORBIDDEN", create(core, wrong, address="192.0.2.2")) == "setup_code is wrong."
        assert await core.sql("SELECT id FROM accounts") == []
        assert (await create(core, address="192.0.2.3")).session_token.startswith("ses_")


async def test_a_server_without_a_code_says_how_to_make_its_first_account(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database)) as core:
        assert (setup := await core.caller().GetSetup()).needs_account
        assert not setup.has_setup_code
        for code in ("", "None", CODE):
            message = await refused_with("FORBIDDEN", create(core, code))
            assert "SMITH_SETUP_CODE" in message
            assert "smith account create" in message


@pytest.mark.parametrize(("code", "is_taken"), [("fifteen-letters", False), ("", True)])
@pytest.mark.slow
def test_a_short_code_is_refused_without_repeating_it(code: str, is_taken: bool) -> None:
    """An empty one counts as none; what is missing then is the database."""
    env = {"SMITH_SETUP_CODE": code, "SMITH_DATABASE_URL": "nonsense", "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-m", "core_service"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert ("SMITH_SETUP_CODE=(hidden)" in done.stderr) is not is_taken
    assert "fifteen" not in done.stderr


async def test_a_person_of_two_accounts_moves_between_them(account: Account, stranger: Account) -> None:
    await join(account.owner_id, stranger)
    memberships = (await account.owner.GetAccount()).accounts
    assert [(one.account_id, one.name) for one in memberships] == [(account.id, "Acme"), (stranger.id, "Elsewhere")]
    moved = await account.owner.SwitchAccount(account_id=stranger.id)
    assert (moved.account.name, moved.member.user_id) == ("Elsewhere", account.owner_id)
    assert (await account.owner.GetAccount()).account.id == stranger.id
    # They own the one and not the other.
    await refused_with("FORBIDDEN", account.owner.UpdateAccount(name="Mine"))
    [entry] = (await stranger.owner.ListAuditEntries()).audit_entries
    assert (entry.method, entry.actor_id, entry.subject_id) == ("SwitchAccount", account.owner_id, stranger.id)
    await account.owner.SwitchAccount(account_id=account.id)
    assert (await account.owner.UpdateAccount(name="Mine")).account.name == "Mine"
    # The log of an account tells nothing of the person's others.
    assert not [one for one in (await account.owner.ListAuditEntries()).audit_entries if stranger.id in str(one)]


async def test_what_is_meant_for_one_account_is_not_done_in_another(account: Account, stranger: Account) -> None:
    """A page that was drawn before its session moved says for which account it was."""
    await join(account.owner_id, stranger)
    page = account.owner.with_metadata(("x-account-id", account.id))
    await page.CreateChannel(slug="mine")
    await account.owner.SwitchAccount(account_id=stranger.id)
    await refused_with("UNAUTHENTICATED", page.CreateChannel(slug="astray"))
    assert (await stranger.owner.ListChannels()).channels == []
    await account.owner.CreateChannel(slug="theirs")


async def test_who_was_removed_gets_no_further_with_a_session_that_is_elsewhere(
    account: Account, stranger: Account
) -> None:
    await join(account.owner_id, stranger)
    await account.owner.SwitchAccount(account_id=stranger.id)
    await stranger.core.sql("DELETE FROM members WHERE account_id = %s AND user_id = %s", stranger.id, account.owner_id)
    await refused_with("UNAUTHENTICATED", account.owner.SwitchAccount(account_id=account.id))


async def test_people_rename_themselves_in_all_their_accounts(account: Account) -> None:
    _, member = await account.add_member()
    assert (await member.UpdateProfile(name=" Grace ")).member.name == "Grace"
    assert (await member.UpdateProfile()).member.name == "Grace"
    assert "Grace" in {one.name for one in (await account.owner.ListMembers()).members}
    for name in ("", " ", "x" * 101, "a\x00"):
        await refused_with("INVALID_REQUEST", member.UpdateProfile(name=name))


async def join(user_id: str, account: Account) -> None:
    """Makes the person a member; by SQL, for accepting an invitation is another matter."""
    await account.core.sql(
        "INSERT INTO members (account_id, user_id, role, created_at) VALUES (%s, %s, 'member', now())",
        account.id,
        user_id,
    )
