"""A browser has one subscription for everything: what becomes of its cards and its icon with it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from smith.core.v1 import live_activity_pb2 as pb
from smith.core.v1.device_pb2 import (
    APNS_ENVIRONMENT_SANDBOX,
    DEVICE_STATE_DEAD,
    DEVICE_STATE_READY,
    PUSH_TOKEN_STATE_ACTIVE,
    PUSH_TOKEN_STATE_DEAD,
)
from smith.delivery.v1.delivery_pb2 import Outcome
from smith.delivery.v1.reason_pb2 import CONCERN_TOKEN, OUTCOME_KIND_TOKEN_DEAD

from tests.core.browser_rig import subscription, token_of
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Core, Phone, start_account, start_core
from tests.core.told_delivery import ToldDelivery, told_delivery
from tests.waiting import eventually_async

GONE = Outcome(kind=OUTCOME_KIND_TOKEN_DEAD, status=410, reason="Http410", concern=CONCERN_TOKEN)


def progress(percentage: int) -> pb.LiveActivityContentState:
    """A state."""
    return pb.LiveActivityContentState(title="Import", type=pb.LIVE_ACTIVITY_TYPE_PROGRESS, percentage=percentage)


@dataclass
class World:
    """An account with a browser, and a delivery service that answers as the test says."""

    core: Core
    delivery: ToldDelivery
    account: Account
    browser: Phone
    backend: Any
    reported: dict[str, Any]

    @property
    def token(self) -> str:
        """The browser's."""
        return token_of(self.reported)

    async def subscribe_again(self) -> None:
        """The browser has another subscription."""
        self.reported = subscription()
        await self.browser.caller.PutWebSubscription(**self.reported)

    async def start(self) -> str:
        """A Live Activity that the browser shows, by its id."""
        activity_id = (await self.backend.StartLiveActivity(content_state=progress(1))).activity_id
        await eventually_async("it is shown", lambda: self.is_shown(activity_id))
        return str(activity_id)

    async def row(self, activity_id: str, columns: str) -> tuple[Any, ...]:
        """What the server knows of the activity in the browser."""
        query = f"SELECT {columns} FROM live_activity_devices WHERE activity_id = %s AND device_id = %s"  # noqa: S608
        [row] = await self.core.sql(query, activity_id, self.browser.id)
        return tuple(row)

    async def is_shown(self, activity_id: str) -> bool:
        """Whether its start was accepted."""
        return (await self.row(activity_id, "phase"))[0] in {"started", "live"}

    async def has_newest(self, activity_id: str) -> bool:
        """Whether the present subscription has accepted the newest state."""
        query = """
        SELECT p.update_token = %s AND p.accepted_version = a.version AND p.next_at IS NULL
        FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
        WHERE p.activity_id = %s AND p.device_id = %s
        """
        return bool((await self.core.sql(query, self.token, activity_id, self.browser.id))[0][0])

    async def states(self) -> tuple[int, int, int]:
        """Of the device, and of both of its tokens."""
        device = (await self.account.owner.GetDevice(device_id=self.browser.id)).device
        return device.state, device.push_token_state, device.push_to_start_token_state

    async def is_dead(self) -> bool:
        """Whether the subscription is, as a whole."""
        return await self.states() == (DEVICE_STATE_DEAD, PUSH_TOKEN_STATE_DEAD, PUSH_TOKEN_STATE_DEAD)

    async def is_alive(self) -> bool:
        """The same of life."""
        return await self.states() == (DEVICE_STATE_READY, PUSH_TOKEN_STATE_ACTIVE, PUSH_TOKEN_STATE_ACTIVE)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(new_database: NewDatabase) -> AsyncIterator[tuple[Core, ToldDelivery]]:
    """A core and its delivery service."""
    url = await asyncio.to_thread(new_database)
    async with told_delivery() as delivery, start_core(url, delivery_address=delivery.address) as core:
        yield core, delivery


@pytest_asyncio.fixture(loop_scope="session")
async def world(place: tuple[Core, ToldDelivery]) -> AsyncIterator[World]:
    """A new account."""
    core, delivery = place
    account = await start_account(core)
    backend = core.caller((await account.add_key())[1])
    world = World(core, delivery, account, await account.add_phone(), backend, {})
    await world.subscribe_again()
    yield world
    delivery.is_held = False
    for attempt in delivery.attempts:
        if attempt.is_open:
            attempt.answer()


async def test_another_subscription_gets_the_newest_state_of_what_the_browser_shows(world: World) -> None:
    activity_id = await world.start()
    await world.subscribe_again()
    await eventually_async("it has the newest", lambda: world.has_newest(activity_id))
    assert world.delivery.of(world.token)
    await world.backend.UpdateLiveActivity(activity_id=activity_id, content_state=progress(2))
    await world.subscribe_again()
    await eventually_async("it has the newest", lambda: world.has_newest(activity_id))


async def test_a_subscription_that_is_reported_again_costs_and_changes_nothing(world: World) -> None:
    activity_id = await world.start()
    await world.subscribe_again()
    await eventually_async("it has the newest", lambda: world.has_newest(activity_id))
    before = await world.row(activity_id, "xmin::text, attempt, accepted_version, update_token_registered_at")
    await world.browser.caller.PutWebSubscription(**world.reported)
    assert await world.row(activity_id, "xmin::text, attempt, accepted_version, update_token_registered_at") == before


async def test_what_the_person_dismissed_does_not_come_back_with_another_subscription(world: World) -> None:
    activity_id = await world.start()
    await world.browser.caller.ReportLiveActivityDismissed(activity_id=activity_id)
    await world.subscribe_again()
    assert (await world.row(activity_id, "phase, next_at")) == ("dismissed", None)


async def test_a_start_that_found_no_subscription_is_owed_to_the_next(world: World) -> None:
    world.delivery.is_held = True
    starting = asyncio.ensure_future(world.backend.StartLiveActivity(content_state=progress(1)))
    (await world.delivery.nth(1, world.token)).answer(GONE)
    await eventually_async("the whole subscription is dead", world.is_dead)
    await world.subscribe_again()
    assert await world.is_alive()
    (await world.delivery.nth(1, world.token)).answer()
    await starting


async def test_an_update_that_is_refused_for_good_ends_the_whole_subscription(world: World) -> None:
    activity_id = await world.start()
    await world.subscribe_again()
    await eventually_async("it has the newest", lambda: world.has_newest(activity_id))
    world.delivery.is_held = True
    sent = len(world.delivery.of(world.token))
    ending = world.backend.EndLiveActivity(activity_id=activity_id, content_state=progress(100))
    answer = asyncio.ensure_future(ending)
    (await world.delivery.nth(sent + 1, world.token)).answer(GONE)
    await eventually_async("the whole subscription is dead", world.is_dead)
    await world.subscribe_again()
    assert await world.is_alive()
    (await world.delivery.nth(1, world.token)).answer()
    await answer


async def test_a_notification_that_is_refused_for_good_ends_the_whole_subscription(world: World) -> None:
    world.delivery.is_held = True
    sending = asyncio.ensure_future(world.backend.SendPushNotification(title="Hello"))
    (await world.delivery.nth(1, world.token)).answer(GONE)
    await eventually_async("the whole subscription is dead", world.is_dead)
    await sending


async def test_every_card_of_a_browser_that_is_unpaired_is_owed_its_end(world: World) -> None:
    activities = {await world.start() for _ in range(2)}
    await world.subscribe_again()
    for activity_id in activities:
        await eventually_async("it has the newest", lambda one=activity_id: world.has_newest(one))  # type: ignore[misc] # it is a function of none
    world.delivery.is_held = True
    sent = len(world.delivery.of(world.token))
    await world.account.owner.DeleteDevice(device_id=world.browser.id)
    for number in (1, 2):
        assert (await world.delivery.nth(sent + number, world.token)).token == world.token
    owed = await world.core.sql("SELECT activity_id FROM live_activity_withdrawals")
    assert activities <= {row[0] for row in owed}


async def test_the_cards_of_an_app_end_when_the_device_becomes_a_browser(world: World) -> None:
    phone = await world.account.add_startable_phone()
    activity_id = (await world.backend.StartLiveActivity(content_state=progress(1))).activity_id
    card = secrets.token_hex(32)
    await phone.caller.PutLiveActivityToken(activity_id=activity_id, token=card)
    await phone.caller.PutWebSubscription(**subscription())
    assert (await world.delivery.nth(1, card)).aps["event"] == "end"
    query = "SELECT update_token FROM live_activity_devices WHERE device_id = %s AND phase IN ('started', 'live')"
    assert await world.core.sql(query, phone.id) == []


async def test_a_number_for_the_icon_is_read_by_a_browser_and_never_pushed_to_it(world: World) -> None:
    version = (await world.browser.caller.GetDeviceState()).version
    waiting = asyncio.ensure_future(world.browser.caller.GetDeviceState(after=version, wait_seconds=25))
    await world.browser.caller.GetDeviceState()
    phone = await world.account.add_startable_phone()
    [(token,)] = await world.core.sql("SELECT push_token FROM devices WHERE id = %s", phone.id)
    answer = await world.backend.SetBadge(badge=5)
    assert (answer.devices_targeted, answer.devices_notified, answer.devices_queued) == (2, 1, 0)
    assert (await waiting).badge == 5
    assert len(world.delivery.of(token)) == 1
    assert world.delivery.of(world.token) == []


async def test_a_number_for_browsers_alone_is_a_success_that_notifies_none(world: World) -> None:
    answer = await world.backend.SetBadge(badge=0)
    assert (answer.success, answer.devices_targeted, answer.devices_notified) == (True, 1, 0)
    assert not answer.HasField("devices_queued")
    state = await world.browser.caller.GetDeviceState()
    assert (state.HasField("badge"), state.badge) == (True, 0)


async def test_a_browser_that_becomes_the_app_gets_the_number_on_its_icon(world: World) -> None:
    await world.backend.SetBadge(badge=7)
    token = secrets.token_hex(32)
    await world.browser.caller.PutDeviceTokens(push_token=token, environment=APNS_ENVIRONMENT_SANDBOX)
    assert (await world.delivery.nth(1, token)).aps == {"badge": 7}


async def test_a_browser_that_tests_itself_is_sent_what_its_inbox_shows(world: World) -> None:
    sent = (await world.browser.caller.SendTestNotification()).sent
    assert sent.devices_notified == 1
    [attempt] = world.delivery.of(world.token)
    [shown] = (await world.browser.caller.ListDeviceNotifications()).notifications
    assert attempt.browser["tag"] == shown.id == sent.notification_id
    assert attempt.title == shown.title
