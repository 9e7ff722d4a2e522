"""The devices page: which phones there are, how they are, and a new one that is paired."""

import secrets
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
import segno
from nicegui import ElementFilter, ui
from nicegui.testing import User
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX

from admin_ui.components.pairing_ways import pairing_url, phone_page_url
from tests.admin.conftest import Open, running_admin
from tests.admin.looking import PATIENCE, fill, marked, named, press, sees, sees_no
from tests.core.browser_rig import add_browser, subscription
from tests.core.harness import Account, Core
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEARCH = "Find by device, name or e-mail"


async def mark_dead(account: Account, device_id: str, column: str, reason: str) -> None:
    await account.core.sql(f"UPDATE devices SET {column} = %s WHERE id = %s", reason, device_id)  # noqa: S608 - ours


async def test_each_device_says_in_plain_words_how_it_is_and_what_to_do(owner: User, account: Account) -> None:
    await owner.open("/devices")
    await owner.should_see("No devices yet")
    await account.add_phone(name="Fresh")
    gone, mute = await account.add_startable_phone(), await account.add_startable_phone()
    alerts = await account.add_phone(name="Alerts")
    await alerts.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, push_token=secrets.token_hex(32))
    await mark_dead(account, gone.id, "push_token_dead_reason", "Unregistered")
    await mark_dead(account, mute.id, "push_to_start_token_dead_reason", "ExpiredToken")
    await owner.open("/devices")
    for words in (
        "Waiting",
        "allow notifications",
        "App removed",
        "Install and open it again",
        "Live Activities lost",
        "renew its token",
        "Notifications only",
    ):
        await owner.should_see(words)
    await owner.should_see(account.email)


async def test_browsers_say_whose_push_service_they_have_and_nothing_of_apns(owner: User, account: Account) -> None:
    safari = await add_browser(account, **subscription("web.push.apple.com"))
    chrome = await add_browser(account, **subscription("fcm.googleapis.com"))
    await add_browser(account)
    gone = await add_browser(account)
    for column in ("push_token_dead_reason", "push_to_start_token_dead_reason"):
        await mark_dead(account, gone.id, column, "SubscriptionGone")
    for device, name in ((safari, "Ada's iPad"), (chrome, "Ada's desk")):
        await account.owner.UpdateDevice(device_id=device.id, name=name)
    await owner.open("/devices")
    for words in (
        "Browser · pushes by Apple",
        "Browser · pushes by Google",
        "Browser · pushes by Mozilla",
        "The card moves while the page is open",
        "Browser unsubscribed",
        "turn notifications on again",
    ):
        await owner.should_see(words)
    for words in ("development build", "iOS", "Waiting for", "Notifications only"):
        await owner.should_not_see(words)
    await press(owner, "Send a test to Ada's desk")
    await sees(owner, "0 reached, 1 still to come.")
    [sent] = (await account.owner.ListPushNotifications()).push_notifications
    assert sent.device_id == chrome.id


async def test_the_list_is_searched_and_filtered_on_the_server(owner: User, account: Account) -> None:
    await account.add_phone(name="Kitchen")
    await account.add_phone(name="Office")
    gone = await account.add_startable_phone()
    await mark_dead(account, gone.id, "push_token_dead_reason", "Unregistered")
    await owner.open("/devices")
    await fill(owner, SEARCH, "kitch")
    await sees_no(owner, "Office")
    await sees(owner, "Kitchen")
    await fill(owner, SEARCH, "")
    await sees(owner, "Office")
    owner.find(marker="state-dead").click()
    await sees_no(owner, "Office")
    await sees(owner, "App removed")
    await owner.open("/devices?state=waiting")
    await sees(owner, "Office")
    await owner.should_not_see("App removed")


async def test_a_device_is_renamed_and_a_wrong_name_is_said_to_be_wrong(owner: User, account: Account) -> None:
    await account.add_phone(name="Old name")
    await owner.open("/devices")
    await press(owner, "Rename Old name")
    await fill(owner, "Name", " ")
    await press(owner, "Rename")

    async def complaint() -> bool:
        [field] = named(owner, ui.input, "Name")
        return bool(field.error == "Name must be 1 to 100 characters")

    await eventually_async("the field says what is wrong", complaint)
    await fill(owner, "Name", "Hallway")
    await press(owner, "Rename")
    await sees_no(owner, "Rename device")
    await sees(owner, "Hallway")
    assert [device.name for device in (await account.owner.ListDevices()).devices] == ["Hallway"]


async def test_a_test_push_goes_to_the_one_device(owner: User, account: Account) -> None:
    phone = await account.add_startable_phone()
    await account.owner.UpdateDevice(device_id=phone.id, name="Mine")
    await account.add_startable_phone()
    await account.add_phone(name="No token")
    await owner.open("/devices")
    await press(owner, "Send a test to Mine")
    await sees(owner, "0 reached, 1 still to come.")
    [sent] = (await account.owner.ListPushNotifications()).push_notifications
    assert (sent.device_id, sent.counts.devices) == (phone.id, 1)
    await owner.should_not_see("Send a test to No token")
    await owner.open(f"/delivery-log/{sent.id}")
    await owner.should_not_see("As a backend would make it.")


async def test_removing_a_device_asks_first_and_the_question_outlasts_news(owner: User, account: Account) -> None:
    await account.add_phone(name="Lost phone")
    await owner.open("/devices")
    await press(owner, "Remove Lost phone")
    await sees(owner, "Remove Lost phone?")
    await press(owner, "Cancel")
    await sees_no(owner, "Remove Lost phone?")
    await press(owner, "Remove Lost phone")
    await sees(owner, "Remove Lost phone?")
    await account.add_phone(name="Meanwhile")
    await sees(owner, "Meanwhile")
    await press(owner, "Remove device")
    await sees(owner, "Removed Lost phone.")
    assert [device.name for device in (await account.owner.ListDevices()).devices] == ["Meanwhile"]


async def test_a_member_may_change_their_own_devices_only(admin: Open, account: Account) -> None:
    user_id, caller = await account.add_member()
    await account.add_phone(name="The owner's")
    member = admin(caller.secret)
    await member.open("/devices")
    await member.should_see("The owner's")
    await member.should_not_see(marker="remove")
    await account.add_phone(user_id, "The member's")
    await member.open("/devices")
    assert len(member.find(marker="remove").elements) == 1
    member.find("Pair a device").click()
    await sees(member, "Waiting for the device")
    await member.should_not_see("Whose device is it?")


async def test_a_phone_that_uses_the_code_closes_the_dialog(owner: User, account: Account) -> None:
    await owner.open("/devices")
    owner.find("Pair a device").click()
    await sees(owner, "Waiting for the device")
    # Its clock goes on while the machine is busy.
    await owner.should_see("It works once, for another 9:")
    [shown] = owner.find(marker="pairing-code").elements
    code: Any = shown
    await account.core.caller().PairDevice(pairing_code=code.text, name="Brand new")
    await sees(owner, "Paired Brand new.")
    await sees_no(owner, "Waiting for the device")
    await owner.should_see("Brand new")


async def test_an_owner_pairs_a_phone_for_somebody_else(owner: User, account: Account) -> None:
    ben_id, _ = await account.add_member()
    await owner.open("/devices")
    owner.find("Pair a device").click()
    await sees(owner, "Whose device is it?")
    await owner.should_see(marker="pairing-code", retries=PATIENCE)
    [first] = marked(owner, "pairing-code")
    [choice] = owner.find(kind=ui.select).elements
    choice.value = ben_id

    async def another_code() -> bool:
        return bool(now := marked(owner, "pairing-code")) and now != [first]

    await eventually_async("there is a code for Ben", another_code)
    [shown] = owner.find(marker="pairing-code").elements
    code: Any = shown
    await account.core.caller().PairDevice(pairing_code=code.text, name="Ben's")
    await sees(owner, "Paired Ben's for")
    [device] = (await account.owner.ListDevices()).devices
    assert device.user_id == ben_id


async def test_the_qr_code_says_where_the_server_is_and_what_the_code_is() -> None:
    parts = urlsplit(pairing_url("https://push.example.com:8443", "K7QF-2M9X"))
    assert (parts.scheme, parts.netloc) == ("activitysmith", "pair")
    assert parse_qs(parts.query) == {"server": ["https://push.example.com:8443"], "code": ["K7QF-2M9X"]}


async def test_the_link_for_browsers_has_the_code_where_no_server_gets_it() -> None:
    for server in ("https://push.example.com", "https://push.example.com/"):
        assert phone_page_url(server, "K7QF-2M9X") == "https://push.example.com/phone/#K7QF-2M9X"


OWN = "This address works on the server's own computer only"
NONE = "Browsers cannot receive at this address"
SOME = "Browsers get the address"


@pytest.mark.parametrize(
    ("server", "said", "offers"),
    [
        ("https://push.example.com", None, {"link", "QR code"}),
        ("https://server.local", SOME, {"link", "QR code"}),
        ("http://127.0.0.1:8000", OWN, {"link"}),
        ("http://192.168.1.20:8000", NONE, set()),
        ("http://push.example.com", NONE, set()),
    ],
)
async def test_the_dialog_offers_browsers_what_works_at_this_address_and_warns_of_the_rest(
    core: Core, account: Account, server: str, said: str | None, offers: set[str]
) -> None:
    async with running_admin(core, gateway_url=server) as open_as:
        owner = open_as(account.session)
        await owner.open("/devices")
        owner.find("Pair a device").click()
        await sees(owner, "Waiting for the device", "Receive in a browser", "iPhone app")
        for remark in (OWN, NONE, SOME):
            await (owner.should_see(remark) if remark == said else owner.should_not_see(remark))
        [shown] = owner.find(marker="pairing-code").elements
        code: Any = shown
        with owner:
            elements = list(ElementFilter(kind=ui.element))
        url = f"{server}/phone/#{code.text}"
        picture = segno.make(url, error="m").svg_inline(border=3, light="#ffffff", omitsize=True)
        offered = {"link" for one in elements if one.props.get("href") == url}
        offered |= {"QR code" for one in elements if isinstance(one, ui.html) and one.content == picture}
        assert offered == offers


@pytest_asyncio.fixture(loop_scope="session")
async def beside_a_simulator(core: Core) -> AsyncIterator[Open]:
    """The app of an installation whose simulator is away."""
    async with running_admin(core, simulator_url="http://127.0.0.1:9") as open_as:
        yield open_as


async def test_a_simulator_that_is_away_is_said_to_be(beside_a_simulator: Open, account: Account) -> None:
    owner = beside_a_simulator(account.session)
    await owner.open("/devices")
    owner.find("Pair a device").click()
    await sees(owner, "Waiting for the device")
    owner.find("Simulated iPhone").click()
    await sees(owner, "The simulator cannot be reached.")
    await owner.should_see("Waiting for the device")
