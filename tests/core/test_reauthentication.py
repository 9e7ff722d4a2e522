"""Signing in by single sign-on to show once more who one is: what counts is that the provider has just asked, whatever
the browser does. For a usual sign-in an older session there is enough."""

import asyncio
import datetime as dt
import itertools
import math
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from core_service.single_sign_on.errors import NotReauthenticated
from core_service.single_sign_on.id_token import CLOCK_SECONDS
from core_service.single_sign_on.reauthentication import credible, read_auth_time, require_after
from service_kit.openid import read_discovery
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, PASSWORD_HASH, Caller, Core, refused_with, start_account, start_core
from tests.core.openid_rig import OpenIdProvider, Person, settings_for, visit
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

numbers = itertools.count(1)
DAY = 86_400.0
SIGN_IN_AGAIN = "No password opens this login. Sign in again, then do this within 10 minutes."
NOT_ASKED = "Example did not ask you to sign in again, so this does not show that it is you."
NOT_SAID = "Example does not say when it last asked you to sign in"
TO_COME = "at a time in the future"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase, openid_provider: OpenIdProvider) -> AsyncIterator[Core]:
    """A core whose people sign in by the provider."""
    async with start_core(await asyncio.to_thread(new_database), **settings_for(openid_provider)) as started:
        await start_account(started)
        yield started


@pytest.fixture
def person(provider: OpenIdProvider) -> Person:
    """Somebody without a password here, who signed in at the provider a day ago and still is."""
    number = next(numbers)
    provider.person = Person(f"subject-{number}", f"person-{number}@corp.test", groups=["staff"])
    provider.session_age = DAY
    return provider.person


async def sign_in(core: Core, **asked: Any) -> Caller:
    """The person with the session that a whole sign-in opens."""
    return core.caller((await (await visit(core, **asked)).complete()).session_token)


async def prove(core: Core, **asked: Any) -> Caller:
    """The same, to show once more who it is."""
    return await sign_in(core, reauthenticate=True, **asked)


async def refusal_of_proof(core: Core, **asked: Any) -> str:
    """What is said instead of opening a session."""
    back = await visit(core, reauthenticate=True, **asked)
    [[before]] = await core.sql("SELECT count(*) FROM sessions")
    message = await refused_with("FORBIDDEN", back.complete())
    [[after]] = await core.sql("SELECT count(*) FROM sessions")
    assert after == before
    return message


async def is_proof(caller: Caller) -> bool:
    """Whether the session lets the person do what asks for a proof: to delete their login."""
    if (await caller.GetSecondFactor()).fresh:
        await caller.DeleteProfile()
        return True
    assert await refused_with("FORBIDDEN", caller.DeleteProfile()) == SIGN_IN_AGAIN
    return False


async def test_a_live_session_at_the_provider_signs_in_and_shows_nothing(core: Core, person: Person) -> None:
    """Somebody at an unlocked screen gets that far."""
    caller = await sign_in(core)
    assert (await caller.GetAccount()).member.email == person.email
    assert not await is_proof(caller)


async def test_the_provider_is_asked_to_ask_again_only_for_a_proof(
    core: Core, provider: OpenIdProvider, person: Person
) -> None:
    del provider.authorized[:]
    await sign_in(core)
    await prove(core)
    usual, proof = provider.authorized
    assert {"max_age", "prompt"}.isdisjoint(usual)
    assert (proof["max_age"], proof["prompt"]) == ("0", "login")
    for name in ("state", "nonce", "code_challenge"):
        assert len(proof[name]) >= 43


async def test_a_person_whom_the_provider_has_asked_again_has_shown_who_they_are(core: Core, person: Person) -> None:
    assert await is_proof(await prove(core))


@pytest.mark.parametrize("honored", ["max_age=0", "prompt=login"])
async def test_one_of_the_two_ways_to_ask_is_enough(
    core: Core, provider: OpenIdProvider, person: Person, honored: str
) -> None:
    provider.asks_again_for = frozenset({honored})
    assert await is_proof(await prove(core))


async def test_a_provider_that_does_not_ask_again_opens_no_session_for_a_proof(
    core: Core, provider: OpenIdProvider, person: Person
) -> None:
    provider.asks_again_for = frozenset()
    message = await refusal_of_proof(core)
    assert message.startswith(NOT_ASKED)
    assert 'Sign out at Example, then begin again. A password here shows it as well: choose "Other ways' in message
    assert not await is_proof(await sign_in(core))


async def test_a_browser_that_drops_what_asks_again_wins_nothing(core: Core, person: Person) -> None:
    assert (await refusal_of_proof(core, without=("max_age", "prompt"))).startswith(NOT_ASKED)


async def test_a_provider_that_says_no_time_proves_nothing_and_signs_in_as_usual(
    core: Core, provider: OpenIdProvider, person: Person
) -> None:
    provider.tells_auth_time = False
    message = await refusal_of_proof(core)
    assert NOT_SAID in message
    assert "Forgot password?" in message
    caller = await sign_in(core)
    assert (await caller.GetAccount()).member.email == person.email
    assert not await is_proof(caller)


async def test_a_time_that_only_the_userinfo_endpoint_tells_proves_nothing(
    core: Core, provider: OpenIdProvider, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not signed, and OpenID Connect has it in the ID token."""
    provider.tells_auth_time = False
    said = Person.claims
    monkeypatch.setattr(Person, "claims", lambda self: said(self) | {"auth_time": int(time.time())})
    # Without an address in the ID token the userinfo endpoint is asked.
    provider.alter = lambda claims: {name: claims[name] for name in claims.keys() - {"auth_time", "email"}}
    del provider.asked[:]
    assert NOT_SAID in await refusal_of_proof(core)
    assert not await is_proof(await sign_in(core))
    assert provider.asked.count("/userinfo") == 2


@pytest.mark.parametrize(("ahead", "counts"), [(CLOCK_SECONDS - 15, True), (CLOCK_SECONDS + 60, False)])
async def test_a_time_to_come_counts_as_far_as_clocks_may_differ(
    core: Core, provider: OpenIdProvider, person: Person, ahead: int, counts: bool
) -> None:
    provider.alter = lambda claims: claims | {"auth_time": int(time.time()) + ahead}
    if counts:
        caller = await prove(core)
        [[early]] = await core.sql("SELECT max(authenticated_at) <= now() FROM sessions")
        assert early
        assert await is_proof(caller)
    else:
        assert TO_COME in await refusal_of_proof(core)
        assert not await is_proof(await sign_in(core))


@pytest.mark.parametrize(("minutes", "counts"), [(3, True), (9, True), (11, False)])
async def test_a_usual_sign_in_counts_from_when_the_provider_last_asked(
    core: Core, provider: OpenIdProvider, person: Person, minutes: int, counts: bool
) -> None:
    provider.session_age = minutes * 60
    assert await is_proof(await sign_in(core)) == counts


async def test_a_proof_asks_again_however_new_the_session_at_the_provider_is(
    core: Core, provider: OpenIdProvider, person: Person
) -> None:
    provider.session_age, provider.asks_again_for = CLOCK_SECONDS + 30, frozenset()
    assert (await refusal_of_proof(core)).startswith(NOT_ASKED)


async def test_a_proof_lasts_ten_minutes(core: Core, person: Person) -> None:
    caller = await prove(core)
    await core.sql("UPDATE sessions SET authenticated_at = authenticated_at - interval '11 minutes'")
    assert not await is_proof(caller)


async def test_a_proof_counts_for_the_session_that_it_opened_alone(core: Core, person: Person) -> None:
    earlier = await sign_in(core)
    await prove(core)
    assert not await is_proof(earlier)


async def test_a_check_with_the_provider_later_renews_no_proof(
    core: Core, provider: OpenIdProvider, person: Person
) -> None:
    caller = await sign_in(core)
    provider.alter = lambda claims: claims | {"auth_time": int(time.time())}
    [[before]] = await core.sql(
        "UPDATE external_identities SET due_at = now() WHERE email = %s RETURNING confirmed_at", person.email
    )

    async def is_checked() -> bool:
        stored = await core.sql("SELECT confirmed_at FROM external_identities WHERE email = %s", person.email)
        return bool(stored != [(before,)])

    await eventually_async("the provider was asked", is_checked)
    assert not await is_proof(caller)


async def test_who_has_a_password_needs_it_after_a_usual_sign_in(core: Core, person: Person) -> None:
    """Also a member whose role comes from groups, and who cannot sign in with it."""
    caller = await sign_in(core)
    await core.sql("UPDATE users SET password_hash = %s WHERE email = %s", PASSWORD_HASH, person.email)
    assert "current_password is missing" in await refused_with("FORBIDDEN", caller.BeginAuthenticatorApp())
    await refused_with("FORBIDDEN", core.caller().CreateSession(email=person.email, password=PASSWORD))
    await caller.BeginAuthenticatorApp(current_password=PASSWORD)
    await caller.DeleteProfile(password=PASSWORD)


async def test_a_session_of_the_release_before_proves_nothing_by_itself(core: Core, person: Person) -> None:
    caller = await prove(core)
    await core.sql("UPDATE sessions SET authenticated_at = NULL")
    assert not await is_proof(caller)


@pytest.mark.parametrize(
    ("says", "issuer", "sent"),
    [
        ({}, "https://login.example.com", True),
        ({"prompt_values_supported": ["none", "login"]}, "https://login.example.com", True),
        ({"prompt_values_supported": ["none", "create"]}, "https://login.example.com", False),
        ({"prompt_values_supported": "login"}, "https://login.example.com", True),
        ({}, "https://accounts.google.com", False),
        ({"prompt_values_supported": ["login"]}, "https://accounts.google.com", True),
    ],
)
def test_prompt_login_is_sent_to_providers_that_take_it(says: dict[str, Any], issuer: str, sent: bool) -> None:
    said = OpenIdProvider(issuer).discovery() | says
    assert read_discovery(said, issuer).takes_prompt_login == sent


async def test_a_provider_that_takes_no_prompt_is_asked_by_max_age_alone(
    new_database: NewDatabase, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "says", {"prompt_values_supported": ["none"]})
    async with start_core(await asyncio.to_thread(new_database), **settings_for(provider)) as core:
        url = (await core.caller().BeginSingleSignOn(reauthenticate=True)).authorization_url
        asked = parse_qs(urlsplit(url).query)
        assert asked["max_age"] == ["0"]
        assert "prompt" not in asked


NO_TIMES = (
    None,
    True,
    False,
    "1700000000",
    "now",
    [],
    {},
    math.nan,
    math.inf,
    -math.inf,
    1e300,
    -1e300,
    10**30,
    10**400,
)
MOMENT = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
CLOCKS = dt.timedelta(seconds=CLOCK_SECONDS)
TIMES = st.integers(0, 4_000_000_000).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))


@pytest.mark.parametrize("said", NO_TIMES, ids=lambda said: repr(said)[:12])
def test_what_is_no_time_is_read_as_none(said: Any) -> None:
    assert read_auth_time({"auth_time": said}) is None
    assert read_auth_time({}) is None


@given(TIMES, TIMES)
def test_a_credible_time_is_never_later_than_now(auth_time: dt.datetime, moment: dt.datetime) -> None:
    counted = credible(auth_time, moment)
    assert (counted is None) == (auth_time > moment + CLOCKS)
    assert counted is None or counted == min(auth_time, moment)


@given(st.integers(-1000, 1000), st.integers(0, 600))
def test_only_a_time_between_the_begin_and_now_passes_give_or_take_a_minute(seconds: int, took: int) -> None:
    moment = MOMENT + dt.timedelta(seconds=took)
    auth_time = read_auth_time({"auth_time": int(MOMENT.timestamp()) + seconds})
    assert auth_time is not None
    if -CLOCK_SECONDS <= seconds <= took + CLOCK_SECONDS:
        require_after(auth_time, MOMENT, moment, "Example")
    else:
        with pytest.raises(NotReauthenticated, match="does not show that it is you"):
            require_after(auth_time, MOMENT, moment, "Example")
