"""A way back in: links to a new password, by mail, from an owner and from the operator."""

import asyncio
import itertools
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from smith.core.v1.account_pb2 import ROLE_MEMBER
from smith.core.v1.invite_pb2 import (
    INVITE_MAIL_STATE_FAILED,
    INVITE_MAIL_STATE_NOT_CONFIGURED,
    INVITE_MAIL_STATE_QUEUED,
    INVITE_MAIL_STATE_SENT,
)

from core_service.app import bootstrap
from core_service.password_resets.queries import ADD_TOKENS
from core_service.password_resets.tokens import LIFETIME
from simulator.mails.sink import KeptMail
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Caller, Core, outcomes, refusal, refused_with, start_account
from tests.core.mail_rig import MailBox, MailWorld, start_mail_world
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

LINK = re.compile(r"http://admin\.test/reset-password/(pwr_[A-Za-z0-9_-]+)")
NEW = "another good password"
DEAD = "This link is wrong, was used or revoked, or has expired. Ask for a new one."
numbers = itertools.count(1)
PAIRS = 30
"""Of an address that is known and one that is not."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(new_database: NewDatabase) -> AsyncIterator[MailWorld]:
    """A core whose mails arrive. The tests have an account each."""
    async with start_mail_world(await asyncio.to_thread(new_database)) as running:
        yield running


@pytest.fixture
def core(world: MailWorld) -> Core:
    """The core that `account` and `stranger` are made in."""
    return world.core


@pytest.fixture
def box(world: MailWorld) -> MailBox:
    """Where mails go."""
    return world.box


def somebody(core: Core) -> Caller:
    """A caller without credentials, from a network of their own: requests are counted by network."""
    number = next(numbers)
    return core.caller(address=f"198.18.{number // 256}.{number % 256}")


def token_of(text: str) -> str:
    """The secret of the link in a text or mail."""
    [token] = set(LINK.findall(text))
    return str(token)


async def reset_mail(box: MailBox, email: str, count: int = 1) -> KeptMail:
    """The newest mail with a link to a new password."""

    async def come() -> list[KeptMail]:
        found = [mail for mail in box.mails(email, 100) if LINK.search(mail.text)]
        return found if len(found) >= count else []

    return (await eventually_async(f"{count} links to a new password for {email}", come))[-1]


async def entries(account: Account, method: str) -> list[Any]:
    """Of the account's audit log."""
    return list((await account.owner.ListAuditEntries(method=method)).audit_entries)


async def test_who_has_forgotten_their_password_gets_a_link_and_signs_in_with_a_new_one(
    account: Account, box: MailBox
) -> None:
    person = somebody(account.core)
    await person.RequestPasswordReset(email=f" {account.email.upper()} ")
    mail = await reset_mail(box, account.email)
    assert mail.recipients == [account.email]
    token = token_of(mail.text)
    assert token_of(mail.html) == token
    for _ in range(2):
        opened = await person.GetPasswordReset(token=token)
    assert opened.email == account.email
    assert 3500 < opened.expires_at.seconds - time.time() <= 3600

    done = await person.ResetPassword(token=token, new_password=NEW)
    assert (done.email, done.sessions_ended) == (account.email, 1)
    assert (await refusal(account.owner.GetAccount())).reason == "UNAUTHENTICATED"
    assert (await refusal(person.CreateSession(email=account.email, password=PASSWORD))).reason == "UNAUTHENTICATED"
    back = await person.CreateSession(email=account.email, password=NEW)
    for call in (person.GetPasswordReset(token=token), person.ResetPassword(token=token, new_password=NEW)):
        assert await refused_with("NOT_FOUND", call) == DEAD
    notice = await box.mail_to(account.email, 2)
    assert notice.subject == "Your password for ActivitySmith was changed"
    assert "http://admin.test/forgot-password" in notice.text
    owner = account.core.caller(back.session_token)
    [entry] = (await owner.ListAuditEntries(method="ResetPassword")).audit_entries
    assert (entry.actor_name, entry.subject_id, entry.request.json) == (account.email, account.owner_id, "{}")


async def test_all_other_links_and_lockouts_end_with_a_new_password(account: Account, box: MailBox) -> None:
    person = somebody(account.core)
    for count in (1, 2):
        await person.RequestPasswordReset(email=account.email)
        await reset_mail(box, account.email, count)
    first, second = [token_of(mail.text) for mail in box.mails(account.email, 10)]
    for number in range(11):
        await refusal(person.CreateSession(email=account.email, password=f"guess number {number}"))
    assert (await refusal(person.CreateSession(email=account.email, password=PASSWORD))).reason == "TOO_MANY_ATTEMPTS"
    await person.ResetPassword(token=second, new_password=NEW)
    assert await refused_with("NOT_FOUND", person.ResetPassword(token=first, new_password=NEW)) == DEAD
    await person.CreateSession(email=account.email, password=NEW)


async def test_nothing_tells_whether_an_address_is_somebodys(account: Account, box: MailBox) -> None:
    """Neither the answer nor its time; and nothing is sent, or kept, where there is none."""
    unknown = [f"unknown-{uuid.uuid4().hex[:12]}@team.test" for _ in range(PAIRS)]
    somebodys = [(await start_account(account.core)).email for _ in range(PAIRS)]
    took: dict[bool, list[float]] = {True: [], False: []}
    for pair in zip(somebodys, unknown, strict=True):
        for email in pair:
            person, began = somebody(account.core), time.perf_counter()
            answer = await person.RequestPasswordReset(email=email)
            took[email in somebodys].append(time.perf_counter() - began)
            assert answer.ByteSize() == 0
    # The shortest: whatever else the machine does only adds to it. The more there are, the less it has added.
    assert min(took[True]) < 3 * min(took[False])
    assert min(took[False]) < 3 * min(took[True])
    for email in somebodys:
        await reset_mail(box, email)

    async def forgotten() -> bool:
        return not await account.core.sql("SELECT id FROM mails WHERE email = ANY(%s)", unknown)

    await eventually_async("requests for unknown addresses are forgotten", forgotten)
    assert not any(box.mails(email, 1) for email in unknown)


async def test_a_mail_box_is_not_flooded_and_one_network_does_not_ask_for_all(account: Account) -> None:
    ended = [
        await outcomes(somebody(account.core).RequestPasswordReset(email=account.email)) for _ in range(6)
    ]  # fmt: skip
    assert ended == [{"OK": 1}] * 5 + [{"RESOURCE_EXHAUSTED": 1}]
    flood = somebody(account.core)
    ended = [await outcomes(flood.RequestPasswordReset(email=f"nobody-{number}@team.test")) for number in range(21)]
    assert ended == [{"OK": 1}] * 20 + [{"RESOURCE_EXHAUSTED": 1}]
    unknown = f"nobody-{uuid.uuid4().hex[:12]}@team.test"
    ended = [await outcomes(somebody(account.core).RequestPasswordReset(email=unknown)) for _ in range(6)]
    assert ended == [{"OK": 1}] * 5 + [{"RESOURCE_EXHAUSTED": 1}], "of an unknown address the same is said"


async def test_a_link_ends_also_when_the_person_changes_their_password(account: Account, box: MailBox) -> None:
    person = somebody(account.core)
    await person.RequestPasswordReset(email=account.email)
    token = token_of((await reset_mail(box, account.email)).text)
    await account.owner.ChangePassword(current_password=PASSWORD, new_password=NEW)
    assert await refused_with("NOT_FOUND", person.ResetPassword(token=token, new_password=PASSWORD)) == DEAD
    await account.sign_in(account.email, NEW)


async def mail_to_come(account: Account, box: MailBox) -> uuid.UUID:
    """The id of the mail with a link that the account's owner has asked for, and that the mail server does not take."""
    box.refusals[account.email] = "451 4.3.0 come back later"
    await somebody(account.core).RequestPasswordReset(email=account.email)

    async def waits() -> list[Any]:
        query = "SELECT id FROM mails WHERE email = %s AND state = 'queued' AND reason = 'RecipientRefused'"
        return await account.core.sql(query, account.email)

    [(mail_id,)] = await eventually_async("the mail waits", waits)
    return uuid.UUID(str(mail_id))


async def operators_link(account: Account) -> str:
    """The secret of a link to a new password of the account's owner."""
    made = await bootstrap.reset_password(account.core.database_url, account.email, "http://admin.test")
    return token_of(made["url"])


@pytest.mark.parametrize("how", ["with the present one", "with a link"])
async def test_no_link_is_mailed_for_a_password_that_was_replaced_meanwhile(
    account: Account, box: MailBox, how: str
) -> None:
    mail_id = await mail_to_come(account, box)
    if how == "with a link":
        token = await operators_link(account)
        await somebody(account.core).ResetPassword(token=token, new_password=NEW)
    else:
        await account.owner.ChangePassword(current_password=PASSWORD, new_password=NEW)
    assert not await account.core.sql("SELECT id FROM mails WHERE id = %s", mail_id)


@pytest.mark.parametrize("how", ["with the present one", "with a link"])
async def test_a_link_that_is_just_being_mailed_ends_with_the_password_and_delays_nothing(
    account: Account, box: MailBox, how: str
) -> None:
    """Neither waits for what the other holds, and the new link is seen."""
    mail_id, token = await mail_to_come(account, box), await operators_link(account)
    mailed = b"the hash of the link that is just being mailed"
    async with await psycopg.AsyncConnection.connect(account.core.database_url) as mailer:
        # What a mailer does, in its two steps.
        await mailer.execute("SELECT FROM mails WHERE id = %s FOR UPDATE", (mail_id,))
        if how == "with a link":
            call = somebody(account.core).ResetPassword(token=token, new_password=NEW)
        else:
            call = account.owner.ChangePassword(current_password=PASSWORD, new_password=NEW)
        changing = asyncio.ensure_future(call)

        async def waits() -> list[Any]:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            return await account.core.sql(query)

        await eventually_async("the change waits for the mailer", waits)
        added = {"token_hashes": [mailed], "user_ids": [uuid.UUID(account.owner_id)], "lifetime": LIFETIME}
        await mailer.execute(ADD_TOKENS, added)
    await changing
    assert not await account.core.sql("SELECT user_id FROM password_reset_tokens WHERE token_hash = %s", mailed)


async def test_a_link_works_for_an_hour(account: Account, box: MailBox) -> None:
    person = somebody(account.core)
    await person.RequestPasswordReset(email=account.email)
    token = token_of((await reset_mail(box, account.email)).text)
    await account.core.sql(
        "UPDATE password_reset_tokens SET expires_at = expires_at - interval '1 hour' WHERE user_id = %s",
        account.owner_id,
    )
    for call in (person.GetPasswordReset(token=token), person.ResetPassword(token=token, new_password=NEW)):
        assert await refused_with("NOT_FOUND", call) == DEAD


async def test_what_a_new_password_must_be(account: Account, box: MailBox) -> None:
    person = somebody(account.core)
    await person.RequestPasswordReset(email=account.email)
    token = token_of((await reset_mail(box, account.email)).text)
    for bad, rule in (
        ("123456789", "new_password must be 10 to 200 characters"),
        ("p" * 201, "new_password must be 10 to 200 characters"),
        ("ten letters\x00", "new_password must not contain the character U+0000"),
    ):
        assert await refused_with("INVALID_REQUEST", person.ResetPassword(token=token, new_password=bad)) == rule
    await account.owner.GetAccount()
    await person.ResetPassword(token=token, new_password=NEW)


async def test_of_many_who_use_one_link_at_once_one_sets_the_password(account: Account, box: MailBox) -> None:
    person = somebody(account.core)
    await person.RequestPasswordReset(email=account.email)
    token = token_of((await reset_mail(box, account.email)).text)
    ended = await outcomes(*(person.ResetPassword(token=token, new_password=f"{NEW} {n}") for n in range(4)))
    assert ended == {"OK": 1, "NOT_FOUND": 3}


async def test_links_that_lead_nowhere_are_not_guessed_for_ever(account: Account, box: MailBox) -> None:
    person, thief = somebody(account.core), somebody(account.core)
    await person.RequestPasswordReset(email=account.email)
    token = token_of((await reset_mail(box, account.email)).text)
    wrong = (thief.GetPasswordReset(token=f"pwr_{number}") for number in range(100))
    assert await outcomes(*wrong, thief.GetPasswordReset(token="pwr_" + "x" * 5000)) == {"NOT_FOUND": 101}
    assert (await refusal(thief.ResetPassword(token=token, new_password=NEW))).reason == "TOO_MANY_ATTEMPTS"
    await person.ResetPassword(token=token, new_password=NEW)


async def test_an_owner_sends_a_member_a_link_and_sees_how_the_mail_fares(account: Account, box: MailBox) -> None:
    email = f"person-{uuid.uuid4().hex[:12]}@team.test"
    joined = await account.join(email)
    user_id = joined.member.user_id
    sent = await account.owner.SendPasswordReset(user_id=user_id)
    assert (sent.sent_to, sent.mail.state) == (email, INVITE_MAIL_STATE_QUEUED)
    mail = await reset_mail(box, email)
    assert f"{account.email} of Acme has asked for a new password" in mail.text

    async def is_sent() -> bool:
        state = (await account.owner.GetMember(user_id=user_id)).password_reset_mail.state
        return bool(state == INVITE_MAIL_STATE_SENT)

    await eventually_async("the owner is told that the mail was sent", is_sent)
    await somebody(account.core).ResetPassword(token=token_of(mail.text), new_password=NEW)
    await account.sign_in(email, NEW)
    [entry] = await entries(account, "ResetPassword")
    assert entry.actor_name == email


async def test_of_a_mail_that_the_person_asked_for_owners_are_not_told(account: Account, box: MailBox) -> None:
    email = f"person-{uuid.uuid4().hex[:12]}@team.test"
    user_id = (await account.join(email)).member.user_id
    await somebody(account.core).RequestPasswordReset(email=email)
    await reset_mail(box, email)
    assert not (await account.owner.GetMember(user_id=user_id)).HasField("password_reset_mail")


async def test_a_link_that_an_owner_passes_on_is_for_somebody_who_belongs_to_this_account_alone(
    account: Account, stranger: Account, box: MailBox
) -> None:
    email = f"person-{uuid.uuid4().hex[:12]}@team.test"
    user_id = (await account.join(email)).member.user_id
    made = await account.owner.CreatePasswordResetLink(user_id=user_id)
    assert 3500 < made.expires_at.seconds - time.time() <= 3600
    person = somebody(account.core)
    early, late = token_of(made.url), token_of((await account.owner.CreatePasswordResetLink(user_id=user_id)).url)
    await person.ResetPassword(token=early, new_password=NEW)
    assert await refused_with("NOT_FOUND", person.GetPasswordReset(token=late)) == DEAD

    shown = token_of((await account.owner.CreatePasswordResetLink(user_id=user_id)).url)
    await stranger.join(email, NEW)
    for call in (person.GetPasswordReset(token=shown), person.ResetPassword(token=shown, new_password=PASSWORD)):
        assert await refused_with("NOT_FOUND", call) == DEAD
    call = account.owner.CreatePasswordResetLink(user_id=user_id)
    assert "send it by mail" in await refused_with("FORBIDDEN", call)
    await account.owner.SendPasswordReset(user_id=user_id)
    await person.ResetPassword(token=token_of((await reset_mail(box, email)).text), new_password=PASSWORD)
    assert await entries(stranger, "ResetPassword"), "it is told in the logs of all their accounts"


@pytest.mark.parametrize("how", ["the owner is demoted", "the owner is removed", "the person is removed"])
async def test_a_link_that_an_owner_was_shown_ends_with_their_right_to_it(account: Account, how: str) -> None:
    owner_id, mallory = await account.add_member("owner")
    user_id, _ = await account.add_member()
    token = token_of((await mallory.CreatePasswordResetLink(user_id=user_id)).url)
    if how == "the owner is demoted":
        await account.owner.UpdateMember(user_id=owner_id, role=ROLE_MEMBER)
    else:
        await account.owner.RemoveMember(user_id=owner_id if how == "the owner is removed" else user_id)
    person = somebody(account.core)
    for call in (person.GetPasswordReset(token=token), person.ResetPassword(token=token, new_password=NEW)):
        assert await refused_with("NOT_FOUND", call) == DEAD


async def test_a_link_from_before_somebody_left_does_not_come_to_life_when_they_join_again(account: Account) -> None:
    email = f"person-{uuid.uuid4().hex[:12]}@team.test"
    user_id = (await account.join(email)).member.user_id
    token = token_of((await account.owner.CreatePasswordResetLink(user_id=user_id)).url)
    await account.owner.RemoveMember(user_id=user_id)
    assert (await account.join(email)).member.user_id == user_id
    person = somebody(account.core)
    for call in (person.GetPasswordReset(token=token), person.ResetPassword(token=token, new_password=NEW)):
        assert await refused_with("NOT_FOUND", call) == DEAD


async def test_who_may_send_links(account: Account, stranger: Account) -> None:
    user_id, member = await account.add_member()
    for name in ("SendPasswordReset", "CreatePasswordResetLink"):
        assert (await refusal(getattr(member, name)(user_id=account.owner_id))).reason == "FORBIDDEN"
        assert (await refusal(getattr(account.owner, name)(user_id=account.owner_id))).reason == "FORBIDDEN", "oneself"
        await refused_with("NOT_FOUND", getattr(account.owner, name)(user_id=stranger.owner_id))
    for _ in range(10):
        await account.owner.SendPasswordReset(user_id=user_id)
    said = await refused_with("TOO_MANY_ATTEMPTS", account.owner.SendPasswordReset(user_id=user_id))
    assert said.startswith("Too many attempts. Try again in "), "none of them has failed"


async def test_who_was_squatted_gets_their_login_back(account: Account, stranger: Account, box: MailBox) -> None:
    """Somebody else has accepted an invite for their address with a link of their own making."""
    email = f"victim-{uuid.uuid4().hex[:12]}@team.test"
    thief = await stranger.join(email, "password of the thief")
    await account.owner.CreateInvites(emails=[email])
    person = somebody(account.core)
    await person.RequestPasswordReset(email=email)
    await person.ResetPassword(token=token_of((await reset_mail(box, email)).text), new_password=NEW)
    assert (await refusal(account.core.caller(thief.session_token).GetAccount())).reason == "UNAUTHENTICATED"
    token = await account.invite_token(email)
    assert (await person.AcceptInvite(token=token, password=NEW)).account.id == account.id


async def test_somebody_who_belongs_to_no_account_gets_no_mail(account: Account, box: MailBox) -> None:
    email = f"person-{uuid.uuid4().hex[:12]}@team.test"
    await account.owner.RemoveMember(user_id=(await account.join(email)).member.user_id)
    await somebody(account.core).RequestPasswordReset(email=email)

    async def forgotten() -> bool:
        return not await account.core.sql("SELECT id FROM mails WHERE email = %s AND kind = 'password_reset'", email)

    await eventually_async("the request is forgotten", forgotten)
    assert not [mail for mail in box.mails(email, 10) if LINK.search(mail.text)]


async def test_a_mail_that_came_to_nothing_within_the_hour_is_not_sent_later(account: Account, box: MailBox) -> None:
    email = f"person-{uuid.uuid4().hex[:12]}@team.test"
    user_id = (await account.join(email)).member.user_id
    box.refusals[email] = "451 4.3.0 come back later"
    await account.owner.SendPasswordReset(user_id=user_id)

    async def fares(state: int, reason: str) -> bool:
        mail = (await account.owner.GetMember(user_id=user_id)).password_reset_mail
        return (mail.state, mail.reason) == (state, reason)

    await eventually_async("it waits", lambda: fares(INVITE_MAIL_STATE_QUEUED, "RecipientRefused"))
    # It expires before the mail server takes it: on a slow machine its next attempt may come between these steps.
    await account.core.sql("UPDATE mails SET expires_at = now() WHERE email = %s", email)
    del box.refusals[email]
    await account.core.sql("UPDATE mails SET due_at = now() WHERE email = %s", email)
    await eventually_async("it is given up", lambda: fares(INVITE_MAIL_STATE_FAILED, "Expired"))
    assert not [mail for mail in box.mails(email, 10) if LINK.search(mail.text)]


async def test_without_a_mail_server_an_owner_is_told_so_and_the_answer_to_a_person_is_the_same(
    new_database: NewDatabase,
) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_mail_world(url, smtp_host=None) as world:
        account = await start_account(world.core)
        user_id, _ = await account.add_member()
        assert (await world.core.caller().RequestPasswordReset(email=account.email)).ByteSize() == 0
        await account.owner.SendPasswordReset(user_id=user_id)

        async def told() -> bool:
            mail = (await account.owner.GetMember(user_id=user_id)).password_reset_mail
            return bool(mail.state == INVITE_MAIL_STATE_NOT_CONFIGURED)

        await eventually_async("the owner is told that there is no mail server", told)


async def test_the_operator_makes_a_link_on_the_database(account: Account, stranger: Account) -> None:
    """`smith account reset-password`: for somebody of several accounts, too."""
    await stranger.join(account.email)
    made = await bootstrap.reset_password(account.core.database_url, account.email.upper(), "http://admin.test")
    assert (made["email"], made["name"]) == (account.email, account.email)
    token = token_of(made["url"])
    rows = await account.core.sql("SELECT t::text FROM password_reset_tokens t")
    assert not any(token in row or token.encode().hex() in row for (row,) in rows), "only its hash is kept"
    await somebody(account.core).ResetPassword(token=token, new_password=NEW)
    await account.sign_in(account.email, NEW)
    for email, word in (("nobody@team.test", "no person signs in"), ("no address", "email must be")):
        with pytest.raises(bootstrap.CannotMake, match=word):
            await bootstrap.reset_password(account.core.database_url, email, "http://admin.test")
