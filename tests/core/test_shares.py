"""What one account may hold, and that what it waits for is in no other's way."""

import asyncio
import uuid

import pytest

from core_service.work_queue import keyed
from core_service.work_queue.keyed import MAX_WAITING, KeyedLimiter
from service_kit.errors import Unavailable
from tests.waiting import eventually_async

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("patience")]

GREEDY, MODEST = uuid.UUID(int=1), uuid.UUID(int=2)


class Crowd:
    """Those that have something, until they are let go."""

    def __init__(self, limiter: KeyedLimiter[uuid.UUID]) -> None:
        self._limiter = limiter
        self.present: list[int] = []
        self._go = asyncio.Event()

    def come(self, account_id: uuid.UUID, number: int) -> "asyncio.Task[None]":
        """One more of the account."""

        async def stay() -> None:
            async with self._limiter.place(account_id):
                self.present.append(number)
                await self._go.wait()

        return asyncio.create_task(stay())

    async def until(self, count: int) -> list[int]:
        """Who is there, once so many are."""

        async def there() -> bool:
            return len(self.present) == count

        await eventually_async(f"{count} are there", there)
        return self.present

    def go(self) -> None:
        """Everybody may go."""
        self._go.set()


async def test_an_account_has_its_share_and_a_neighbour_does_not_wait_for_it() -> None:
    limiter = KeyedLimiter[uuid.UUID](3)
    crowd = Crowd(limiter)
    tasks = [crowd.come(GREEDY, number) for number in range(10)]
    assert await crowd.until(3) == [0, 1, 2]
    tasks.append(crowd.come(MODEST, 99))
    assert (await crowd.until(4))[3] == 99
    crowd.go()
    await asyncio.gather(*tasks)
    assert crowd.present == [0, 1, 2, 99, 3, 4, 5, 6, 7, 8, 9]
    assert not limiter._places.values


async def test_beyond_the_bound_the_answer_is_quick() -> None:
    limiter = KeyedLimiter[uuid.UUID](1)
    crowd = Crowd(limiter)
    tasks = [crowd.come(GREEDY, number) for number in range(1 + MAX_WAITING)]
    await crowd.until(1)
    with pytest.raises(Unavailable, match="are waiting"):
        async with limiter.place(GREEDY):
            raise AssertionError
    crowd.go()
    await asyncio.gather(*tasks)
    assert not limiter._places.values


async def test_one_that_waits_too_long_is_told_so_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyed, "WAIT_SECONDS", 0.05)
    limiter = KeyedLimiter[uuid.UUID](1)
    async with limiter.place(GREEDY):
        with pytest.raises(Unavailable, match="in progress"):
            async with limiter.place(GREEDY):
                raise AssertionError
    async with limiter.place(GREEDY):
        pass
    assert not limiter._places.values


async def test_a_turn_that_comes_when_its_request_is_given_up_goes_to_the_next() -> None:
    limiter = KeyedLimiter[uuid.UUID](1)
    crowd = Crowd(limiter)
    crowd.go()
    async with limiter.place(GREEDY):
        given_up, follower = crowd.come(GREEDY, 1), crowd.come(GREEDY, 2)
        await asyncio.sleep(0)
    given_up.cancel()
    await follower
    assert crowd.present == [2]
    assert not limiter._places.values


async def test_one_that_is_given_up_at_the_moment_that_another_leaves_is_told_the_truth() -> None:
    limiter = KeyedLimiter[uuid.UUID](1)
    crowd = Crowd(limiter)
    async with limiter.place(GREEDY):
        given_up = crowd.come(GREEDY, 1)
        await asyncio.sleep(0)
        given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert not limiter._places.values
