"""Queues for one thing at a time, and requests that wait for outcomes."""

import asyncio
import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from core_service.work_queue.keyed import MAX_BATCH, KeyedBatcher, KeyedLock
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWaits
from tests.core.harness import DEADLINE_SECONDS
from tests.waiting import eventually_async

DEVICES = [uuid.UUID(int=number) for number in range(4)]
PERSON, OTHER = uuid.UUID(int=10), uuid.UUID(int=11)


async def test_a_lane_does_what_came_in_order_and_all_that_is_waiting_at_once() -> None:
    batches: list[list[int]] = []
    go_on = asyncio.Event()

    async def work(_: str, batch: list[int]) -> None:
        batches.append(batch)
        await go_on.wait()

    batcher = KeyedBatcher(work)
    batcher.put("a", 0)
    await asyncio.sleep(0)
    for number in range(1, 252):
        batcher.put("a", number)
    go_on.set()

    async def done() -> bool:
        return sum(map(len, batches)) == 252

    await eventually_async("all is done", done)
    assert list(map(len, batches)) == [1, MAX_BATCH, MAX_BATCH, 51]
    assert [number for batch in batches for number in batch] == list(range(252))
    assert not batcher._waiting


async def test_batcher_do_not_wait_for_each_other_and_one_is_never_worked_on_twice_at_once() -> None:
    present: list[str] = []
    go_on = asyncio.Event()

    async def work(thing: str, _: list[int]) -> None:
        assert thing not in present
        present.append(thing)
        await go_on.wait()
        present.remove(thing)

    batcher = KeyedBatcher(work)
    for number in range(6):
        batcher.put("ab"[number % 2], number)
        await asyncio.sleep(0)
    assert present == ["a", "b"]
    go_on.set()

    async def done() -> bool:
        return not batcher._waiting and not batcher._tasks

    await eventually_async("all is done and forgotten", done)


async def test_a_lane_whose_work_failed_takes_new_work() -> None:
    done = asyncio.Event()

    async def work(_: str, batch: list[int]) -> None:
        if batch == [0]:
            raise RuntimeError("a mistake")
        done.set()

    batcher = KeyedBatcher(work)
    batcher.put("a", 0)
    [task] = batcher._tasks
    await asyncio.wait([task])
    assert isinstance(task.exception(), RuntimeError)
    batcher.put("a", 1)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await done.wait()


async def test_turns_are_taken_in_order_even_if_somebody_leaves_the_queue() -> None:
    locks, order = KeyedLock[str](), list[int]()
    go_on = asyncio.Event()

    async def take(number: int) -> None:
        async with locks.holding("a"):
            order.append(number)
            await go_on.wait()

    tasks = [asyncio.create_task(take(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    go_on.set()
    await asyncio.wait(tasks)
    assert order == [0, 2, 3]
    assert not locks._locks.values
    assert not locks._locks.users


async def test_a_waiter_counts_devices_and_people_once_and_older_versions_not_at_all() -> None:
    waiters = OutcomeWaits()
    with waiters.expecting("a", 2) as waiter:
        for device_id in (DEVICES[0], DEVICES[0], DEVICES[1]):
            waiters.tell("a", 2, device_id, PERSON, accepted=True, gone=False)
        waiters.tell("a", 3, DEVICES[2], OTHER, accepted=True, gone=False)
        waiters.tell("a", 1, DEVICES[3], OTHER, accepted=True, gone=False)
        waiters.tell("b", 2, DEVICES[3], OTHER, accepted=True, gone=False)
        assert waiter.counts(4) == OutcomeCounts(devices_notified=3, users_notified=2, devices_queued=1)
        assert not await waiter.wait(4, 0.01)
        assert await waiter.wait(3, 0.01)
    waiters.tell("a", 2, DEVICES[3], OTHER, accepted=True, gone=False)
    assert not waiters._waiting


async def test_a_waiter_returns_as_soon_as_all_were_heard_of_whatever_was_heard() -> None:
    waiters = OutcomeWaits()
    with waiters.expecting("a", 1) as waiter:
        waiting = asyncio.create_task(waiter.wait(3, 30))
        await asyncio.sleep(0)
        waiters.tell("a", 1, DEVICES[0], PERSON, accepted=True, gone=False)
        waiters.tell("a", 1, DEVICES[1], PERSON, accepted=False, gone=True)
        await asyncio.sleep(0)
        assert not waiting.done()
        began = time.monotonic()
        waiters.tell("a", 1, DEVICES[2], PERSON, accepted=False, gone=False)
        assert await waiting
        assert time.monotonic() - began < DEADLINE_SECONDS
        assert waiter.counts(3) == OutcomeCounts(devices_notified=1, users_notified=1, devices_queued=1)


tellings = st.lists(
    st.tuples(st.sampled_from(DEVICES), st.booleans(), st.booleans()), max_size=10
)  # fmt: skip


@given(tellings=tellings)
def test_counts_never_exceed_the_devices_that_were_owed_something(
    tellings: list[tuple[uuid.UUID, bool, bool]],
) -> None:
    waiters = OutcomeWaits()
    with waiters.expecting("a", 1) as waiter:
        for device_id, accepted, gone in tellings:
            waiters.tell("a", 1, device_id, PERSON, accepted=accepted, gone=gone)
        counts = waiter.counts(len(DEVICES))
    accepted_by = {device_id for device_id, accepted, _ in tellings if accepted}
    assert counts.devices_notified == len(accepted_by)
    assert 0 <= counts.devices_queued <= len(DEVICES) - len(accepted_by)
