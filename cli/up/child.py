"""One supervised process: started, restarted when it dies, stopped when asked."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.up.adopted import Adopted
from cli.up.errors import CannotStart, GaveUp
from cli.up.process_table import ProcessTable

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY, STEADY_AFTER = 0.2, 5.0, 10.0
"""Seconds: before the first restart (then doubling), at most, and of running after which the doubling starts over."""
DEATHS_BEFORE_READY = 5
BAD_SETTINGS = 2
"""The exit code of a process with invalid settings, which it has reported on standard error."""


async def _nothing() -> None:
    return


@dataclass(frozen=True)
class Program:
    """A program to run."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    """The signal that ends it at once. PostgreSQL has a safer one than SIGKILL, which also ends its children."""
    before_start: Callable[[], Awaitable[None]] = _nothing
    """Runs before every start, also before restarts."""
    log_file: Path | None = None
    """File for its output; our standard error if None."""
    explain: Callable[[], str | None] | None = None
    """Reads from its output why the program could not start: one line for people, or None."""
    stages: int = 1
    """How many parts it stops one after the other. Each may take as long as a process of its own."""
    popen: Mapping[str, Any] = field(default_factory=dict)


class Child:
    """Keeps one program running."""

    def __init__(
        self,
        program: Program,
        table: ProcessTable,
        ready: asyncio.Event,
        running: Adopted | None = None,
        lifeline: int | None = None,
    ) -> None:
        """`ready` is set once the whole system has been ready; from then on the program is restarted without end.
        `running` is its process if it runs already, `lifeline` what that process has at the other end of its input."""
        self.name = program.name
        self.program = program
        self._table = table
        self._ready = ready
        self._stop = asyncio.Event()
        self._adopted = running
        self._process: asyncio.subprocess.Process | Adopted | None = running
        self.lifeline = lifeline
        """A pipe that stays open and is never written: when it closes, the process knows that we are gone."""

    @property
    def stages(self) -> int:
        """See Program."""
        return self.program.stages

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process else None

    async def keep_running(self) -> None:
        """Runs and restarts the program until it is asked to stop.

        Before the system was ready once, it gives up after an exit for invalid settings, or after the fifth exit of any
        cause. Then it raises CannotStart or GaveUp.
        """
        delay, deaths = FIRST_DELAY, 0
        while not self._stop.is_set():
            began = time.monotonic()
            cause = await self._run_once()
            if self._stop.is_set():
                return
            deaths += 1
            if not self._ready.is_set():
                self._despair(cause, deaths)
            if time.monotonic() - began >= STEADY_AFTER:
                delay = FIRST_DELAY
            log.warning("%s %s, restarting it in %.1f s", self.name, cause, delay)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), delay)
            delay = min(2 * delay, LONGEST_DELAY)

    def _despair(self, cause: str, deaths: int) -> None:
        if cause == _describe(BAD_SETTINGS):
            raise CannotStart(f"{self.name} cannot start: see its line above")
        if deaths >= DEATHS_BEFORE_READY:
            where = f"the end of {self.program.log_file}" if self.program.log_file else "its lines above"
            why = self.program.explain() if self.program.explain else None
            said = f"{why} (see {where})" if why else f"see {where}"
            raise GaveUp(f"{self.name} {cause}, {deaths} times while starting: {said}")

    async def _run_once(self) -> str:
        """Runs it until it ends, and returns how it ended."""
        try:
            process = self._process = await self._begin()
        except OSError as error:
            return f"cannot be started ({error})"
        self._table.started(self.name, process.pid)
        if self._stop.is_set():
            self._signal(self.program.stop_signal)
        try:
            return _describe(await process.wait())
        finally:
            self._process = None
            self._let_go()
            self._table.ended(self.name)

    async def _begin(self) -> asyncio.subprocess.Process | Adopted:
        if self._adopted:
            running, self._adopted = self._adopted, None
            return running
        await self.program.before_start()
        return await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        output = self.program.log_file.open("ab") if self.program.log_file else None
        their_end, self.lifeline = os.pipe()
        try:
            return await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=their_end,
                stdout=output or sys.stderr,
                stderr=output or sys.stderr,
                env=self.program.env,
                # Ctrl-C in a terminal would go to the whole group, and break the order in which we stop processes.
                start_new_session=True,
                **self.program.popen,
            )
        except BaseException:
            self._let_go()
            raise
        finally:
            os.close(their_end)
            if output:
                output.close()

    def _let_go(self) -> None:
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None

    def request_stop(self) -> None:
        """Asks the program to stop, and does not restart it any more."""
        self._stop.set()
        self._signal(self.program.stop_signal)

    def kill(self, *, hard: bool = False) -> None:
        """Ends it at once: with its `kill_signal`, or, if `hard`, with SIGKILL to its whole process group."""
        self._stop.set()
        if not hard:
            self._signal(self.program.kill_signal)
        elif self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _signal(self, signum: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signum)


def _describe(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
