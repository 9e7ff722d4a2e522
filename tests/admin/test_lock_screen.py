"""The lock screen page shows the account's simulated iPhones as they are, at once, and does to them what is asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from nicegui import ElementFilter, ui
from nicegui.testing import User
from smith.core.v1.live_activity_record_pb2 import LIVE_ACTIVITY_STATUS_ACTIVE
from smith.core.v1.status_service_pb2 import DESTINATION_REAL

from admin_ui.components.iphone import IPhone
from admin_ui.components.numbered_icon import NumberedIcon
from admin_ui.destinations import Destinations, DestinationsOfServer
from admin_ui.phones import demo_script, demo_stage
from tests.admin.conftest import Open, running_admin
from tests.admin.looking import marked
from tests.admin.phones import PhoneShop, SimulatedPhone, phone_shop
from tests.core.harness import Account, Core
from tests.waiting import eventually_async

Look = Callable[[], Awaitable[User]]

STATE = {"title": "Deploy", "type": "progress", "percentage": 10}
ACTIONS = [
    {"id": "a1", "title": "Open the run", "type": "open_url", "url": "https://ci.example.com/runs/1"},
    {"id": "a2", "title": "Retry", "type": "webhook"},
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(core: Core, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PhoneShop]:
    """One simulator, which all accounts share."""
    async with phone_shop(core, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def with_phones(core: Core, shop: PhoneShop) -> AsyncIterator[Open]:
    """The app, told where the simulator is."""
    async with running_admin(core, simulator_url=shop.simulator.url) as open_as:
        yield open_as


@pytest_asyncio.fixture(loop_scope="session")
async def look(with_phones: Open, account: Account) -> Look:
    """Opens the page as the owner."""

    async def look() -> User:
        user = with_phones(account.session)
        await user.open("/lock-screen")
        return user

    return look


@pytest_asyncio.fixture(loop_scope="session")
async def phone(account: Account, shop: PhoneShop) -> SimulatedPhone:
    """The account's one phone."""
    return await shop.pair(account, "Ada's iPhone")


async def sees(user: User, words: str) -> None:
    """Waits until the page shows the words."""
    await user.should_see(words)


async def becomes(what: str, probe: Callable[[], Any]) -> None:
    """Waits until something is so on the simulator."""

    async def asked() -> Any:
        return await asyncio.to_thread(probe)

    await eventually_async(what, asked)


def phones_shown(user: User) -> list[str]:
    """What screen readers call the phones."""
    with user:
        return [one.props.get("aria-label", "") for one in ElementFilter(kind=IPhone)]


async def test_a_notification_comes_unfolds_and_is_answered(look: Look, phone: SimulatedPhone) -> None:
    user = await look()
    await phone.notify("Build failed", actions=ACTIONS[:1])
    await sees(user, "Build failed")
    await user.should_not_see("Open the run")
    user.find(marker="expand").click()
    user.find(marker="action").click()
    await sees(user, "https://ci.example.com/runs/1")
    user.find(marker="dismiss").click()
    await becomes("it is off the phone", lambda: phone.read()["notifications"] == [])


async def test_a_webhook_that_cannot_run_says_why(look: Look, phone: SimulatedPhone) -> None:
    user = await look()
    # The server was never told of this button.
    await phone.notify("Build failed", actions=ACTIONS[1:])
    await sees(user, "Build failed")
    user.find(marker="expand").click()
    user.find(marker="action").click()
    await becomes("it is told", lambda: user.notify.messages)
    assert "action" in user.notify.messages[-1]


async def test_a_live_activity_moves_and_can_be_dismissed(look: Look, phone: SimulatedPhone) -> None:
    user = await look()
    await phone.start("a", STATE)
    await sees(user, "10%")
    await phone.update("a", {**STATE, "percentage": 80})
    await sees(user, "80%")
    user.find(marker="dismiss").click()
    await becomes("it is off the phone", lambda: phone.read()["live_activities"] == [])
    await sees(user, "All quiet")


async def test_a_live_activity_that_is_told_by_broadcast_is_called_so(look: Look, phone: SimulatedPhone) -> None:
    user = await look()
    await phone.start("a", STATE)
    await sees(user, "On it: 1 Live Activity, 0 notifications, no number on the icon.")
    await phone.start("b", STATE, channel_id="dGVuIGJ5dGVzIG9mIGl0IQ==")
    await sees(user, "2 Live Activities")
    await sees(user, "1 card follows a broadcast channel and has no update token.")


async def test_phones_of_another_account_on_the_same_simulator_are_not_shown(
    look: Look, stranger: Account, phone: SimulatedPhone, shop: PhoneShop
) -> None:
    theirs = await shop.pair(stranger, "Eve's iPhone")
    user = await look()
    await theirs.notify("Their secret")
    await phone.notify("Our news")
    await sees(user, "Our news")
    await user.should_not_see("Their secret")
    assert phones_shown(user) == ["Lock screen of Ada's iPhone"]


async def test_a_phone_is_switched_off_and_slowed_down(look: Look, phone: SimulatedPhone) -> None:
    user = await look()
    user.find(kind=ui.switch).click()
    await becomes("it is offline", lambda: phone.read()["settings"]["offline"])
    await sees(user, "Offline")
    user.find("at once").click()
    user.find("never").click()
    await becomes("tokens never come", lambda: phone.read()["settings"]["update_token_delay_seconds"] is None)


async def test_the_first_phone_is_added_from_the_empty_page(look: Look, account: Account, shop: PhoneShop) -> None:
    user = await look()
    await user.should_see("No iPhone yet")
    user.find("Add an iPhone").click()
    await sees(user, "Add a simulated iPhone")
    user.find("Add it").click()
    await becomes("it is shown", lambda: phones_shown(user) == ["Lock screen of iPhone 1"])
    (device,) = (await account.owner.ListDevices()).devices
    assert (device.name, device.user_id) == ("iPhone 1", account.owner_id)


async def test_a_phone_that_is_removed_is_unpaired_and_leaves(
    look: Look, account: Account, phone: SimulatedPhone
) -> None:
    user = await look()
    user.find(marker="remove").click()
    await sees(user, "Remove iPhone")
    user.find("Remove iPhone").click()
    await sees(user, "No iPhone yet")
    assert not (await account.owner.ListDevices()).devices


def numbers_shown(user: User) -> list[str]:
    """What screen readers say of the icons that are seen."""
    with user:
        icons = list(ElementFilter(kind=NumberedIcon))
    return [icon.props["aria-label"] for icon in icons if all(one.visible for one in icon.ancestors())]


async def test_the_number_is_on_the_icon_of_the_unlocked_phone_and_0_takes_it_away(
    look: Look, phone: SimulatedPhone
) -> None:
    user = await look()

    async def is_seen() -> bool:
        return numbers_shown(user) == ["App icon, badge 5"]

    async def is_gone() -> bool:
        return numbers_shown(user) == ["App icon without a badge"]

    await phone.set_badge(5)
    await sees(user, "number on the icon: 5")
    assert numbers_shown(user) == [], "a lock screen has no icons"
    user.find(marker="Unlocked").click()
    await eventually_async("the icon has the number", is_seen)
    await phone.set_badge(0)
    await eventually_async("the number is gone", is_gone)
    assert phone.read()["notifications"] == []


async def test_what_ios_left_out_is_told_with_its_reason(look: Look, phone: SimulatedPhone) -> None:
    user = await look()
    for number in range(6):
        await phone.start(f"a{number}", STATE)
    await sees(user, "What iOS left out, and why")
    await sees(user, "1 push: ")
    await sees(user, "iOS shows at most five Live Activities of an app at once.")


async def test_members_are_not_offered_the_demo(with_phones: Open, account: Account) -> None:
    _, caller = await account.add_member()
    user = with_phones(str(caller.secret))
    await user.open("/lock-screen")
    await sees(user, "No iPhone yet")
    await user.should_not_see("Watch the demo")


async def test_where_pushes_go_to_apple_the_demo_is_played_in_a_page_and_nothing_is_sent(
    look: Look, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def real(*_: Any) -> Destinations:
        return Destinations(pushes=DESTINATION_REAL)

    monkeypatch.setattr(DestinationsOfServer, "now", real)
    user = await look()
    await user.should_see("Watch the demo")
    assert not marked(user, "demo")
    with user:
        links = [one.props["href"] for one in ElementFilter(kind=ui.element) if "button-link" in one.classes]
    assert set(links) >= {"/lock-screen/demo"}
    await user.open("/lock-screen/demo")
    await sees(user, "This server sends to Apple")
    await user.should_see(kind=IPhone)


def short(monkeypatch: pytest.MonkeyPatch, *deeds: demo_script.Deed) -> None:
    """Makes a demo of these deeds alone, which takes no time."""
    scenes = (demo_script.Scene(0.0, deeds, "Once", "Upon a time"),)
    for name, value in (("SCENES", scenes), ("SECONDS", 0.0)):
        monkeypatch.setattr(demo_script, name, value)
    monkeypatch.setattr(demo_stage, "EXPLAINED", scenes)


async def left_in(account: Account, shop: PhoneShop) -> tuple[list[str], list[str], int]:
    """Names of the account's phones on the simulator, slugs of its channels, and its active Live Activities."""
    listed = (await asyncio.to_thread(shop.simulator.http.get, "/phones")).json()["phones"]
    devices = {device.id for device in (await account.owner.ListDevices()).devices}
    active = await account.owner.ListLiveActivities(status=LIVE_ACTIVITY_STATUS_ACTIVE)
    channels = (await account.owner.ListChannels()).channels
    names = [str(phone["name"]) for phone in listed if phone["device_id"] in devices]
    return names, [channel.slug for channel in channels], len(active.live_activities)


async def test_a_demo_that_is_refused_halfway_says_why_and_leaves_nothing(
    look: Look, account: Account, phone: SimulatedPhone, shop: PhoneShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = {"content_state": {"title": "Left alone", "type": "alert", "message": "m"}}
    short(monkeypatch, lambda player: player.start("a", start), lambda player: player.push({"title": ""}))
    user = await look()
    user.find(marker="demo").click()
    await sees(user, "It could not be played to its end: ")
    assert await left_in(account, shop) == (["Ada's iPhone"], [], 0)
    [(devices,)] = await account.core.sql(
        "SELECT count(*) FROM live_activity_devices d JOIN live_activities a ON a.id = d.activity_id "
        "JOIN devices v ON v.id = d.device_id WHERE a.account_id = %s AND v.name <> 'Demo iPhone'",
        account.id,
    )
    assert devices == 0, "no phone but the demo's was meant"


async def test_what_a_demo_has_left_that_was_killed_is_swept_by_the_next(
    look: Look, account: Account, stranger: Account, shop: PhoneShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing younger, which may belong to one that another process plays; nor another account's."""
    for one in (account, stranger):
        await shop.pair(one, "Demo iPhone")
        await one.owner.CreateChannel(slug="lock-screen-demo-old", name="Demo")
    await account.core.sql("UPDATE devices SET created_at = now() - interval '1 hour'")
    await account.core.sql("UPDATE channels SET created_at = now() - interval '1 hour'")
    await shop.pair(account, "Demo iPhone")
    await account.owner.CreateChannel(slug="lock-screen-demo-new", name="Demo")
    await account.owner.CreateChannel(slug="own-demo", name="The team's own")
    await account.core.sql(
        "UPDATE channels SET created_at = now() - interval '1 hour' WHERE account_id = %s AND slug = 'own-demo'",
        account.id,
    )
    short(monkeypatch)
    user = await look()
    user.find(marker="demo").click()
    await sees(user, "That was the demo")
    phones, channels, _ = await left_in(account, shop)
    assert (phones, sorted(channels)) == (["Demo iPhone"], ["lock-screen-demo-new", "own-demo"])
    assert (await left_in(stranger, shop))[:2] == (["Demo iPhone"], ["lock-screen-demo-old"])
