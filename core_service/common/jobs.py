"""Background jobs of the core."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]
"""Runs until it is cancelled."""
RESTART_SECONDS = 1.0
INSIST_SECONDS = 0.5
"""How long a job may take to end before it is cancelled again."""


def start_jobs(*jobs: Job) -> list[asyncio.Task[None]]:
    """Starts each job in a task of its own, and keeps it running."""
    return [asyncio.create_task(keep_running(job)) for job in jobs]


async def keep_running(job: Job) -> None:
    """Runs the job until cancelled. An unexpected failure is logged, and the job starts again: without it the core
    would look healthy and never send what it owes."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("a background job failed and starts again")
        await asyncio.sleep(RESTART_SECONDS)


async def cancel(*tasks: asyncio.Task[None]) -> None:
    """Cancels the tasks and returns when they have ended.

    It repeats the cancellation. One that comes as a wait of psycopg ends may get lost, because `asyncio.wait_for` of
    Python 3.11 swallows it then.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=INSIST_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
