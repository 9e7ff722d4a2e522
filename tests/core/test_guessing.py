"""Guessing passwords and codes is slow from one place and from many, and locks out no person who is in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import RateLimiter, create_storage
from core_service.auth.sessions import Sessions
from service_kit.addresses import network_of, read_address
from service_kit.client import open_channel
from service_kit.database import create_engine
from service_kit.errors import DomainError
from service_kit.peers import Peers
from tests.core.conftest import NewDatabase
from tests.core.harness import (
    PASSWORD,
    Account,
    Caller,
    Core,
    refusal,
    start_account,
    start_core,
    unwritten_failures,
)

SignIn = Callable[[str, str, str], Awaitable[str]]
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
WRONG = "wrong password"
HOME = "198.51.100.1"


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(core: Core) -> AsyncIterator[SignIn]:
    """Signs in; without gRPC, so that a hundred wrong passwords need not be hashed at full strength."""
    engine = create_engine(core.database_url, pool_size=2)
    sessions = Sessions(engine, Passwords(HASHER), RateLimiter(create_storage(None)), unwritten_failures())

    async def try_it(email: str, password: str, address: str) -> str:
        try:
            await sessions.sign_in(email, password, address)
        except DomainError as error:
            return error.reason
        return "signed in"

    yield try_it
    await engine.dispose()


async def test_many_who_guess_one_password_do_not_lock_out_who_is_signed_in(account: Account, sign_in: SignIn) -> None:
    assert await sign_in(account.email, PASSWORD, HOME) == "signed in"
    ended = [await sign_in(account.email, WRONG, f"203.0.113.{number % 20}") for number in range(130)]
    assert ended == ["UNAUTHENTICATED"] * 100 + ["TOO_MANY_ATTEMPTS"] * 30
    assert await sign_in(account.email, PASSWORD, "192.0.2.1") == "TOO_MANY_ATTEMPTS"
    assert await sign_in(account.email, PASSWORD, HOME) == "signed in"
    # Where somebody is signed in, guesses are limited as anywhere.
    ended = [await sign_in(account.email, WRONG, HOME) for _ in range(11)]
    assert ended == ["UNAUTHENTICATED"] * 10 + ["TOO_MANY_ATTEMPTS"]


async def test_ten_wrong_guesses_from_elsewhere_do_not_hinder_a_person(account: Account, sign_in: SignIn) -> None:
    ended = [await sign_in(account.email, WRONG, "203.0.113.99") for _ in range(11)]
    assert ended == ["UNAUTHENTICATED"] * 10 + ["TOO_MANY_ATTEMPTS"]
    assert await sign_in(account.email, PASSWORD, "192.0.2.2") == "signed in"


async def test_all_addresses_of_a_network_of_ipv6_are_one_guesser(account: Account, sign_in: SignIn) -> None:
    ended = [await sign_in(account.email, WRONG, f"2001:db8:1:2::{number:x}") for number in range(11)]
    assert ended == ["UNAUTHENTICATED"] * 10 + ["TOO_MANY_ATTEMPTS"]
    assert await sign_in(account.email, WRONG, "2001:db8:1:3::1") == "UNAUTHENTICATED"


async def test_so_it_is_with_pairing_codes(core: Core) -> None:
    ended = [
        (await refusal(core.caller(address=f"2001:db8:9::{number:x}").PairDevice(pairing_code="0", name="x"))).reason
        for number in range(12)
    ]
    assert ended == ["NOT_FOUND"] * 10 + ["TOO_MANY_ATTEMPTS"] * 2


@pytest.mark.parametrize(
    ("text", "address", "network"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0:1:2:3:4", "2001:db8::1:2:3:4", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        *((text, "", "") for text in ("", "unknown", "192.0.2.1:443", "192.0.2.01", "x" * 9000, "::1\n", "[::1]")),
    ],
)
def test_an_address_is_what_ip_knows_and_nothing_else(text: str, address: str, network: str) -> None:
    assert (read_address(text), network_of(text)) == (address, network)


async def test_only_the_gateway_says_where_a_call_comes_from(new_database: NewDatabase) -> None:
    """Neither who guesses nor who administers may choose the address that is noted."""
    secret = "s" * 32
    async with (
        start_core(await asyncio.to_thread(new_database), internal_secret=secret) as core,
        open_channel(core.address, Peers(secret)) as channel,
    ):
        account = await start_account(core)
        noted = []
        for caller in (
            core.caller(account.session, address=HOME),
            Caller(channel, account.session, HOME),
            Caller(channel, account.session, "somewhere over the rainbow"),
        ):
            named = caller.with_metadata(("x-request-id", "r" * 5000))
            await named.UpdateAccount(name="Renamed")
            [entry, *_] = (await account.owner.ListAuditEntries(page_size=1)).audit_entries
            noted.append(entry.client_address)
            assert len(entry.request_id) == 32, "a name that is too long is not taken"
        assert noted == ["", HOME, ""]
        for caller in (core.caller(address=HOME), Caller(channel, None, HOME)):
            await caller.CreateSession(email=account.email, password=PASSWORD)
        addresses = [one.client_address for one in (await account.owner.ListSessions()).sessions]
        assert sorted(addresses) == ["", "", HOME]
