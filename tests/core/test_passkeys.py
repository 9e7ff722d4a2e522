"""Passkeys: who signs in with one, and which answers are refused."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from webauthn.helpers import bytes_to_base64url

from core_service.passkeys.relying_party import RelyingParty
from tests.core.authenticator import Authenticator
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Caller, Core, outcomes, refusal, start_account, start_core

ADMIN = "https://admin.test"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A core whose web admin has an address for passkeys."""
    async with start_core(await asyncio.to_thread(new_database), admin_url=ADMIN) as running:
        yield running


async def add(caller: Caller, name: str = "Laptop", **options: bool) -> tuple[Authenticator, list[str]]:
    """The person adds a passkey. Returns it, and the recovery codes."""
    key = Authenticator(**options)
    begun = await caller.BeginPasskey()
    made = await caller.CreatePasskey(challenge=begun.challenge, passkey=key.make(begun.options_json), name=name)
    assert made.passkey.name == name
    return key, list(made.recovery_codes)


async def test_a_passkey_signs_in_by_itself(account: Account) -> None:
    elsewhere = await account.sign_in(account.email)
    key, codes = await add(account.owner)
    assert len(codes) == 10
    assert (await refusal(account.core.caller(elsewhere).GetAccount())).reason == "UNAUTHENTICATED"
    stranger = account.core.caller(address="203.0.113.7")
    begun = await stranger.BeginPasskeySignIn()
    done = await stranger.CompleteSignIn(challenge=begun.challenge, passkey=key.sign(begun.options_json))
    assert (done.member.email, done.account.id) == (account.email, account.id)
    [passkey] = (await account.core.caller(done.session_token).ListPasskeys()).passkeys
    assert (passkey.name, passkey.HasField("last_used_at")) == ("Laptop", True)
    [entry] = (await account.owner.ListAuditEntries(method="CompleteSignIn")).audit_entries
    assert (entry.actor_name, entry.client_address) == (account.email, "203.0.113.7")


async def test_it_is_the_second_factor_after_a_password(account: Account) -> None:
    key, codes = await add(account.owner)
    stranger = account.core.caller()
    for passkey in (True, False):
        refused = await refusal(stranger.CreateSession(email=account.email, password=PASSWORD))
        assert refused.reason == "SECOND_FACTOR_NEEDED"
        challenge = str(refused.facts["challenge"])
        if passkey:
            begun = await stranger.BeginPasskeySignIn(challenge=challenge)
            # With the password, touching it is enough.
            answer = key.sign(begun.options_json, verified=False)
            done = await stranger.CompleteSignIn(challenge=challenge, passkey=answer)
        else:
            done = await stranger.CompleteSignIn(challenge=challenge, code=codes[0])
        assert done.account.id == account.id


async def test_another_person_s_passkey_is_no_second_factor(account: Account) -> None:
    await add(account.owner)
    _, member = await account.add_member()
    theirs, _ = await add(member)
    stranger = account.core.caller()
    refused = await refusal(stranger.CreateSession(email=account.email, password=PASSWORD))
    challenge = str(refused.facts["challenge"])
    begun = await stranger.BeginPasskeySignIn(challenge=challenge)
    answer = theirs.sign(begun.options_json)
    assert (await refusal(stranger.CompleteSignIn(challenge=challenge, passkey=answer))).reason == "UNAUTHENTICATED"


@pytest.mark.parametrize("counts", [True, False])
async def test_an_answer_is_taken_once(account: Account, counts: bool) -> None:
    key, _ = await add(account.owner, counts=counts)
    stranger = account.core.caller()
    begun = await stranger.BeginPasskeySignIn()
    answer = key.sign(begun.options_json)
    came = await outcomes(*(stranger.CompleteSignIn(challenge=begun.challenge, passkey=answer) for _ in range(4)))
    assert came == {"OK": 1, "NOT_FOUND": 3}
    other = await stranger.BeginPasskeySignIn()
    again = stranger.CompleteSignIn(challenge=other.challenge, passkey=answer)
    assert (await refusal(again)).reason == "UNAUTHENTICATED"
    # A wrong answer uses up its challenge.
    late = stranger.CompleteSignIn(challenge=other.challenge, passkey=key.sign(other.options_json))
    assert (await refusal(late)).reason == "NOT_FOUND"


async def test_a_copy_is_noticed_by_its_count(account: Account) -> None:
    key, _ = await add(account.owner)
    stranger = account.core.caller()
    begun = await stranger.BeginPasskeySignIn()
    await stranger.CompleteSignIn(challenge=begun.challenge, passkey=key.sign(begun.options_json))
    key.signed = 0
    begun = await stranger.BeginPasskeySignIn()
    copied = stranger.CompleteSignIn(challenge=begun.challenge, passkey=key.sign(begun.options_json))
    assert (await refusal(copied)).reason == "UNAUTHENTICATED"


async def test_of_two_cores_that_get_one_count_at_once_one_takes_it(account: Account) -> None:
    here = account.core
    key, _ = await add(account.owner)
    async with start_core(here.database_url, admin_url=ADMIN) as there:
        for _ in range(5):
            begun = [(one, await one.caller().BeginPasskeySignIn()) for one in (here, there)]
            count = key.signed
            calls = []
            for one, options in begun:
                key.signed = count
                answer = key.sign(options.options_json)
                calls.append(one.caller().CompleteSignIn(challenge=options.challenge, passkey=answer))
            assert await outcomes(*calls) == {"OK": 1, "UNAUTHENTICATED": 1}


async def test_what_is_not_what_was_asked_for_is_refused(account: Account) -> None:
    key, _ = await add(account.owner)
    unknown = Authenticator()
    stranger = account.core.caller()

    made: dict[str, Callable[[str], str]] = {
        "another site": lambda options: key.sign(options, origin="https://admin.test.evil.test"),
        "without finger, face or PIN": lambda options: key.sign(options, verified=False),
        "an unknown key": unknown.sign,
        "no JSON": lambda _: "{",
        "no answer": lambda _: "{}",
        "brackets without end": lambda _: "[" * 16_000,
        "another signature": lambda options: changed(key.sign(options), signature=b"no signature"),
        "data cut short": lambda options: changed(key.sign(options), authenticatorData=b"short"),
        "client data without end": lambda options: changed(key.sign(options), clientDataJSON=b"[" * 9000),
        "client data that says nothing": lambda options: changed(key.sign(options), clientDataJSON=b"[]"),
    }
    for name, answer in made.items():
        begun = await stranger.BeginPasskeySignIn()
        call = stranger.CompleteSignIn(challenge=begun.challenge, passkey=answer(begun.options_json))
        assert (await refusal(call)).reason == "UNAUTHENTICATED", name


def changed(answer: str, **response: bytes) -> str:
    """The answer with other bytes in it."""
    said = json.loads(answer)
    said["response"] |= {part: bytes_to_base64url(value) for part, value in response.items()}
    return json.dumps(said)


async def test_a_passkey_that_is_not_as_it_must_be_is_not_added(account: Account, stranger: Account) -> None:
    key, begun = Authenticator(), await account.owner.BeginPasskey()
    made = key.make(begun.options_json)
    new = {"challenge": begun.challenge, "name": "Laptop"}
    unverified = Authenticator().make(begun.options_json, verified=False)
    for wrong in ("{}", unverified, Authenticator(origin="https://evil.test").make(begun.options_json)):
        assert (await refusal(account.owner.CreatePasskey(passkey=wrong, **new))).field == "passkey"
    # Another person's session does not finish it.
    assert (await refusal(stranger.owner.CreatePasskey(passkey=made, **new))).reason == "NOT_FOUND"
    await account.owner.CreatePasskey(passkey=made, **new)
    assert (await refusal(account.owner.CreatePasskey(passkey=made, **new))).reason == "NOT_FOUND"
    other = await stranger.owner.BeginPasskey()
    known = stranger.owner.CreatePasskey(passkey=key.make(other.options_json), challenge=other.challenge, name="Mine")
    assert (await refusal(known)).reason == "ALREADY_EXISTS"


async def test_a_person_names_removes_and_has_twenty_at_most(account: Account, stranger: Account) -> None:
    key, _ = await add(account.owner)
    [passkey] = (await account.owner.ListPasskeys()).passkeys
    renamed = await account.owner.UpdatePasskey(passkey_id=passkey.id, name="Phone")
    assert renamed.passkey.name == "Phone"
    for call in (
        stranger.owner.UpdatePasskey(passkey_id=passkey.id, name="Mine"),
        stranger.owner.DeletePasskey(passkey_id=passkey.id),
    ):
        assert (await refusal(call)).reason == "NOT_FOUND"
    for number in range(19):
        await add(account.owner, f"Key {number}")
    assert (await refusal(account.owner.BeginPasskey())).reason == "INVALID_REQUEST"
    await account.owner.DeletePasskey(passkey_id=passkey.id)
    caller = account.core.caller()
    begun = await caller.BeginPasskeySignIn()
    gone = caller.CompleteSignIn(challenge=begun.challenge, passkey=key.sign(begun.options_json))
    assert (await refusal(gone)).reason == "UNAUTHENTICATED"
    for one in (await account.owner.ListPasskeys()).passkeys:
        await account.owner.DeletePasskey(passkey_id=one.id)
    written = Counter(one.method for one in (await account.owner.ListAuditEntries(page_size=100)).audit_entries)
    assert written == {"CreatePasskey": 20, "UpdatePasskey": 1, "DeletePasskey": 20}
    # Without any, the password is enough again.
    await account.sign_in(account.email)


async def test_strangers_cannot_fill_the_table(account: Account) -> None:
    stranger = account.core.caller(address="203.0.113.77")
    came = await outcomes(*(stranger.BeginPasskeySignIn() for _ in range(35)))
    assert came == {"OK": 30, "RESOURCE_EXHAUSTED": 5}


async def test_an_old_session_needs_the_password_for_it(account: Account) -> None:
    await account.core.sql("UPDATE sessions SET authenticated_at = now() - interval '11 minutes'")
    assert (await refusal(account.owner.BeginPasskey())).reason == "FORBIDDEN"
    await account.owner.BeginPasskey(current_password=PASSWORD)


@pytest.mark.parametrize(
    ("url", "party", "origin", "works"),
    [
        ("https://admin.example.com", "admin.example.com", "https://admin.example.com", True),
        ("https://Admin.example.com:443/", "admin.example.com", "https://admin.example.com", True),
        ("https://admin.example.com:8443", "admin.example.com", "https://admin.example.com:8443", True),
        ("http://localhost:8080", "localhost", "http://localhost:8080", True),
        ("http://admin.example.com", "admin.example.com", "http://admin.example.com", False),
        ("http://127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1:8080", False),
        ("https://[::1]:8443", "::1", "https://[::1]:8443", False),
    ],
)
def test_the_address_says_whether_passkeys_work_there(url: str, party: str, origin: str, works: bool) -> None:
    known = RelyingParty.of(url)
    assert (known.id, known.origin, known.because == "") == (party, origin, works)
    assert works or known.origin in known.because


async def test_where_they_cannot_work_people_are_told(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database)) as core:
        account = await start_account(core)
        assert "only numbers" in (await account.owner.GetSecondFactor()).no_passkeys_because
        for call in (account.owner.BeginPasskey(), core.caller().BeginPasskeySignIn()):
            assert (await refusal(call)).reason == "FORBIDDEN"
