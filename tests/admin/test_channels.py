"""The pages of channels."""

import pytest
from nicegui.testing import User
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS

from admin_ui.channels.dialogs import slug_of
from tests.admin.looking import fill, press, sees, sees_no
from tests.core.harness import Account
from tests.waiting import eventually_async


@pytest.mark.parametrize(
    ("name", "slug"),
    [("On call", "on-call"), ("  Ärzte & Pflege! ", "arzte-pflege"), ("日本", ""), ("a" * 70, "a" * 64), ("-x-", "x")],
)
def test_a_slug_is_suggested_from_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


async def test_a_channel_is_created_with_the_suggested_slug(owner: User, account: Account) -> None:
    await owner.open("/channels")
    await sees(owner, "No channels yet")
    await press(owner, "Create channel")
    await fill(owner, "Name", "On call")
    await press(owner, "Create")

    async def is_there() -> bool:
        return [channel.name for channel in (await account.owner.ListChannels()).channels] == ["On call"]

    await eventually_async("the channel", is_there)
    await sees(owner, "on-call")


async def test_the_list_is_searched_on_the_server(owner: User, account: Account) -> None:
    for slug in ("ops", "sales", "100-percent"):
        await account.add_channel(slug)
    await owner.open("/channels")
    await fill(owner, "Find by name or slug", "AL")
    await sees_no(owner, "ops")
    await sees(owner, "sales")
    await fill(owner, "Find by name or slug", "%")
    await sees(owner, "No channel is called that")


async def test_deleting_says_which_keys_lose_it(owner: User, account: Account) -> None:
    await account.add_channel("ops")
    await account.add_key(name="pager", scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    await owner.open("/channels")
    await press(owner, "Delete ops")
    await sees(owner, "API keys that lose it: pager.")
    await press(owner, "Delete channel")
    await sees(owner, "No channels yet")


async def test_people_and_devices_are_assigned_and_taken_out(owner: User, account: Account) -> None:
    channel_id = await account.add_channel("ops")
    phone = await account.add_phone(name="Pocket phone")
    await owner.open(f"/channels/{channel_id}")
    await press(owner, "Add devices")
    await press(owner, "Add Pocket phone")
    await sees(owner, "Reaches 1 device.", "Devices (1)")
    found = (await account.owner.GetChannel(channel_id=channel_id)).devices
    assert [device.device_id for device in found] == [phone.id]
    await press(owner, "Take Pocket phone out")
    await sees(owner, "Reaches 0 devices.")


async def test_a_test_push_goes_to_the_channel(owner: User, account: Account) -> None:
    channel_id = await account.add_channel("ops")
    phone = await account.add_startable_phone()
    await account.owner.AssignDevice(channel_id=channel_id, device_id=phone.id)
    await owner.open(f"/channels/{channel_id}")
    await press(owner, "Send a test")
    await sees(owner, "0 reached, 1 still to come.")


async def test_the_test_of_an_empty_channel_says_what_to_do_first(owner: User, account: Account) -> None:
    await owner.open(f"/channels/{await account.add_channel('ops')}")
    await press(owner, "Send a test")
    await sees(owner, "No device is in this channel yet. Add people or devices first.")


async def test_another_accounts_channel_is_no_channel(owner: User, stranger: Account) -> None:
    channel_id = await stranger.add_channel("theirs")
    answer = await owner.http_client.get(f"/channels/{channel_id}")
    assert answer.status_code == 404
    assert "theirs" not in answer.text
