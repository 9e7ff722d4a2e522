"""Authenticator apps and recovery codes: a code works once, guesses are few, and others let in who has lost both."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
import pytest_asyncio

from core_service.app import bootstrap
from tests.core.conftest import NewDatabase
from tests.core.harness import (
    PASSWORD,
    Account,
    Caller,
    Core,
    outcomes,
    refusal,
    refused_with,
    start_account,
    start_core,
)
from tests.core.live_rig import HeldClock
from tests.waiting import eventually_async

STEP = dt.timedelta(seconds=30)


class Clock(HeldClock):
    """By the machine's, half a minute may end between a code and its check."""

    def next_step(self) -> None:
        """Half a minute later: the app shows another code."""
        self.ahead += STEP


CLOCK = Clock()
WRONG = "000000"
STEPS = range(-2, 14)
"""Those that a test sees from when it begins, as counted from then."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A core that goes by a clock of ours."""
    async with start_core(await asyncio.to_thread(new_database), clock=CLOCK) as running:
        yield running


@dataclass(frozen=True)
class Person:
    """Somebody with an authenticator app."""

    account: Account
    email: str
    caller: Caller
    secret: str
    recovery_codes: tuple[str, ...]

    def code(self, steps: int = 0) -> str:
        """What the app shows, so many steps from now."""
        return pyotp.TOTP(self.secret).at(CLOCK() + steps * STEP)

    async def begin(self, core: Core | None = None) -> str:
        """The challenge that the right password is answered with."""
        stranger = (core or self.account.core).caller()
        refused = await refusal(stranger.CreateSession(email=self.email, password=PASSWORD))
        assert (refused.code.name, refused.reason) == ("PERMISSION_DENIED", "SECOND_FACTOR_NEEDED")
        return str(refused.facts["challenge"])

    async def finish(self, code: str, challenge: str | None = None) -> Any:
        """Signs in with the code."""
        challenge = challenge or await self.begin()
        return await self.account.core.caller().CompleteSignIn(challenge=challenge, code=code)


async def begin(caller: Caller) -> Any:
    """The secret of an app that shows no code twice, nor the one that is wrong. One in some thousands does, and what a
    test takes for a wrong code would be right then."""
    while True:
        begun = await caller.BeginAuthenticatorApp()
        app = pyotp.TOTP(begun.secret)
        shown = {app.at(CLOCK() + steps * STEP) for steps in STEPS}
        if len(shown | {WRONG}) == len(STEPS) + 1:
            return begun


async def set_up(account: Account, caller: Caller | None = None, email: str = "") -> Person:
    """The person turns an app on. The code that they show is used up."""
    caller = caller or account.owner
    begun = await begin(caller)
    code = pyotp.TOTP(begun.secret).at(CLOCK())
    confirmed = await caller.ConfirmAuthenticatorApp(code=code)
    CLOCK.next_step()
    return Person(account, email or account.email, caller, begun.secret, tuple(confirmed.recovery_codes))


@pytest_asyncio.fixture(loop_scope="session")
async def ada(account: Account) -> Person:
    """An owner with an app."""
    return await set_up(account)


async def test_from_the_secret_to_a_session(account: Account) -> None:
    elsewhere = await account.sign_in(account.email)
    begun = await begin(account.owner)
    assert pyotp.parse_uri(begun.uri).secret == begun.secret
    assert account.email in pyotp.parse_uri(begun.uri).name
    wrong = await refusal(account.owner.ConfirmAuthenticatorApp(code=WRONG))
    assert (wrong.reason, wrong.field) == ("INVALID_REQUEST", "code")
    await account.sign_in(account.email)  # Nothing counts yet.
    code = pyotp.TOTP(begun.secret).at(CLOCK())
    confirmed = await account.owner.ConfirmAuthenticatorApp(code=f"{code[:3]} {code[3:]}")
    assert (len(set(confirmed.recovery_codes)), confirmed.sessions_ended) == (10, 2)
    assert (await refusal(account.core.caller(elsewhere).GetAccount())).reason == "UNAUTHENTICATED"
    CLOCK.next_step()
    ada = Person(account, account.email, account.owner, begun.secret, tuple(confirmed.recovery_codes))
    done = await ada.finish(ada.code())
    assert (done.member.email, done.account.id, done.member.has_second_factor) == (account.email, account.id, True)
    assert (await account.core.caller(done.session_token).GetAccount()).account.id == account.id
    state = await account.owner.GetSecondFactor()
    assert (state.authenticator_app, state.recovery_codes_left, state.HasField("since")) == (True, 10, True)
    [entry] = (await account.owner.ListAuditEntries(method="CompleteSignIn")).audit_entries
    assert entry.actor_name == account.email
    # An id, a time or an address may have the same six digits by chance.
    for name in ("id", "occurred_at", "actor_id", "subject_id", "request_id"):
        entry.ClearField(name)
    said = str(entry).replace(account.email, "")
    assert (code in said, ada.code() in said) == (False, False)


async def test_the_challenge_is_no_session_and_is_nothing_without_a_code(ada: Person) -> None:
    challenge = await ada.begin()
    stranger = ada.account.core.caller()
    assert (await refusal(ada.account.core.caller(challenge).GetAccount())).reason == "UNAUTHENTICATED"
    assert (await refusal(stranger.CompleteSignIn(challenge=challenge))).reason == "INVALID_REQUEST"
    assert (await refusal(stranger.CompleteSignIn(challenge="sic_other", code=ada.code()))).reason == "NOT_FOUND"


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_phone_may_be_a_step_off_and_no_more(ada: Person, steps: int) -> None:
    CLOCK.next_step()
    refused = await refusal(ada.finish(ada.code(2 if steps > 0 else -2)))
    assert refused.reason == "UNAUTHENTICATED"
    await ada.finish(ada.code(steps))


async def test_a_code_works_once_and_no_earlier_one_after_it(ada: Person) -> None:
    CLOCK.next_step()
    used = ada.code()
    await ada.finish(used)
    for code in (used, ada.code(-1)):
        assert (await refusal(ada.finish(code))).reason == "UNAUTHENTICATED"
    await ada.finish(ada.code(1))


async def test_of_two_cores_that_get_one_code_at_once_one_takes_it(ada: Person) -> None:
    """As often as it takes to meet: ten times, with the next code each."""
    here = ada.account.core
    async with start_core(here.database_url, clock=CLOCK) as there:
        for _ in range(10):
            CLOCK.next_step()
            challenges = [(core, await ada.begin(core)) for core in (here, there)]
            came = await outcomes(
                *(core.caller().CompleteSignIn(challenge=one, code=ada.code()) for core, one in challenges)
            )
            assert came == {"OK": 1, "UNAUTHENTICATED": 1}


async def test_of_two_who_finish_one_sign_in_at_once_one_does(ada: Person) -> None:
    challenge = await ada.begin()
    codes = [ada.recovery_codes[0], ada.code()]
    came = await outcomes(*(ada.finish(code, challenge) for code in codes))
    assert came == {"OK": 1, "NOT_FOUND": 1}
    # What the loser has shown is not used up.
    state = await ada.caller.GetSecondFactor()
    await ada.finish(codes[1] if state.recovery_codes_left == 9 else codes[0])


async def test_a_challenge_takes_five_codes(ada: Person) -> None:
    challenge = await ada.begin()
    came = await outcomes(*(ada.finish(WRONG, challenge) for _ in range(8)))
    assert came == {"UNAUTHENTICATED": 5, "NOT_FOUND": 3}
    assert (await refusal(ada.finish(ada.code(), challenge))).reason == "NOT_FOUND"


async def test_wrong_codes_count_as_wrong_passwords_do(ada: Person) -> None:
    """Who knows the password cannot guess on with new challenges, here or from elsewhere."""
    core = ada.account.core
    reasons: list[str] = []
    for number in range(22):
        here = core.caller(address=f"203.0.{number}.1" if number > 9 else "203.0.113.9")
        begun = await refusal(here.CreateSession(email=ada.email, password=PASSWORD))
        tried = here.CompleteSignIn(challenge=begun.facts.get("challenge", "sic_none"), code=WRONG)
        reasons.append((await refusal(tried)).reason)
    assert reasons == ["UNAUTHENTICATED"] * 20 + ["TOO_MANY_ATTEMPTS"] * 2
    here = core.caller(address="203.0.113.9")
    assert (await refusal(here.CreateSession(email=ada.email, password=PASSWORD))).reason == "TOO_MANY_ATTEMPTS"
    methods = {"SignInFailed", "SignInLocked"}

    async def told() -> bool:
        entries = (await ada.caller.ListAuditEntries(page_size=100)).audit_entries
        return any(entry.method in methods for entry in entries)

    await eventually_async("the audit log tells of it", told)


async def test_challenges_of_one_person_are_few_and_end_with_the_password(ada: Person) -> None:
    challenges = [await ada.begin() for _ in range(11)]
    assert (await refusal(ada.finish(ada.code(), challenges[0]))).reason == "NOT_FOUND"
    await ada.caller.ChangePassword(current_password=PASSWORD, new_password="a better passphrase")
    assert (await refusal(ada.finish(ada.code(), challenges[-1]))).reason == "NOT_FOUND"


async def test_a_challenge_ends_after_ten_minutes_and_is_deleted_then(ada: Person) -> None:
    core, challenge = ada.account.core, await ada.begin()
    await core.sql("UPDATE sign_in_challenges SET expires_at = expires_at - interval '10 minutes'")
    assert (await refusal(ada.finish(ada.code(), challenge))).reason == "NOT_FOUND"
    await ada.finish(ada.code())
    assert await core.sql("SELECT count(*) FROM sign_in_challenges") == [(0,)]


async def test_each_recovery_code_works_once_however_it_is_typed(ada: Person) -> None:
    code = ada.recovery_codes[3]
    await ada.finish(code.replace("-", " ").upper())
    assert (await refusal(ada.finish(code))).reason == "UNAUTHENTICATED"
    assert (await ada.caller.GetSecondFactor()).recovery_codes_left == 9
    stored = await ada.account.core.sql("SELECT code_hash FROM recovery_codes")
    assert all(len(bytes(row[0])) == 32 for row in stored)
    made = await ada.caller.CreateRecoveryCodes()
    assert (await refusal(ada.finish(ada.recovery_codes[4]))).reason == "UNAUTHENTICATED"
    await ada.finish(made.recovery_codes[0])


async def test_turning_it_off_needs_the_password_and_a_code(ada: Person) -> None:
    off = ada.caller.RemoveAuthenticatorApp
    assert (await refusal(off(current_password="not it", code=ada.code()))).reason == "FORBIDDEN"
    assert (await refusal(off(current_password=PASSWORD, code=WRONG))).field == "code"
    await off(current_password=PASSWORD, code=ada.code())
    await ada.account.sign_in(ada.email)
    state = await ada.caller.GetSecondFactor()
    assert (state.authenticator_app, state.recovery_codes_left, state.HasField("since")) == (False, 0, False)
    assert (await refusal(ada.caller.CreateRecoveryCodes())).reason == "NOT_FOUND"


async def test_an_old_session_needs_the_password_for_it(ada: Person) -> None:
    """Somebody at an open browser can neither add a factor nor see codes."""
    account = ada.account
    await account.core.sql("UPDATE sessions SET authenticated_at = now() - interval '11 minutes'")
    assert not (await ada.caller.GetSecondFactor()).fresh
    assert "missing" in await refused_with("FORBIDDEN", ada.caller.CreateRecoveryCodes())
    wrong = ada.caller.CreateRecoveryCodes(current_password="not it")
    assert "wrong" in await refused_with("FORBIDDEN", wrong)
    assert len((await ada.caller.CreateRecoveryCodes(current_password=PASSWORD)).recovery_codes) == 10
    _, member = await account.add_member()
    await account.core.sql("UPDATE sessions SET authenticated_at = now() - interval '11 minutes'")
    assert (await refusal(member.BeginAuthenticatorApp())).reason == "FORBIDDEN"
    await member.BeginAuthenticatorApp(current_password=PASSWORD)


async def test_who_has_no_password_signs_in_again_instead(ada: Person) -> None:
    """As people of single sign-on do. The code is asked for all the same."""
    sql, off = ada.account.core.sql, ada.caller.RemoveAuthenticatorApp
    await sql("UPDATE users SET password_hash = '' WHERE email = %s", ada.email)
    await sql("UPDATE sessions SET authenticated_at = now() - interval '11 minutes'")
    code = ada.code()
    for call in (ada.caller.CreateRecoveryCodes(), off(code=code)):
        assert "Sign in again, then" in await refused_with("FORBIDDEN", call)
    assert (await refusal(off(code=code, current_password=PASSWORD))).field == "current_password"
    await sql("UPDATE sessions SET authenticated_at = now()")
    assert (await refusal(off(code=WRONG))).field == "code"
    await off(code=code)
    assert not (await ada.caller.GetSecondFactor()).authenticator_app


async def test_an_owner_takes_away_what_a_member_has_lost(account: Account) -> None:
    user_id, member = await account.add_member()
    email = (await member.GetAccount()).member.email
    bob = await set_up(account, member, email)
    challenge = await bob.begin()
    assert (await refusal(member.ResetSecondFactor(user_id=account.owner_id))).reason == "FORBIDDEN"
    done = await account.owner.ResetSecondFactor(user_id=user_id)
    assert done.sessions_ended == 1
    assert (await refusal(member.GetAccount())).reason == "UNAUTHENTICATED"
    assert (await refusal(bob.finish(bob.code(), challenge))).reason == "NOT_FOUND"
    await account.sign_in(email)
    [(kind, state)] = await account.core.sql("SELECT kind, state FROM mails WHERE email = %s", email)
    assert (kind, state) == ("second_factor_reset", "queued")
    [entry] = (await account.owner.ListAuditEntries(method="ResetSecondFactor")).audit_entries
    assert (entry.actor_name, entry.subject_id) == (account.email, user_id)
    assert (await refusal(account.owner.ResetSecondFactor(user_id=user_id))).reason == "NOT_FOUND"


async def test_an_owner_cannot_make_it_easier_to_get_into_another_account(account: Account, stranger: Account) -> None:
    await set_up(account)
    assert (await refusal(account.owner.ResetSecondFactor(user_id=account.owner_id))).reason == "FORBIDDEN"
    user_id, member = await account.add_member()
    email = (await member.GetAccount()).member.email
    await set_up(account, member, email)
    await stranger.join(email)
    for owner in (account.owner, stranger.owner):
        assert "other accounts" in await refused_with("FORBIDDEN", owner.ResetSecondFactor(user_id=user_id))
    outsider = await start_account(account.core, "Outside")
    assert (await refusal(outsider.owner.ResetSecondFactor(user_id=user_id))).reason == "NOT_FOUND"
    taken = await bootstrap.reset_second_factor(account.core.database_url, email.upper())
    assert (taken["email"], taken["sessions_ended"]) == (email, 1)
    await account.sign_in(email)
    for owner in (account.owner, stranger.owner):
        [entry] = (await owner.ListAuditEntries(method="ResetSecondFactor")).audit_entries
        assert (entry.actor_name, entry.subject_id) == ("the server's operator", user_id)
    with pytest.raises(bootstrap.CannotMake, match="has no second factor"):
        await bootstrap.reset_second_factor(account.core.database_url, email)


async def test_an_invite_is_accepted_with_the_password_and_the_session_waits_for_the_code(
    ada: Person, stranger: Account
) -> None:
    joined = await stranger.join(ada.email)
    assert (joined.session_token, joined.account.id) == ("", stranger.id)
    done = await ada.finish(ada.code(), joined.second_factor.challenge)
    assert done.account.id == stranger.id
    [entry] = (await stranger.owner.ListAuditEntries(method="AcceptInvite")).audit_entries
    assert entry.actor_name == ada.email


async def test_a_login_that_is_taken_over_loses_the_former_holder_s_factor(account: Account, stranger: Account) -> None:
    """A person who has left all accounts leads nowhere; the next holder of the address must be able to sign in."""
    user_id, member = await account.add_member()
    email = (await member.GetAccount()).member.email
    await set_up(account, member, email)
    await account.owner.RemoveMember(user_id=user_id)
    joined = await stranger.join(email, "another good passphrase")
    assert joined.session_token.startswith("ses_")
    await account.sign_in(email, "another good passphrase")


async def test_an_account_that_requires_it_lets_others_do_nothing_but_set_one_up(account: Account) -> None:
    _, member = await account.add_member()
    email = (await member.GetAccount()).member.email
    _, key = await account.add_key()
    require = account.owner.UpdateAccount
    assert (await refusal(require(require_second_factor=True))).reason == "SECOND_FACTOR_REQUIRED"
    await set_up(account)
    assert (await refusal(member.UpdateAccount(require_second_factor=True))).reason == "FORBIDDEN"
    assert (await require(require_second_factor=True)).account.require_second_factor
    assert (await member.GetAccount()).lacks_second_factor
    for call in (member.ListMembers(), member.CreateApiKey(name="key"), member.ListDevices()):
        assert (await refusal(call)).reason == "SECOND_FACTOR_REQUIRED"
    # A new session is no better, and keys go on.
    again = account.core.caller(await account.sign_in(email))
    assert (await refusal(again.ListMembers())).reason == "SECOND_FACTOR_REQUIRED"
    assert (await refusal(account.core.caller(key).SendPushNotification(title="hello"))).reason == "NO_RECIPIENTS"
    await set_up(account, again, email)
    assert not (await again.GetAccount()).lacks_second_factor
    await again.ListMembers()
    await require(require_second_factor=False)
