"""What runs in the background for as long as the core does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
INSIST_SECONDS = 0.5
"""How long a job may take to end before it is told again."""


def start_jobs(*jobs: Callable[[], Awaitable[None]]) -> list[asyncio.Task[None]]:
    """Each job in a task of its own, kept running."""
    return [asyncio.create_task(keep_running(job)) for job in jobs]


async def keep_running(job: Callable[[], Awaitable[None]]) -> None:
    """Runs the job until cancelled. A failure that it did not expect is logged, and it begins anew: without it the
    core would look healthy and owe for ever."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("a background job failed and begins anew")
        await asyncio.sleep(RESTART_SECONDS)


async def cancel(*tasks: asyncio.Task[None]) -> None:
    """Cancels the tasks and returns when they have ended.

    Again and again, because one that comes as a wait of psycopg's ends may get lost: in Python 3.11 `asyncio.wait_for`
    keeps it to itself then.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=INSIST_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
