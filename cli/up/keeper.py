"""`python -m cli.up.keeper`: keeps running what `smith up` has started, and stops it in order. See `handover.py`."""

import signal
import sys

from service_kit import loading

# Standard output and error, pipes and signals: asyncio need not know TLS.
with loading.without("ssl"):
    import asyncio

import os
from typing import Any

from cli.up.adopted import Adopted
from cli.up.children import Children
from cli.up.handover import Handover, receive
from cli.up.process_table import ProcessTable
from cli.up.stop_signals import REQUESTS, StopSignals
from service_kit import logs

STOPPED, KILLED = 0, 130


async def keep(rest: Handover) -> int:
    """Runs until asked to stop, and returns the exit code: 0 stopped as asked, 130 killed by a second Ctrl-C."""
    logs.configure("smith", rest.log_level, rest.log_format)
    signals = StopSignals()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, REQUESTS)
    signals.heard(_all_of(rest.heard))
    ready = asyncio.Event()
    ready.set()
    children = Children(
        ProcessTable(rest.data_dir, {running.program.name: running.pid for running in rest.running}), ready
    )
    for running in rest.running:
        children.run(running.program, Adopted(running.pid), running.lifeline)
    stop: asyncio.Future[Any] = asyncio.create_task(signals.first.wait())
    await asyncio.wait({stop, children.failed}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    killed = await children.stop(signals, rest.stage)
    if children.failed.done():
        children.failed.result()
    return KILLED if killed else STOPPED


def _all_of(pipe: int) -> bytes:
    # Its other end was closed when the program before this one ended.
    with os.fdopen(pipe, "rb") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(asyncio.run(keep(receive(int(sys.argv[1])))))
