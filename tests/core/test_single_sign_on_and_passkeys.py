"""Passkeys of people who sign in by single sign-on: no door beside it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.authenticator import Authenticator
from tests.core.conftest import NewDatabase
from tests.core.harness import Caller, Core, refused_with, start_account, start_core
from tests.core.openid_rig import OpenIdProvider, Person, running_provider, settings_for, sign_in

ADMIN = "https://admin.test"


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    """The provider."""
    with running_provider() as running:
        running.redirect = f"{ADMIN}/single-sign-on/callback"
        yield running


async def with_passkey(caller: Caller) -> Authenticator:
    """The person's new passkey."""
    key = Authenticator(origin=ADMIN)
    begun = await caller.BeginPasskey()
    await caller.CreatePasskey(challenge=begun.challenge, passkey=key.make(begun.options_json), name="Laptop")
    return key


async def enter(core: Core, key: Authenticator) -> Any:
    """Signs in with the passkey alone."""
    begun = await core.caller().BeginPasskeySignIn()
    return await core.caller().CompleteSignIn(challenge=begun.challenge, passkey=key.sign(begun.options_json))


async def test_the_passkey_of_a_linked_member_opens_nothing(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    settings = settings_for(provider, admin_url=ADMIN)
    async with start_core(await asyncio.to_thread(new_database), **settings) as core:
        account, person = await start_account(core), Person("subject-1", "member@corp.test", groups=["staff"])
        member = core.caller((await account.join(person.email)).session_token)
        key = await with_passkey(member)
        assert (await enter(core, key)).member.email == person.email
        await sign_in(core, provider, person)
        message = await refused_with("FORBIDDEN", enter(core, key))
        assert message == "Sign in with Example. Here only owners sign in with a password."


async def test_a_passkey_that_somebody_else_may_have_added_opens_nothing_in_the_account(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    database_url = await asyncio.to_thread(new_database)
    async with start_core(database_url, admin_url=ADMIN) as plain:
        ours, attacker = await start_account(plain), await start_account(plain, "Elsewhere")
        victim = Person("subject-2", "victim@corp.test", groups=["ops"])
        key = await with_passkey(plain.caller((await attacker.join(victim.email)).session_token))
    async with start_core(database_url, **settings_for(provider, oidc_account=ours.id, admin_url=ADMIN)) as core:
        answer = await sign_in(core, provider, victim)
        assert answer.account.id == ours.id
        await refused_with("UNAUTHENTICATED", enter(core, key))
        [(factors,)] = await core.sql(
            """
            SELECT (SELECT count(*) FROM passkeys k WHERE k.user_id = u.id)
                 + (SELECT count(*) FROM recovery_codes c WHERE c.user_id = u.id)
            FROM users u WHERE email = %s AND second_factor_at IS NULL
            """,
            victim.email,
        )
        assert factors == 0
