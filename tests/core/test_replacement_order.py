"""No older content of a notification is sent to a phone after a newer one, whatever happens in between."""

import asyncio
import datetime as dt
import random
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX
from smith.delivery.v1.delivery_pb2 import Outcome
from smith.delivery.v1.reason_pb2 import OUTCOME_KIND_REJECTED, OUTCOME_KIND_RETRY, OUTCOME_KIND_TOKEN_DEAD

from core_service.common.jobs import cancel
from core_service.common.orm import lowest_id, now
from core_service.events.service import EventBus
from core_service.sending.grpc_sender import GrpcPushSender
from core_service.sending.port import Lease, OutcomeKind, Push, Target
from core_service.sending.revival import Revival
from core_service.settings import CoreSettings
from service_kit.client import open_channel
from service_kit.database import create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, Core, Phone, refused_with, start_account, start_core
from tests.core.processes import core_process, serving_address
from tests.core.told_delivery import ACCEPTED, Attempt, ToldDelivery, told_delivery
from tests.waiting import LONG, eventually_async

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

RETRY = Outcome(kind=OUTCOME_KIND_RETRY, reason="ConnectionLost", retry_after_ms=1500, maybe_accepted=True)
MUCH_LATER = Outcome(kind=OUTCOME_KIND_RETRY, reason="ConnectionLost", retry_after_ms=600_000, maybe_accepted=True)
REJECTED = Outcome(kind=OUTCOME_KIND_REJECTED, reason="BadTopic")
DEAD = Outcome(kind=OUTCOME_KIND_TOKEN_DEAD, reason="Unregistered")
LEASE_IS_OVER = "UPDATE deliveries SET due_at = now() WHERE notification_id = %s AND state = 'due'"
STATES = "SELECT state FROM deliveries WHERE notification_id = %s"


class World:
    """A core, another one on the same database, one account, and what APNs would say."""

    def __init__(self, cores: list[Core], delivery: ToldDelivery, account: Account, secret: str) -> None:
        self.delivery = delivery
        self.account = account
        self.core = cores[0]
        self.backends: list[Caller] = [core.caller(secret) for core in cores]
        self.secret = secret

    @property
    def backend(self) -> Caller:
        """A caller of the first core."""
        return self.backends[0]

    async def phone(self) -> tuple[Phone, str]:
        """A phone with its push token."""
        phone = await self.account.add_phone()
        return phone, await report(phone)

    async def first(self, token: str, title: str = "down") -> tuple[str, Attempt]:
        """The id of a notification that is on its way to the phone, and its attempt, which is held."""
        self.delivery.is_held = True
        made = len(self.delivery.of(token))
        sent = await self.backend.SendPushNotification(title=title)
        return sent.notification_id, await self.delivery.nth(made + 1, token)

    async def settled(self, notification_id: str, state: str = "accepted") -> None:
        """Returns once the notification's only delivery is in this state."""

        async def is_so() -> bool:
            return await self.core.sql(STATES, notification_id) == [(state,)]

        await eventually_async(f"the delivery is {state}", is_so)

    async def is_owed_nothing(self, token: str, *titles: str) -> None:
        """Fails unless the phone was sent these, and no phone is owed anything."""
        assert await self.core.sql("SELECT 1 FROM deliveries WHERE state = 'due'") == []
        assert [one.title for one in self.delivery.of(token)] == [*titles]


async def report(phone: Phone) -> str:
    """The phone reports a new push token."""
    token = secrets.token_hex(32)
    await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, push_token=token)
    return token


@pytest_asyncio.fixture(loop_scope="session")
async def world(new_database: NewDatabase) -> AsyncIterator[World]:
    """Two cores of their own, because deliveries are held."""
    url = await asyncio.to_thread(new_database)
    async with AsyncExitStack() as stack:
        delivery = await stack.enter_async_context(told_delivery())
        settings = {"delivery_address": delivery.address, "delivery_wait": 0.3}
        cores = [await stack.enter_async_context(start_core(url, **settings)) for _ in range(2)]
        account = await start_account(cores[0])
        await account.owner.UpdateAccount(rate_limit_per_minute=10_000)
        yield World(cores, delivery, account, (await account.add_key())[1])
        for attempt in delivery.attempts:
            if attempt.is_open:
                attempt.answer()


@asynccontextmanager
async def patient(world: World) -> AsyncIterator[Caller]:
    """A backend of a third core, whose answers wait for outcomes for as long as a busy machine takes."""
    settings = {"delivery_address": world.delivery.address, "delivery_wait": 20.0}
    async with start_core(world.core.database_url, **settings) as core:
        yield core.caller(world.secret)


async def test_new_content_waits_for_the_outcome_of_the_old_one_and_comes_silently(world: World) -> None:
    _, token = await world.phone()
    notification_id, old = await world.first(token)
    replaced = await world.backend.ReplacePushNotification(notification_id=notification_id, title="recovered")
    assert (replaced.success, replaced.notification_id, replaced.devices_queued) == (True, notification_id, 1)
    assert world.delivery.of(token) == [old], "one attempt is on its way"
    old.answer()
    new = await world.delivery.nth(2, token)
    assert (new.title, new.is_silent, old.is_silent) == ("recovered", True, False)
    assert new.apns_id != old.apns_id
    new.answer()
    await world.settled(notification_id)
    assert world.delivery.screen(token) == "recovered"


async def test_a_lost_answer_leads_to_the_new_content_and_not_to_a_repeat_of_the_old(world: World) -> None:
    _, token = await world.phone()
    notification_id, old = await world.first(token)
    await world.backend.ReplacePushNotification(notification_id=notification_id, title="recovered")
    old.answer(RETRY)
    new = await world.delivery.nth(2, token)
    assert (new.title, new.is_silent) == ("recovered", False), "the old one may not have come, so this one rings"
    new.answer()
    await world.settled(notification_id)
    await world.is_owed_nothing(token, "down", "recovered")


async def test_after_a_failure_only_the_new_content_is_tried_again(world: World) -> None:
    _, token = await world.phone()
    notification_id, old = await world.first(token)
    old.answer(MUCH_LATER)

    async def has_failed() -> bool:
        query = "SELECT reason FROM deliveries WHERE notification_id = %s"
        return await world.core.sql(query, notification_id) == [("ConnectionLost",)]

    await eventually_async("the failure is written", has_failed)
    await world.backend.ReplacePushNotification(notification_id=notification_id, title="recovered")
    await world.core.sql("UPDATE deliveries SET due_at = now() WHERE notification_id = %s", notification_id)
    new = await world.delivery.nth(2, token)
    assert (new.title, new.is_silent) == ("recovered", False)
    new.answer()
    await world.settled(notification_id)
    await world.is_owed_nothing(token, "down", "recovered")


async def test_what_apns_refused_for_good_is_sent_with_its_new_content(world: World) -> None:
    _, token = await world.phone()
    notification_id, old = await world.first(token)
    old.answer(REJECTED)
    await world.settled(notification_id, "rejected")
    world.delivery.is_held = False
    async with patient(world) as backend:
        replaced = await backend.ReplacePushNotification(notification_id=notification_id, title="shorter")
    await world.settled(notification_id)
    assert [one.title for one in world.delivery.of(token)] == ["down", "shorter"]
    assert not world.delivery.of(token)[1].is_silent
    assert replaced.devices_notified == 1


async def test_content_that_is_refused_while_it_is_replaced_makes_way_for_the_new_one(world: World) -> None:
    _, token = await world.phone()
    notification_id, old = await world.first(token)
    await world.backend.ReplacePushNotification(notification_id=notification_id, title="shorter")
    old.answer(REJECTED)
    (await world.delivery.nth(2, token)).answer()
    await world.settled(notification_id)
    assert world.delivery.screen(token) == "shorter"


@pytest.mark.thorough
async def test_if_core_dies_with_the_old_content_on_its_way_only_the_new_one_is_sent(
    world: World, tmp_path: Path
) -> None:
    _, token = await world.phone()
    world.delivery.is_held = True
    with core_process(world.core.database_url, tmp_path / "log", delivery_address=world.delivery.address) as process:
        address = await asyncio.to_thread(serving_address, process, tmp_path / "log")
        async with open_channel(address) as channel:
            backend = Caller(channel, world.secret, None)
            sent = await backend.SendPushNotification(title="down")
            old = await world.delivery.nth(1, token)
            await world.backend.ReplacePushNotification(notification_id=sent.notification_id, title="recovered")
            assert world.delivery.of(token) == [old]
            process.kill()
            await asyncio.to_thread(process.wait)
    await eventually_async("the call is cut off", lambda: _is(not old.is_open))
    await world.core.sql(LEASE_IS_OVER, sent.notification_id)
    new = await world.delivery.nth(2, token)
    assert (new.title, new.is_silent) == ("recovered", False), "it is not known whether the old one came"
    new.answer()
    await world.settled(sent.notification_id)
    await world.is_owed_nothing(token, "down", "recovered")


async def test_an_outcome_that_comes_after_the_lease_frees_nothing_that_is_on_its_way_again(world: World) -> None:
    _, token = await world.phone()
    notification_id, old = await world.first(token)
    await world.backend.ReplacePushNotification(notification_id=notification_id, title="second")
    await world.core.sql(LEASE_IS_OVER, notification_id)
    second = await world.delivery.nth(2, token)
    world.delivery.overlaps.clear()  # The lease has not ended by itself: no call takes that long.
    old.answer()
    # The outcome of the next one is written after that of the old one.
    other, told = await world.first(token, "another")
    told.answer()
    await world.settled(other)
    assert [one.title for one in world.delivery.of(token)] == ["down", "second", "another"]
    await world.backend.ReplacePushNotification(notification_id=notification_id, title="third")
    assert second.is_open
    second.answer()
    third = await world.delivery.nth(4, token)
    assert (third.title, third.is_silent) == ("third", True)
    third.answer()
    await world.settled(notification_id)
    await world.is_owed_nothing(token, "down", "second", "another", "third")


async def test_of_replacements_at_once_one_is_the_last_everywhere(world: World) -> None:
    tokens = [(await world.phone())[1] for _ in range(5)]
    notification_id, old = await world.first(tokens[0])
    for token in tokens:
        (await world.delivery.nth(1, token)).answer()
    world.delivery.is_held = False
    for _ in range(3):
        await asyncio.gather(
            *(
                world.backends[number % 2].ReplacePushNotification(
                    notification_id=notification_id, title=f"no {number}"
                )
                for number in range(12)
            )
        )
        shown = await world.account.owner.GetPushNotification(notification_id=notification_id)
        last = shown.push_notification.title

        async def all_show(last: str = last) -> bool:
            counts = (await world.account.owner.GetPushNotification(notification_id=notification_id)).push_notification
            return counts.counts.accepted == 5 and {world.delivery.screen(token) for token in tokens} == {last}

        await eventually_async(f"all show {last}", all_show)
    assert shown.push_notification.replacements == 36
    assert old.title == "down"
    for token in tokens:
        assert all(one.is_silent for one in world.delivery.of(token)[1:])


async def test_a_phone_whose_token_was_dead_gets_the_new_content_only_by_its_new_token(world: World) -> None:
    phone, token = await world.phone()
    notification_id, old = await world.first(token)
    old.answer(DEAD)
    await world.settled(notification_id, "token_dead")
    said = await refused_with(
        "NO_RECIPIENTS", world.backend.ReplacePushNotification(notification_id=notification_id, title="recovered")
    )
    assert said == "No devices matched the effective channel target"
    fresh = await report(phone)
    world.delivery.is_held = False
    async with patient(world) as backend:
        replaced = await backend.ReplacePushNotification(notification_id=notification_id, title="recovered")
    await world.settled(notification_id)
    assert replaced.devices_notified == 1
    assert [(one.title, one.is_silent) for one in world.delivery.of(fresh)] == [("recovered", False)]
    assert [one.title for one in world.delivery.of(token)] == ["down"]


async def test_a_token_that_dies_while_the_content_is_replaced_is_sent_nothing_more(world: World) -> None:
    phone, token = await world.phone()
    notification_id, old = await world.first(token)
    await world.backend.ReplacePushNotification(notification_id=notification_id, title="recovered")
    old.answer(DEAD)
    await world.settled(notification_id, "token_dead")
    fresh = await report(phone)
    await world.is_owed_nothing(fresh)
    assert [one.title for one in world.delivery.of(token)] == ["down"]


async def test_a_token_that_lives_again_is_sent_the_newest_content_even_days_later(world: World) -> None:
    _, other_token = await world.phone()
    wronged, token = await world.phone()
    notification_id, _ = await world.first(token)
    (await world.delivery.nth(1, other_token)).answer()
    (await world.delivery.nth(1, token)).answer(
        Outcome(kind=OUTCOME_KIND_TOKEN_DEAD, reason="BadDeviceToken", configuration="wrong")
    )

    async def is_dead() -> bool:
        # The other phone's outcome is written too: it may come later, and finds nothing once the id is another.
        query = (
            "SELECT 1 FROM devices WHERE id = %s AND push_token_died_under = 'wrong'"
            " AND EXISTS (SELECT FROM deliveries WHERE notification_id = %s AND state = 'accepted')"
        )
        return bool(await world.core.sql(query, wronged.id, notification_id))

    await eventually_async("one token is dead, and the other phone has it", is_dead)
    old_id = str(lowest_id(now() - dt.timedelta(days=6)))
    await world.core.sql(
        "WITH moved AS (UPDATE deliveries SET notification_id = %(new)s WHERE notification_id = %(old)s)"
        " UPDATE notifications SET id = %(new)s, created_at = now() - interval '6 days',"
        " expires_at = now() - interval '3 days' WHERE id = %(old)s",
        old=notification_id,
        new=old_id,
    )
    world.delivery.is_held = False
    await world.backend.ReplacePushNotification(notification_id=old_id, title="recovered")
    assert [one.title for one in world.delivery.of(token)] == ["down"]
    async with create_batch_pool(world.core.database_url, max_size=2) as pool:

        async def ask() -> str:
            return "right"

        hours = CoreSettings.model_fields["notification_ttl_hours"].default
        await Revival(pool, EventBus(), ask, now, time_to_live=dt.timedelta(hours=hours)).look()
    for one_token in (token, other_token):
        await world.delivery.nth(2, one_token)
    assert [(one.title, one.is_silent) for one in world.delivery.of(token)] == [("down", False), ("recovered", False)]
    assert [(one.title, one.is_silent) for one in world.delivery.of(other_token)] == [
        ("down", False),
        ("recovered", True),
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_apns_answers_each_phone_sees_contents_in_their_order_and_the_last_in_the_end(
    world: World, seed: int
) -> None:
    chance, tokens = random.Random(seed), [(await world.phone())[1] for _ in range(4)]
    world.delivery.is_held = True
    weights = [6, 3, 1]
    soon = Outcome(kind=OUTCOME_KIND_RETRY, reason="ConnectionLost", retry_after_ms=1, maybe_accepted=True)

    async def apns() -> None:
        while True:
            for attempt in [one for one in world.delivery.attempts if one.is_open and chance.random() < 0.5]:
                attempt.answer(chance.choices([ACCEPTED, soon, REJECTED], weights)[0])
            await asyncio.sleep(0.01)

    async with running(apns()):
        notification_id = (await world.backend.SendPushNotification(title="0")).notification_id
        for number in range(1, 16):
            await asyncio.sleep(chance.random() * 0.05)
            backend = chance.choice(world.backends)
            await backend.ReplacePushNotification(notification_id=notification_id, title=str(number))
        weights[:] = [9, 0, 1]

        async def all_are_settled() -> bool:
            return await world.core.sql("SELECT 1 FROM deliveries WHERE state = 'due'") == []

        await eventually_async("everything is settled", all_are_settled)
    states = dict(await world.core.sql(
        "SELECT v.push_token, d.state FROM deliveries d JOIN devices v ON v.id = d.device_id"
    ))  # fmt: skip
    for token in tokens:
        numbers = [int(one.title) for one in world.delivery.of(token)]
        assert numbers == sorted(numbers)
        assert numbers[-1] == 15, "the newest was sent"
        assert (world.delivery.screen(token) == "15") == (states[token] == "accepted")


@pytest.mark.thorough
async def test_replacements_and_outcomes_of_many_phones_never_wait_for_each_other_in_a_circle(world: World) -> None:
    await world.core.sql(
        "INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token,"
        " push_token_registered_at, created_at)"
        " SELECT gen_random_uuid(), %s, %s, 'iPhone', sha256(gen_random_uuid()::text::bytea), 'production',"
        " replace(gen_random_uuid()::text, '-', ''), now(), now() FROM generate_series(1, 1000)",
        *(world.account.id, world.account.owner_id),
    )
    sent = await world.backend.SendPushNotification(title="0")
    for number in range(1, 11):
        await asyncio.gather(
            *(
                backend.ReplacePushNotification(notification_id=sent.notification_id, title=str(number))
                for backend in world.backends
            )
        )

    async def all_have_the_newest() -> bool:
        query = "SELECT version, state, count(*) FROM deliveries GROUP BY 1, 2"
        return await world.core.sql(query) == [(21, "accepted", 1000)]

    await eventually_async("all have the newest", all_have_the_newest)
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert await world.core.sql(query) == [(0,)]


@asynccontextmanager
async def running(job: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """The job runs meanwhile."""
    task = asyncio.create_task(job)
    yield
    assert not task.done()
    await cancel(task)


async def _is(holds: bool) -> bool:
    return holds


@pytest.mark.parametrize("seconds", [-1.0, 0.3])
async def test_nothing_is_on_its_way_any_more_once_the_lease_is_over(seconds: float) -> None:
    """As after a process was suspended for longer than its lease: another one may be sending a newer text."""
    told: asyncio.Queue[OutcomeKind] = asyncio.Queue()
    target = Target(uuid.uuid4(), uuid.uuid4(), "ab" * 32, "sandbox", None, uuid.uuid4())
    async with told_delivery() as delivery, open_channel(delivery.address) as channel:
        delivery.is_held = True

        async def submit(seconds: float) -> None:
            lease = Lease(now(), time.monotonic() + seconds)
            push = Push(b'{"aps": {"alert": {"title": "down"}}}', now(), targets=[target], lease=lease)
            GrpcPushSender(channel).submit(push, lambda target, outcome: told.put_nowait(outcome.verdict))
            assert await asyncio.wait_for(told.get(), LONG) is OutcomeKind.RETRY

        await submit(seconds)
        leases = 1
        while seconds > 0 and not delivery.attempts:
            # The machine has stalled until the lease was over: only a longer one shows what becomes of an attempt.
            seconds, leases = seconds * 4, leases + 1
            assert seconds < LONG, "nothing was sent under any lease"
            await submit(seconds)
        assert len(delivery.attempts) <= (leases if seconds > 0 else 0)
        await eventually_async("the call is over", lambda: _is(not any(one.is_open for one in delivery.attempts)))
