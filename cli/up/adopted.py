"""A running process that was started before this program took the place of the one that had started it."""

import asyncio
import contextlib
import os
import signal
import threading

UNKNOWN = 255
"""The exit code of a process that somebody else has heard the end of, as in asyncio."""


class Adopted:
    """The same as `asyncio.subprocess.Process`, as far as it is used here."""

    def __init__(self, pid: int) -> None:
        """`pid` is a child of this process. Create it inside a running event loop."""
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._wait, name=f"wait-{pid}", daemon=True).start()

    async def wait(self) -> int:
        """The exit code; a signal's number below zero if one has ended the process."""
        await self._ended.wait()
        return UNKNOWN if self.returncode is None else self.returncode

    def send_signal(self, signum: signal.Signals) -> None:
        """Sends it, unless the process is known to have ended. Raises ProcessLookupError."""
        if self.returncode is None:
            os.kill(self.pid, signum)

    def _wait(self) -> None:
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            code = UNKNOWN
        # The loop is closed once we end.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end, code)

    def _end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()
