"""Devices: pairing codes, tokens, unpairing."""

import asyncio
import re
import secrets
import time
import uuid
from collections import Counter
from typing import Any

import pytest
from smith.core.v1.device_pb2 import (
    APNS_ENVIRONMENT_PRODUCTION,
    APNS_ENVIRONMENT_SANDBOX,
    PUSH_TOKEN_STATE_ACTIVE,
    PUSH_TOKEN_STATE_DEAD,
    PUSH_TOKEN_STATE_MISSING,
)

from tests.core.harness import Account, Phone, outcomes, refusal, refused_with

WRONG_CODE = "pairing_code is wrong, used or expired. Ask for a new one."


def new_token() -> str:
    """Hexadecimal digits as Apple gives them out."""
    return secrets.token_hex(32)


async def device_of(account: Account, phone: Phone) -> Any:
    """The device as the account's people see it."""
    return next(device for device in (await account.owner.ListDevices()).devices if device.id == phone.id)


async def test_a_code_pairs_one_phone_for_the_person_who_asked(account: Account) -> None:
    began = time.time()
    code = await account.owner.CreatePairingCode()
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code.pairing_code)
    # However long the answer was on its way.
    assert began + 590 < code.expires_at.seconds <= time.time() + 600
    pair = account.core.caller().PairDevice
    paired = await pair(pairing_code=code.pairing_code, name=" Ann's iPhone ")
    assert paired.device_token.startswith("dev_")
    [device] = (await account.owner.ListDevices()).devices
    assert (device.id, device.user_id, device.name) == (paired.device_id, account.owner_id, "Ann's iPhone")
    assert device.push_token_state == PUSH_TOKEN_STATE_MISSING
    assert not device.HasField("environment")
    assert not device.HasField("push_token_registered_at")
    assert await refused_with("NOT_FOUND", pair(pairing_code=code.pairing_code, name="again")) == WRONG_CODE


async def test_devices_can_be_asked_for_by_their_ids_within_the_account(account: Account, stranger: Account) -> None:
    first, _, third = [await account.add_phone() for _ in range(3)]
    foreign = await stranger.add_phone()
    ids = [third.id, foreign.id, first.id, str(uuid.uuid4()), "no id", ""]
    found = await account.owner.ListDevices(device_ids=ids)
    assert [device.id for device in found.devices] == [first.id, third.id]
    assert not (await account.owner.ListDevices(device_ids=[foreign.id])).devices
    too_many = account.owner.ListDevices(device_ids=[str(uuid.uuid4()) for _ in range(1001)])
    assert await refused_with("INVALID_REQUEST", too_many) == "device_ids must have at most 1000 items"


async def test_a_code_may_be_typed_in_any_way_that_people_read_it(account: Account) -> None:
    pair = account.core.caller().PairDevice
    for style in (str.lower, lambda c: c.replace("-", " "), lambda c: f"  {c.replace('-', '')}\n", like_letters):
        code = (await account.owner.CreatePairingCode()).pairing_code
        await pair(pairing_code=style(code), name="iPhone")


def like_letters(code: str) -> str:
    """The digits that look like letters, written as these."""
    return code.replace("0", "o").replace("1", "l")


async def test_of_two_phones_that_race_for_one_code_exactly_one_is_paired(account: Account) -> None:
    for round_number in range(5):
        code = (await account.owner.CreatePairingCode()).pairing_code
        phones = [account.core.caller(address=f"203.0.113.{round_number * 10 + n}").PairDevice for n in range(4)]
        assert await outcomes(*(pair(pairing_code=code, name="iPhone") for pair in phones)) == {"OK": 1, "NOT_FOUND": 3}
    assert len((await account.owner.ListDevices()).devices) == 5


async def test_an_expired_code_is_wrong_and_deleted_in_passing(account: Account) -> None:
    code = (await account.owner.CreatePairingCode()).pairing_code
    await account.core.sql("UPDATE pairing_codes SET expires_at = now() WHERE account_id = %s", account.id)
    pair = account.core.caller(address="203.0.113.100").PairDevice(pairing_code=code, name="iPhone")
    assert await refused_with("NOT_FOUND", pair) == WRONG_CODE
    await account.owner.CreatePairingCode()
    assert await account.core.sql("SELECT count(*) FROM pairing_codes WHERE account_id = %s", account.id) == [(1,)]


async def test_wrong_codes_are_limited_by_client_address_even_at_once(account: Account) -> None:
    pair = account.core.caller(address="203.0.113.101").PairDevice
    guesses = [pair(pairing_code=f"0000-00{number:02}", name="guess") for number in range(16)]
    reasons = Counter([error.reason for error in await asyncio.gather(*map(refusal, guesses))])
    assert reasons == {"NOT_FOUND": 10, "TOO_MANY_ATTEMPTS": 6}
    code = (await account.owner.CreatePairingCode()).pairing_code
    error = await refusal(pair(pairing_code=code, name="late"))
    assert error.reason == "TOO_MANY_ATTEMPTS"
    assert 0 < error.facts["retry_after_seconds"] <= 600
    await account.core.caller(address="203.0.113.102").PairDevice(pairing_code=code, name="iPhone")


@pytest.mark.parametrize("code", ["", "x" * 51, "ABCD\x00EFG"])
async def test_a_code_that_cannot_be_one_is_refused(account: Account, code: str) -> None:
    pair = account.core.caller().PairDevice(pairing_code=code, name="iPhone")
    assert (await refused_with("INVALID_REQUEST", pair)).startswith("pairing_code must")


async def test_a_wrong_name_does_not_use_up_the_code(account: Account) -> None:
    code = (await account.owner.CreatePairingCode()).pairing_code
    pair = account.core.caller().PairDevice
    for name in ("", " ", "n" * 101, "\x00"):
        assert (await refused_with("INVALID_REQUEST", pair(pairing_code=code, name=name))).startswith("name must")
    await pair(pairing_code=code, name="iPhone")


async def test_only_an_owner_creates_a_code_for_somebody_else(account: Account, stranger: Account) -> None:
    user_id, member = await account.add_member()
    phone = await account.add_phone(user_id)
    assert (await device_of(account, phone)).user_id == user_id
    await member.CreatePairingCode()
    await member.CreatePairingCode(user_id=user_id)
    await refused_with("FORBIDDEN", member.CreatePairingCode(user_id=account.owner_id))
    await refused_with("FORBIDDEN", member.CreatePairingCode(user_id=str(uuid.uuid4())))
    await refused_with("NOT_FOUND", account.owner.CreatePairingCode(user_id=stranger.owner_id))


async def test_a_person_has_at_most_twenty_live_codes_and_a_new_one_replaces_the_oldest(account: Account) -> None:
    first = (await account.owner.CreatePairingCode()).pairing_code
    for _ in range(6):
        await asyncio.gather(*(account.owner.CreatePairingCode() for _ in range(4)))
    assert await account.core.sql("SELECT count(*) FROM pairing_codes WHERE account_id = %s", account.id) == [(20,)]
    pair = account.core.caller(address="203.0.113.103").PairDevice(pairing_code=first, name="iPhone")
    assert await refused_with("NOT_FOUND", pair) == WRONG_CODE


async def test_reported_tokens_make_a_device_reachable_and_a_field_left_out_stays(account: Account) -> None:
    phone = await account.add_phone()
    token = new_token()
    device = (
        await phone.caller.PutDeviceTokens(
            push_token=token.upper(),
            push_to_start_token=new_token(),
            environment=APNS_ENVIRONMENT_SANDBOX,
            bundle_id="com.example.app",
            os_version="18.2",
            frequent_pushes_enabled=True,
        )
    ).device
    seen = await device_of(account, phone)
    for told_to_people in ("user_name", "user_email", "channel_count"):
        assert not device.HasField(told_to_people)
        seen.ClearField(told_to_people)
    assert device == seen
    assert (device.environment, device.bundle_id, device.os_version) == (
        APNS_ENVIRONMENT_SANDBOX, "com.example.app", "18.2",
    )  # fmt: skip
    assert device.push_token_state == PUSH_TOKEN_STATE_ACTIVE
    assert time.time() - device.push_token_registered_at.seconds < 60
    assert (await phone.caller.PutDeviceTokens()).device == device
    moved = (await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_PRODUCTION)).device
    assert (moved.environment, moved.os_version) == (APNS_ENVIRONMENT_PRODUCTION, "18.2")
    assert moved.push_token_registered_at == device.push_token_registered_at
    [row] = await account.core.sql(
        "SELECT push_token, frequent_pushes_enabled, push_to_start_token_registered_at IS NOT NULL "
        "FROM devices WHERE id = %s",
        phone.id,
    )
    assert row == (token, True, True)


async def test_a_dead_token_is_shown_and_the_next_report_revives_the_device(account: Account) -> None:
    phone, token = await account.add_phone(), new_token()
    first = (await phone.caller.PutDeviceTokens(push_token=token, environment=APNS_ENVIRONMENT_SANDBOX)).device
    await account.core.sql("UPDATE devices SET push_token_dead_reason = 'Unregistered' WHERE id = %s", phone.id)
    device = await device_of(account, phone)
    assert (device.push_token_state, device.push_token_reason) == (PUSH_TOKEN_STATE_DEAD, "Unregistered")
    await phone.caller.PutDeviceTokens(os_version="18.3")
    assert (await device_of(account, phone)).push_token_state == PUSH_TOKEN_STATE_DEAD
    again = (await phone.caller.PutDeviceTokens(push_token=token)).device
    assert again.push_token_state == PUSH_TOKEN_STATE_ACTIVE
    assert not again.HasField("push_token_reason")
    assert again.push_token_registered_at.ToDatetime() > first.push_token_registered_at.ToDatetime()


async def test_the_environment_is_required_on_the_first_call_only(account: Account) -> None:
    phone = await account.add_phone()
    message = await refused_with("INVALID_REQUEST", phone.caller.PutDeviceTokens(push_token=new_token()))
    assert message.startswith("environment is required on the first call")
    for environment in (0, 3):
        await refused_with("INVALID_REQUEST", phone.caller.PutDeviceTokens(environment=environment))
    await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_PRODUCTION)
    await phone.caller.PutDeviceTokens(push_token=new_token())


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("push_token", ["", "ab" * 7, "ab" * 201, "abc" * 11, "xy" * 32, "ab" * 32 + "\n", "\x00" * 64, "١" * 64]),
        ("push_to_start_token", ["", "g" * 64, "ab" * 201]),
        ("bundle_id", ["", "a" * 156, "com example", "com.exämple", "com.example\n", "com_example"]),
        ("os_version", ["", "1" * 21, "18\x00"]),
    ],
)
async def test_a_field_that_breaks_its_rule_is_refused_by_name(account: Account, field: str, values: list[str]) -> None:
    phone = await account.add_phone()
    for value in values:
        fields = {"environment": APNS_ENVIRONMENT_SANDBOX, field: value}
        message = await refused_with("INVALID_REQUEST", phone.caller.PutDeviceTokens(**fields))
        assert message.startswith(f"{field} must ")
    assert not (await device_of(account, phone)).HasField("environment")


async def test_a_deleted_device_is_refused_on_its_next_call(account: Account) -> None:
    by_owner, by_itself = await account.add_phone(), await account.add_phone()
    channel_id = await account.add_channel()
    await account.owner.AssignDevice(channel_id=channel_id, device_id=by_owner.id)
    await account.owner.DeleteDevice(device_id=by_owner.id)
    await by_itself.caller.UnpairDevice()
    for phone in (by_owner, by_itself):
        assert (await refusal(phone.caller.PutDeviceTokens())).reason == "UNAUTHENTICATED"
        assert (await refusal(phone.caller.UnpairDevice())).reason == "UNAUTHENTICATED"
        await refused_with("NOT_FOUND", account.owner.DeleteDevice(device_id=phone.id))
    assert not (await account.owner.ListDevices()).devices
    assert not (await account.owner.ListChannels()).channels[0].device_ids


async def test_devices_and_members_are_listed_oldest_first_page_by_page(account: Account) -> None:
    made = [(await account.add_phone()).id for _ in range(5)]
    first = await account.owner.ListDevices(page_size=2)
    rest = await account.owner.ListDevices(page_size=3, page_token=first.next_page_token)
    assert [device.id for device in (*first.devices, *rest.devices)] == made
    assert not rest.HasField("next_page_token")
    people = [(await account.join(f"{n}.{account.email}")).member.user_id for n in range(2)]
    page, seen = await account.owner.ListMembers(page_size=1), []
    seen += page.members
    while page.HasField("next_page_token"):
        page = await account.owner.ListMembers(page_size=1, page_token=page.next_page_token)
        seen += page.members
    assert [member.user_id for member in seen if member.user_id != account.owner_id] == people
    assert len(seen) == 3
