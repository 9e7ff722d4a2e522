"""All processes of one data folder, running, and stopped in order."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterator
from typing import Any

from cli.up.adopted import Adopted
from cli.up.child import Child, Program
from cli.up.process_table import ProcessTable
from cli.up.stop_signals import StopSignals

log = logging.getLogger(__name__)

STOP_ORDER = ("admin", "server", "gateway", "core", "delivery", "simulator", "postgres")
"""The order of stopping: each stops while the processes that it needs still run."""


class Children:
    """The processes. Each is started again when it dies."""

    def __init__(self, table: ProcessTable, ready: asyncio.Event) -> None:
        """Create it inside a running event loop. `ready` is set once everything has been ready."""
        self._table = table
        self._ready = ready
        self._children: dict[str, Child] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Has the exception if a process cannot be kept running."""

    def __iter__(self) -> Iterator[Child]:
        """All, in the order of their starts."""
        return iter(self._children.values())

    def run(self, program: Program, running: Adopted | None = None, lifeline: int | None = None) -> Child:
        """Starts the program and keeps it running; `running` and `lifeline` if it runs already."""
        child = Child(program, self._table, self._ready, running, lifeline)
        self._children[child.name] = child
        self._tasks[child.name] = asyncio.create_task(self._watch(child.keep_running()))
        return child

    async def _watch(self, keeping: Coroutine[Any, Any, None]) -> None:
        try:
            await keeping
        except Exception as error:
            if not self.failed.done():
                self.failed.set_exception(error)

    async def stop(self, signals: StopSignals, stage: float) -> bool:
        """Stops all in order, and waits at most `stage` seconds for each, or for each of its parts, and 5 more. At a
        second request it kills all at once and returns True."""
        log.info("stopping")
        in_order = asyncio.create_task(self._stop_in_order(stage))
        again = asyncio.create_task(signals.again.wait())
        await asyncio.wait({in_order, again}, return_when=asyncio.FIRST_COMPLETED)
        killed = not in_order.done()
        if killed:
            log.warning("killing all processes")
            await cancel(in_order)
            await self._kill_all()
        again.cancel()
        await asyncio.gather(*self._tasks.values())
        return killed

    async def _stop_in_order(self, stage: float) -> None:
        for name in [name for name in STOP_ORDER if name in self._children]:
            child, task = self._children[name], self._tasks[name]
            child.request_stop()
            if not await _ended({task}, child.stages * stage + 5):
                log.warning("%s does not stop and is killed", name)
                child.kill()
                if not await _ended({task}, 5):
                    child.kill(hard=True)
                    await task

    async def _kill_all(self) -> None:
        for child in self._children.values():
            child.kill()
        if not await _ended(set(self._tasks.values()), 5):
            for child in self._children.values():
                child.kill(hard=True)


async def _ended(tasks: set[asyncio.Task[None]], patience: float) -> bool:
    if not tasks:
        return True
    _, running = await asyncio.wait(tasks, timeout=patience)
    return not running


async def cancel(task: asyncio.Future[Any]) -> None:
    """Cancels the task and waits for its end."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
