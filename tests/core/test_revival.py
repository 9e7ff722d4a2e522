"""A token that was called dead by the server's fault lives again, and what failed for it is owed; others stay dead."""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.common.jobs import cancel
from core_service.common.orm import new_id, now
from core_service.events.service import EventBus, EventType
from core_service.sending import revival as module
from core_service.sending.circuit_breaker import Route, Step
from core_service.sending.dispatcher import Dispatcher
from core_service.sending.port import Concern, Outcome, OutcomeKind, Push, Target
from core_service.sending.revival import Revival
from service_kit.database import Pool, create_batch_pool
from tests.core.browser_rig import add_browser
from tests.core.harness import Account, Core, start_account
from tests.core.live_rig import Rig
from tests.core.saying_sender import SayingSender
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAD = Outcome(OutcomeKind.TOKEN_DEAD, "BadDeviceToken", concern=Concern.TOKEN_OR_SERVER, configuration="wrong")
GONE = Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered", concern=Concern.TOKEN)


@dataclass
class World:
    """A dispatcher that settles outcomes, and a revival that looks when it is told to."""

    core: Core
    pool: Pool
    events: EventBus
    apns: SayingSender
    dispatch: Dispatcher
    configuration: str = "wrong"
    woken: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.revival = Revival(self.pool, self.events, self._ask, now, time_to_live=dt.timedelta(hours=72))
        self.revival.wakes(lambda: self.woken.append(True))

    async def _ask(self) -> str:
        return self.configuration

    async def phone(self, account: Account, bundle_id: str | None = "com.example.app") -> Target:
        """A phone that has reported a token."""
        phone, token = await account.add_phone(), uuid.uuid4().hex * 2
        await self.core.sql(
            "UPDATE devices SET push_token = %s, push_token_registered_at = now(), environment = 'sandbox',"
            " bundle_id = %s WHERE id = %s",
            *(token, bundle_id, phone.id),
        )
        return Target(uuid.UUID(phone.id), uuid.uuid4(), token, "sandbox", bundle_id, uuid.uuid4())

    async def fail(
        self, account: Account, target: Target, outcome: Outcome, *, expires_in: str = "1 hour"
    ) -> uuid.UUID:
        """A notification to the phone that came to this; its id."""
        notification_id = new_id()
        await self.core.sql(
            "INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at, channel_slugs)"
            " VALUES (%s, %s, 'title', '{}', now(), now() + %s::interval, '{}')",
            *(notification_id, account.id, expires_in),
        )
        await self.core.sql(
            "INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)"
            " VALUES (%s, %s, %s, %s, %s, 'due', now() + interval '1 hour', 0)",
            *(notification_id, target.device_id, account.id, target.user_id, target.apns_id),
        )
        self.apns.by_target[target] = outcome
        wait = self.dispatch.deliver(uuid.UUID(account.id), notification_id, Push(b"{}", now(), targets=[target]))
        assert await wait.wait(1, LONG)
        assert wait.counts(1).devices_queued == 0
        return notification_id

    async def is_dead(self, target: Target) -> bool:
        """Whether the phone's token is."""
        [(reason,)] = await self.core.sql("SELECT push_token_dead_reason FROM devices WHERE id = %s", target.device_id)
        return reason is not None

    async def state(self, notification_id: uuid.UUID) -> str:
        """Of the notification's only delivery."""
        [(state,)] = await self.core.sql("SELECT state FROM deliveries WHERE notification_id = %s", notification_id)
        return str(state)


@pytest_asyncio.fixture(loop_scope="session")
async def world(core: Core) -> AsyncIterator[World]:
    """On the core's database."""
    async with create_batch_pool(core.database_url, max_size=2) as pool:
        events = EventBus()
        apns = SayingSender()
        dispatch = Dispatcher(pool, apns, events)
        running = asyncio.create_task(dispatch.write())
        yield World(core, pool, events, apns, dispatch)
        await cancel(running)


async def test_another_configuration_undoes_the_deaths_of_the_one_before(world: World, account: Account) -> None:
    wronged, removed = await world.phone(account), await world.phone(account)
    owed, gone = await world.fail(account, wronged, BAD), await world.fail(account, removed, GONE)
    await world.revival.look()
    assert await world.is_dead(wronged), "the settings are the same"
    assert world.woken == []
    world.configuration = "right"
    with world.events.watch(uuid.UUID(account.id)) as watcher:
        await world.revival.look()
        [told] = (await asyncio.wait_for(anext(watcher), LONG)).events
    assert (told.type, told.device_id) == (EventType.DEVICE_CHANGED, wronged.device_id)
    assert not await world.is_dead(wronged)
    assert await world.state(owed) == "due"
    assert world.woken == [True]
    assert await world.is_dead(removed), "APNs has said for certain that it is gone"
    assert await world.state(gone) == "token_dead"


async def test_a_phone_that_lives_again_is_owed_the_newest_number_for_its_icon(world: World, account: Account) -> None:
    wronged, removed = await world.phone(account), await world.phone(account)
    for phone, outcome in ((wronged, BAD), (removed, GONE)):
        await world.fail(account, phone, outcome)
        await world.core.sql(
            "INSERT INTO badges (device_id, account_id, user_id, update_id, number, apns_id, state, due_at, attempts)"
            " VALUES (%s, %s, %s, gen_random_uuid(), 5, gen_random_uuid(), 'token_dead', now(), 0)",
            *(phone.device_id, account.id, phone.user_id),
        )
    world.configuration = "right"
    await world.revival.look()
    # A core runs here, which may have sent it by now. Its delivery service is away.
    query = "SELECT device_id, state FROM badges WHERE account_id = %s"
    found = dict(await world.core.sql(query, account.id))
    assert found == {wronged.device_id: "due", removed.device_id: "token_dead"}


@pytest.mark.thorough
async def test_core_undoes_by_itself_what_its_delivery_service_would_not_do_now(rig: Rig) -> None:
    account = await start_account(rig.core)
    phone = await account.add_startable_phone()
    await rig.core.sql(
        "UPDATE devices SET push_token_dead_reason = 'BadDeviceToken', push_token_died_under = 'other' WHERE id = %s",
        phone.id,
    )

    async def is_alive() -> bool:
        query = "SELECT push_token_dead_reason IS NULL FROM devices WHERE id = %s"
        return bool((await rig.core.sql(query, phone.id))[0][0])

    await eventually_async("the token is alive", is_alive)


async def test_a_delivery_service_that_does_not_answer_undoes_nothing(world: World, account: Account) -> None:
    phone = await world.phone(account)
    await world.fail(account, phone, BAD)
    world.configuration = ""
    await world.revival.look()
    assert await world.is_dead(phone)


async def test_a_route_that_was_refused_by_the_servers_fault_gets_its_tokens_back_and_no_other_does(
    world: World, account: Account, stranger: Account
) -> None:
    wronged, other_app = await world.phone(account), await world.phone(account, "com.example.other")
    of_stranger = await world.phone(stranger)
    for whose, phone in ((account, wronged), (account, other_app), (stranger, of_stranger)):
        await world.fail(whose, phone, BAD)
    await world.revival.look()
    world.revival.is_proven(Route("sandbox", Step.TOKEN, "com.example.app", uuid.UUID(account.id)))
    await world.revival.look()
    assert [await world.is_dead(phone) for phone in (wronged, other_app, of_stranger)] == [False, True, True]


async def test_what_is_not_worth_delivering_any_more_is_not_owed_again(world: World, account: Account) -> None:
    phone = await world.phone(account)
    expired = await world.fail(account, phone, BAD, expires_in="-1 minute")
    world.configuration = "right"
    await world.revival.look()
    assert not await world.is_dead(phone)
    assert await world.state(expired) == "token_dead"


async def test_a_token_that_dies_for_good_later_is_not_revived(world: World, account: Account) -> None:
    phone = await world.phone(account)
    await world.fail(account, phone, BAD)
    await world.core.sql("UPDATE devices SET push_token_dead_reason = NULL WHERE id = %s", phone.device_id)
    await world.fail(account, phone, GONE)
    world.configuration = "right"
    await world.revival.look()
    assert await world.is_dead(phone)


async def test_however_many_there_are_they_are_revived_some_at_a_time(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    phones = [await world.phone(account) for _ in range(5)]
    for phone in phones:
        await world.fail(account, phone, BAD)
    world.configuration = "right"
    await world.revival.look()
    assert not any([await world.is_dead(phone) for phone in phones])


async def test_a_browsers_subscription_dies_and_lives_again_as_a_whole_with_what_it_shows(
    world: World, account: Account
) -> None:
    browser = await add_browser(account)
    backend = account.core.caller((await account.add_key())[1])
    state = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
    activity_id = (await backend.StartLiveActivity(content_state=state)).activity_id
    [(subscription,)] = await world.core.sql("SELECT push_token FROM devices WHERE id = %s", browser.id)
    target = Target(uuid.UUID(browser.id), uuid.uuid4(), subscription, "web_mozilla", None, uuid.uuid4())
    await world.fail(account, target, BAD)
    reasons = """
    SELECT push_token_dead_reason, push_to_start_token_dead_reason, push_to_start_token_died_under
    FROM devices WHERE id = %s
    """
    assert await world.core.sql(reasons, browser.id) == [("BadDeviceToken", "BadDeviceToken", "wrong")]
    await world.core.sql(
        "UPDATE live_activity_devices SET phase = 'started', update_token = NULL, next_at = NULL, leased = false"
        " WHERE activity_id = %s",
        activity_id,
    )
    world.configuration = "right"
    await world.revival.look()
    assert (await world.core.sql(reasons, browser.id))[0][:2] == (None, None)
    query = "SELECT phase, update_token, next_at IS NOT NULL FROM live_activity_devices WHERE activity_id = %s"
    assert await world.core.sql(query, activity_id) == [("live", subscription, True)]


async def test_a_start_that_waits_for_a_revived_token_is_sent(world: World, account: Account) -> None:
    phone = await account.add_startable_phone()
    await world.core.sql(
        "UPDATE devices SET push_to_start_token_dead_reason = 'BadDeviceToken',"
        " push_to_start_token_died_under = 'wrong' WHERE id = %s",
        phone.id,
    )
    backend = account.core.caller((await account.add_key())[1])
    state = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
    activity_id = (await backend.StartLiveActivity(content_state=state)).activity_id
    world.configuration = "right"
    await world.revival.look()

    async def sent() -> bool:
        query = "SELECT attempt FROM live_activity_devices WHERE activity_id = %s"
        [(attempt,)] = await world.core.sql(query, activity_id)
        return int(attempt) > 0

    await eventually_async("it is sent", sent)
