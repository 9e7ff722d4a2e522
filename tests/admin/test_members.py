"""The page of members: what owners see and do there, and what members see."""

import asyncio
import re
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER

from admin_ui.components.invite_dialog import addresses_in
from tests.admin.conftest import Open, running_admin
from tests.admin.looking import fill, named, press, say, sees, sees_no
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, refusal, start_account
from tests.core.mail_rig import start_mail_world


def an_address() -> str:
    """Of a person who is not known yet."""
    return f"person-{uuid.uuid4().hex[:12]}@team.test"


@pytest.mark.parametrize(
    ("words", "addresses"),
    [
        ("ann@a.test", ["ann@a.test"]),
        (" ann@a.test, bo@b.test;chi@c.test\n\ndee@d.test eve@e.test ", [f"{n}@{n[0]}.test" for n in
                                                                         ("ann", "bo", "chi", "dee", "eve")]),
        ("Ann Smith <ann@a.test>, bo@b.test\nChi <chi@c.test>", ["ann@a.test", "bo@b.test", "chi@c.test"]),
        ("ann@a.test ann@a.test", ["ann@a.test"]),
        ("nobody, ann@", ["nobody", "ann@"]),
        (" ,;\n ", []),
    ],
)  # fmt: skip
def test_addresses_are_read_as_people_write_them(words: str, addresses: list[str]) -> None:
    assert addresses_in(words) == addresses


NAME_AND_ADDRESS = re.compile(r"[^,;\n<>]*<([^<>\n]*)>")
"""What mail programs write, as one expression. It takes the square of the text's length."""


@given(st.text(st.sampled_from("<>,;a@ \n"), max_size=24))
def test_the_address_in_brackets_counts_and_the_name_before_it_does_not(words: str) -> None:
    plain = NAME_AND_ADDRESS.sub(r" \1 ", words)
    assert addresses_in(words) == list(dict.fromkeys(part for part in re.split(r"[\s,;]+", plain) if part))


@pytest.mark.parametrize("piece", ["a", "<", ">", "<a", "a<", "a <b> ", ", "])
def test_a_megabyte_of_addresses_is_read_at_once(piece: str) -> None:
    began = time.process_time()
    addresses_in(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 5, "what reads on from every letter would take an hour"


async def test_a_field_holds_no_more_than_a_browser_would_send(owner: User) -> None:
    await owner.open("/members")
    await press(owner, "Invite members")
    await say(owner, "E-mail addresses", "a" * 900_000)
    [field] = named(owner, ui.textarea, "E-mail addresses")
    assert len(field.value) == 30_000
    await say(owner, "E-mail addresses", {"not": "a text"})
    await press(owner, "Invite")
    await sees(owner, "Enter at least one e-mail address.")


async def test_an_owner_invites_many_and_is_told_of_each_that_could_not_be(account: Account, owner: User) -> None:
    good, other = an_address(), an_address()
    await owner.open("/members")
    await press(owner, "Invite members")
    await press(owner, "Invite")
    await sees(owner, "Enter at least one e-mail address.")
    await fill(owner, "E-mail addresses", f"{good}, nobody\n{account.email} {other}")
    await fill(owner, "Role", ROLE_OWNER)
    await press(owner, "Invite")
    await sees(owner, "2 people invited. 2 could not be:", "nobody", "This person is a member of the account already.")
    await sees(owner, "It must be an e-mail address: An email address must have an @-sign.")
    [field] = named(owner, ui.textarea, "E-mail addresses")
    assert field.value == f"nobody\n{account.email}", "what could not be invited is left to be corrected"
    invites = (await account.owner.ListInvites()).invites
    assert {(one.email, one.role) for one in invites} == {(good, ROLE_OWNER), (other, ROLE_OWNER)}
    await sees(owner, good, other, "Pending")


async def test_invites_are_sent_again_linked_and_revoked(account: Account, owner: User) -> None:
    email = an_address()
    await account.owner.CreateInvites(emails=[email])
    await owner.open("/members")
    await sees(owner, email, f"as a member, by {account.email}")
    await press(owner, f"Copy link: {email}")
    await sees(owner, f"The first person to open it joins as {email}.")
    await sees(owner, "http://127.0.0.1:8080/invite/inv_")
    await press(owner, "Done")
    await press(owner, f"Resend: {email}")
    await sees(owner, f"Another mail to {email} is on its way.")
    await press(owner, f"Revoke: {email}")
    await press(owner, "Revoke invite")
    await sees(owner, "There are no open invites.")
    assert not (await account.owner.ListInvites()).invites


async def test_an_expired_invite_says_so_and_offers_no_link(account: Account, owner: User) -> None:
    email = an_address()
    await account.owner.CreateInvites(emails=[email])
    await account.core.sql(
        "UPDATE invites SET expires_at = now() - interval '1 day', mail_state = 'failed',"
        " mail_message = 'The mail server does not accept the address.' WHERE account_id = %s",
        account.id,
    )
    await owner.open("/members")
    await sees(owner, "Expired", "failed", "The mail server does not accept the address.")
    assert not named(owner, ui.button, f"Copy link: {email}")
    assert named(owner, ui.button, f"Resend: {email}")


async def test_the_lists_move_when_somebody_joins_or_leaves(account: Account, owner: User) -> None:
    email = an_address()
    await owner.open("/members")
    await sees(owner, "There are no open invites.")
    await account.owner.CreateInvites(emails=[email])
    await sees(owner, email)
    token = await account.invite_token(email)
    joined = await account.core.caller().AcceptInvite(token=token, name="Ann Whitfield", password="ten letters")
    await sees(owner, "Ann Whitfield", "There are no open invites.")
    await account.owner.RemoveMember(user_id=joined.member.user_id)
    await sees_no(owner, "Ann Whitfield")


async def test_a_role_is_changed_after_a_question(account: Account, owner: User) -> None:
    email = (joined := await account.join(an_address())).member.email
    await owner.open("/members")
    await press(owner, f"Make owner: {email}")
    await press(owner, "Cancel")
    await sees_no(owner, "can manage everything, other owners included.")
    await press(owner, f"Make owner: {email}")
    await sees(owner, "can manage everything, other owners included.")
    await press(owner, "Make owner")
    await press(owner, f"Make member: {email}")
    assert (await account.owner.GetMember(user_id=joined.member.user_id)).member.role == ROLE_OWNER
    await press(owner, "Make member")
    await press(owner, f"Make owner: {email}")
    assert (await account.owner.GetMember(user_id=joined.member.user_id)).member.role == ROLE_MEMBER


async def test_a_click_counts_though_its_row_is_drawn_again_at_that_moment(account: Account, owner: User) -> None:
    email = (await account.join(an_address())).member.email
    await owner.open("/members")
    await sees(owner, email)
    [button] = named(owner, ui.button, f"Make owner: {email}")
    UserInteraction(owner, {button}, None).click()
    button.parent_slot.parent.delete()
    await sees(owner, "can manage everything, other owners included.")
    await press(owner, "Cancel")


async def test_who_removes_somebody_sees_what_goes_and_decides_on_each_key(account: Account, owner: User) -> None:
    joined = await account.join(an_address())
    person = account.core.caller(joined.session_token)
    await account.add_phone(joined.member.user_id, "Their iPhone")
    for name in ("kept", "revoked"):
        await person.CreateApiKey(name=name)
    await owner.open("/members")
    await press(owner, f"Remove: {joined.member.email}")
    await sees(owner, "loses access at once", "1 open session", "1 device", "Their iPhone")
    await fill(owner, "Revoke revoked", True)
    await press(owner, "Remove member")
    await sees_no(owner, joined.member.email)
    assert [key.name for key in (await account.owner.ListApiKeys()).api_keys] == ["kept"]
    assert len((await account.owner.ListMembers()).members) == 1
    assert not (await account.owner.ListDevices()).devices


async def test_who_removes_an_owner_sees_what_they_made_for_others_and_decides(account: Account, owner: User) -> None:
    joined = await account.join(an_address(), role=ROLE_OWNER)
    person = account.core.caller(joined.session_token)
    invited = an_address()
    await person.CreateInvites(emails=[invited], role=ROLE_OWNER)
    for name in ("Reception", "Kitchen"):
        code = (await person.CreatePairingCode(user_id=account.owner_id)).pairing_code
        await account.core.caller().PairDevice(pairing_code=code, name=name)
    unused = (await person.CreatePairingCode(user_id=account.owner_id)).pairing_code
    secret = (await account.owner.GetWebhookSecret()).webhook_secret
    await owner.open("/members")
    await press(owner, f"Remove: {joined.member.email}")
    await sees(owner, "1 open invite", invited, "Pairing codes and links", "Phones they have paired for others")
    await fill(owner, "Unpair Kitchen", True)
    await fill(owner, "Make a new webhook signing secret", True)
    await press(owner, "Remove member")
    await sees_no(owner, joined.member.email)
    assert [device.name for device in (await account.owner.ListDevices()).devices] == ["Reception"]
    assert (await account.owner.GetWebhookSecret()).webhook_secret != secret
    assert not (await account.owner.ListInvites()).invites
    assert (await refusal(account.core.caller().PairDevice(pairing_code=unused, name="x"))).reason == "NOT_FOUND"


async def test_who_makes_an_owner_a_member_decides_on_the_same(account: Account, owner: User) -> None:
    joined = await account.join(an_address(), role=ROLE_OWNER)
    person = account.core.caller(joined.session_token)
    for name in ("kept", "revoked"):
        await person.CreateApiKey(name=name)
    invited = an_address()
    await person.CreateInvites(emails=[invited], role=ROLE_OWNER)
    secret = (await account.owner.GetWebhookSecret()).webhook_secret
    await owner.open("/members")
    await press(owner, f"Make member: {joined.member.email}")
    await sees(owner, "can no longer manage people and settings.", "1 open invite", invited)
    await owner.should_not_see("open session")
    await fill(owner, "Revoke revoked", True)
    await press(owner, "Make member")
    await press(owner, f"Make owner: {joined.member.email}")
    assert (await account.owner.GetMember(user_id=joined.member.user_id)).member.role == ROLE_MEMBER
    assert [key.name for key in (await account.owner.ListApiKeys()).api_keys] == ["kept"]
    assert (await account.owner.GetWebhookSecret()).webhook_secret == secret, "not asked for"
    assert not (await account.owner.ListInvites()).invites


async def test_the_last_owner_is_told_why_they_stay(account: Account, owner: User) -> None:
    await owner.open("/members")
    await press(owner, f"Leave: {account.email}")
    await press(owner, "Leave workspace")
    await sees(owner, "The account would be left without an owner. Make somebody else an owner first.")
    await owner.should_see(account.email)


async def test_a_member_sees_who_is_there_and_no_management(account: Account, member: User) -> None:
    invited = an_address()
    await account.owner.CreateInvites(emails=[invited])
    await member.open("/members")
    await sees(member, account.email, "Owners invite and remove people.")
    await member.should_not_see("Invited users")
    await member.should_not_see(invited)
    for name in ("Invite members", f"Remove: {account.email}", f"Make member: {account.email}"):
        assert not named(member, ui.button, name)


async def test_who_is_removed_while_they_look_is_sent_away(account: Account, admin: Open) -> None:
    joined = await account.join(an_address())
    person = admin(joined.session_token)
    await person.open("/members")
    await sees(person, account.email)
    await account.owner.RemoveMember(user_id=joined.member.user_id)
    assert "Your session has ended. Sign in again." in await person.is_sent_to_sign_in()


async def test_without_a_mail_server_an_owner_is_told_to_pass_links_on(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_mail_world(url, smtp_host=None) as world, running_admin(world.core) as open_as:
        account = await start_account(world.core)
        owner = open_as(account.session)
        await owner.open("/members")
        await account.owner.CreateInvites(emails=[an_address()])
        await sees(owner, "No mail server is configured", "Copy the link of an invite and pass it on yourself.")
