"""Runs a process: an event loop that runs until the process is asked to stop."""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

import uvloop

from service_kit import descriptors, loading

GC_THRESHOLD = 10_000
"""New objects between garbage collections of the youngest. With Python's 700 a busy server spends a tenth of its time
there."""


class StopRequest(asyncio.Event):
    """Set once by SIGTERM, SIGINT or, if asked for, the end of standard input."""


def run(main: Callable[[StopRequest], Awaitable[None]]) -> None:
    """Runs `main` on a uvloop event loop; it should serve until `stop.wait()` returns, then drain and return.

    With `SMITH_STOP_AT_EOF=1` the end of standard input also asks to stop. A supervisor holds the other end of that
    pipe, so that its processes stop even if it was killed.
    """

    async def supervised() -> None:
        stop = StopRequest()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, stop.set)
        if os.environ.get("SMITH_STOP_AT_EOF") == "1":
            threading.Thread(target=_stop_at_eof, args=(loop, stop), daemon=True).start()
        loading.end()
        gc.set_threshold(GC_THRESHOLD)
        await main(stop)

    descriptors.raise_limit()
    uvloop.run(supervised())


def _stop_at_eof(loop: asyncio.AbstractEventLoop, stop: StopRequest) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)
