"""Every phone ends at the newest number for its icon, whatever becomes of the attempts before."""

import asyncio
import datetime as dt
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from core_service.badges.dispatcher import BadgeDispatcher
from core_service.badges.errors import BadgeDeviceDisconnected
from core_service.badges.service import BadgeAnswer, Badges
from core_service.channels.audience import Audience
from core_service.common.jobs import cancel, start_jobs
from core_service.common.orm import new_id, now
from core_service.events.service import EventBus
from core_service.idempotency.service import Resource, kept
from core_service.identity.principal import ApiKeyPrincipal
from core_service.sending.port import Concern, Outcome, OutcomeKind, PushType
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import OutcomeCounts
from service_kit.client import open_channel
from service_kit.database import Pool, create_batch_pool, create_engine
from tests.core.conftest import NewDatabase
from tests.core.hanging_sender import HangingSender
from tests.core.harness import Account, Core, start_account
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOST = Outcome(OutcomeKind.RETRY, "ConnectionLost", maybe_accepted=True, concern=Concern.NETWORK)
BUSY = Outcome(OutcomeKind.RETRY, "InternalServerError", 900.0, status_code=500, concern=Concern.APNS)
GONE = Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered", concern=Concern.TOKEN)
REFUSED = Outcome(OutcomeKind.REJECTED, "BadMessageId", concern=Concern.REQUEST)
HELD = Outcome(OutcomeKind.HELD, "LineStopped", 8.0)


@dataclass
class World:
    """A process that sends numbers, over a database on which no core runs."""

    core: Core
    pool: Pool
    apns: HangingSender
    jobs: list["asyncio.Task[None]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin_again()

    def begin_again(self) -> None:
        """Another process: it knows nothing of the attempts in progress."""
        events = EventBus()
        self.dispatch = BadgeDispatcher(self.pool, self.apns, events)
        limit = KeyedLimiter[uuid.UUID](10)
        self.badges = Badges(self.pool, Audience(self.pool), self.dispatch, events, limit, delivery_wait=LONG)
        self.jobs = start_jobs(self.dispatch.run, self.dispatch.write)

    async def die(self) -> None:
        """The process ends where it is."""
        await cancel(*self.jobs)

    def set(self, account: Account, number: int, resource: Resource | None = None) -> "asyncio.Task[BadgeAnswer]":
        """A request of the account's backend, on its way; with an `Idempotency-Key` if there is a `resource`."""
        caller, context = ApiKeyPrincipal(uuid.uuid4(), uuid.UUID(account.id), None, 60), copy_context()
        context.run(kept.set, resource)
        return asyncio.create_task(self.badges.set(caller, number, None), context=context)

    async def recorded(self, account: Account, number: int) -> None:
        """Returns when this is the newest number of all phones of the account."""
        query = "SELECT bool_and(number = %s) FROM badges WHERE account_id = %s"
        await eventually_async("it is recorded", lambda: self._is(query, number, account.id))

    async def settled(self, account: Account, state: str = "accepted") -> list[int]:
        """The numbers of the account's phones, once all of them are in this state."""
        query = "SELECT bool_and(state = %s AND lease_id IS NULL) FROM badges WHERE account_id = %s"
        await eventually_async(f"all are {state}", lambda: self._is(query, state, account.id))
        return [row[0] for row in await self.core.sql("SELECT number FROM badges WHERE account_id = %s", account.id)]

    async def waits_longer(self, account: Account) -> bool:
        """Whether the account's phones wait, with no attempt in progress."""
        query = "SELECT bool_and(lease_id IS NULL AND due_at > now()) FROM badges WHERE account_id = %s"
        return await self._is(query, account.id)

    async def has_one_in_progress(self) -> bool:
        """Whether all outcomes but one are written."""
        return self.dispatch.in_progress == 1

    async def has_two_that_wait(self) -> bool:
        """Whether two statements on the database wait for locks."""
        query = "SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database()"
        return await self._is(f"{query} AND wait_event_type = 'Lock'")

    async def has_none_in_progress(self) -> bool:
        """Whether all outcomes are written."""
        return self.dispatch.in_progress == 0

    async def _is(self, query: str, *arguments: Any) -> bool:
        return bool((await self.core.sql(query, *arguments))[0][0])

    async def end_leases(self, account: Account) -> None:
        """As if the time of all attempts and waits were over."""
        await self.core.sql("UPDATE badges SET due_at = now() WHERE account_id = %s", account.id)
        self.dispatch.wake()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A database on which no core runs: only the tests send what it owes."""
    url = await asyncio.to_thread(new_database)
    async with open_channel("127.0.0.1:1") as channel, aclosing(Core("", url, channel)) as stranger:
        yield stranger


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: Core) -> AsyncIterator[World]:
    """A process of this test's own. What other tests have left owed is not its work."""
    await database.sql("DELETE FROM badges")
    async with create_batch_pool(database.database_url, max_size=3) as pool:
        world = World(database, pool, HangingSender())
        yield world
        await world.die()


@pytest_asyncio.fixture(loop_scope="session")
async def account(database: Core) -> Account:
    """An account with one phone."""
    made = await start_account(database)
    await add_phones(made, 1)
    return made


async def add_phones(account: Account, count: int) -> None:
    """Phones that have reported tokens."""
    await account.core.sql(
        "INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token, created_at,"
        " push_token_registered_at)"
        " SELECT gen_random_uuid(), %s, %s, 'iPhone', sha256(gen_random_uuid()::text::bytea), 'production',"
        " replace(gen_random_uuid()::text, '-', ''), now(), now() FROM generate_series(1, %s)",
        *(account.id, account.owner_id, count),
    )


async def test_the_newer_number_waits_for_the_outcome_of_the_older_one_and_is_sent_then(
    world: World, account: Account
) -> None:
    three = world.set(account, 3)
    older = await world.apns.next()
    five = world.set(account, 5)
    await world.recorded(account, 5)
    world.dispatch.wake()
    assert not (await asyncio.wait({five}, timeout=1.0))[0], "its turn has not come"
    assert [one.number for one in world.apns.sent] == [3]
    # Before its outcome comes: a request that has not asked the database by then counts the phone itself.
    assert (await three).counts == OutcomeCounts(0, 0, 0), "the phone is counted with its newest number only"
    older.ends()
    newer = await world.apns.next()
    newer.ends()
    assert (newer.number, (await five).counts) == (5, OutcomeCounts(1, 1, 0))
    assert await world.settled(account) == [5]
    assert [one.number for one in world.apns.sent] == [3, 5]
    assert older.target.apns_id != newer.target.apns_id, "to APNs they are two pushes"


async def test_of_the_numbers_that_come_meanwhile_only_the_newest_is_sent(world: World, account: Account) -> None:
    asked = [world.set(account, 1)]
    first = await world.apns.next()
    for number in (2, 3, 4):
        asked.append(world.set(account, number))
        await world.recorded(account, number)
    first.ends()
    (await world.apns.next()).ends()
    await asyncio.gather(*asked)
    assert [one.number for one in world.apns.sent] == [1, 4]
    assert await world.settled(account) == [4]


@pytest.mark.parametrize("outcome", [LOST, REFUSED, HELD], ids=lambda one: one.reason)
async def test_an_older_number_that_failed_is_not_sent_again_once_there_is_a_newer_one(
    world: World, account: Account, outcome: Outcome
) -> None:
    world.set(account, 3)
    older = await world.apns.next()
    five = world.set(account, 5)
    await world.recorded(account, 5)
    older.ends(outcome)
    if outcome is HELD:
        await eventually_async("the wait is written", lambda: world.waits_longer(account))
        await world.end_leases(account)
    newer = await world.apns.next()
    newer.ends()
    assert newer.number == 5
    assert await world.settled(account) == [5]
    await five


async def test_a_wait_that_apns_asked_for_ends_with_the_newest_number(world: World, account: Account) -> None:
    three = world.set(account, 3)
    (await world.apns.next()).ends(BUSY)
    assert (await three).counts.devices_queued == 1
    five = world.set(account, 5)
    began = time.monotonic()
    assert (await five).counts.devices_queued == 1
    assert time.monotonic() - began < LONG, "what cannot be sent now is not waited for"
    assert await world.waits_longer(account), "a newer number does not go around it"
    await world.end_leases(account)
    (await world.apns.next()).ends()
    assert await world.settled(account) == [5]
    assert [one.number for one in world.apns.sent] == [3, 5]


async def test_a_process_that_dies_with_an_attempt_in_progress_leaves_the_newest_number_to_the_next(
    world: World, account: Account
) -> None:
    world.set(account, 3)
    await world.apns.next()
    five = world.set(account, 5)
    await world.recorded(account, 5)
    await world.die()
    five.cancel()
    world.begin_again()
    [(is_leased,)] = await world.core.sql("SELECT due_at > now() FROM badges WHERE account_id = %s", account.id)
    assert is_leased, "the attempt of the dead process may be on its way still"
    assert [one.number for one in world.apns.sent] == [3]
    await world.end_leases(account)
    (await world.apns.next()).ends()
    assert await world.settled(account) == [5]
    assert [one.number for one in world.apns.sent] == [3, 5]


async def test_an_outcome_that_comes_after_its_lease_starts_nothing_beside_the_next_attempt(
    world: World, account: Account
) -> None:
    world.set(account, 3)
    late = await world.apns.next()
    world.set(account, 5)
    await world.recorded(account, 5)
    await world.end_leases(account)
    second = await world.apns.next()
    late.ends()
    seven = world.set(account, 7)
    await world.recorded(account, 7)
    await eventually_async("the late outcome is written", world.has_one_in_progress)
    assert [one.number for one in world.apns.sent] == [3, 5], "one attempt is in progress for the phone"
    second.ends()
    (await world.apns.next()).ends()
    await seven
    assert await world.settled(account) == [7]


async def test_two_numbers_at_once_end_the_same_on_every_phone(world: World, account: Account) -> None:
    await add_phones(account, 49)
    world.apns.answer = Outcome(OutcomeKind.ACCEPTED)
    for first in range(0, 20, 2):
        await asyncio.gather(world.set(account, first), world.set(account, first + 1))
        numbers = await world.settled(account)
        assert len(numbers) == 50
        assert len(set(numbers)) == 1
        last = {one.target.device_id: one.number for one in world.apns.sent}
        assert set(last.values()) == set(numbers), "what was sent last is what is recorded"


async def test_two_numbers_at_once_wait_for_each_other_and_not_in_a_circle(world: World, account: Account) -> None:
    await add_phones(account, 49)
    world.apns.answer = Outcome(OutcomeKind.ACCEPTED)
    await world.set(account, 0)
    await world.settled(account)
    async with await psycopg.AsyncConnection.connect(world.core.database_url) as somebody:
        one_in_the_middle = "SELECT FROM badges WHERE account_id = %s ORDER BY device_id OFFSET 25 LIMIT 1 FOR UPDATE"
        await somebody.execute(one_in_the_middle, (account.id,))
        asked = world.set(account, 1), world.set(account, 2)
        await eventually_async("both wait", world.has_two_that_wait)
    await asyncio.gather(*asked)
    assert len(set(await world.settled(account))) == 1


async def test_a_token_that_comes_during_an_attempt_starts_no_other_beside_it(world: World, account: Account) -> None:
    world.set(account, 3)
    attempt = await world.apns.next()
    # Another push of the account was refused.
    await world.core.sql("UPDATE devices SET push_token_dead_reason = 'Unregistered' WHERE account_id = %s", account.id)
    five = world.set(account, 5)
    await world.recorded(account, 5)
    engine = create_engine(world.core.database_url, pool_size=1)
    await report_token(engine, world, account)
    await engine.dispose()
    assert not (await asyncio.wait({five}, timeout=1.0))[0]
    assert [one.number for one in world.apns.sent] == [3]
    attempt.ends()
    (await world.apns.next()).ends()
    assert (await five).counts.devices_notified == 1
    assert [(one.number, one.target.token) for one in world.apns.sent][-1] == (5, "ef" * 32)


async def test_a_thousand_phones_get_a_number_in_one_statement_and_few_claims(world: World, account: Account) -> None:
    await add_phones(account, 999)
    world.apns.answer = Outcome(OutcomeKind.ACCEPTED)
    answer = await world.set(account, 42)
    assert (answer.devices_targeted, answer.counts.devices_notified, answer.counts.users_notified) == (1000, 1000, 1)
    assert len({id(one.push) for one in world.apns.sent}) <= 8, "a push is for all phones of a claim"
    assert set(await world.settled(account)) == {42}


async def test_a_dead_token_is_said_and_the_phone_gets_the_newest_number_with_its_next_token(
    world: World, account: Account
) -> None:
    three = world.set(account, 3)
    (await world.apns.next()).ends(GONE)
    with pytest.raises(BadgeDeviceDisconnected) as refused:
        await three
    assert (refused.value.facts["code"], refused.value.facts["badge"]) == ("badge_device_disconnected", 3)
    with pytest.raises(BadgeDeviceDisconnected):
        await world.set(account, 5)
    assert await world.settled(account, "token_dead") == [5]
    engine = create_engine(world.core.database_url, pool_size=1)
    await report_token(engine, world, account)
    await engine.dispose()
    sent = await world.apns.next()
    sent.ends()
    assert (sent.number, sent.target.token) == (5, "ef" * 32)
    assert await world.settled(account) == [5]


async def report_token(engine: AsyncEngine, world: World, account: Account) -> None:
    """The app on the account's phone has another token."""
    [(device_id,)] = await world.core.sql("SELECT id FROM devices WHERE account_id = %s", account.id)
    async with async_sessionmaker(engine).begin() as session:
        await session.execute(
            text("UPDATE devices SET push_token = :token, push_token_dead_reason = NULL WHERE id = :id"),
            {"token": "ef" * 32, "id": device_id},
        )
        await world.dispatch.owe_newest(session, device_id)
    world.dispatch.wake()


async def test_a_token_that_is_being_replaced_while_it_is_refused_owes_the_number_to_its_successor(
    world: World, account: Account
) -> None:
    three = world.set(account, 3)
    attempt = await world.apns.next()
    async with await psycopg.AsyncConnection.connect(world.core.database_url) as app:
        await app.execute("UPDATE devices SET push_token = 'cdcd' WHERE account_id = %s", (account.id,))
        attempt.ends(GONE)
        await eventually_async("the outcome is written", world.has_none_in_progress)
    second = await world.apns.next()
    # Before the second attempt ends: a request that has not answered by then counts that one's outcome.
    assert (await three).counts.devices_queued == 1
    second.ends()
    assert second.target.token == "cdcd"
    assert await world.settled(account) == [3]


async def test_a_number_reaches_the_phones_of_the_account_alone(world: World, account: Account) -> None:
    stranger = await start_account(world.core, "Elsewhere")
    await add_phones(stranger, 1)
    world.apns.answer = Outcome(OutcomeKind.ACCEPTED)
    await world.set(stranger, 1)
    await world.set(account, 2)
    assert (await world.settled(account), await world.settled(stranger)) == ([2], [1])
    assert len(world.apns.sent) == 2


async def test_a_request_that_is_run_again_answers_for_its_own_number_and_does_not_set_it_again(
    world: World, account: Account
) -> None:
    world.apns.answer = Outcome(OutcomeKind.ACCEPTED)
    first = Resource(new_id())
    await world.set(account, 3, first)
    await world.set(account, 5)
    assert (await world.set(account, 3, replace(first, repeated=True))).number == 3
    assert await world.settled(account) == [5]
    assert [one.number for one in world.apns.sent] == [3, 5]


async def test_a_phone_that_is_off_gets_the_newest_number_and_the_push_rings_nothing(
    world: World, account: Account
) -> None:
    asked = world.set(account, 0)
    attempt = await world.apns.next()
    attempt.ends()
    await asked
    push = attempt.push
    assert json.loads(push.payload) == {"aps": {"badge": 0}}
    assert (push.push_type, push.priority, push.collapse_id) == (PushType.ALERT, 10, "badge")
    assert push.expires_at - now() > dt.timedelta(days=29)
