"""Updates that the requests themselves send: their devices are leased by the statement that records them."""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from core_service.live_activities.reconcile import direct
from core_service.live_activities.reconcile.planning import BUDGET, HIGH, LOW, RESERVE
from core_service.live_activities.reconcile.reconciler import LEASE, MAX_DIRECT
from core_service.live_activities.state.activity import ActivityState
from core_service.live_activities.state.turn import DueDevices
from core_service.work_queue.loops import BUSY
from service_kit.database import create_request_pool
from tests.core.conftest import NewDatabase
from tests.core.live_world import World
from tests.waiting import eventually_async


@pytest_asyncio.fixture(loop_scope="session")
async def world(new_database: NewDatabase) -> AsyncIterator[World]:
    """A phone that shows the first state, and may be told of the next one. Nothing else works on its database."""
    async with create_request_pool(await asyncio.to_thread(new_database), max_size=2) as pool:
        made = World(pool)
        await made.begin()
        await made.come_to_rest()
        yield made


def shown(world: World) -> list[dict[str, Any]]:
    return world.sent[world.activity_ids[-1]]


async def row(world: World) -> tuple[Any, ...]:
    """Whether the phone is leased, until when, the version that was sent last, and the one it has."""
    async with world.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT leased, next_at, sent_version, accepted_version FROM live_activity_devices"
            " WHERE activity_id = %s AND device_id = %s",
            (world.activity_ids[-1], world.device_id),
        )
        found = await cursor.fetchone()
    assert found is not None
    return found


async def update(world: World, *, urgent: bool = False) -> DueDevices:
    """A new state: a mere tick, or a step."""
    world.number += 1
    state = ActivityState(
        {"title": "t", "type": "progress", "percentage": world.number % 100 + world.number / 1000},
        None,
        0,
        urgent=urgent,
    )
    owed = await world.store.update(await world.present(), state, world.now)
    assert owed is not None
    return owed


async def test_an_update_is_on_its_way_without_a_claim(world: World) -> None:
    before = len(shown(world))
    owed = await update(world)
    assert (owed.due, owed.total, owed.leased) == (1, 1, 1)
    assert len(world.in_flight) == 1
    assert len(shown(world)) == before + 1
    version = (await world.present()).version
    assert await row(world) == (True, world.now + LEASE, version, version - 1)
    await world.claim()
    assert len(world.in_flight) == 1, "a claim sees that it is leased"
    await world.answer(0, "none")
    assert await row(world) == (False, None, version, version)


async def test_if_the_process_dies_the_update_is_repeated_with_the_same_ids_when_its_lease_is_over(
    world: World,
) -> None:
    await update(world)
    [lost] = world.in_flight
    world.in_flight.clear()
    await world.wait(LEASE.total_seconds() - 1)
    await world.claim()
    assert not world.in_flight, "the lease is not over"
    await world.wait(2)
    await world.claim()
    [repeated] = world.in_flight
    assert repeated.aps == lost.aps
    assert repeated.target.apns_id == lost.target.apns_id


async def test_a_state_that_comes_while_another_is_on_its_way_waits_for_its_outcome(world: World) -> None:
    await update(world)
    assert (await update(world)).leased == 0
    assert len(world.in_flight) == 1
    await world.answer(0, "none")
    _, next_at, _, _ = await row(world)
    assert next_at == world.now + dt.timedelta(seconds=1), "updates are a second apart"
    assert (await update(world)).leased == 0
    await world.wait(1)
    await world.claim()
    [push] = world.in_flight
    assert push.aps["content-state"]["percentage"] == pytest.approx((await world.present()).fields["percentage"])


async def test_a_phone_that_rests_after_a_failure_is_left_to_the_reconciler(world: World) -> None:
    await update(world)
    await world.answer(0, "busy")
    assert (await update(world)).leased == 0
    assert not world.in_flight


async def test_an_outcome_of_an_older_state_leaves_the_newer_one_owed(world: World) -> None:
    await update(world)
    await update(world)
    await world.answer(0, "none")
    leased, next_at, sent, accepted = await row(world)
    version = (await world.present()).version
    assert not leased
    assert next_at is not None
    assert sent == accepted == version - 1


async def test_steps_are_counted_against_the_budget_of_the_phone_and_ticks_are_not(world: World) -> None:
    priorities = []
    submit = world.submit

    def noting(push: Any, on_outcome: Any) -> None:
        priorities.append(push.priority)
        submit(push, on_outcome)

    world.submit = noting  # type: ignore[method-assign]
    world.reconciler._outgoing._sender = world
    for _ in range(BUDGET - RESERVE + 2):
        assert (await update(world, urgent=True)).leased == 1
        await world.answer(0, "none")
        await world.wait(2)
    await update(world)
    assert priorities == [HIGH] * (BUDGET - RESERVE) + [LOW] * 3
    async with world.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT cardinality(sent_at) FROM live_activity_push_budgets WHERE device_id = %s", (world.device_id,)
        )
        assert await cursor.fetchone() == (BUDGET - RESERVE,)


async def test_a_tick_for_a_phone_that_lacks_a_step_is_left_to_the_reconciler(world: World) -> None:
    await update(world, urgent=True)
    await world.answer(0, "crash")
    async with world.pool.connection() as connection:
        # As a token that is reported meanwhile leaves it.
        await connection.execute(
            "UPDATE live_activity_devices SET leased = false, next_at = NULL WHERE activity_id = %s",
            (world.activity_ids[-1],),
        )
    owed = await update(world)
    assert (owed.due, owed.leased) == (1, 0)


async def test_no_more_than_so_many_phones_are_leased_and_the_others_are_due(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "LEASED_DEVICES", 0)
    owed = await update(world)
    assert (owed.due, owed.leased) == (1, 0)
    before = (await world.present()).version - 1
    assert await row(world) == (False, world.now, before, before)
    await world.claim()
    assert len(world.in_flight) == 1


async def test_an_account_with_much_on_its_way_only_records(world: World) -> None:
    world.reconciler._direct.add(world.account_id, MAX_DIRECT)
    assert (await update(world)).leased == 0
    world.reconciler._direct.add(world.account_id, -MAX_DIRECT)
    world.reconciler._direct.add(uuid.uuid4(), MAX_DIRECT)
    await world.claim()
    await world.answer(0, "none")
    await world.wait(2)
    assert (await update(world)).leased == 1, "what another account has on its way does not count"


async def test_a_token_that_is_reported_meanwhile_is_owed_the_state(world: World) -> None:
    await update(world)
    await world.rotate_update_tokens()
    await world.report_new()
    await world.answer(0, "none")
    _, next_at, _, accepted = await row(world)
    assert next_at is not None
    assert accepted == 0


async def test_while_much_is_on_its_way_updates_wait_shortly_for_each_other(world: World) -> None:
    world.reconciler._loop.begin(BUSY, beside=True)
    assert (await update(world)).leased == 1
    assert not world.in_flight

    async def sent() -> bool:
        return bool(world.in_flight)

    await eventually_async("it is sent", sent)
    await world.answer(0, "none")
    version = (await world.present()).version
    assert await row(world) == (False, None, version, version)
