"""What callers ask for at the same time shares a statement: a hundred requests need not wait for a hundred commits."""

import asyncio
import contextvars
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg

from core_service.work_queue.gathering import APART
from core_service.work_queue.keyed import MAX_WAITING, WAIT_SECONDS
from service_kit.database import DATABASE_AWAY
from service_kit.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

CROWD = 16
"""Requests at one time from which statements wait for company. Fewer callers would lose more time than it saves."""
AT_ONCE = 3
"""Statements for several that are under way at one time. Usually it is one."""
OVERDUE_SECONDS = 0.1
"""How long what waits lets the statement under way keep it waiting. Then another one begins beside it: a lock, or a
large piece of work, holds up only those that share its statement. On a machine that is overloaded every statement takes
long, and must not be the reason for more of them."""


class Crowd:
    """Counts the requests that are being carried out."""

    def __init__(self, gather_seconds: float = APART.requests) -> None:
        """`gather_seconds` is how long a statement waits for more of them if there are many."""
        self.gather_seconds = gather_seconds
        self._present = 0

    def __enter__(self) -> None:
        self._present += 1

    def __exit__(self, *error: object) -> None:
        self._present -= 1

    @property
    def is_large(self) -> bool:
        """Whether those who wait for company soon have some."""
        return self._present >= CROWD


@dataclass(frozen=True, slots=True, eq=False)
class _Asked(Generic[T, R]):
    item: T
    answer: "asyncio.Future[R]"
    since: float
    """Monotonic time."""


class Group(Generic[T, R]):
    """Answers items: one that comes alone at once, by a statement of its own; those that come while a statement is
    under way together, by the next one. In a large crowd a statement first waits for more.

    `alone` answers one item, for as long as it takes: at most one of them is under way. `together` answers 1 to `most`
    items in their order, soon. If it fails, each is answered by `alone`, so that an item with which no statement
    succeeds fails by itself. But if the database is away, all of them fail. A caller that stops waiting takes back what
    has not begun; what has begun is carried out.

    Items wait in lines by their keys, and lines take turns. For use within one event loop.
    """

    def __init__(
        self,
        what: str,
        alone: Callable[[T], Awaitable[R]],
        together: Callable[[list[T]], Awaitable[Sequence[R]]],
        *,
        most: int,
        crowd: Crowd,
        most_waiting: int = MAX_WAITING,
    ) -> None:
        """`what` names the items in messages: "requests". `most_waiting` is for one key."""
        self._what = what
        self._alone = alone
        self._together = together
        self._most = most
        self._crowd = crowd
        self._most_waiting = most_waiting
        self._lines: OrderedDict[Hashable, deque[_Asked[T, R]]] = OrderedDict()
        """What waits. The next statement begins with the first of the first line."""
        self._alone_began: float | None = None
        """Monotonic time when the statement for one began; None if there is none."""
        self._under_way = 0
        """Statements for several, and the one that is being gathered for."""
        self._began = 0.0
        """Monotonic time when the newest of these began."""
        self._watch: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, key: Hashable, item: T) -> R:
        """Returns the answer.

        Raises what `alone` raises; one of DATABASE_AWAY; Unavailable if too many of this key are waiting, or after two
        seconds of waiting for a statement to begin.
        """
        if self._alone_began is None and not self._under_way and not self._crowd.is_large:
            self._alone_began = time.monotonic()
            try:
                return await self._alone(item)
            finally:
                self._alone_began = None
                self._go_on()
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = deque()
        elif len(line) >= self._most_waiting:
            raise Unavailable(f"Too many {self._what} of this account are waiting. Try again shortly.")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        now = time.monotonic()
        line.append(_Asked(item, answer, now))
        self._go_on()
        if self._watch is None:
            self._watch_for(OVERDUE_SECONDS)
        return await answer

    def _go_on(self) -> None:
        """Begins a statement with what waits, unless one is under way that it can wait for."""
        if self._lines and not self._under_way and self._is_overdue(self._alone_began):
            self._start()

    def _is_overdue(self, began: float | None) -> bool:
        return began is None or time.monotonic() - began >= OVERDUE_SECONDS

    def _start(self) -> None:
        self._under_way += 1
        self._began = time.monotonic()
        # It belongs to no request, or to several.
        task = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        try:
            if self._crowd.is_large:
                await asyncio.sleep(self._crowd.gather_seconds)
                self._began = time.monotonic()
            if batch := self._take():
                await self._answer_together(batch)
        finally:
            self._under_way -= 1
            self._go_on()

    def _take(self) -> list[_Asked[T, R]]:
        """Takes up to `most` items out of the lines, one of each line in turn. Some callers may have gone."""
        batch: list[_Asked[T, R]] = []
        while self._lines and len(batch) < self._most:
            key, line = next(iter(self._lines.items()))
            asked = line.popleft()
            if line:
                self._lines.move_to_end(key)
            else:
                del self._lines[key]
            if not asked.answer.done():
                batch.append(asked)
        return batch

    async def _answer_together(self, batch: list[_Asked[T, R]]) -> None:
        try:
            answers = await self._together([asked.item for asked in batch])
        except psycopg.errors.DeadlockDetected as error:
            await self._isolate(batch, error)
        except DATABASE_AWAY as error:
            for asked in batch:
                _fail(asked, error)
        except Exception as error:
            log.exception("%d %s cannot be carried out together", len(batch), self._what)
            await self._isolate(batch, error)
        except BaseException:
            for asked in batch:
                asked.answer.cancel()
            raise
        else:
            for asked, answer in zip(batch, answers, strict=True):
                if not asked.answer.done():
                    asked.answer.set_result(answer)

    async def _isolate(self, batch: list[_Asked[T, R]], error: Exception) -> None:
        log.info("%d %s are carried out one by one: %s", len(batch), self._what, error)
        for asked in batch:
            if not asked.answer.done():
                await self._answer(asked)

    async def _answer(self, asked: _Asked[T, R]) -> None:
        try:
            answer = await self._alone(asked.item)
        except Exception as error:
            _fail(asked, error)
        except BaseException:
            asked.answer.cancel()
            raise
        else:
            if not asked.answer.done():
                asked.answer.set_result(answer)

    def _watch_for(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(seconds, self._look, context=contextvars.Context())

    def _look(self) -> None:
        """Begins another statement if the newest one takes long, and refuses what has waited for too long."""
        self._watch = None
        now = time.monotonic()
        self._go_on()
        if self._lines and 0 < self._under_way < AT_ONCE and self._is_overdue(self._began):
            self._start()
        for key, line in list(self._lines.items()):
            while line and now - line[0].since >= WAIT_SECONDS:
                _fail(line.popleft(), Unavailable("The database is busy. Try again shortly."))
            if not line:
                del self._lines[key]
        if self._lines:
            self._watch_for(OVERDUE_SECONDS)


def _fail(asked: _Asked[T, R], error: Exception) -> None:
    if not asked.answer.done():
        asked.answer.set_exception(error)
