"""Signing in by OpenID Connect: what a provider must prove, whom it is believed about, and what strangers can do."""

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import pytest
import pytest_asyncio
from pydantic import ValidationError
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER

from core_service.settings import CoreSettings
from tests.core import openid_rig
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, outcomes, refused_with, start_account, start_core
from tests.core.openid_rig import (
    BY_INVITATION,
    Claims,
    OpenIdProvider,
    Person,
    running_provider,
    settings_for,
    sign_in,
    visit,
)
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

numbers = itertools.count(1)
PROVES_NOTHING = "What Example has sent proves nothing. Begin again."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase, openid_provider: OpenIdProvider) -> AsyncIterator[Core]:
    """A core whose groups lead to its only account."""
    async with start_core(await asyncio.to_thread(new_database), **settings_for(openid_provider)) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def account(core: Core) -> Account:
    """The only account."""
    return await start_account(core)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def invited_core(new_database: NewDatabase, openid_provider: OpenIdProvider) -> AsyncIterator[Core]:
    """A core on which groups decide nothing."""
    async with start_core(
        await asyncio.to_thread(new_database), **settings_for(openid_provider, **BY_INVITATION)
    ) as started:
        yield started


def somebody(**fields: Any) -> Person:
    """A person of the provider whom no other test knows, of the group `staff` unless told otherwise."""
    number = next(numbers)
    return Person(f"subject-{number}", f"person-{number}@corp.test", **({"groups": ["staff"]} | fields))


async def entries(account: Account) -> list[tuple[str, str]]:
    """Who did what, the newest first."""
    listed = await account.owner.ListAuditEntries(page_size=50)
    return [(entry.actor_name, entry.method) for entry in listed.audit_entries]


async def test_a_person_whose_group_gives_a_role_becomes_a_member_and_is_signed_in(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    person = somebody(name="Ann Example")
    answer = await sign_in(core, provider, person)
    assert (answer.member.email, answer.member.name, answer.member.role) == (person.email, "Ann Example", ROLE_MEMBER)
    mine = await core.caller(answer.session_token).GetAccount()
    assert mine.account.id == account.id
    assert (await entries(account))[:3] == [
        (person.email, "CompleteSingleSignOn"),
        (person.email, "LinkedBySingleSignOn"),
        (person.email, "JoinedBySingleSignOn"),
    ]


async def test_the_provider_is_asked_with_pkce_a_state_and_a_nonce_that_are_new_each_time(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    del provider.authorized[:]
    for _ in range(2):
        await sign_in(core, provider, somebody())
    first, second = provider.authorized
    assert first["response_type"] == "code"
    assert set(first["scope"].split()) == {"openid", "email", "profile", "offline_access", "groups"}
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


def altered(**changes: Any) -> Callable[[Claims], Claims]:
    """Claims with other values; a value of None leaves the claim out."""
    return lambda claims: {name: value for name, value in (claims | changes).items() if value is not None}


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "a nonce of another sign-in": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another client"},
    "another audience as well": {"aud": [openid_rig.CLIENT_ID, "another client"]},
    "another party that asked": {"azp": "another client"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.test"},
    "no issuer": {"iss": None},
    "an end that is past": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "an end that is no time": {"exp": "tomorrow"},
    "no beginning": {"iat": None},
    "a beginning to come": {"nbf": int(time.time()) + 36000},
    "no subject": {"sub": None},
    "a hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "a hash that is no text": {"at_hash": 7},
}
FORGED = {
    "no signature": openid_rig.unsigned,
    "our own secret": openid_rig.signed_by_our_secret,
    "the public key as a secret": openid_rig.signed_by_the_public_key,
    "a key of somebody else": openid_rig.signed_by_another,
    "no token at all": lambda provider, claims: "nonsense",
    "three empty parts": lambda provider, claims: "..",
}


@pytest.mark.parametrize("claims", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
async def test_an_id_token_with_a_wrong_claim_proves_nothing(
    account: Account, core: Core, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    person = somebody()
    provider.alter = altered(**claims)
    assert await refused_with("FORBIDDEN", sign_in(core, provider, person)) == PROVES_NOTHING
    assert await core.sql("SELECT 1 FROM users WHERE email = %s", person.email) == []


@pytest.mark.parametrize("signs", FORGED.values(), ids=FORGED)
async def test_an_id_token_that_the_provider_has_not_signed_proves_nothing(
    account: Account, core: Core, provider: OpenIdProvider, signs: Any
) -> None:
    provider.signs = signs
    assert await refused_with("FORBIDDEN", sign_in(core, provider, somebody())) == PROVES_NOTHING


@pytest.mark.thorough
async def test_a_new_key_of_the_provider_is_found_at_the_first_token_that_it_signs(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    await sign_in(core, provider, somebody())
    del provider.asked[:]
    await sign_in(core, provider, somebody())
    assert "/keys" not in provider.asked
    provider.rotate()

    # The keys that core knows may be a second old: it asks again after five.
    async def is_signed_in() -> bool:
        try:
            return bool((await sign_in(core, provider, somebody())).session_token)
        except grpc.aio.AioRpcError as error:
            assert PROVES_NOTHING in (error.details() or "")  # noqa: PT017 - what it is refused with until then
            return False

    await eventually_async("the new key was found", is_signed_in)


async def test_a_state_and_its_code_work_once(account: Account, core: Core, provider: OpenIdProvider) -> None:
    provider.person = somebody()
    back = await visit(core)
    await back.complete()
    assert "has ended" in await refused_with("NOT_FOUND", back.complete())
    again = await visit(core)
    refusal = await refused_with("FORBIDDEN", again.complete(code=back.code))
    assert refusal == "Example did not confirm the sign-in. Begin again."


async def test_of_two_browsers_that_bring_one_state_at_once_one_is_signed_in(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    provider.person = somebody()
    back = await visit(core)
    assert await outcomes(*(back.complete() for _ in range(4))) == {"OK": 1, "NOT_FOUND": 3}


async def test_a_state_is_no_use_in_another_browser_and_the_first_can_still_use_it(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    provider.person = somebody()
    back, other = await visit(core), await visit(core)
    await refused_with("NOT_FOUND", back.complete(browser_secret=other.browser_secret))
    await refused_with("NOT_FOUND", back.complete(browser_secret="sso_guessed"))
    await refused_with("NOT_FOUND", back.complete(state="guessed"))
    assert (await back.complete()).session_token


async def test_a_sign_in_must_end_within_ten_minutes(account: Account, core: Core, provider: OpenIdProvider) -> None:
    provider.person = somebody()
    back = await visit(core)
    await core.sql("UPDATE single_sign_on_attempts SET expires_at = now() - interval '1 second'")
    await refused_with("NOT_FOUND", back.complete())
    # The next one to begin sweeps it away.
    await visit(core)
    [[left]] = await core.sql("SELECT count(*) FROM single_sign_on_attempts WHERE expires_at < now()")
    assert left == 0


async def test_an_answer_that_names_another_provider_is_refused(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    provider.person = somebody()
    back = await visit(core)
    assert "not from Example" in await refused_with("FORBIDDEN", back.complete(issuer="https://evil.test"))
    assert (await (await visit(core)).complete(issuer=provider.url)).session_token


async def test_strangers_cannot_fill_the_table_or_guess_without_end(core: Core, account: Account) -> None:
    stranger = core.caller(address="198.51.100.99")
    results = await outcomes(*(stranger.BeginSingleSignOn() for _ in range(130)))
    assert results == {"OK": 100, "RESOURCE_EXHAUSTED": 30}

    def guess() -> Any:
        return stranger.CompleteSingleSignOn(state="x", code="y", browser_secret="z")

    assert await outcomes(*(guess() for _ in range(100))) == {"NOT_FOUND": 100}
    await refused_with("TOO_MANY_ATTEMPTS", guess())
    assert (await core.caller(address="198.51.100.98").BeginSingleSignOn()).browser_secret


@pytest.mark.parametrize(
    ("path", "fails"),
    [
        pytest.param("/token", "hangs", marks=pytest.mark.thorough),
        *itertools.product(("/token", "/keys", "/userinfo"), ("500", "pours", "redirects", "no json")),
    ],
)
async def test_a_provider_that_fails_holds_nothing_and_signs_no_person_in(
    new_database: NewDatabase, provider: OpenIdProvider, path: str, fails: str
) -> None:
    async with start_core(await asyncio.to_thread(new_database), **settings_for(provider)) as core:
        await start_account(core)
        # Without groups in the ID token the userinfo endpoint is asked.
        provider.person = somebody()
        provider.alter = altered(groups=None)
        back = await visit(core)
        provider.broken, provider.fails = path, fails
        # One that hangs does so for longer than this waits.
        await refused_with("UNAVAILABLE", back.complete())
        provider.broken = ""
        provider.release.set()
        assert (await (await visit(core)).complete()).session_token


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"issuer": "https://evil.test"}, "cannot be used"),
        ({"token_endpoint": "http://login.example.com/token"}, "cannot be used"),
        ({"jwks_uri": None}, "cannot be used"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "cannot be used"),
        ({"code_challenge_methods_supported": ["plain"]}, "cannot be used"),
    ],
)
async def test_a_provider_that_is_another_or_unsafe_is_not_used(
    new_database: NewDatabase, says: dict[str, Any], reason: str
) -> None:
    with running_provider() as provider:
        provider.says = says
        async with start_core(await asyncio.to_thread(new_database), **settings_for(provider)) as core:
            assert reason in await refused_with("UNAVAILABLE", core.caller().BeginSingleSignOn())


async def test_a_person_without_a_group_has_no_place_and_leaves_no_trace(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    person = somebody(groups=["others"])
    assert "No group of yours at Example" in await refused_with("FORBIDDEN", sign_in(core, provider, person))
    assert await core.sql("SELECT 1 FROM users WHERE email = %s", person.email) == []


@pytest.mark.parametrize("email_verified", [False, None, "false", 1])
async def test_an_address_that_is_not_verified_makes_and_links_no_person(
    account: Account, core: Core, provider: OpenIdProvider, email_verified: Any
) -> None:
    member_id, _ = await account.add_member()
    [[email]] = await core.sql("SELECT email FROM users WHERE id = %s", member_id)
    person = somebody(email_verified=email_verified, groups=["ops"])
    for address in (person.email, email):
        person.email = address
        assert "does not say that your e-mail address is yours" in await refused_with(
            "FORBIDDEN", sign_in(core, provider, person)
        )
    assert await core.sql("SELECT 1 FROM external_identities WHERE user_id = %s", member_id) == []


@pytest.mark.parametrize("missing", ["email", "email_verified", "groups"])
async def test_what_an_id_token_leaves_out_the_provider_is_asked_for(
    account: Account, core: Core, provider: OpenIdProvider, missing: str
) -> None:
    person = somebody()
    provider.alter = altered(**{missing: None})
    assert (await sign_in(core, provider, person)).member.email == person.email


async def test_a_known_member_is_linked_by_a_verified_address_and_from_then_on_by_subject(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    member_id, _ = await account.add_member()
    [[email]] = await core.sql("SELECT email FROM users WHERE id = %s", member_id)
    person = somebody()
    person.email = email.upper()
    assert (await sign_in(core, provider, person)).member.user_id == member_id
    person.email, person.email_verified = "moved@corp.test", False
    answer = await sign_in(core, provider, person)
    assert answer.member.user_id == member_id
    [identity] = (await core.caller(answer.session_token).ListIdentities()).identities
    assert (identity.name, identity.email, identity.current, identity.usable) == (
        "Example",
        "moved@corp.test",
        True,
        True,
    )


async def test_an_address_that_the_provider_gives_to_another_login_opens_nothing(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    leaver = somebody()
    await sign_in(core, provider, leaver)
    heir = somebody()
    heir.email = leaver.email
    assert "linked to another login" in await refused_with("FORBIDDEN", sign_in(core, provider, heir))


async def test_a_person_whom_an_owner_has_removed_is_linked_again(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    leaver = somebody()
    answer = await sign_in(core, provider, leaver)
    await account.owner.RemoveMember(user_id=answer.member.user_id)
    assert await core.sql("SELECT 1 FROM external_identities WHERE user_id = %s", answer.member.user_id) == []
    heir = somebody()
    heir.email = leaver.email
    assert (await sign_in(core, provider, heir)).member.role == ROLE_MEMBER


async def test_a_password_that_somebody_else_may_have_chosen_opens_nothing_in_the_account(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    """The owner of another account invites a person's address and accepts the invite as if it were theirs."""
    database_url = await asyncio.to_thread(new_database)
    async with start_core(database_url) as plain:
        ours = await start_account(plain)
        attacker = await start_account(plain, "Elsewhere")
        victim = somebody(groups=["ops"])
        taken = await attacker.join(victim.email)
    settings = settings_for(provider, oidc_account=ours.id)
    async with start_core(database_url, **settings) as core:
        answer = await sign_in(core, provider, victim)
        assert (answer.account.id, answer.member.role) == (ours.id, ROLE_OWNER)
        await refused_with("UNAUTHENTICATED", core.caller(taken.session_token).GetAccount())
        await refused_with("UNAUTHENTICATED", core.caller().CreateSession(email=victim.email, password=PASSWORD))
        for guess in ("", "no person has this password"):
            error = core.caller().CreateSession(email=victim.email, password=guess or " ")
            await refused_with("UNAUTHENTICATED", error)


async def test_groups_set_the_role_at_each_sign_in(account: Account, core: Core, provider: OpenIdProvider) -> None:
    person = somebody(groups=["ops", "staff"])
    assert (await sign_in(core, provider, person)).member.role == ROLE_OWNER
    person.groups = ["helpers"]
    answer = await sign_in(core, provider, person)
    assert answer.member.role == ROLE_MEMBER
    await refused_with("FORBIDDEN", core.caller(answer.session_token).CreateInvites(emails=["x@corp.test"]))
    assert (person.email, "RoleBySingleSignOn") in (await entries(account))[:3]


async def test_a_person_who_has_lost_their_group_is_shut_out_with_all_sessions_and_their_password(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    await account.join("shut-out@corp.test")
    person = somebody()
    person.email = "shut-out@corp.test"
    answer = await sign_in(core, provider, person)
    person.groups = []
    assert "any more" in await refused_with("FORBIDDEN", sign_in(core, provider, person))
    await refused_with("UNAUTHENTICATED", core.caller(answer.session_token).GetAccount())
    assert "no access any more" in await refused_with(
        "FORBIDDEN", core.caller().CreateSession(email=person.email, password=PASSWORD)
    )
    [member] = (await account.owner.ListMembers(query=person.email)).members
    assert member.HasField("suspended_at")
    assert (await entries(account))[0] == (person.email, "ShutOutBySingleSignOn")
    person.groups = ["staff"]
    assert not (await sign_in(core, provider, person)).member.HasField("suspended_at")


async def test_an_owner_can_give_access_back(account: Account, core: Core, provider: OpenIdProvider) -> None:
    person = somebody()
    user_id = (await sign_in(core, provider, person)).member.user_id
    person.groups = []
    await refused_with("FORBIDDEN", sign_in(core, provider, person))
    changed = await account.owner.UpdateMember(user_id=user_id, role=ROLE_MEMBER)
    assert not changed.member.HasField("suspended_at")


async def test_a_linked_member_has_no_second_door_and_an_owner_has_their_password(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    await account.join("door@corp.test")
    await core.caller().CreateSession(email="door@corp.test", password=PASSWORD)
    person = somebody()
    person.email = "door@corp.test"
    await sign_in(core, provider, person)
    message = await refused_with("FORBIDDEN", core.caller().CreateSession(email=person.email, password=PASSWORD))
    assert message == "Sign in with Example. Here only owners sign in with a password."
    # A wrong password does not tell that much.
    await refused_with("UNAUTHENTICATED", core.caller().CreateSession(email=person.email, password="wrong one"))
    person.groups = ["ops"]
    await sign_in(core, provider, person)
    assert await account.sign_in(person.email)


async def test_an_invite_to_another_account_is_no_way_round_the_groups(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    database_url = await asyncio.to_thread(new_database)
    async with start_core(database_url) as plain:
        ours, elsewhere = await start_account(plain), await start_account(plain, "Elsewhere")
        person = somebody()
        await ours.join(person.email)
    async with start_core(database_url, **settings_for(provider, oidc_account=ours.id)) as core:
        vouched = core.caller((await sign_in(core, provider, person)).session_token)
        there = replace(elsewhere, core=core, owner=core.caller(elsewhere.session))
        invited = core.caller((await there.join(person.email)).session_token)
        assert "Sign in with Example" in await refused_with("FORBIDDEN", invited.SwitchAccount(account_id=ours.id))
        for account_id in (there.id, ours.id):
            assert (await vouched.SwitchAccount(account_id=account_id)).account.id == account_id


async def test_the_last_owner_stays_one_whatever_their_groups_are(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    async with start_core(await asyncio.to_thread(new_database), **settings_for(provider)) as core:
        only = await start_account(core)
        person = somebody(groups=["ops"])
        person.email = only.email
        await sign_in(core, provider, person)
        for groups in (["staff"], []):
            person.groups = groups
            assert (await sign_in(core, provider, person)).member.role == ROLE_OWNER


async def test_two_owners_who_lose_their_group_at_once_leave_one(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    async with start_core(await asyncio.to_thread(new_database), **settings_for(provider)) as core:
        only = await start_account(core)
        first, second = somebody(groups=["ops"]), somebody(groups=["ops"])
        first.email = only.email
        visits = []
        for person in (first, second):
            await sign_in(core, provider, person)
            person.groups = []
            visits.append(await visit(core))
        await outcomes(*(one.complete() for one in visits))
        [[owners]] = await core.sql("SELECT count(*) FROM members WHERE role = 'owner'")
        assert owners == 1


async def test_with_several_accounts_no_person_comes_in_until_the_operator_has_named_one(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    database_url = await asyncio.to_thread(new_database)
    async with start_core(database_url, **settings_for(provider)) as core:
        assert "Its operator must set that" in await refused_with("FORBIDDEN", sign_in(core, provider, somebody()))
        await start_account(core)
        second = await start_account(core, "Elsewhere")
        assert "Its operator must set that" in await refused_with("FORBIDDEN", sign_in(core, provider, somebody()))
    async with start_core(database_url, **settings_for(provider, oidc_account=second.id)) as core:
        assert (await sign_in(core, provider, somebody())).account.id == second.id


async def test_one_person_who_signs_in_for_the_first_time_in_two_browsers_is_one_person(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    provider.person = somebody()
    visits = [await visit(core) for _ in range(4)]
    answers = await asyncio.gather(*(one.complete() for one in visits))
    assert len({answer.member.user_id for answer in answers}) == 1


async def test_without_groups_only_people_with_a_place_come_in_and_keep_their_role_and_password(
    invited_core: Core, provider: OpenIdProvider
) -> None:
    account = await start_account(invited_core)
    stranger = somebody(groups=["ops"])
    message = await refused_with("FORBIDDEN", sign_in(invited_core, provider, stranger))
    assert message == (f"Example knows you, but {stranger.email} has no place here. Ask an owner for an invite.")
    await account.join("invited@corp.test")
    person = somebody(groups=None)
    person.email = "invited@corp.test"
    assert (await sign_in(invited_core, provider, person)).member.role == ROLE_MEMBER
    assert await account.sign_in(person.email)


async def test_a_provider_without_refresh_tokens_gives_short_sessions_where_groups_do_not_decide(
    invited_core: Core, provider: OpenIdProvider
) -> None:
    account = await start_account(invited_core)
    person = somebody()
    person.email = account.email
    provider.grants_refresh = False
    answer = await sign_in(invited_core, provider, person)
    assert 11 * 3600 < answer.expires_at.seconds - time.time() <= 12 * 3600
    provider.grants_refresh = True
    answer = await sign_in(invited_core, provider, person)
    assert answer.expires_at.seconds - time.time() > 29 * 24 * 3600


async def test_only_owners_sign_in_with_a_password_if_the_operator_says_so(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    settings = settings_for(provider, **BY_INVITATION, oidc_only=True)
    async with start_core(await asyncio.to_thread(new_database), **settings) as core:
        account = await start_account(core)
        told = await core.caller().GetSingleSignOn()
        assert (told.enabled, told.name, told.password_for_owners_only) == (True, "Example", True)
        await account.join("member@corp.test")
        await refused_with("FORBIDDEN", core.caller().CreateSession(email="member@corp.test", password=PASSWORD))
        assert await account.sign_in(account.email)


async def test_tokens_of_the_provider_are_not_readable_in_the_database(
    account: Account, core: Core, provider: OpenIdProvider
) -> None:
    answer = await sign_in(core, provider, somebody())
    [[sealed]] = await core.sql(
        "SELECT sealed_token FROM external_identities WHERE user_id = %s", answer.member.user_id
    )
    assert len(sealed) > 30
    assert not any(token.encode() in bytes(sealed) for token in provider.tokens)


async def test_an_address_that_is_not_said_to_be_verified_counts_if_the_operator_trusts_the_provider(
    new_database: NewDatabase, provider: OpenIdProvider
) -> None:
    settings = settings_for(provider, oidc_trust_email=True, oidc_groups_claim="realm.roles")
    async with start_core(await asyncio.to_thread(new_database), **settings) as core:
        await start_account(core)
        provider.alter = altered(realm={"roles": ["staff"]}, groups=None)
        assert (await sign_in(core, provider, somebody(email_verified=None))).member.role == ROLE_MEMBER
        assert "is yours" in await refused_with("FORBIDDEN", sign_in(core, provider, somebody(email_verified=False)))


async def test_a_server_without_single_sign_on_says_so(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database)) as core:
        account = await start_account(core)
        assert not (await core.caller().GetSingleSignOn()).enabled
        assert "no single sign-on" in await refused_with("FORBIDDEN", core.caller().BeginSingleSignOn())
        assert not (await account.owner.ListIdentities()).identities


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"oidc_issuer": "http://login.example.com"}, "must begin with https://"),
        ({"oidc_issuer": "login.example.com"}, "must be like https://login.example.com"),
        ({"oidc_client_secret": ""}, "needs SMITH_OIDC_CLIENT_ID and SMITH_OIDC_CLIENT_SECRET"),
        ({"oidc_issuer": ""}, "needs SMITH_OIDC_ISSUER"),
        ({"oidc_owner_groups": "[ops"}, "must be names separated by commas"),
        ({"oidc_account": "acme"}, "valid UUID"),
        ({"oidc_account": "3f2b8a52-0000-4000-8000-000000000000", **BY_INVITATION}, "needs SMITH_OIDC_OWNER_GROUPS"),
        ({"oidc_ca_file": "/nowhere.pem"}, "there is no such file"),
    ],
)
def test_wrong_settings_are_told_at_the_start(settings: dict[str, Any], sentence: str) -> None:
    good = settings_for(OpenIdProvider("https://login.example.com")) | {"database_url": "postgresql://localhost/x"}
    CoreSettings(**good)
    with pytest.raises(ValidationError, match=sentence.replace("[", r"\[")):
        CoreSettings(**(good | settings))


async def test_the_browser_is_sent_where_the_admin_app_is(core: Core, account: Account) -> None:
    url = (await core.caller().BeginSingleSignOn()).authorization_url
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [openid_rig.REDIRECT]


@pytest.mark.thorough
def test_authlib_is_loaded_only_if_there_is_single_sign_on() -> None:
    program = "import sys, core_service.app.wiring; print({'authlib', 'joserfc'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout == "set()\n"
