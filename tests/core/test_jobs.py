"""What runs in the background ends when it is told to."""

import asyncio

from core_service.common.jobs import cancel, start_jobs
from tests.waiting import LONG


async def test_a_job_ends_although_a_cancellation_got_lost() -> None:
    """As Python 3.11 may lose one that comes at the very moment when what is waited for is there."""
    began, lost = asyncio.Event(), 0

    async def job() -> None:
        nonlocal lost
        began.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    tasks = start_jobs(job)
    await began.wait()
    async with asyncio.timeout(LONG):
        await cancel(*tasks)
    assert lost == 2
    assert tasks[0].cancelled()


async def test_nothing_to_cancel_is_done_at_once() -> None:
    await cancel()
