"""An open page asks what it should show, and the answer comes when that is something else."""

import asyncio
import contextlib
import datetime as dt
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from smith.core.v1 import live_activity_pb2 as pb

from core_service.events import service as events
from core_service.events.service import Event, EventBus, EventType
from service_kit.client import open_channel
from tests.core.browser_rig import add_browser, subscription
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, Phone, refusal, start_account, start_core

LONG = 25
"""Seconds; an answer that comes only when they are over fails the test by its deadline of 20."""


def progress(percentage: int) -> pb.LiveActivityContentState:
    """A state."""
    return pb.LiveActivityContentState(title="Import", type=pb.LIVE_ACTIVITY_TYPE_PROGRESS, percentage=percentage)


@contextlib.asynccontextmanager
async def waiting(phone: Phone, **fields: Any) -> AsyncIterator["asyncio.Task[Any]"]:
    """A call that waits for something else than the present state."""
    version = (await phone.caller.GetDeviceState()).version
    call = asyncio.ensure_future(phone.caller.GetDeviceState(**({"after": version, "wait_seconds": LONG} | fields)))
    await phone.caller.GetDeviceState()
    yield call
    assert (await call).version != version


@pytest.fixture
async def backend(account: Account) -> Any:
    """Something that sends."""
    return account.core.caller((await account.add_key())[1])


async def test_the_same_is_the_same_version_and_another_device_has_its_own(account: Account) -> None:
    browser = await add_browser(account)
    first, second = [await browser.caller.GetDeviceState() for _ in range(2)]
    assert first.version == second.version != ""
    assert first.device.id == browser.id
    assert not first.HasField("badge")
    reported_again = subscription()
    await browser.caller.PutWebSubscription(**reported_again)
    await browser.caller.PutWebSubscription(**reported_again)
    assert (await browser.caller.GetDeviceState()).version == first.version


async def test_an_answer_waits_no_longer_than_it_may(account: Account) -> None:
    browser = await add_browser(account)
    version = (await browser.caller.GetDeviceState()).version
    begun = time.monotonic()
    assert (await browser.caller.GetDeviceState(after=version, wait_seconds=1)).version == version
    assert 0.9 < time.monotonic() - begun < LONG


async def test_an_answer_that_differs_already_does_not_wait(account: Account) -> None:
    browser = await add_browser(account)
    assert (await browser.caller.GetDeviceState(after="of old", wait_seconds=LONG)).version


@pytest.mark.parametrize("wait", [-1, 26])
async def test_a_wait_has_limits(account: Account, wait: int) -> None:
    browser = await add_browser(account)
    assert (await refusal(browser.caller.GetDeviceState(after="x", wait_seconds=wait))).field == "wait_seconds"


async def test_a_live_activity_that_starts_changes_and_ends_ends_the_wait(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    async with waiting(phone) as call:
        activity_id = (await backend.StartLiveActivity(content_state=progress(1))).activity_id
        assert [one.activity_id for one in (await call).live_activities] == [activity_id]
    async with waiting(phone) as call:
        await backend.UpdateLiveActivity(activity_id=activity_id, content_state=progress(2))
        assert '"percentage":2' in (await call).live_activities[0].content_state.json
    async with waiting(phone) as call:
        await backend.EndLiveActivity(activity_id=activity_id, content_state=progress(100))
        assert await call


async def test_a_notification_that_is_sent_ends_the_wait_of_its_device_only(account: Account) -> None:
    phone, other = await account.add_startable_phone(), await account.add_startable_phone()
    version = (await other.caller.GetDeviceState()).version
    async with waiting(phone):
        await account.owner.SendTestPushNotification(device_id=phone.id)
    assert (await other.caller.GetDeviceState()).version == version


async def test_a_notification_that_is_replaced_ends_the_wait(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    sent = await backend.SendPushNotification(title="Deploying")
    async with waiting(phone):
        await backend.ReplacePushNotification(notification_id=sent.notification_id, title="Deployed")


async def test_a_device_that_is_renamed_or_unpaired_is_told_so(account: Account) -> None:
    browser = await add_browser(account)
    async with waiting(browser) as call:
        await account.owner.UpdateDevice(device_id=browser.id, name="Desk")
        assert (await call).device.name == "Desk"
    version = (await browser.caller.GetDeviceState()).version
    call = asyncio.ensure_future(refusal(browser.caller.GetDeviceState(after=version, wait_seconds=LONG)))
    await account.owner.DeleteDevice(device_id=browser.id)
    assert (await call).reason == "UNAUTHENTICATED"


async def test_what_no_event_tells_of_is_seen_when_the_wait_ends(account: Account) -> None:
    browser, seconds, was_in_time = await add_browser(account), 2, False
    while not was_in_time:
        name = f"Elsewhere {uuid.uuid4()}"
        version, begun = (await browser.caller.GetDeviceState()).version, time.monotonic()
        call = asyncio.ensure_future(browser.caller.GetDeviceState(after=version, wait_seconds=seconds))
        await account.core.sql("UPDATE devices SET name = %s WHERE id = %s", name, browser.id)
        # On a busy machine the wait may be over before the database has the name. Then this was no such case.
        was_in_time = time.monotonic() - begun < seconds
        seen = (await call).device.name
    assert seen == name


async def test_a_core_that_stops_answers_those_who_wait(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with contextlib.AsyncExitStack() as running, contextlib.AsyncExitStack() as client:
        core = await running.enter_async_context(start_core(url, drain_seconds=LONG))
        browser = await add_browser(await start_account(core))
        # Of its own: the core's goes before the core does.
        caller = Caller(await client.enter_async_context(open_channel(core.address)), browser.secret, None)
        version = (await caller.GetDeviceState()).version
        begun = time.monotonic()
        call = asyncio.ensure_future(caller.GetDeviceState(after=version, wait_seconds=LONG))
        await caller.GetDeviceState()
        stopping = asyncio.ensure_future(running.pop_all().aclose())
        assert (await call).version == version
        assert time.monotonic() - begun < LONG
        await stopping


def test_only_so_many_calls_wait_at_once_and_further_ones_do_not() -> None:
    bus, account_id = EventBus(), uuid.uuid4()
    with contextlib.ExitStack() as held:
        bells = [held.enter_context(bus.bell(account_id, lambda event: True)) for _ in range(events.MAX_BELLS + 1)]
        assert [bell.is_silent for bell in bells] == [False] * events.MAX_BELLS + [True]
        assert bus.bells == events.MAX_BELLS
    assert bus.bells == 0
    with bus.bell(account_id, lambda event: True) as bell:
        assert not bell.is_silent
        bus.close()
        assert bell.is_silent
    with bus.bell(account_id, lambda event: True) as bell:
        assert bell.is_silent


async def test_a_bell_rings_for_its_account_and_for_what_concerns_it() -> None:
    bus, account_id, moment = EventBus(), uuid.uuid4(), dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    with bus.bell(account_id, lambda event: event.activity_id == "mine") as bell:
        bus.publish(uuid.uuid4(), Event(EventType.LIVE_ACTIVITY_UPDATED, moment, activity_id="mine"))
        bus.publish(account_id, Event(EventType.LIVE_ACTIVITY_UPDATED, moment, activity_id="other"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bell.rung(60), 0.05)
        bus.publish(account_id, Event(EventType.LIVE_ACTIVITY_UPDATED, moment, activity_id="mine"))
        await asyncio.wait_for(bell.rung(60), LONG)
        bus.ring(account_id)
        await asyncio.wait_for(bell.rung(60), LONG)
