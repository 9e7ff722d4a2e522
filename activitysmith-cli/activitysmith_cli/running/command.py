"""Runs a command and passes its streams through."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence

from activitysmith_cli.running.outlets import STDOUT, Outlet, fill_missing_streams, open_outlets
from activitysmith_cli.running.signals import Signals

LEFT_OVER_SECONDS, QUIET_SECONDS = 2.0, 0.2
"""Seconds for which output is passed on after the command has ended, if its background processes still write: at most,
and without new output."""
NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes as shells have them."""


class CannotRun(Exception):
    """The command cannot be started. The message is a line for people."""

    def __init__(self, line: str, exit_code: int) -> None:
        super().__init__(line)
        self.exit_code = exit_code


class Command:
    """A running command. It has our standard input; we read its output and pass it on."""

    def __init__(self, arguments: Sequence[str], *, look: Callable[[int, bytes], None] | None) -> None:
        """Starts it. `look` is called with the number of a stream and the bytes written to it. Without it the command
        gets our own streams directly.

        Raises CannotRun.
        """
        fill_missing_streams()
        self._look = look
        self._outlets = open_outlets() if look else []
        self._signals = Signals(self._take_window_size)
        self.trouble: str | None = None
        """Why output could not be passed on, if it could not."""
        streams = {outlet.target: outlet.inner for outlet in self._outlets}
        stdout = streams.get(STDOUT)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - it is what we are told to run
                arguments, stdout=stdout, stderr=streams.get(2, stdout)
            )
        except OSError as error:
            raise CannotRun(f"{arguments[0]}: {error.strerror}", _shells_code(error)) from error
        for outlet in self._outlets:
            outlet.close_inner()
        self._signals.started(self._process)

    def wait(self) -> int:
        """Waits for the end of the command. Returns its exit code, or the negative number of the signal that ended
        it."""
        while self._process.poll() is None:
            self._pass_on(None)
        deadline = time.monotonic() + LEFT_OVER_SECONDS
        while self._open_outlets() and time.monotonic() < deadline and self._pass_on(QUIET_SECONDS):
            pass
        self._signals.ended()
        return self._process.returncode

    def _pass_on(self, seconds: float | None) -> bool:
        """Passes on output that is there or comes within `seconds`. False if there was none."""
        outlets = {outlet.source: outlet for outlet in self._open_outlets()}
        ready, _, _ = select.select([*outlets, self._signals.wakeup], [], [], seconds)
        for source in ready:
            if source in outlets:
                self._pass_on_from(outlets[source])
            else:
                os.read(source, 4096)
        return bool(ready)

    def _pass_on_from(self, outlet: Outlet) -> None:
        try:
            data = outlet.pass_on()
        except BrokenPipeError:
            # The reader of our output has gone. The command notices it as it would without us.
            return
        except OSError as error:
            self.trouble = f"cannot pass on its output: {error.strerror}"
            return
        if data and self._look:
            self._look(outlet.target, data)

    def _open_outlets(self) -> list[Outlet]:
        return [outlet for outlet in self._outlets if outlet.source >= 0]

    def _take_window_size(self) -> None:
        for outlet in self._open_outlets():
            outlet.take_window_size()


def signal_name(returncode: int) -> str | None:
    """The name of the signal that ended a command; None if none did."""
    if returncode >= 0:
        return None
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"


def _shells_code(error: OSError) -> int:
    return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
