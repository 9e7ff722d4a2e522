"""What runs in the background for as long as the core does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0


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
    """Cancels the tasks and returns when they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
