"""Devices as people manage them: found, renamed, removed; and who hears of it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from smith.core.v1 import event_pb2
from smith.core.v1.device_pb2 import (
    APNS_ENVIRONMENT_SANDBOX,
    DEVICE_STATE_DEAD,
    DEVICE_STATE_READY,
    DEVICE_STATE_WAITING,
)
from smith.core.v1.event_service_pb2 import WatchEventsRequest
from smith.core.v1.event_service_pb2_grpc import EventServiceStub

from tests.core.harness import DEADLINE_SECONDS, Account, Phone, refusal, refused_with
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

Heard = tuple[int, str, str]
"""Type, device and reason of an event."""
OF_DEVICES = [
    event_pb2.EVENT_TYPE_DEVICE_PAIRED,
    event_pb2.EVENT_TYPE_DEVICE_CHANGED,
    event_pb2.EVENT_TYPE_DEVICE_REMOVED,
    event_pb2.EVENT_TYPE_PUSH_TOKEN_DEAD,
]
NOT_YOURS = "Only the person whose device it is, or an owner of the account, can do this."


async def names(account: Account, **wanted: Any) -> list[str]:
    """What the devices that match are called."""
    return [device.name for device in (await account.owner.ListDevices(**wanted)).devices]


async def report_tokens(phone: Phone) -> None:
    tokens = {"push_token": secrets.token_hex(32), "push_to_start_token": secrets.token_hex(32)}
    await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, **tokens)


async def test_devices_are_found_by_their_name_and_by_whose_they_are(account: Account) -> None:
    ben_id, ben = await account.add_member()
    await account.core.sql("UPDATE users SET name = 'Ben 100%%' WHERE id = %s", ben_id)
    for name, user_id in (("Kitchen iPad", None), ("Work phone", None), ("Ben's own", ben_id)):
        await account.add_phone(user_id, name)
    assert await names(account, query=" KITCHEN ") == ["Kitchen iPad"]
    assert await names(account, query="100%") == ["Ben's own"]
    assert await names(account, query="0_%") == []
    assert await names(account, query=account.email[:20]) == ["Kitchen iPad", "Work phone"]
    assert await names(account, user_id=ben_id) == ["Ben's own"]
    assert await names(account, user_id=ben_id, query="kitchen") == []
    assert await names(account, newest_first=True) == ["Ben's own", "Work phone", "Kitchen iPad"]
    [device] = (await ben.ListDevices(user_id=ben_id)).devices
    assert (device.user_name, device.user_email) == ("Ben 100%", device.user_email)
    await refused_with("INVALID_REQUEST", account.owner.ListDevices(query="x" * 101))
    await refused_with("INVALID_REQUEST", account.owner.ListDevices(user_id="somebody"))
    await refused_with("INVALID_REQUEST", account.owner.ListDevices(states=[9]))


async def test_every_device_is_in_one_state_and_is_found_and_counted_by_it(account: Account) -> None:
    await account.add_phone(name="w")
    ready, gone, unstartable = [await account.add_phone(name=name) for name in ("r", "g", "unstartable")]
    for phone in (ready, gone, unstartable):
        await report_tokens(phone)
    await account.core.sql("UPDATE devices SET push_token_dead_reason = 'Unregistered' WHERE id = %s", gone.id)
    await account.core.sql("UPDATE devices SET push_to_start_token_dead_reason = 'X' WHERE id = %s", unstartable.id)
    answer = await account.owner.ListDevices()
    assert {device.name: device.state for device in answer.devices} == {
        "w": DEVICE_STATE_WAITING,
        "r": DEVICE_STATE_READY,
        "g": DEVICE_STATE_DEAD,
        "unstartable": DEVICE_STATE_DEAD,
    }
    assert await names(account, states=[DEVICE_STATE_WAITING]) == ["w"]
    assert await names(account, states=[DEVICE_STATE_READY, DEVICE_STATE_WAITING]) == ["w", "r"]
    assert await names(account, states=[DEVICE_STATE_DEAD]) == ["g", "unstartable"]
    counts = (await account.owner.ListDevices(states=[DEVICE_STATE_DEAD], page_size=1)).counts
    assert (counts.ready, counts.waiting, counts.dead, counts.more) == (1, 1, 2, False)
    counts = (await account.owner.ListDevices(query="startable")).counts
    assert (counts.ready, counts.waiting, counts.dead) == (0, 0, 1)


async def test_pages_in_either_order_hold_every_match_once_and_count_on_the_first(account: Account) -> None:
    made = [(await account.add_phone(name=f"iPad {number}")).id for number in range(5)]
    await account.add_phone(name="other")
    for newest_first, expected in ((False, made), (True, made[::-1])):
        wanted: dict[str, Any] = {"query": "ipad", "page_size": 2, "newest_first": newest_first}
        page = await account.owner.ListDevices(**wanted)
        assert page.counts.waiting == 5
        seen = list(page.devices)
        while page.HasField("next_page_token"):
            page = await account.owner.ListDevices(**wanted, page_token=page.next_page_token)
            assert not page.HasField("counts")
            seen += page.devices
        assert [device.id for device in seen] == expected


async def test_a_device_shows_the_channels_it_belongs_to_by_itself_and_through_its_person(
    account: Account, stranger: Account
) -> None:
    phone = await account.add_phone()
    mine, theirs = await account.add_channel("mine"), await account.add_channel("by-person")
    await account.owner.AssignDevice(channel_id=mine, device_id=phone.id)
    for channel_id in (mine, theirs):
        await account.owner.AssignUser(channel_id=channel_id, user_id=account.owner_id)
    elsewhere = await stranger.add_channel("elsewhere")
    await account.core.sql("INSERT INTO channel_users VALUES (%s, %s)", elsewhere, account.owner_id)
    [device] = (await account.owner.ListDevices()).devices
    assert (list(device.channels), device.channel_count) == (["by-person", "mine"], 2)
    for number in range(25):
        channel_id = await account.add_channel(f"more-{number:02}")
        await account.owner.AssignDevice(channel_id=channel_id, device_id=phone.id)
    device = (await account.owner.GetDevice(device_id=phone.id)).device
    assert (len(device.channels), device.channel_count) == (20, 27)


async def test_a_person_renames_and_removes_their_own_devices_and_an_owner_all(account: Account) -> None:
    ben_id, ben = await account.add_member()
    bens, anns = await account.add_phone(ben_id, "Ben's"), await account.add_phone(name="Ann's")
    assert (await ben.UpdateDevice(device_id=bens.id, name=" Pocket ")).device.name == "Pocket"
    assert (await account.owner.UpdateDevice(device_id=bens.id, name="Desk")).device.name == "Desk"
    assert await refused_with("FORBIDDEN", ben.UpdateDevice(device_id=anns.id, name="Mine")) == NOT_YOURS
    assert await refused_with("FORBIDDEN", ben.DeleteDevice(device_id=anns.id)) == NOT_YOURS
    await refused_with("INVALID_REQUEST", ben.UpdateDevice(device_id=bens.id, name=" "))
    assert await names(account) == ["Desk", "Ann's"]
    await ben.DeleteDevice(device_id=bens.id)
    await account.owner.DeleteDevice(device_id=anns.id)
    assert await names(account) == []
    for call in (account.owner.GetDevice, account.owner.DeleteDevice):
        assert (await refusal(call(device_id=anns.id))).reason == "NOT_FOUND"
    await refused_with("NOT_FOUND", account.owner.UpdateDevice(device_id=anns.id, name="Late"))


async def test_a_phone_is_seen_when_it_is_paired_and_when_it_calls(account: Account) -> None:
    phone = await account.add_phone()

    async def last_seen() -> Any:
        return (await account.owner.GetDevice(device_id=phone.id)).device.last_seen_at.ToDatetime()

    paired_at = await last_seen()
    assert paired_at.year > 2000
    await phone.caller.GetDeviceState()
    await account.core.sql("UPDATE devices SET last_seen_at = now() - interval '1 hour' WHERE id = %s", phone.id)
    await phone.caller.GetDeviceState()

    async def seen_again() -> bool:
        return bool(await last_seen() >= paired_at)

    await eventually_async("the phone was seen again", seen_again)


@asynccontextmanager
async def watching(account: Account) -> AsyncIterator[Callable[[int], Awaitable[list[Heard]]]]:
    """Answers with the first so many events of devices from now on."""
    metadata = (("authorization", f"Bearer {account.session}"),)
    call = EventServiceStub(account.core.channel).WatchEvents(WatchEventsRequest(types=OF_DEVICES), metadata=metadata)
    await call.read()
    events: list[Heard] = []

    async def until(count: int) -> list[Heard]:
        while len(events) < count:
            async with asyncio.timeout(DEADLINE_SECONDS):
                events.extend((event.type, event.device_id, event.reason) for event in (await call.read()).events)
        return events

    try:
        yield until
    finally:
        call.cancel()


async def test_watchers_hear_of_devices_that_come_change_and_go(account: Account, stranger: Account) -> None:
    async with watching(account) as until:
        await stranger.add_phone()
        phone = await account.add_phone()
        await report_tokens(phone)
        await account.owner.UpdateDevice(device_id=phone.id, name="Renamed")
        await account.owner.DeleteDevice(device_id=phone.id)
        assert await until(4) == [
            (event_pb2.EVENT_TYPE_DEVICE_PAIRED, phone.id, ""),
            (event_pb2.EVENT_TYPE_DEVICE_CHANGED, phone.id, ""),
            (event_pb2.EVENT_TYPE_DEVICE_CHANGED, phone.id, ""),
            (event_pb2.EVENT_TYPE_DEVICE_REMOVED, phone.id, ""),
        ]
