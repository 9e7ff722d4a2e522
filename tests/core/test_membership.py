"""Roles and leaving: access ends at once, keys are decided on, and an account is never left without an owner."""

import asyncio
import uuid

import pytest
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER

from tests.core.harness import Account, outcomes, refusal, refused_with


async def test_who_is_removed_is_out_at_once_and_what_they_held_is_gone(account: Account) -> None:
    user_id, person = await account.add_member()
    phone, other = await account.add_startable_phone(user_id), await account.add_phone()
    channel_id = await account.add_channel()
    await account.owner.AssignUser(channel_id=channel_id, user_id=user_id)
    await account.owner.AssignDevice(channel_id=channel_id, device_id=phone.id)
    code = (await person.CreatePairingCode()).pairing_code
    known = await account.owner.GetMember(user_id=user_id)
    assert ([device.id for device in known.devices], known.device_count, known.session_count) == ([phone.id], 1, 1)

    gone = await account.owner.RemoveMember(user_id=user_id)
    assert (gone.sessions_ended, gone.devices_unpaired, gone.api_keys_revoked) == (1, 1, 0)
    for call in (person.GetAccount(), phone.caller.GetDeviceState()):
        assert (await refusal(call)).reason == "UNAUTHENTICATED"
    assert "pairing_code is wrong" in await refused_with(
        "NOT_FOUND", account.core.caller().PairDevice(pairing_code=code, name="x")
    )
    assert [device.id for device in (await account.owner.ListDevices()).devices] == [other.id]
    [channel] = (await account.owner.ListChannels()).channels
    assert not [*channel.user_ids, *channel.device_ids]
    assert [member.user_id for member in (await account.owner.ListMembers()).members] == [account.owner_id]
    for call in (
        account.owner.RemoveMember(user_id=user_id),
        account.owner.UpdateMember(user_id=user_id, role=ROLE_OWNER),
        account.owner.GetMember(user_id=user_id),
        account.owner.CreatePairingCode(user_id=user_id),
    ):
        await refused_with("NOT_FOUND", call)
    await other.caller.GetDeviceState()


async def test_in_their_other_account_everything_stays(account: Account, stranger: Account) -> None:
    phone = await stranger.add_phone()
    joined = await account.join(stranger.email)
    device = await account.add_phone(stranger.owner_id)
    await account.owner.RemoveMember(user_id=stranger.owner_id)
    for secret in (joined.session_token, device.secret):
        call = account.core.caller(secret)
        asked = call.GetDeviceState() if secret == device.secret else call.GetAccount()
        assert (await refusal(asked)).reason == "UNAUTHENTICATED"
    await stranger.owner.GetAccount()
    await phone.caller.GetDeviceState()


async def test_keys_that_a_person_made_are_told_of_and_revoked_if_named(account: Account) -> None:
    user_id, person = await account.add_member()
    kept, revoked = [await person.CreateApiKey(name=name) for name in ("kept", "revoked")]
    mine, _ = await account.add_key()
    by = {key.id: (key.created_by.user_id, key.created_by.email) for key in (await person.ListApiKeys()).api_keys}
    theirs = (await account.owner.GetMember(user_id=user_id)).api_keys
    assert [key.name for key in theirs] == ["kept", "revoked"]
    assert by == {
        mine: (account.owner_id, account.email),
        **{key.id: (user_id, key.created_by.email) for key in theirs},
    }
    gone = await account.owner.RemoveMember(user_id=user_id, api_key_ids=[revoked.api_key.id])
    assert gone.api_keys_revoked == 1
    push = account.core.caller(revoked.secret).SendPushNotification(title="x")
    assert (await refusal(push)).reason == "UNAUTHENTICATED"
    push = account.core.caller(kept.secret).SendPushNotification(title="x")
    assert (await refusal(push)).reason == "NO_RECIPIENTS"
    [left] = [key for key in (await account.owner.ListApiKeys()).api_keys if key.id == kept.api_key.id]
    assert left.created_by.user_id == user_id, "who made it is known after they have left"


@pytest.mark.parametrize("bad", ["no id", "0195f3a0-0000-7000-8000-000000000000", "theirs"])
async def test_a_key_that_is_not_the_accounts_keeps_everything_as_it_is(
    account: Account, stranger: Account, bad: str
) -> None:
    user_id, person = await account.add_member()
    mine, _ = await account.add_key()
    foreign = (await stranger.add_key())[0] if bad == "theirs" else bad
    remove = account.owner.RemoveMember(user_id=user_id, api_key_ids=[mine, foreign])
    assert (await refused_with("INVALID_REQUEST", remove)).startswith("api_key_ids[1] must be")
    await person.GetAccount()
    assert [key.id for key in (await account.owner.ListApiKeys()).api_keys] == [mine]


async def test_a_role_counts_from_the_next_call_on(account: Account) -> None:
    user_id, person = await account.add_member()
    assert (await refusal(person.ListInvites())).reason == "FORBIDDEN"
    changed = await account.owner.UpdateMember(user_id=user_id, role=ROLE_OWNER)
    assert changed.member.role == ROLE_OWNER
    await person.ListInvites()
    assert (await person.UpdateMember(user_id=account.owner_id, role=ROLE_MEMBER)).member.role == ROLE_MEMBER
    assert (await refusal(account.owner.ListInvites())).reason == "FORBIDDEN"
    assert (await person.UpdateMember(user_id=account.owner_id)).member.role == ROLE_MEMBER, "nothing was asked for"
    for role in (0, 3):
        message = await refused_with("INVALID_REQUEST", person.UpdateMember(user_id=account.owner_id, role=role))
        assert message == "role must be `owner` or `member`"


async def test_the_last_owner_stays(account: Account) -> None:
    await account.add_member()
    for call in (
        account.owner.RemoveMember(user_id=account.owner_id),
        account.owner.UpdateMember(user_id=account.owner_id, role=ROLE_MEMBER),
    ):
        assert "without an owner" in await refused_with("LAST_OWNER", call)
    assert (await account.owner.GetAccount()).member.role == ROLE_OWNER


@pytest.mark.parametrize("whom", ["each other", "themselves"])
@pytest.mark.parametrize("how", ["removed", "demoted"])
async def test_of_two_last_owners_who_go_at_once_one_stays(account: Account, whom: str, how: str) -> None:
    for _ in range(5):
        user_id, second = await account.add_member("owner")
        pairs = [(account.owner, user_id), (second, account.owner_id)]
        if whom == "themselves":
            pairs = [(account.owner, account.owner_id), (second, user_id)]
        calls = [
            caller.RemoveMember(user_id=target)
            if how == "removed"
            else caller.UpdateMember(user_id=target, role=ROLE_MEMBER)
            for caller, target in pairs
        ]
        ended = await outcomes(*calls)
        assert ended["OK"] == 1, ended
        [(owners,)] = await account.core.sql(
            "SELECT array_agg(user_id::text) FROM members WHERE account_id = %s AND role = 'owner'", account.id
        )
        assert len(owners) == 1
        # The first owner once more, for the next round.
        await account.core.sql(
            "INSERT INTO members (account_id, user_id, role, created_at) VALUES (%s, %s, 'owner', now()) "
            "ON CONFLICT (account_id, user_id) DO UPDATE SET role = 'owner'",
            *(account.id, account.owner_id),
        )
        await account.core.sql(
            "DELETE FROM members WHERE account_id = %s AND user_id <> %s", account.id, account.owner_id
        )
        if (await outcomes(account.owner.GetAccount()))["OK"] == 0:
            object.__setattr__(account, "owner", account.core.caller(await account.sign_in(account.email)))


async def test_who_comes_back_finds_nothing_of_before_and_chooses_another_password(account: Account) -> None:
    email = f"{uuid.uuid4().hex}@team.test"
    joined = await account.join(email, "the first password")
    user_id = joined.member.user_id
    channel_id = await account.add_channel()
    await account.owner.RemoveMember(user_id=user_id)
    # As if they had been signing in, and been assigned to a channel, while they were removed.
    await account.core.sql("INSERT INTO channel_users (channel_id, user_id) VALUES (%s, %s)", channel_id, user_id)
    sign_in = account.core.caller().CreateSession(email=email, password="the first password")
    assert (await refusal(sign_in)).reason == "UNAUTHENTICATED"

    await account.owner.CreateInvites(emails=[email])
    token = await account.invite_token(email)
    assert not (await account.core.caller().GetInvite(token=token)).has_login, "it led nowhere"
    back = await account.core.caller().AcceptInvite(token=token, name="Back", password="another password")
    assert (back.member.user_id, back.member.name) == (user_id, "Back")
    assert not (await account.owner.ListChannels()).channels[0].user_ids
    assert (await refusal(account.core.caller(joined.session_token).GetAccount())).reason == "UNAUTHENTICATED"
    await account.sign_in(email, "another password")


async def test_a_phone_that_pairs_while_its_person_is_removed_is_not_left_behind(account: Account) -> None:
    for _ in range(10):
        user_id, person = await account.add_member()
        codes = [(await person.CreatePairingCode()).pairing_code for _ in range(3)]
        pairings = [account.core.caller().PairDevice(pairing_code=code, name="x") for code in codes]
        await asyncio.gather(account.owner.RemoveMember(user_id=user_id), outcomes(*pairings))
        assert not (await account.owner.ListDevices()).devices
