"""What becomes of people who are signed in when the provider thinks otherwise of them, or is away."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER

from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Caller, Core, outcomes, start_account, start_core
from tests.core.openid_rig import OpenIdProvider, Person, settings_for, sign_in
from tests.waiting import eventually_async

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

numbers = itertools.count(1)
DUE = "UPDATE external_identities SET due_at = now() WHERE due_at IS NOT NULL AND user_id = %s RETURNING due_at"

LONG_AGO = "UPDATE external_identities SET due_at = now(), confirmed_at = now() - %s::interval WHERE user_id = %s"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase, openid_provider: OpenIdProvider) -> AsyncIterator[Core]:
    """A core whose groups lead to its only account."""
    async with start_core(await asyncio.to_thread(new_database), **settings_for(openid_provider)) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def account(core: Core) -> Account:
    """The only account."""
    return await start_account(core)


class SignedIn:
    """A person who is signed in by way of the provider."""

    def __init__(self, core: Core, person: Person, answer: Any) -> None:
        self.core = core
        self.person = person
        self.user_id: str = answer.member.user_id
        self.caller: Caller = core.caller(answer.session_token)

    async def identity(self, *columns: str) -> Any:
        """What is stored of their identity."""
        query = "SELECT row_to_json(i) FROM external_identities i WHERE user_id = %s"
        [[row]] = await self.core.sql(query, self.user_id)
        return tuple(row[column] for column in columns)

    async def checked(self) -> None:
        """Returns when the provider was asked about them, as it is every few minutes."""
        [before] = await self.identity("confirmed_at")
        [grant] = await self.identity("sealed_token")
        assert await self.core.sql(DUE, self.user_id)

        async def done() -> bool:
            confirmed_at, token = await self.identity("confirmed_at", "sealed_token")
            return bool(confirmed_at != before or token != grant)

        await eventually_async("the provider was asked", done)

    async def is_signed_in(self) -> bool:
        """Whether the session is good."""
        return await outcomes(self.caller.GetAccount()) == {"OK": 1}


async def somebody(core: Core, provider: OpenIdProvider, **fields: Any) -> SignedIn:
    """A new person of the group `staff`, unless told otherwise, who is signed in."""
    number = next(numbers)
    person = Person(f"subject-{number}", f"person-{number}@corp.test", **({"groups": ["staff"]} | fields))
    return SignedIn(core, person, await sign_in(core, provider, person))


@pytest.mark.parametrize("way", ["refresh token", "refresh token without ID token", "access token"])
async def test_a_lost_group_ends_all_sessions_in_the_account_and_a_found_one_brings_them_back(
    account: Account, core: Core, provider: OpenIdProvider, way: str
) -> None:
    provider.refresh_has_id_token = way == "refresh token"
    provider.grants_refresh = way != "access token"
    who = await somebody(core, provider)
    await who.checked()
    assert await who.is_signed_in()
    who.person.groups = []
    await who.checked()
    assert not await who.is_signed_in()
    [member] = (await account.owner.ListMembers(query=who.person.email)).members
    assert member.HasField("suspended_at")
    newest = (await account.owner.ListAuditEntries(page_size=2)).audit_entries
    assert (who.person.email, "ShutOutBySingleSignOn") in [(one.actor_name, one.method) for one in newest]
    who.person.groups = ["staff"]
    assert (await sign_in(core, provider, who.person)).member.user_id == who.user_id


async def test_another_group_changes_the_role_of_sessions_that_are_open(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    who = await somebody(core, provider)
    who.person.groups = ["ops"]
    await who.checked()
    assert (await who.caller.GetAccount()).member.role == ROLE_OWNER
    who.person.groups = ["staff"]
    await who.checked()
    assert (await who.caller.GetAccount()).member.role == ROLE_MEMBER


async def test_a_login_that_the_provider_no_longer_knows_ends_its_sessions_and_no_others(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    who, other = await somebody(core, provider, groups=["ops"]), await somebody(core, provider)
    await core.sql("UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = %s) WHERE id = %s",
                   account.owner_id, who.user_id)  # fmt: skip
    by_password = core.caller(await account.sign_in(who.person.email, PASSWORD))
    mine = [token for token, person in provider.tokens.items() if person is who.person]
    for token in mine:
        del provider.tokens[token]
    await who.checked()
    assert not await who.is_signed_in()
    assert await other.is_signed_in()
    # The provider may have forgotten a token only: nothing says that a group is lost.
    assert (await by_password.GetAccount()).member.role == ROLE_OWNER
    newest = (await account.owner.ListAuditEntries(page_size=2)).audit_entries
    assert (who.person.email, "EndedBySingleSignOn") in [(one.actor_name, one.method) for one in newest]


@pytest.mark.parametrize("fails", ["500", "hangs", "no json"])
async def test_nothing_ends_within_an_hour_while_the_provider_is_away(
    account: Account, core: Core, provider: OpenIdProvider, fails: str
) -> None:
    who = await somebody(core, provider)
    provider.broken, provider.fails = "/token", fails
    asked = provider.asked.count("/token")
    for minutes in (1, 55):
        await core.sql(LONG_AGO, f"{minutes} minutes", who.user_id)

        async def was_asked(before: int = asked) -> bool:
            return provider.asked.count("/token") > before

        await eventually_async("the provider was asked", was_asked)
        asked = provider.asked.count("/token")
        assert await who.is_signed_in()


async def test_a_session_ends_once_the_provider_was_away_for_an_hour_and_an_owner_still_gets_in(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    who = await somebody(core, provider)
    provider.broken = "/token"
    await core.sql(LONG_AGO, "61 minutes", who.user_id)

    async def ended() -> bool:
        return not await who.is_signed_in()

    await eventually_async("the session has ended", ended)
    assert await account.sign_in(account.email)


async def test_what_was_asked_about_an_earlier_sign_in_does_not_end_a_later_one(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    """Some providers forget the earlier refresh token when the person signs in again."""
    who = await somebody(core, provider)
    provider.broken, provider.fails = "/token", "hangs"
    asked = provider.asked.count("/token")
    await core.sql(DUE, who.user_id)

    async def is_asked() -> bool:
        return provider.asked.count("/token") > asked

    await eventually_async("the provider is asked", is_asked)
    provider.broken = ""
    later = SignedIn(core, who.person, await sign_in(core, provider, who.person))
    provider.release.set()
    await later.checked()
    assert await later.is_signed_in()
    assert await who.is_signed_in()


async def test_a_person_whom_an_owner_has_removed_is_not_brought_back_by_a_check(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    """They are in another account as well, so that they stay known and signed in."""
    database_url = await asyncio.to_thread(new_database)
    async with start_core(database_url) as plain:
        account, elsewhere = await start_account(plain), await start_account(plain, "Elsewhere")
    async with start_core(database_url, **settings_for(provider, oidc_account=account.id)) as core:
        account, elsewhere = on(core, account), on(core, elsewhere)
        who = await somebody(core, provider)
        await core.sql(
            "INSERT INTO members (account_id, user_id, role, created_at) VALUES (%s, %s, 'member', now())",
            elsewhere.id,
            who.user_id,
        )
        await who.caller.SwitchAccount(account_id=elsewhere.id)
        await account.owner.RemoveMember(user_id=who.user_id)
        await who.checked()
        mine = await who.caller.GetAccount()
        assert [one.account_id for one in mine.accounts] == [elsewhere.id]


async def test_with_a_second_account_that_the_operator_has_not_chosen_from_no_person_is_vouched_for(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    async with start_core(await asyncio.to_thread(new_database), **settings_for(provider)) as core:
        await start_account(core)
        who = await somebody(core, provider)
        await start_account(core, "Elsewhere")
        [before] = await who.identity("confirmed_at")
        await who.checked()
        assert await who.identity("confirmed_at") == (before,)
        assert await who.is_signed_in()
        await core.sql("UPDATE external_identities SET confirmed_at = now() - interval '61 minutes'")
        await who.checked()
        assert not await who.is_signed_in()


async def test_no_token_is_kept_of_a_person_who_has_signed_out(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    who = await somebody(core, provider)
    await who.caller.DeleteSession()
    await core.sql(DUE, who.user_id)

    async def forgotten() -> bool:
        token, due_at = await who.identity("sealed_token", "due_at")
        return token is None and due_at is None

    await eventually_async("the token is forgotten", forgotten)


async def test_a_token_that_was_renewed_while_core_stopped_is_not_lost(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    """The provider takes each refresh token once, and has taken this one."""
    database_url = await asyncio.to_thread(new_database)
    settings = settings_for(provider)
    running = AsyncExitStack()
    core = await running.enter_async_context(start_core(database_url, **settings))
    await start_account(core)
    who = await somebody(core, provider)
    provider.broken, provider.fails = "/token", "is slow"
    asked = provider.asked.count("/token")
    await core.sql(DUE, who.user_id)

    async def is_asked() -> bool:
        return provider.asked.count("/token") > asked

    async def is_stopping() -> bool:
        host, _, port = core.address.partition(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return True
        writer.close()
        return False

    await eventually_async("the provider is asked", is_asked)
    stopping = asyncio.create_task(running.aclose())
    await eventually_async("core is stopping", is_stopping)
    provider.release.set()
    await stopping
    provider.broken = ""
    async with start_core(database_url, **settings) as again:
        who.core, who.caller = again, again.caller(who.caller.secret)
        await who.checked()
        assert await who.is_signed_in()


async def test_with_another_client_secret_people_sign_in_again(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    database_url = await asyncio.to_thread(new_database)
    async with start_core(database_url, **settings_for(provider)) as core:
        await start_account(core)
        who = await somebody(core, provider)
    async with start_core(database_url, **settings_for(provider, oidc_client_secret="another")) as core:
        who.core, who.caller = core, core.caller(who.caller.secret)
        assert await who.is_signed_in()
        await who.checked()
        assert not await who.is_signed_in()


def on(core: Core, account: Account) -> Account:
    """The account, and its owner's session, on another core of the same database."""
    return replace(account, core=core, owner=core.caller(account.session))
