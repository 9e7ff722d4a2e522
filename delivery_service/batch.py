"""Has the jobs of one call done, and collects their outcomes as they come."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from smith.delivery.v1.delivery_pb2 import Outcome

from delivery_service.apns.request import Job
from delivery_service.apns.sender import Cancellable

T = TypeVar("T")
Worker = Callable[[Callable[[Outcome], None]], Coroutine[Any, Any, None]]
"""Does jobs, and hands out the outcome of each."""


def workers(send: Callable[[T], Awaitable[Outcome]], jobs: Sequence[T], most: int) -> Iterator[Worker]:
    """At most so many workers that do these jobs, each one job after the other."""
    left = iter(jobs)

    async def work(done: Callable[[Outcome], None]) -> None:
        for job in left:
            done(await send(job))

    return (work for _ in range(min(len(jobs), most)))


class Feed:
    """Sends pushes to phones, so many of them at a time."""

    def __init__(
        self,
        submit: Callable[[Job, Callable[[Outcome], None]], Cancellable | None],
        jobs: Sequence[Job],
        most: int,
    ) -> None:
        """`submit` sends a push and calls back with its outcome, perhaps before it returns."""
        self._submit = submit
        self._left = iter(jobs)
        self._most = most
        self._on_the_way: dict[int, Cancellable | None] = {}
        """By the number of their target."""
        self._done: Callable[[Outcome], None] = _drop
        self._feeding = False

    def start(self, done: Callable[[Outcome], None]) -> None:
        """Sends the first ones; `done` gets the outcome of each."""
        self._done = done
        self._send_more()

    def cancel(self) -> None:
        """Sends no more, and gives up what is on the way."""
        self._left = iter(())
        self._done = _drop
        while self._on_the_way:
            # The last ones first: they wait for the streams that the first ones would give back.
            _, sending = self._on_the_way.popitem()
            if sending is not None:
                sending.cancel()

    def _send_more(self) -> None:
        if self._feeding:  # an outcome that came at once: the loop goes on by itself
            return
        self._feeding = True
        on_the_way = self._on_the_way
        while len(on_the_way) < self._most and (job := next(self._left, None)) is not None:
            on_the_way[job.index] = None
            sending = self._submit(job, self._take)
            if job.index in on_the_way:
                on_the_way[job.index] = sending
        self._feeding = False

    def _take(self, outcome: Outcome) -> None:
        self._on_the_way.pop(outcome.index, None)
        self._done(outcome)
        self._send_more()


def _drop(outcome: Outcome) -> None:
    """Takes an outcome that is not waited for."""


class Batch:
    """Has jobs done. Leaving the context cancels those that are still on their way."""

    def __init__(self, feed: Feed, work: Sequence[Worker], jobs: int, *, grouping: float) -> None:
        """`jobs`: how many the feed and all workers have together. `grouping`: seconds to collect outcomes for one
        group."""
        self._feed = feed
        self._grouping = grouping
        self._work = work
        self._missing = jobs
        self._outcomes: list[Outcome] = []
        self._news = asyncio.Event()
        self._complete = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Batch":
        self._tasks = [asyncio.create_task(worker(self._done)) for worker in self._work]
        self._feed.start(self._done)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cancel(self) -> None:
        """Stops sending and gives back all streams."""
        self._feed.cancel()
        for task in self._tasks:
            task.cancel()

    async def next_group(self) -> list[Outcome]:
        """The outcomes since the last group; empty once all were handed out."""
        if not self._missing and not self._outcomes:
            return []
        await self._news.wait()
        if self._missing:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._grouping):
                    await self._complete.wait()
        self._news.clear()
        group, self._outcomes = self._outcomes, []
        return group

    def _done(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._missing -= 1
        self._news.set()
        if not self._missing:
            self._complete.set()
