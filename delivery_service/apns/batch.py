"""Sends many jobs at once and hands out their outcomes in groups, as they come."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from smith.delivery.v1.delivery_pb2 import Outcome

from delivery_service.apns.request import Job
from delivery_service.apns.sender import ApnsSender

GROUPING = 0.002
"""Seconds to collect outcomes for one message, unless all have come: a message costs more than several outcomes."""


class Batch:
    """Sends jobs with a limited number of workers. Leaving the context cancels the jobs that are still on their way."""

    def __init__(self, sender: ApnsSender, jobs: Sequence[Job], *, max_workers: int) -> None:
        self._sender = sender
        self._jobs = iter(jobs)
        self._missing = len(jobs)
        self._outcomes: list[Outcome] = []
        self._news = asyncio.Event()
        self._complete = asyncio.Event()
        self._workers = min(len(jobs), max_workers)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Batch":
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cancel(self) -> None:
        """Stops sending and gives back all streams."""
        for task in self._tasks:
            task.cancel()

    async def next_group(self) -> list[Outcome]:
        """The outcomes since the last group; empty once all were handed out."""
        if not self._missing and not self._outcomes:
            return []
        await self._news.wait()
        if self._missing:
            with suppress(TimeoutError):
                async with asyncio.timeout(GROUPING):
                    await self._complete.wait()
        self._news.clear()
        group, self._outcomes = self._outcomes, []
        return group

    async def _work(self) -> None:
        for job in self._jobs:
            outcome = await self._sender.send(job)
            self._outcomes.append(outcome)
            self._missing -= 1
            self._news.set()
            if not self._missing:
                self._complete.set()
