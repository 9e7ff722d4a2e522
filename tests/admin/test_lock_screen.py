"""The lock screen page shows the account's simulated iPhones as they are, at once, and does to them what is asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from nicegui import ElementFilter, ui
from nicegui.testing import User

from admin_ui.components.iphone import IPhone
from admin_ui.components.numbered_icon import NumberedIcon
from tests.admin.conftest import Open, running_admin
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


async def test_phones_of_another_account_on_the_same_simulator_are_nobody_elses_business(
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
        icons = [
            icon for icon in ElementFilter(kind=NumberedIcon) if icon.parent_slot and icon.parent_slot.parent.visible
        ]
        return [icon.props["aria-label"] for icon in icons]


async def test_the_number_on_the_apps_icon_is_seen_and_0_takes_it_away(look: Look, phone: SimulatedPhone) -> None:
    user = await look()

    async def is_seen() -> bool:
        return numbers_shown(user) == ["App icon, badge 5"]

    async def is_gone() -> bool:
        return not numbers_shown(user)

    assert await is_gone()
    await phone.set_badge(5)
    await eventually_async("the icon has the number", is_seen)
    await phone.set_badge(0)
    await eventually_async("the number is gone", is_gone)
    assert phone.read()["notifications"] == []
