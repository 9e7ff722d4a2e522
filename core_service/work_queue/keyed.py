"""Locks, limits and batches by key: by stream, activity, account or person. An unused key costs nothing."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from service_kit import tracing
from service_kit.errors import Unavailable

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MAX_BATCH = 100
MAX_WAITING = 200
"""Requests of one account that may wait for a place. Others are refused at once with 503."""
WAIT_SECONDS = 2.0
"""Seconds that they wait at most, as long as for a connection."""


class KeyedCounter(Counter[K]):
    """Counts by key, and forgets a key whose count is back at zero."""

    def add(self, key: K, count: int) -> None:
        """Changes the count of the key, which may be negative."""
        self[key] += count
        if not self[key]:
            del self[key]


class _PerKey(Generic[K, T]):
    """One `T` for each key that is in use."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.values: dict[K, T] = {}
        self.users: KeyedCounter[K] = KeyedCounter()

    @contextmanager
    def used(self, key: K) -> Iterator[T]:
        """The key's `T`, shared with others who use it at the same time."""
        value = self.values.get(key)
        if value is None:
            value = self.values[key] = self._make()
        self.users.add(key, 1)
        try:
            yield value
        finally:
            self.users.add(key, -1)
            if key not in self.users:
                del self.values[key]


class KeyedLock(Generic[K]):
    """A lock for each key, within this process. PostgreSQL would also keep changes of one row apart, but all except
    one would have to start again."""

    def __init__(self) -> None:
        self._locks: _PerKey[K, asyncio.Lock] = _PerKey(asyncio.Lock)

    @asynccontextmanager
    async def holding(self, key: K) -> AsyncIterator[None]:
        """Waits until all earlier holders have released the key."""
        with self._locks.used(key) as lock:
            async with lock:
                yield


class KeyedLimiter(Generic[K]):
    """A limit for each key: at most `limit` holders at one time. Others with the same key wait in line; other keys
    are not affected."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._places: _PerKey[K, asyncio.Semaphore] = _PerKey(lambda: asyncio.Semaphore(limit))

    @asynccontextmanager
    async def place(self, key: K) -> AsyncIterator[None]:
        """Waits for one of the key's places.

        Raises Unavailable if too many wait for this key already, or after two seconds.
        """
        if self._places.users[key] >= self._limit + MAX_WAITING:
            raise Unavailable("Too many requests of this account are waiting. Try again shortly.")
        with self._places.used(key) as places:
            if not places.locked():
                await places.acquire()
            else:
                try:
                    async with asyncio.timeout(WAIT_SECONDS):
                        await places.acquire()
                except TimeoutError:
                    raise Unavailable("Too many requests of this account are in progress. Try again shortly.") from None
            try:
                yield
            finally:
                places.release()


class KeyedBatcher(Generic[K, T]):
    """Works on each key in order, on all items that wait at once: a hundred requests for one stream need not wait for a
    hundred commits.

    `work` gets a key and 1 to 100 items, and must not raise.
    """

    def __init__(self, work: Callable[[K, list[T]], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[K, deque[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, key: K, item: T) -> None:
        """Queues the item. The caller bounds how many there are."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(item)
            return
        self._waiting[key] = deque([item])
        task = asyncio.create_task(self._run(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, key: K) -> None:
        tracing.leave()
        waiting = self._waiting[key]
        try:
            while waiting:
                batch = [waiting.popleft() for _ in range(min(MAX_BATCH, len(waiting)))]
                await self._work(key, batch)
        finally:
            del self._waiting[key]


@dataclass(frozen=True, slots=True)
class Room:
    """How many may wait: in all, for one person, and from one network."""

    total: int
    person: int
    network: int


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    person: str
    network: str
    turn: "asyncio.Future[None]"


class FairSemaphore:
    """At most `at_once` holders. People take turns, no matter how often each of them asks."""

    def __init__(self, at_once: int, room: Room) -> None:
        self._free = at_once
        self._room = room
        self._lines: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        """The next place goes to the first waiter of the first line."""

    @asynccontextmanager
    async def turn(self, person: str, network: str) -> AsyncIterator[None]:
        """Waits for a turn. An empty `network` is an unknown one, which is not counted.

        Raises Unavailable if too many wait already.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(person, network)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, person: str, network: str) -> None:
        waiting, room = [waiter for line in self._lines.values() for waiter in line], self._room
        of_network = sum(waiter.network == network for waiter in waiting) if network else 0
        of_person = len(self._lines.get(person, ()))
        if len(waiting) >= room.total or of_person >= room.person or of_network >= room.network:
            raise Unavailable("Too many passwords are being checked. Try again shortly.")
        waiter = _Waiter(person, network, asyncio.get_running_loop().create_future())
        self._lines.setdefault(person, deque()).append(waiter)
        try:
            await waiter.turn
        except BaseException:
            if waiter.turn.done() and not waiter.turn.cancelled():
                # The place came at the same moment, so it goes to the next waiter.
                self._pass_on()
            elif waiter in self._lines.get(person, ()):
                # Otherwise another waiter who left at the same moment has removed the line.
                self._take_out(waiter)
            raise

    def _pass_on(self) -> None:
        while self._lines:
            person, line = next(iter(self._lines.items()))
            waiter = line[0]
            self._take_out(waiter)
            if person in self._lines:
                self._lines.move_to_end(person)
            if not waiter.turn.done():
                waiter.turn.set_result(None)
                return
        self._free += 1

    def _take_out(self, waiter: _Waiter) -> None:
        line = self._lines[waiter.person]
        line.remove(waiter)
        if not line:
            del self._lines[waiter.person]
