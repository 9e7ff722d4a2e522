"""Starts everything in order, keeps it running, and stops it in order."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from cli.up import programs
from cli.up.child import Child, Program
from cli.up.command import run_command
from cli.up.data_folder import SERVER, lock_data_folder
from cli.up.errors import CannotStart, GaveUp
from cli.up.leftovers import stop_leftover_processes
from cli.up.ports import check_ports
from cli.up.postgres import EmbeddedPostgres
from cli.up.process_table import ProcessTable
from cli.up.quickstart import Quickstart
from cli.up.readiness import push_fault, wait_until_all_answer
from cli.up.settings import UpSettings
from cli.up.stop_signals import StopSignals
from cli.up.usage import usage
from cli.up.web_push_key import ensure_web_push_key
from service_kit import logs, tracing

log = logging.getLogger(__name__)

STOP_ORDER = ("admin", "server", "gateway", "core", "delivery", "simulator", "postgres")
"""The order of stopping: each stops while the processes that it needs still run."""
STOPPED, FAILED, CANNOT_START, KILLED = 0, 1, 2, 130


async def up(settings: UpSettings) -> int:
    """Runs everything until asked to stop, and returns the exit code: 0 stopped as asked, 2 cannot start for a reason
    that one line on standard error names, 1 a process kept dying at the start, 130 killed by a second Ctrl-C."""
    logs.configure("smith", settings.log_level, settings.log_format)
    signals = StopSignals()
    try:
        with lock_data_folder(settings.data_dir, SERVER) as data_dir:
            patience = programs.MOST_STAGES * settings.drain_seconds + 5
            await asyncio.to_thread(stop_leftover_processes, data_dir, patience)
            check_ports(settings)
            if why := tracing.mistake():
                raise CannotStart(why)
            return await Supervisor(settings, data_dir, signals).run()
    except CannotStart as error:
        print(f"smith up: {error}", file=sys.stderr)
        return CANNOT_START
    except GaveUp as error:
        print(f"smith up: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        # The disk is full, or one of our files has another owner now.
        print(f"smith up: {error.filename or settings.data_dir}: {error.strerror or error}", file=sys.stderr)
        return CANNOT_START


class Supervisor:
    """All processes of one data folder."""

    def __init__(self, settings: UpSettings, data_dir: Path, signals: StopSignals) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._signals = signals
        self._table = ProcessTable(data_dir)
        self._ready = asyncio.Event()
        self._children: dict[str, Child] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Starts all, waits for the request to stop or a fatal failure, and stops all.

        Raises CannotStart or GaveUp if it never became ready.
        """
        stop: asyncio.Future[Any] = asyncio.create_task(self._signals.first.wait())
        starting: asyncio.Future[Any] = asyncio.create_task(self._start())
        try:
            await asyncio.wait({stop, starting, self._failed}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and not starting.exception():
                await asyncio.wait({stop, self._failed}, return_when=asyncio.FIRST_COMPLETED)
            for outcome in (starting, self._failed):
                if outcome.done():
                    await outcome
        finally:
            stop.cancel()
            await _cancel(starting)
            killed = await self._stop()
        return KILLED if killed else STOPPED

    async def _start(self) -> None:
        database_url = self._settings.database_url
        embedded = None if database_url else EmbeddedPostgres(self._data_dir)
        if not self._settings.single_process:
            self._run(programs.gateway(self._settings, self._data_dir))
        if self._settings.admin_port is not None:
            self._run(programs.admin(self._settings, self._data_dir))
        await self._start_what_core_needs(embedded)
        database_url = database_url or (embedded.url if embedded else "")
        run_core = programs.server if self._settings.single_process else programs.core
        self._run(run_core(self._settings, self._data_dir, database_url))
        await wait_until_all_answer(self._settings)
        quickstart = Quickstart(self._settings, self._data_dir, database_url)
        await quickstart.complete()
        fault = await push_fault(self._settings)
        self._ready.set()
        said = usage(quickstart.facts, quickstart.path, quickstart.setup_code, fault)
        print(said, "ready", sep="\n", flush=True)

    async def _start_what_core_needs(self, embedded: EmbeddedPostgres | None) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                if embedded:
                    group.create_task(self._start_postgres(embedded))
                group.create_task(self._start_senders())
        except ExceptionGroup as several:
            raise several.exceptions[0] from several

    async def _start_postgres(self, embedded: EmbeddedPostgres) -> None:
        await asyncio.to_thread(embedded.prepare)
        await embedded.wait_ready(self._run(embedded.program()))

    async def _start_senders(self) -> None:
        """Starts the simulator if it stands in for APNs, and delivery, which may be a part of another process. They
        share the simulator's key."""
        if self._settings.webpush_key_file is None:
            await asyncio.to_thread(ensure_web_push_key, self._data_dir)
        if self._settings.simulated:
            await self._make_credentials()
            self._run(programs.simulator(self._settings, self._data_dir))
        if not self._settings.single_process:
            self._run(programs.delivery(self._settings, self._data_dir))

    async def _make_credentials(self) -> None:
        code = await run_command(
            programs.module("simulator", "credentials"),
            programs.simulator_environment(self._settings, self._data_dir),
            # It takes half a second on an idle machine.
            seconds=120,
        )
        if code != 0:
            raise CannotStart("the simulator's credentials cannot be made: see the lines above")

    def _run(self, program: Program) -> Child:
        child = Child(program, self._table, self._ready)
        self._children[child.name] = child
        self._tasks[child.name] = asyncio.create_task(self._watch(child.keep_running()))
        return child

    async def _watch(self, keeping: Coroutine[Any, Any, None]) -> None:
        try:
            await keeping
        except Exception as error:
            if not self._failed.done():
                self._failed.set_exception(error)

    async def _stop(self) -> bool:
        """Stops all in order. At a second request it kills all at once and returns True."""
        log.info("stopping")
        in_order = asyncio.create_task(self._stop_in_order())
        again = asyncio.create_task(self._signals.again.wait())
        await asyncio.wait({in_order, again}, return_when=asyncio.FIRST_COMPLETED)
        killed = not in_order.done()
        if killed:
            log.warning("killing all processes")
            await _cancel(in_order)
            await self._kill_all()
        again.cancel()
        await asyncio.gather(*self._tasks.values())
        return killed

    async def _stop_in_order(self) -> None:
        stage = self._settings.shutdown_delay + self._settings.drain_seconds
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


async def _cancel(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
