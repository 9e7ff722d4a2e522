"""Inviting people, and accepting: what owners, invited people and strangers see and can do."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER
from smith.core.v1.event_pb2 import EVENT_TYPE_MEMBERS_CHANGED
from smith.core.v1.event_service_pb2 import WatchEventsRequest
from smith.core.v1.event_service_pb2_grpc import EventServiceStub
from smith.core.v1.invite_pb2 import (
    INVITE_MAIL_STATE_FAILED,
    INVITE_MAIL_STATE_NOT_CONFIGURED,
    INVITE_MAIL_STATE_QUEUED,
    INVITE_MAIL_STATE_SENT,
    INVITE_REFUSAL_ALREADY_INVITED,
    INVITE_REFUSAL_ALREADY_MEMBER,
    INVITE_REFUSAL_BAD_ADDRESS,
    INVITE_STATUS_EXPIRED,
    INVITE_STATUS_PENDING,
)
from smith.core.v1.mail_service_pb2 import MAIL_OUTCOME_NOT_CONFIGURED, MAIL_OUTCOME_REJECTED, MAIL_OUTCOME_SENT

from core_service.mail.outbox import SCHEDULE
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, outcomes, refusal, refused_with, start_account
from tests.core.mail_rig import MailBox, MailWorld, invite_of, start_mail_world, token_in
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.slow

WEEK = 7 * 86400
DEAD = "This invite link is wrong, was used or revoked, or has expired. Ask for a new one."


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


def an_address() -> str:
    """Of a person who is not known yet."""
    return f"person-{uuid.uuid4().hex[:12]}@team.test"


async def invite(account: Account, email: str, **fields: Any) -> Any:
    """The invite that the address gets."""
    [result] = (await account.owner.CreateInvites(emails=[email], **fields)).results
    assert result.HasField("invite"), result
    return result.invite


async def test_bad_addresses_are_named_and_the_rest_go(account: Account, box: MailBox) -> None:
    pending, good, other = an_address(), an_address(), an_address()
    await invite(account, pending)
    emails = [good, "nobody", f" {other.upper()} ", account.email, pending, "a@b@c", good.upper()]
    results = (await account.owner.CreateInvites(emails=emails)).results
    assert [result.email for result in results] == emails
    said = [result.invite.email or result.refusal for result in results]
    assert said == [
        good, INVITE_REFUSAL_BAD_ADDRESS, other, INVITE_REFUSAL_ALREADY_MEMBER, INVITE_REFUSAL_ALREADY_INVITED,
        INVITE_REFUSAL_BAD_ADDRESS, good,
    ]  # fmt: skip
    assert results[1].message.startswith("It must be an e-mail address: ")
    assert {one.email for one in (await account.owner.ListInvites()).invites} == {good, other, pending}
    for email in (good, other, pending):
        await box.mail_to(email)


async def test_how_many_may_be_invited_at_once(account: Account) -> None:
    for emails in ([], ["x"] * 101):
        call = account.owner.CreateInvites(emails=emails)
        assert await refused_with("INVALID_REQUEST", call) == "emails must name 1 to 100 addresses"
    many = [an_address() for _ in range(100)]
    results = (await account.owner.CreateInvites(emails=many)).results
    assert [result.invite.email for result in results] == many
    page, listed = await account.owner.ListInvites(page_size=60), []
    listed += page.invites
    assert len(listed) == 60
    listed += (await account.owner.ListInvites(page_size=60, page_token=page.next_page_token)).invites
    assert [one.email for one in listed] == many[::-1], "newest first"
    for _ in range(9):
        await account.owner.CreateInvites(emails=many)
    assert (await refusal(account.owner.CreateInvites(emails=many))).reason == "TOO_MANY_ATTEMPTS"


async def test_an_invited_person_gets_a_mail_and_joins_with_its_link(account: Account, box: MailBox) -> None:
    email = an_address()
    await invite(account, email, role=ROLE_OWNER)
    mail = await box.mail_to(email)
    assert mail.recipients == [email]
    assert mail.headers["From"] == "Smith <smith@team.test>"
    sent = await invite_of(account, email, state=INVITE_MAIL_STATE_SENT)
    assert (sent.status, sent.invited_by, sent.role) == (INVITE_STATUS_PENDING, account.email, ROLE_OWNER)
    assert sent.expires_at.seconds - sent.invited_at.seconds == WEEK
    assert 0 <= time.time() - sent.mail.sent_at.seconds < 60

    anybody, token = account.core.caller(), token_in(mail)
    for _ in range(3):
        # As mail scanners do.
        offer = await anybody.GetInvite(token=token)
    assert (offer.account_name, offer.email, offer.inviter_name) == ("Acme", email, account.email)
    assert (offer.role, offer.has_login, offer.expires_at) == (ROLE_OWNER, False, sent.expires_at)

    joined = await anybody.AcceptInvite(token=token, name=" Ann ", password="ten letters")
    assert (joined.account.id, joined.member.name, joined.member.role) == (account.id, "Ann", ROLE_OWNER)
    me = await account.core.caller(joined.session_token).GetAccount()
    assert (me.account, me.member) == (joined.account, joined.member)
    await account.sign_in(email, "ten letters")
    assert not (await account.owner.ListInvites()).invites
    for call in (anybody.GetInvite(token=token), anybody.AcceptInvite(token=token, password="ten letters")):
        assert await refused_with("NOT_FOUND", call) == DEAD


async def test_what_a_new_person_must_say(account: Account) -> None:
    email = an_address()
    await invite(account, email)
    token, accept = await account.invite_token(email), account.core.caller().AcceptInvite
    for fields, rule in (
        ({"password": "123456789"}, "password must be 10 to 200 characters"),
        ({"password": "p" * 201}, "password must be 10 to 200 characters"),
        ({"password": "ten letters", "name": " "}, "name must be 1 to 100 characters"),
        ({"password": "ten letters\x00"}, "password must not contain the character U+0000"),
    ):
        assert await refused_with("INVALID_REQUEST", accept(token=token, **fields)) == rule
    assert (await accept(token=token, password="ten letters")).member.name == email


async def test_somebody_with_a_login_proves_it_and_is_in_both_accounts(
    account: Account, stranger: Account, box: MailBox
) -> None:
    await invite(account, stranger.email.upper())
    token, anybody = token_in(await box.mail_to(stranger.email)), account.core.caller(address="198.51.100.30")
    offer = await anybody.GetInvite(token=token)
    assert (offer.mailed, offer.has_login) == (True, True)
    wrong = anybody.AcceptInvite(token=token, name="Mallory", password="wrong password")
    assert (await refusal(wrong)).reason == "UNAUTHENTICATED"
    joined = await anybody.AcceptInvite(token=token, name="Mallory", password=PASSWORD)
    assert (joined.account.id, joined.member.user_id) == (account.id, stranger.owner_id)
    assert (joined.member.role, joined.member.name) == (ROLE_MEMBER, stranger.email), "the name is theirs already"
    assert (await stranger.owner.GetAccount()).member.role == ROLE_OWNER


async def test_a_link_that_an_owner_makes_does_not_tell_whether_the_address_has_a_login(
    account: Account, stranger: Account
) -> None:
    """What an owner may try without becoming somebody is answered the same for both."""
    anybody = account.core.caller(address="198.51.100.34")

    async def told(email: str) -> list[object]:
        await invite(account, email)
        token = await account.invite_token(email)
        offer = await anybody.GetInvite(token=token)
        refused = [
            await refused_with("INVALID_REQUEST", anybody.AcceptInvite(token=token, **fields))
            for fields in ({"password": "short"}, {"password": "p" * 201}, {"password": "ten letters", "name": " "})
        ]
        return [offer.has_login, offer.mailed, *refused]

    of_somebody, of_nobody = await told(stranger.email), await told(an_address())
    assert of_somebody == of_nobody
    assert of_somebody[:2] == [False, False]


async def test_guessing_a_password_with_an_invite_is_guessing_at_the_sign_in(
    account: Account, stranger: Account
) -> None:
    await invite(account, stranger.email)
    token, thief = await account.invite_token(stranger.email), account.core.caller(address="198.51.100.31")
    for number in range(10):
        guess = thief.AcceptInvite(token=token, password=f"guess number {number}")
        assert (await refusal(guess)).reason == "UNAUTHENTICATED"
    for call in (
        thief.AcceptInvite(token=token, password=PASSWORD),
        thief.CreateSession(email=stranger.email, password=PASSWORD),
    ):
        assert (await refusal(call)).reason == "TOO_MANY_ATTEMPTS"
    await account.core.caller().AcceptInvite(token=token, password=PASSWORD)


async def test_links_that_lead_nowhere_are_not_guessed_for_ever(account: Account) -> None:
    await invite(account, email := an_address())
    token, thief = await account.invite_token(email), account.core.caller(address="198.51.100.32")
    wrong = (thief.GetInvite(token=f"inv_{number}") for number in range(100))
    assert await outcomes(*wrong, thief.GetInvite(token="inv_" + "x" * 5000)) == {"NOT_FOUND": 101}
    assert (await refusal(thief.GetInvite(token=token))).reason == "TOO_MANY_ATTEMPTS"
    assert (await account.core.caller(address="198.51.100.33").GetInvite(token=token)).email == email


async def test_of_many_who_use_one_invite_at_once_one_joins(account: Account) -> None:
    await invite(account, email := an_address())
    tokens = [await account.invite_token(email) for _ in range(4)]
    accept = account.core.caller().AcceptInvite
    ended = await outcomes(*(accept(token=token, password="ten letters") for token in tokens))
    assert ended["OK"] == 1
    assert len((await account.owner.ListMembers()).members) == 2


async def test_a_revoked_invite_is_over_and_the_address_free_again(account: Account) -> None:
    made = await invite(account, email := an_address())
    token = await account.invite_token(email)
    await account.owner.RevokeInvite(invite_id=made.id)
    assert await refused_with("NOT_FOUND", account.core.caller().GetInvite(token=token)) == DEAD
    for again in (account.owner.RevokeInvite, account.owner.ResendInvite, account.owner.CreateInviteLink):
        await refused_with("NOT_FOUND", again(invite_id=made.id))
    await invite(account, email)
    assert await refused_with("NOT_FOUND", account.core.caller().GetInvite(token=token)) == DEAD


async def expire(account: Account) -> None:
    """A week passes."""
    await account.core.sql(
        "UPDATE invites SET expires_at = expires_at - interval '8 days', invited_at = invited_at - interval '8 days'"
        " WHERE account_id = %s",
        account.id,
    )
    await account.core.sql(
        "UPDATE invite_tokens SET expires_at = expires_at - interval '8 days'"
        " WHERE invite_id IN (SELECT id FROM invites WHERE account_id = %s)",
        account.id,
    )


@pytest.mark.parametrize("how", ["resent", "invited again"])
async def test_an_expired_invite_is_refused_until_it_is_renewed(account: Account, box: MailBox, how: str) -> None:
    made = await invite(account, email := an_address())
    old = token_in(await box.mail_to(email))
    await invite_of(account, email, state=INVITE_MAIL_STATE_SENT)
    await expire(account)
    [listed] = (await account.owner.ListInvites()).invites
    assert listed.status == INVITE_STATUS_EXPIRED
    assert await refused_with("NOT_FOUND", account.core.caller().GetInvite(token=old)) == DEAD
    assert "has expired" in await refused_with("NOT_FOUND", account.owner.CreateInviteLink(invite_id=made.id))

    if how == "resent":
        renewed = (await account.owner.ResendInvite(invite_id=made.id)).invite
    else:
        renewed = await invite(account, email, role=ROLE_OWNER)
        assert renewed.role == ROLE_OWNER
    assert (renewed.id, renewed.status) == (made.id, INVITE_STATUS_PENDING)
    assert renewed.mail.state == INVITE_MAIL_STATE_QUEUED
    assert WEEK - 60 < renewed.expires_at.seconds - time.time() <= WEEK
    fresh = token_in(await box.mail_to(email, 2))
    assert (await account.core.caller().GetInvite(token=fresh)).email == email
    assert await refused_with("NOT_FOUND", account.core.caller().GetInvite(token=old)) == DEAD, "stays over"


async def test_one_mail_box_is_not_flooded(account: Account) -> None:
    made = await invite(account, an_address())
    ended = [await outcomes(account.owner.ResendInvite(invite_id=made.id)) for _ in range(11)]
    assert ended == [{"OK": 1}] * 10 + [{"RESOURCE_EXHAUSTED": 1}]


async def test_names_become_neither_headers_nor_html(account: Account, box: MailBox) -> None:
    await account.owner.UpdateAccount(name="Acme\r\nBcc: victim@team.test\r\n\r\n<script>alert(1)</script>")
    await invite(account, email := an_address())
    mail = await box.mail_to(email)
    assert mail.recipients == [email]
    assert "Bcc" not in mail.headers
    assert mail.subject == f"{account.email} invites you to Acme Bcc: victim@team.test <script>alert(1)</script>"
    assert "<script>" not in mail.html
    token_in(mail)


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?=0D=0AContent-Type:_text/html=0D=0A=0D=0A<a_href=3Dhttp://evil.test>Sign_in<!--?=",
        "=?utf-8?q?=0D=0AReply-To:_evil@evil.test?=",
    ],
)
async def test_names_that_look_like_encoded_words_are_names(account: Account, box: MailBox, name: str) -> None:
    await account.owner.UpdateProfile(name=name)
    await account.owner.UpdateAccount(name=name)
    await invite(account, email := an_address())
    mail = await box.mail_to(email)
    assert mail.subject == f"{name} invites you to {name}"
    assert set(mail.headers) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert mail.headers["Content-Type"].startswith("multipart/alternative")
    assert "<a href=http://evil.test>" not in mail.html
    token_in(mail)


async def test_an_address_beyond_ascii_gets_its_mail(account: Account, box: MailBox) -> None:
    email = f"jörg-{uuid.uuid4().hex[:12]}@bücher.example"
    await invite(account, email)
    await invite_of(account, email, state=INVITE_MAIL_STATE_SENT)
    token_in(await box.mail_to(email.replace("bücher", "xn--bcher-kva")))


async def test_a_mail_that_is_refused_for_good_says_why_and_the_link_works_all_the_same(
    account: Account, box: MailBox
) -> None:
    box.refusals[email := an_address()] = "550 5.1.1 no such person here"
    await invite(account, email)
    failed = await invite_of(account, email, state=INVITE_MAIL_STATE_FAILED)
    assert failed.mail.reason == "RecipientRefused"
    assert failed.mail.message.endswith("It says: 550 5.1.1 no such person here")
    assert not failed.mail.HasField("next_attempt_at")
    assert (await account.core.caller().GetInvite(token=await account.invite_token(email))).email == email
    del box.refusals[email]
    await account.owner.ResendInvite(invite_id=failed.id)
    await box.mail_to(email)
    assert not (await invite_of(account, email, state=INVITE_MAIL_STATE_SENT)).mail.reason


async def test_a_mail_that_cannot_be_sent_now_is_tried_again(account: Account, box: MailBox) -> None:
    began = time.time()
    box.refusals[email := an_address()] = "451 4.3.0 come back later"
    await invite(account, email)
    waiting = await invite_of(account, email, state=INVITE_MAIL_STATE_QUEUED, reason="RecipientRefused")
    assert "come back later" in waiting.mail.message
    assert waiting.mail.next_attempt_at.seconds >= int(began)

    async def is_planned() -> bool:
        # On a slow machine some attempts are over by now, and each of them is followed by a longer wait.
        query = "SELECT mail_attempts, extract(epoch FROM mail_due_at)::float8 FROM invites WHERE id = %s"
        [(attempts, due)] = await account.core.sql(query, waiting.id)
        return bool(attempts and began < due <= time.time() + SCHEDULE.waits_seconds[attempts - 1])

    await eventually_async("it is tried again soon", is_planned)
    del box.refusals[email]
    await account.core.sql("UPDATE invites SET mail_due_at = now() WHERE id = %s", waiting.id)
    await box.mail_to(email)
    await invite_of(account, email, state=INVITE_MAIL_STATE_SENT, reason="")


async def test_after_three_days_a_mail_is_given_up(account: Account, box: MailBox) -> None:
    box.refusals[email := an_address()] = "451 4.3.0 come back later"
    made = await invite(account, email)
    await invite_of(account, email, reason="RecipientRefused")
    await account.core.sql(
        "UPDATE invites SET mail_due_at = now(), mail_queued_at = now() - interval '3 days' WHERE id = %s", made.id
    )
    failed = await invite_of(account, email, state=INVITE_MAIL_STATE_FAILED)
    assert "come back later" in failed.mail.message
    assert failed.status == INVITE_STATUS_PENDING, "a link may be passed on in another way"


async def test_an_attempt_whose_end_is_not_known_is_repeated_and_either_link_works(
    account: Account, box: MailBox
) -> None:
    made = await invite(account, email := an_address())
    first = await box.mail_to(email)
    await invite_of(account, email, state=INVITE_MAIL_STATE_SENT)
    # As if the process had died before it could write down that the mail was sent, and its lease had run out.
    await account.core.sql("UPDATE invites SET mail_state = 'queued', mail_due_at = now() WHERE id = %s", made.id)
    second = await box.mail_to(email, 2)
    assert first.headers["Message-ID"] == second.headers["Message-ID"]
    assert token_in(first) != token_in(second)
    for mail in (first, second):
        assert (await account.core.caller().GetInvite(token=token_in(mail))).email == email


async def test_without_a_mail_server_an_owner_is_told_so_and_passes_the_link_on(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_mail_world(url, smtp_host=None) as world:
        account = await start_account(world.core)
        made = await invite(account, email := an_address())
        await invite_of(account, email, state=INVITE_MAIL_STATE_NOT_CONFIGURED)
        url = (await account.owner.CreateInviteLink(invite_id=made.id)).url
        assert url.startswith("http://admin.test/invite/inv_")
        answer = await account.owner.SendTestMail()
        assert answer.outcome == MAIL_OUTCOME_NOT_CONFIGURED
        assert "SMITH_SMTP_HOST" in answer.message


async def test_a_test_mail_goes_to_the_caller_and_explains_what_was_said(account: Account, box: MailBox) -> None:
    answer = await account.owner.SendTestMail()
    assert (answer.outcome, answer.sent_to) == (MAIL_OUTCOME_SENT, account.email)
    assert "test mail" in (await box.mail_to(account.email)).subject
    box.refusals[account.email] = "550 5.7.1 relaying denied"
    answer = await account.owner.SendTestMail()
    assert (answer.outcome, answer.reason, answer.smtp_code) == (MAIL_OUTCOME_REJECTED, "RecipientRefused", 550)
    assert answer.smtp_answer == "5.7.1 relaying denied"
    assert "does not accept the address" in answer.message
    for _ in range(8):
        await account.owner.SendTestMail()
    assert (await refusal(account.owner.SendTestMail())).reason == "TOO_MANY_ATTEMPTS"


async def test_watchers_hear_that_invites_and_members_have_changed(account: Account) -> None:
    stub: Any = EventServiceStub(account.core.channel)
    bearer = (("authorization", f"Bearer {account.session}"),)
    watch = stub.WatchEvents(WatchEventsRequest(types=[EVENT_TYPE_MEMBERS_CHANGED]), metadata=bearer, timeout=LONG)
    await watch.read()
    heard = 0

    async def hear() -> bool:
        nonlocal heard
        heard += len((await watch.read()).events)
        return heard >= 3

    await invite(account, email := an_address())
    await invite_of(account, email, state=INVITE_MAIL_STATE_SENT)
    await account.core.caller().AcceptInvite(token=await account.invite_token(email), password="ten letters")
    await eventually_async("the invite, its mail and the new member are told of", hear)
    watch.cancel()
