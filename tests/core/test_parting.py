"""What an owner has made for others ends with their right to make it: invites, links, pairing codes."""

import asyncio
import base64
import uuid
from typing import Any

import pytest
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER

from tests.core.belongings import CONTENT_STATE
from tests.core.harness import Account, Caller, Core, refusal, refused_with, start_account

DEAD = "This invite link is wrong, was used or revoked, or has expired. Ask for a new one."


def an_address() -> str:
    """Of somebody new."""
    return f"person-{uuid.uuid4().hex[:12]}@team.test"


async def link_of(owner: Caller, invite_id: str) -> str:
    """The secret of a link that this owner is shown."""
    return str((await owner.CreateInviteLink(invite_id=invite_id)).url.rpartition("/")[2])


async def invite(owner: Caller, **fields: Any) -> tuple[str, str]:
    """The id of a new invite, and the secret of a link that the owner is shown."""
    [result] = (await owner.CreateInvites(emails=[an_address()], **fields)).results
    return str(result.invite.id), await link_of(owner, result.invite.id)


async def end(account: Account, user_id: str, how: str, **besides: Any) -> Any:
    """The person is removed, or made a member by another owner, or makes themselves one."""
    if how == "removed":
        return await account.owner.RemoveMember(user_id=user_id, **besides)
    return await account.owner.UpdateMember(user_id=user_id, role=ROLE_MEMBER, **besides)


@pytest.mark.parametrize("role", [ROLE_OWNER, ROLE_MEMBER])
@pytest.mark.parametrize("how", ["removed", "demoted"])
async def test_open_invites_of_somebody_who_may_invite_no_more_are_refused(
    account: Account, how: str, role: int
) -> None:
    user_id, mallory = await account.add_member("owner")
    _, token = await invite(mallory, role=role)
    mine, kept = await invite(account.owner, role=role)
    ended = await end(account, user_id, how)
    assert ended.invites_ended == 1
    anybody = account.core.caller()
    for call in (anybody.GetInvite(token=token), anybody.AcceptInvite(token=token, password="ten letters")):
        assert await refused_with("NOT_FOUND", call) == DEAD
    assert [one.id for one in (await account.owner.ListInvites()).invites] == [mine]
    assert (await anybody.AcceptInvite(token=kept, password="ten letters")).member.role == role


@pytest.mark.parametrize("how", ["removed", "demoted"])
async def test_so_are_links_that_they_were_shown_of_invites_of_others(account: Account, how: str) -> None:
    user_id, mallory = await account.add_member("owner")
    invite_id, kept = await invite(account.owner, role=ROLE_OWNER)
    token = await link_of(mallory, invite_id)
    await end(account, user_id, how)
    anybody = account.core.caller()
    for call in (anybody.GetInvite(token=token), anybody.AcceptInvite(token=token, password="ten letters")):
        assert await refused_with("NOT_FOUND", call) == DEAD
    assert (await anybody.GetInvite(token=kept)).role == ROLE_OWNER


async def test_a_link_is_refused_also_where_the_end_of_a_right_left_it_behind(account: Account) -> None:
    """As a process of the release before leaves it, which ends no invites."""
    user_id, mallory = await account.add_member("owner")
    _, token = await invite(mallory)
    invite_id, _ = await invite(account.owner)
    of_others = await link_of(mallory, invite_id)
    await account.core.sql("UPDATE members SET role = 'member' WHERE user_id = %s", user_id)
    anybody = account.core.caller()
    for left in (token, of_others):
        for call in (anybody.GetInvite(token=left), anybody.AcceptInvite(token=left, password="ten letters")):
            assert await refused_with("NOT_FOUND", call) == DEAD


async def test_an_address_can_be_invited_again_though_the_end_of_a_right_left_its_invite(account: Account) -> None:
    user_id, mallory = await account.add_member("owner")
    email = an_address()
    [left] = (await mallory.CreateInvites(emails=[email], role=ROLE_OWNER)).results
    [refused] = (await account.owner.CreateInvites(emails=[email])).results
    assert not refused.HasField("invite")
    await account.core.sql("UPDATE members SET role = 'member' WHERE user_id = %s", user_id)
    [made] = (await account.owner.CreateInvites(emails=[email], role=ROLE_MEMBER)).results
    assert (made.invite.invited_by, made.invite.role) == (account.email, ROLE_MEMBER)
    assert made.invite.id == left.invite.id, "it is the same one, renewed"
    token = await link_of(account.owner, made.invite.id)
    assert (await account.core.caller().AcceptInvite(token=token, password="ten letters")).member.role == ROLE_MEMBER


async def test_of_a_removal_and_an_acceptance_at_once_none_slips_past_the_other(core: Core) -> None:
    """Either the link is refused, or the new member was there before the removal was answered."""
    for _ in range(8):
        account = await start_account(core)
        user_id, mallory = await account.add_member("owner")
        _, token = await invite(mallory, role=ROLE_OWNER)
        accepting = core.caller().AcceptInvite(token=token, password="ten letters")
        joined, ended = await asyncio.gather(accepting, end(account, user_id, "removed"), return_exceptions=True)
        accepted = not isinstance(joined, BaseException)
        assert ended.invites_ended == (0 if accepted else 1)
        assert len((await account.owner.ListMembers()).members) == (2 if accepted else 1)


@pytest.mark.parametrize("how", ["removed", "demoted"])
async def test_pairing_codes_that_they_made_for_others_end(account: Account, how: str) -> None:
    user_id, mallory = await account.add_member("owner")
    of_others = (await mallory.CreatePairingCode(user_id=account.owner_id)).pairing_code
    own = (await mallory.CreatePairingCode()).pairing_code
    kept = (await account.owner.CreatePairingCode()).pairing_code
    ended = await end(account, user_id, how)
    assert ended.pairing_codes_ended == (2 if how == "removed" else 1)
    pair = account.core.caller().PairDevice
    await refused_with("NOT_FOUND", pair(pairing_code=of_others, name="x"))
    await pair(pairing_code=kept, name="x")
    if how == "removed":
        await refused_with("NOT_FOUND", pair(pairing_code=own, name="x"))
    else:
        await pair(pairing_code=own, name="x")


async def test_a_pairing_code_for_somebody_else_is_refused_also_if_it_was_left_behind(account: Account) -> None:
    user_id, mallory = await account.add_member("owner")
    code = (await mallory.CreatePairingCode(user_id=account.owner_id)).pairing_code
    await account.core.sql("UPDATE members SET role = 'member' WHERE user_id = %s", user_id)
    await refused_with("NOT_FOUND", account.core.caller().PairDevice(pairing_code=code, name="x"))


async def test_what_is_to_be_decided_on_is_shown(account: Account) -> None:
    user_id, mallory = await account.add_member("owner")
    code = (await mallory.CreatePairingCode(user_id=account.owner_id)).pairing_code
    paired = await account.core.caller().PairDevice(pairing_code=code, name="Mallory's burner")
    await account.add_phone(user_id)
    invite_id, _ = await invite(mallory, role=ROLE_OWNER)
    await invite(account.owner)
    held = await account.owner.GetMember(user_id=user_id)
    [device] = held.devices_paired_for_others
    assert (device.id, device.user_id, device.user_email) == (paired.device_id, account.owner_id, account.email)
    assert ([one.id for one in held.invites], held.invite_count) == ([invite_id], 1)
    assert held.devices_paired_for_others_count == held.device_count == 1
    assert held.may_know_webhook_secret
    await account.owner.UpdateMember(user_id=user_id, role=ROLE_MEMBER)
    held = await account.owner.GetMember(user_id=user_id)
    assert (held.invite_count, held.may_know_webhook_secret) == (0, False)
    assert held.devices_paired_for_others_count == 1, "a device that is there stays until somebody decides"


@pytest.mark.parametrize("how", ["removed", "demoted"])
@pytest.mark.parametrize("field", ["api_key_ids", "device_ids"])
async def test_a_list_that_is_too_long_is_refused_before_anybody_is_looked_for(
    account: Account, how: str, field: str
) -> None:
    call = end(account, str(uuid.uuid4()), how, **{field: [str(uuid.uuid4()) for _ in range(1001)]})
    assert await refused_with("INVALID_REQUEST", call) == f"{field} must have at most 1000 items"


async def test_who_was_an_owner_may_know_the_signing_key_until_there_is_another(account: Account) -> None:
    user_id, mallory = await account.add_member("owner")

    async def may_know() -> bool:
        return bool((await account.owner.GetMember(user_id=user_id)).may_know_webhook_secret)

    await mallory.GetWebhookSecret()
    assert await may_know()
    await account.owner.UpdateMember(user_id=user_id, role=ROLE_MEMBER)
    assert await may_know()
    await account.owner.RotateWebhookSecret()
    assert not await may_know()


@pytest.mark.parametrize("how", ["removed", "demoted"])
async def test_what_is_named_goes_at_the_same_moment(account: Account, how: str) -> None:
    user_id, mallory = await account.add_member("owner")
    code = (await mallory.CreatePairingCode(user_id=account.owner_id)).pairing_code
    paired = await account.core.caller().PairDevice(pairing_code=code, name="Mallory's burner")
    key = await mallory.CreateApiKey(name="theirs")
    other = await account.add_phone()
    known = (await mallory.GetWebhookSecret()).webhook_secret
    ended = await end(
        account, user_id, how, api_key_ids=[key.api_key.id], device_ids=[paired.device_id], rotate_webhook_secret=True
    )
    assert (ended.api_keys_revoked, ended.devices_unpaired) == (1, 1)
    gone = (
        account.core.caller(key.secret).SendPushNotification(title="x"),
        account.core.caller(paired.device_token).GetDeviceState(),
    )
    for call in gone:
        assert (await refusal(call)).reason == "UNAUTHENTICATED"
    await other.caller.GetDeviceState()
    present = (await account.owner.GetWebhookSecret()).webhook_secret
    assert base64.b64decode(present.removeprefix("whsec_")) != base64.b64decode(known.removeprefix("whsec_"))


@pytest.mark.parametrize("how", ["removed", "demoted"])
@pytest.mark.parametrize("bad", ["no id", "nobody's", "theirs"])
async def test_a_device_that_is_not_the_accounts_keeps_everything_as_it_is(
    account: Account, stranger: Account, bad: str, how: str
) -> None:
    user_id, mallory = await account.add_member("owner")
    _, token = await invite(mallory)
    phone = await account.add_phone()
    foreign = {"no id": "no id", "nobody's": str(uuid.uuid4()), "theirs": (await stranger.add_phone()).id}[bad]
    call = end(account, user_id, how, device_ids=[phone.id, foreign])
    assert (await refused_with("INVALID_REQUEST", call)).startswith("device_ids[1] must be")
    await mallory.ListInvites()
    await phone.caller.GetDeviceState()
    await account.core.caller().GetInvite(token=token)


async def test_a_start_locks_its_devices_in_the_order_in_which_they_are_unpaired(account: Account) -> None:
    """In another order it would wait for the removal of a person with several devices, which waits for it."""
    for _ in range(6):
        await account.add_startable_phone()
    # Ids in another order than rows.
    await account.core.sql("UPDATE devices SET id = gen_random_uuid() WHERE account_id = %s", account.id)
    backend = account.core.caller((await account.add_key())[1])
    started = await backend.StartLiveActivity(content_state=CONTENT_STATE)
    query = "SELECT device_id FROM live_activity_devices WHERE activity_id = %s ORDER BY ctid"
    locked = [row[0] for row in await account.core.sql(query, started.activity_id)]
    assert len(locked) == 6
    assert locked == sorted(locked)
