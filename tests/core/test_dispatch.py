"""What is owed stays owed and hurts no other, whatever happens between an outcome and its row."""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import grpc
import psycopg
import pytest
import pytest_asyncio

from core_service.common.jobs import cancel, keep_running
from core_service.common.orm import new_id
from core_service.events.service import EventBus, EventType
from core_service.sending.dispatcher import MAX_DIRECT, MAX_IN_PROGRESS, Dispatcher
from core_service.sending.port import Outcome, OutcomeKind, Push, Target
from service_kit.database import Pool, create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import DEADLINE_SECONDS, Account, Caller, Core, refusal, start_account, start_core
from tests.core.saying_sender import SayingSender
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

GONE = Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered")


@pytest_asyncio.fixture(loop_scope="session")
async def pool(core: Core) -> AsyncIterator[Pool]:
    """Connections of the test's own to the core's database."""
    async with create_batch_pool(core.database_url, max_size=2) as opened:
        yield opened


@pytest.fixture
def events() -> EventBus:
    """What the dispatcher tells of."""
    return EventBus()


@pytest.fixture
def apns() -> SayingSender:
    """What becomes of pushes."""
    return SayingSender()


@pytest_asyncio.fixture(loop_scope="session")
async def dispatch(pool: Pool, apns: SayingSender, events: EventBus) -> AsyncIterator[Dispatcher]:
    """A dispatcher that writes outcomes."""
    dispatch = Dispatcher(pool, apns, events)
    running = asyncio.create_task(dispatch.write())
    yield dispatch
    assert not running.done()
    await cancel(running)


def a_target(device_id: uuid.UUID | None = None, token: str = "ab" * 32) -> Target:
    return Target(device_id or uuid.uuid4(), uuid.uuid4(), token, "production", None, uuid.uuid4())


async def owe(core: Core, notification_id: uuid.UUID, *targets: Target) -> None:
    """Deliveries leased to this test."""
    for target in targets:
        await core.sql(
            "INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)"
            " VALUES (%s, %s, gen_random_uuid(), %s, %s, 'due', now() + interval '1 hour', 0)",
            *(notification_id, target.device_id, target.user_id, target.apns_id),
        )


async def state(core: Core, notification_id: uuid.UUID, target: Target) -> str:
    query = "SELECT state FROM deliveries WHERE notification_id = %s AND device_id = %s"
    return str((await core.sql(query, notification_id, target.device_id))[0][0])


def a_push(*targets: Target) -> Push:
    return Push(b"{}", dt.datetime.now(dt.UTC), targets=list(targets))


async def reachable_phone(account: Account) -> Target:
    """A phone that has reported a token."""
    phone = await account.add_phone()
    token = uuid.uuid4().hex * 2
    await account.core.sql(
        "UPDATE devices SET push_token = %s, push_token_registered_at = now(), environment = 'production'"
        " WHERE id = %s",
        *(token, phone.id),
    )
    return a_target(uuid.UUID(phone.id), token)


async def test_an_outcome_that_can_never_be_written_holds_up_no_other(
    core: Core, apns: SayingSender, dispatch: Dispatcher
) -> None:
    notification_id, unwritable, others = new_id(), a_target(), [a_target() for _ in range(3)]
    await owe(core, notification_id, unwritable, *others)
    apns.by_target[unwritable] = Outcome(OutcomeKind.REJECTED, "PostgreSQL takes no \0")
    wait = dispatch.deliver(uuid.uuid4(), notification_id, a_push(unwritable, *others))
    await wait.wait(4, LONG)
    assert (wait.counts(4).devices_notified, wait.counts(4).devices_queued) == (3, 1)
    assert await state(core, notification_id, unwritable) == "due"


async def test_a_device_that_is_being_changed_holds_up_no_outcomes_of_others(
    core: Core, account: Account, apns: SayingSender, dispatch: Dispatcher
) -> None:
    notification_id, rotating, other = new_id(), await reachable_phone(account), a_target()
    # It is kept, so that the core, which may find it due before this test looks, goes on to owe it.
    await core.sql(
        "INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)"
        " VALUES (%s, %s, 't', '{}', now(), now() + interval '1 day')",
        *(notification_id, account.id),
    )
    await owe(core, notification_id, rotating, other)
    apns.by_target[rotating] = GONE
    async with await psycopg.AsyncConnection.connect(core.database_url) as app:
        await app.execute("UPDATE devices SET push_token = 'cdcd' WHERE id = %s", (rotating.device_id,))
        wait = dispatch.deliver(uuid.uuid4(), notification_id, a_push(rotating, other))
        await wait.wait(2, LONG)
        assert wait.counts(2).devices_notified == 1
    assert await state(core, notification_id, rotating) == "due", "it is owed to the token that comes"
    query = "SELECT push_token_dead_reason FROM devices WHERE id = %s"
    assert await core.sql(query, rotating.device_id) == [(None,)]


async def test_a_token_that_apns_refused_is_dead_and_owed_nothing(
    core: Core, account: Account, apns: SayingSender, dispatch: Dispatcher, events: EventBus
) -> None:
    notification_id, phone = new_id(), await reachable_phone(account)
    await owe(core, notification_id, phone)
    apns.by_target[phone] = GONE
    [(account_id,)] = await core.sql("SELECT account_id FROM deliveries WHERE notification_id = %s", notification_id)
    with events.watch(account_id) as watcher:
        await dispatch.deliver(account_id, notification_id, a_push(phone)).wait(1, LONG)
        [told] = (await anext(watcher)).events
    assert await state(core, notification_id, phone) == "token_dead"
    query = "SELECT push_token_dead_reason FROM devices WHERE id = %s"
    assert await core.sql(query, phone.device_id) == [("Unregistered",)]
    assert (told.type, told.device_id, told.reason) == (EventType.PUSH_TOKEN_DEAD, phone.device_id, "Unregistered")


@pytest.mark.parametrize("verdict", [OutcomeKind.HELD, OutcomeKind.MISCONFIGURED])
async def test_what_only_settings_are_to_blame_for_does_not_slow_down_what_follows(
    core: Core, apns: SayingSender, dispatch: Dispatcher, verdict: OutcomeKind
) -> None:
    notification_id, target = new_id(), replace(a_target(), attempts=10)
    await owe(core, notification_id, target)
    apns.by_target[target] = Outcome(verdict, "LineStopped", 8.0)
    await dispatch.deliver(uuid.uuid4(), notification_id, a_push(target)).wait(1, LONG)
    query = (
        "SELECT state, attempts, due_at - now() < interval '9 seconds' FROM deliveries"
        " WHERE notification_id = %s AND device_id = %s"
    )
    assert await core.sql(query, notification_id, target.device_id) == [("due", 0, True)]


async def test_while_outcomes_cannot_be_written_nothing_new_is_begun(pool: Pool) -> None:
    dispatch = Dispatcher(pool, SayingSender(), EventBus())
    dispatch.deliver(uuid.uuid4(), uuid.uuid4(), a_push(*(a_target() for _ in range(MAX_IN_PROGRESS))))
    assert not dispatch.has_room(uuid.uuid4())


async def test_an_account_that_delivers_much_itself_leaves_the_rest_to_the_dispatcher(
    dispatch: Dispatcher,
) -> None:
    greedy, modest = uuid.uuid4(), uuid.uuid4()
    delivered = dispatch.deliver(greedy, uuid.uuid4(), a_push(*(a_target() for _ in range(MAX_DIRECT))))
    assert (dispatch.has_room(greedy), dispatch.has_room(modest)) == (False, True)
    await delivered.wait(MAX_DIRECT, LONG)
    assert dispatch.has_room(greedy)


async def test_a_recorded_push_is_a_success_even_if_its_numbers_cannot_be_read(core: Core, account: Account) -> None:
    await core.sql(
        "INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token, created_at)"
        " SELECT gen_random_uuid(), %s, %s, 'iPhone', sha256(gen_random_uuid()::text::bytea), 'production',"
        " replace(gen_random_uuid()::text, '-', ''), now() FROM generate_series(1, 201)",
        *(account.id, account.owner_id),
    )
    caller = core.caller((await account.add_key())[1])
    sending = asyncio.ensure_future(caller.SendPushNotification(title="To many"))
    query = "SELECT id FROM notifications WHERE account_id = %s"
    await eventually_async("the push is recorded", lambda: core.sql(query, account.id))
    async with await psycopg.AsyncConnection.connect(core.database_url) as somebody:
        await somebody.execute("LOCK TABLE deliveries")
        # Within the time that callers have; the lock is held for longer.
        answer = await sending
    assert (answer.success, answer.devices_queued) == (True, 201)


async def test_a_database_that_has_become_a_replica_is_away_and_not_a_fault(new_database: NewDatabase) -> None:
    """On a core of its own: one that has noticed says that it is not healthy, and gets no calls of other tests."""
    disconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    async with (
        start_core(await asyncio.to_thread(new_database)) as core,
        grpc.aio.insecure_channel(core.address) as channel,  # It does not look at core's health.
    ):
        name = core.database_url.split("?")[0].rpartition("/")[2]
        account = await start_account(core)
        caller = Caller(channel, (await account.add_key())[1], None)
        await reachable_phone(account)
        async with await psycopg.AsyncConnection.connect(core.database_url, autocommit=True) as admin:
            await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            try:
                await admin.execute(disconnect, (name,))
                # The first ones find connections closed; the last ones find a database that is up and takes nothing.
                refusals = [await refusal(caller.SendPushNotification(title="Not now")) for _ in range(20)]
                assert {error.reason for error in refusals} == {"UNAVAILABLE"}
            finally:
                await admin.execute("SET default_transaction_read_only = off")
                await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
                await admin.execute(disconnect, (name,))


async def test_a_background_job_that_fails_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    runs, again = 0, asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("unforeseen")
        again.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(keep_running(job))
    await asyncio.wait_for(again.wait(), DEADLINE_SECONDS)
    await cancel(running)
    assert "unforeseen" in caplog.text
