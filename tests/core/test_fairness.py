"""Accounts take turns: one account's backlog is in no other's way."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from core_service.common.jobs import cancel
from core_service.common.orm import now
from core_service.events.service import EventBus
from core_service.live_activities.reconcile import reconciler as live
from core_service.live_activities.reconcile.settlement import ActivitySettler
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.sending.dispatcher import CLAIM_SIZE, MAX_CLAIMED, MAX_DIRECT, Dispatcher
from core_service.sending.port import ROUTE_STOPPED, OnOutcome, Outcome, OutcomeKind, Push, Target
from core_service.work_queue import loops
from core_service.work_queue.fair_claim import MAX_ACCOUNTS, Round
from core_service.work_queue.outcome_wait import OutcomeWaits
from service_kit.database import Pool, create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import start_account
from tests.core.live_rig import Rig, Team
from tests.waiting import LONG, eventually_async

ACCEPTED = Outcome(OutcomeKind.ACCEPTED)
HELD = Outcome(OutcomeKind.HELD, ROUTE_STOPPED, 60.0)

FILL = """
INSERT INTO accounts (id, name, created_at) VALUES (%(account_id)s, 'a', now());
INSERT INTO users (id, email, name, password_hash, created_at)
VALUES (%(account_id)s, %(account_id)s::text, 'u', '', now());
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token, push_token_registered_at,
    push_to_start_token, push_to_start_token_registered_at, created_at)
SELECT gen_random_uuid(), %(account_id)s, %(account_id)s, 'd', sha256(gen_random_uuid()::text::bytea), 'production',
       replace(gen_random_uuid()::text, '-', ''), now(), replace(gen_random_uuid()::text, '-', ''), now(), now()
FROM generate_series(1, %(devices)s);
"""
OWE_PUSH = """
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
VALUES (%(account_id)s, %(account_id)s, 't', '{}', now(), now() + interval '1 day');
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
SELECT %(account_id)s, id, account_id, user_id, gen_random_uuid(), 'due', now() - %(late)s * interval '1 second', 0
FROM devices WHERE account_id = %(account_id)s
"""
OWE_START = """
INSERT INTO live_activities (id, account_id, version, content_state, alert_version, urgent_version, updates,
    quiet_start, created_at, updated_at, heard_at, expires_at)
VALUES (%(account_id)s::text, %(account_id)s, 1, '{"title": "Deploy", "type": "progress", "percentage": 1}', 0, 1, 0,
    false, now(), now(), now(), now() + interval '8 hours');
INSERT INTO live_activity_devices (activity_id, device_id, account_id, user_id, phase, maybe_shown, accepted_version,
    sent_version, timestamp, apns_id, attempt, failures, leased, next_at)
SELECT %(account_id)s::text, id, account_id, user_id, 'requested', false, 0, 0, 0, gen_random_uuid(), 0, 0, false,
       now() - %(late)s * interval '1 second'
FROM devices WHERE account_id = %(account_id)s
"""


@pytest_asyncio.fixture(loop_scope="session")
async def pool(new_database: NewDatabase) -> AsyncIterator[Pool]:
    """A database that no other test works on."""
    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=3) as opened:
        yield opened


class RecordingSender:
    """Has every push told the same at once, and remembers whom they were for."""

    def __init__(self, outcome: Outcome = ACCEPTED) -> None:
        self.outcome = outcome
        self.users: list[uuid.UUID] = []

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """See Sender."""
        for target in push.targets:
            self.users.append(target.user_id)
            on_outcome(target, self.outcome)


async def owe(pool: Pool, statements: str, devices: int, late: float = 0.0) -> uuid.UUID:
    """A new account, whose one person is called the same, and what is owed to so many phones of it since `late` s."""
    account_id = uuid.uuid4()
    async with pool.connection() as connection:
        for statement in (FILL + statements).split(";\n"):
            if statement.strip():
                await connection.execute(
                    statement, {"account_id": account_id, "devices": devices, "late": late}
                )  # fmt: skip
    return account_id


@asynccontextmanager
async def running(*jobs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Runs the jobs for the length of the block."""
    tasks = [asyncio.ensure_future(job()) for job in jobs]
    try:
        yield
    finally:
        await cancel(*tasks)  # type: ignore[arg-type]


async def dispatched(pool: Pool, sender: RecordingSender, count: int) -> list[uuid.UUID]:
    """Whom the dispatcher sends to, in order, once so many were sent to."""
    dispatch = Dispatcher(pool, sender, EventBus())

    async def done() -> bool:
        return len(sender.users) >= count

    async with running(dispatch.run, dispatch.write):
        await eventually_async(f"{count} are sent", done)
        await dispatch.drain()
    return sender.users


async def test_the_first_claim_takes_some_of_each_account(pool: Pool) -> None:
    greedy = await owe(pool, OWE_PUSH, 5000, late=3600)
    modest = [await owe(pool, OWE_PUSH, 3) for _ in range(2)]
    sent = await dispatched(pool, RecordingSender(), 5006)
    assert sorted(sent[:6], key=str) == sorted(3 * modest, key=str), "few devices before many"
    assert len(sent) == 5006
    assert sent.count(greedy) == 5000


async def test_more_accounts_than_one_claim_visits_all_have_their_turn(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            """
            INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
            SELECT gen_random_uuid(), gen_random_uuid(), md5(i::text)::uuid, gen_random_uuid(), gen_random_uuid(),
                   'due', now() + CASE WHEN i %% 2 = 0 THEN interval '1 hour' ELSE interval '0' END, 0
            FROM generate_series(1, %s) i
            """,
            (3 * MAX_ACCOUNTS,),
        )
    last = uuid.UUID(int=2**128 - 1)
    account_id = await owe(pool, OWE_PUSH, 1)
    async with pool.connection() as connection:
        await connection.execute("UPDATE deliveries SET account_id = %s WHERE account_id = %s", (last, account_id))
    assert await dispatched(pool, RecordingSender(), 1) == [account_id]


async def test_the_backlog_goes_on_however_much_requests_deliver_themselves(pool: Pool) -> None:
    owed = await owe(pool, OWE_PUSH, 1)

    class SlowSender(RecordingSender):
        """Answers for what was owed alone."""

        def submit(self, push: Push, on_outcome: OnOutcome) -> None:
            if push.targets[0].user_id == owed:
                super().submit(push, on_outcome)

    sender = SlowSender()
    dispatch = Dispatcher(pool, sender, EventBus())
    for _ in range(MAX_CLAIMED // MAX_DIRECT + 1):
        targets = [
            Target(uuid.uuid4(), uuid.uuid4(), "ab", "production", None, uuid.uuid4()) for _ in range(MAX_DIRECT)
        ]
        dispatch.deliver(uuid.uuid4(), uuid.uuid4(), Push(b"{}", now(), targets=targets))

    async def sent() -> bool:
        return sender.users == [owed]

    async with running(dispatch.run, dispatch.write):
        await eventually_async("what was owed is sent", sent)


async def test_while_a_line_is_stopped_the_backlog_is_left_alone(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Half a second otherwise, in which a busy machine may not have written what the first claim brought.
    monkeypatch.setattr(loops, "POLL_SECONDS", 2 * LONG)
    await owe(pool, OWE_PUSH, 4 * CLAIM_SIZE)
    sent = await dispatched(pool, RecordingSender(HELD), CLAIM_SIZE)
    assert len(sent) == CLAIM_SIZE, "after a claim of nothing but held pushes comes a pause"
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT attempts, reason, count(*) FROM deliveries GROUP BY 1, 2 ORDER BY 3")
        rows = await cursor.fetchall()
    assert rows == [(0, ROUTE_STOPPED, CLAIM_SIZE), (0, None, 3 * CLAIM_SIZE)]


async def test_the_reconciler_goes_round_too(pool: Pool) -> None:
    greedy = await owe(pool, OWE_START, 3 * live.CLAIM_SIZE, late=3600)
    modest = await owe(pool, OWE_START, 1)
    sender, events = RecordingSender(), EventBus()
    settler = ActivitySettler(pool, OutcomeWaits(), events, now)
    reconciler = live.Reconciler(pool, sender, settler, PayloadBuilder("A"), now)

    async def done() -> bool:
        return len(sender.users) == 3 * live.CLAIM_SIZE + 1

    async with running(reconciler.run, settler.run):
        await eventually_async("all are sent", done)
        await reconciler.drain()
    assert modest in sender.users[: live.CLAIM_SIZE]
    assert sender.users.count(greedy) == 3 * live.CLAIM_SIZE


@given(st.lists(st.integers(1, 30), max_size=12), st.integers(1, 6), st.integers(1, 20))
def test_rounds_take_everything_and_never_too_much_of_one(backlog: list[int], visits: int, limit: int) -> None:
    """The rule in Python for what the SQL does: see fair_claim.py."""
    owed = {uuid.UUID(int=number + 1): count for number, count in enumerate(backlog)}
    accounts, round_, more = sorted(owed), Round(), True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core_service.work_queue.fair_claim.MAX_ACCOUNTS", visits)
        for _ in range((len(backlog) + 2) * (sum(backlog) + 1)):
            after = round_.parameters(limit)["after"]
            visited = [account for account in accounts if account > after][:visits]
            due = [account for account in visited if owed[account]]
            share = max(1, limit // max(1, len(due)))
            taken = [account for account in due for _ in range(min(share, owed[account]))]
            for account in taken:
                owed[account] -= 1
            head = (len(visited), visited[-1] if visited else None, share)
            rows, more = round_.read([(*head, account, "row") for account in taken] or [(*head, None, None)])
            assert len(rows) == len(taken)
            assert len(rows) <= max(limit, visits)
            if not more:
                break
    assert not more
    assert not any(owed.values())


@pytest.mark.thorough
@pytest.mark.slow
async def test_a_neighbours_push_is_shown_while_a_large_one_is_under_way(rig: Rig, team: Team) -> None:
    large = await start_account(rig.core)
    await rig.core.sql(
        """
        INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token,
            push_token_registered_at, created_at)
        SELECT gen_random_uuid(), %s, %s, 'd', sha256(gen_random_uuid()::text::bytea), 'sandbox',
               encode(sha256(gen_random_uuid()::text::bytea), 'hex'), now(), now() FROM generate_series(1, 6000)
        """,
        *(large.id, large.owner_id),
    )
    backend = rig.core.caller((await large.add_key())[1])
    left = "SELECT count(*) FROM deliveries WHERE account_id = %s AND state = 'due'"
    await rig.control("POST", "/apns/faults", {"settings": {"accept_unknown_tokens": True, "latency_seconds": 0.2}})
    try:
        sending = asyncio.ensure_future(backend.SendPushNotification(title="to many"))

        async def owed() -> int:
            return int((await rig.core.sql(left, large.id))[0][0])

        await eventually_async("it is recorded", owed)

        async def shown() -> bool:
            return any(one["title"] == "to one" for one in (await team.phone.read())["notifications"])

        await team.backend.SendPushNotification(title="to one")
        await eventually_async("the neighbour's push is shown", shown)
        assert await owed() > 1000
        await sending

        async def done() -> bool:
            return await owed() == 0

        await eventually_async("all have it", done, 120)
    finally:
        await rig.control("DELETE", "/apns/faults")
