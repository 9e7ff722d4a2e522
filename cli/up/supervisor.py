"""Starts everything in order, keeps it running, and stops it in order."""

import asyncio
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.up import programs
from cli.up.children import Children, cancel
from cli.up.command import run_command
from cli.up.data_folder import SERVER, hold_data_folder
from cli.up.errors import CannotStart, GaveUp
from cli.up.handover import Handover, hand_over
from cli.up.leftovers import stop_leftover_processes
from cli.up.ports import check_ports
from cli.up.postgres import EmbeddedPostgres
from cli.up.process_table import ProcessTable
from cli.up.programs import DATABASE_READY
from cli.up.settings import UpSettings
from cli.up.stop_signals import StopSignals
from cli.up.usage import usage
from cli.up.web_push_key import ensure_web_push_key
from service_kit import logs, tracing

if TYPE_CHECKING:
    from cli.up.quickstart import Quickstart

STOPPED, FAILED, CANNOT_START, KILLED = 0, 1, 2, 130


async def up(settings: UpSettings) -> int:
    """Runs everything until asked to stop, and returns the exit code: 0 stopped as asked, 2 cannot start for a reason
    that one line on standard error names, 1 a process kept dying at the start, 130 killed by a second Ctrl-C."""
    logs.configure("smith", settings.log_level, settings.log_format)
    signals = StopSignals()
    try:
        with hold_data_folder(settings.data_dir, SERVER) as (data_dir, lock):
            patience = programs.MOST_STAGES * settings.drain_seconds + 5
            await asyncio.to_thread(stop_leftover_processes, data_dir, patience)
            check_ports(settings)
            if why := tracing.mistake():
                raise CannotStart(why)
            return await Supervisor(settings, data_dir, lock, signals).run()
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

    def __init__(self, settings: UpSettings, data_dir: Path, lock: int, signals: StopSignals) -> None:
        """`lock` is the open file that holds the folder's lock."""
        self._settings = settings
        self._data_dir = data_dir
        self._lock = lock
        self._signals = signals
        self._ready = asyncio.Event()
        self._children = Children(ProcessTable(data_dir), self._ready)
        self._stage = settings.shutdown_delay + settings.drain_seconds

    async def run(self) -> int:
        """Starts all and hands over to a program that needs less memory. Before that it waits for the request to stop
        or a fatal failure, and stops all.

        Raises CannotStart or GaveUp if it never became ready.
        """
        failed = self._children.failed
        stop: asyncio.Future[Any] = asyncio.create_task(self._signals.first.wait())
        starting: asyncio.Future[Any] = asyncio.create_task(self._start())
        try:
            await asyncio.wait({stop, starting, failed}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and not starting.exception():
                handing = asyncio.create_task(self._hand_over())
                await asyncio.wait({stop, failed}, return_when=asyncio.FIRST_COMPLETED)
                await cancel(handing)
            for outcome in (starting, failed):
                if outcome.done():
                    await outcome
        finally:
            stop.cancel()
            await cancel(starting)
            killed = await self._children.stop(self._signals, self._stage)
        return KILLED if killed else STOPPED

    async def _hand_over(self) -> None:
        settings = self._settings
        rest = Handover(self._data_dir, self._lock, settings.log_level, settings.log_format, self._stage)
        await hand_over(rest, self._children, self._signals)

    async def _start(self) -> None:
        if not self._settings.single_process:
            self._children.run(programs.gateway(self._settings, self._data_dir))
        if self._settings.admin_port is not None:
            self._children.run(programs.admin(self._settings, self._data_dir))
        quickstart = await self._start_the_rest()
        from cli.up.readiness import push_fault, wait_until_all_answer

        await wait_until_all_answer(self._settings)
        await quickstart.complete()
        fault = await push_fault(self._settings)
        self._ready.set()
        said = usage(quickstart.facts, quickstart.path, quickstart.setup_code, fault)
        print(said, "ready", sep="\n", flush=True)

    async def _start_the_rest(self) -> "Quickstart":
        """Starts what needs a database, or the simulator's key, beside these. Returns what is to be completed."""
        ready_file = self._data_dir / DATABASE_READY
        await asyncio.to_thread(ready_file.unlink, missing_ok=True)
        embedded = None if self._settings.database_url else EmbeddedPostgres(self._data_dir)
        if embedded:
            await asyncio.to_thread(embedded.arrange)
        database_url = embedded.url if embedded else self._settings.database_url or ""
        if not self._settings.single_process:
            # It takes longer to load than PostgreSQL to start, and waits for it.
            self._children.run(programs.core(self._settings, self._data_dir, database_url))
        try:
            async with asyncio.TaskGroup() as group:
                loading = group.create_task(self._load_quickstart(database_url))
                group.create_task(self._start_postgres(embedded, ready_file, loading))
                group.create_task(self._start_senders(database_url))
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return loading.result()

    async def _load_quickstart(self, database_url: str) -> "Quickstart":
        # Loaded while the others load: gRPC and HTTP take a quarter of a second.
        await asyncio.to_thread(importlib.import_module, "cli.up.quickstart")
        from cli.up.quickstart import Quickstart

        return Quickstart(self._settings, self._data_dir, database_url)

    async def _start_postgres(
        self, embedded: EmbeddedPostgres | None, ready_file: Path, quickstart: "asyncio.Task[Quickstart]"
    ) -> None:
        """Starts it, unless the database is the user's own. Then core may connect."""
        if embedded:
            await asyncio.to_thread(embedded.prepare)
            await embedded.wait_ready(self._children.run(embedded.program()))
            if embedded.is_new:
                await (await quickstart).begin()
        await asyncio.to_thread(ready_file.touch)

    async def _start_senders(self, database_url: str) -> None:
        """Starts the simulator if it stands in for APNs, and then delivery or, in one process, the server with
        delivery as a part: they share the simulator's key."""
        if self._settings.webpush_key_file is None:
            await asyncio.to_thread(ensure_web_push_key, self._data_dir)
        if self._settings.simulated:
            await self._make_credentials()
            self._children.run(programs.simulator(self._settings, self._data_dir))
        if self._settings.single_process:
            self._children.run(programs.server(self._settings, self._data_dir, database_url))
        else:
            self._children.run(programs.delivery(self._settings, self._data_dir))

    async def _make_credentials(self) -> None:
        code = await run_command(
            programs.module("simulator", "credentials"),
            programs.simulator_environment(self._settings, self._data_dir),
            # It takes half a second on an idle machine.
            seconds=120,
        )
        if code != 0:
            raise CannotStart("the simulator's credentials cannot be made: see the lines above")
