"""Once everything is ready, another program takes the supervisor's place in the same process, with a quarter of its
memory: settings, gRPC, HTTP and the database's client are needed for the start only.

What runs goes on: it has the same parent, the same pipes and the same lock.
"""

import asyncio
import logging
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from cli.up.child import Child, Program
from cli.up.stop_signals import REQUESTS, StopSignals
from service_kit.logs import Format

log = logging.getLogger(__name__)

KEEPER = "cli.up.keeper"
INTERVAL = 0.1
TURNS = 3
"""Turns of the event loop after which it has acted on a signal that it was told of before."""


@dataclass(frozen=True)
class Running:
    """A process, and how it is started again."""

    program: Program
    pid: int
    lifeline: int
    """Our end of its standard input."""

    @classmethod
    def of(cls, child: Child) -> Self | None:
        """None if it does not run at the moment."""
        if child.pid is None or child.lifeline is None:
            return None
        return cls(child.program, child.pid, child.lifeline)


@dataclass
class Handover:
    """All that the program that follows has to know. It holds secrets: the environments of the processes."""

    data_dir: Path
    lock: int
    """The open file that holds the data folder's lock."""
    log_level: str
    log_format: Format
    stage: float
    """Seconds that a process may take to stop, or each of its parts."""
    running: list[Running] = field(default_factory=list)
    heard: int = -1
    """A pipe with the signals that came in between."""

    @property
    def files(self) -> list[int]:
        """The open files that go along."""
        return [self.lock, self.heard, *(running.lifeline for running in self.running)]


async def hand_over(rest: Handover, children: Iterable[Child], signals: StopSignals) -> None:
    """Lets the other program take this one's place, as soon as every process runs. Returns only if that is impossible,
    or if a request to stop came first: then this program goes on."""
    while not signals.first.is_set():
        try:
            await _try_to_hand_over(rest, children, signals)
        except Exception:
            # What runs is worth more than the memory.
            log.exception("the supervisor keeps the memory that only its start needs")
            return
        await asyncio.sleep(INTERVAL)


async def _try_to_hand_over(rest: Handover, children: Iterable[Child], signals: StopSignals) -> None:
    # No signal is lost. Until the other program can act on it, the kernel keeps it, or it is in this pipe, because the
    # other threads of this process may still take one.
    signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
    rest.heard, noting = os.pipe()
    os.set_blocking(noting, False)
    of_asyncio = signal.set_wakeup_fd(noting, warn_on_full_buffer=False)
    try:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        # From here on nothing may change, so nothing waits.
        running = [Running.of(child) for child in children]
        if not signals.first.is_set() and None not in running:
            rest.running = [one for one in running if one]
            _replace_this_program(rest)
    finally:
        signal.set_wakeup_fd(of_asyncio)
        os.close(noting)
        with os.fdopen(rest.heard, "rb") as heard:
            signals.heard(heard.read())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, REQUESTS)


def _replace_this_program(rest: Handover) -> None:
    with _secret_file(rest.data_dir) as file:
        pickle.dump(rest, file)
        file.flush()
        file.seek(0)
        for passed in (file.fileno(), *rest.files):
            os.set_inheritable(passed, True)
        sys.stdout.flush()
        sys.stderr.flush()
        # The last words are for people who look for the server among the processes.
        command = [sys.executable, "-P", "-m", KEEPER, str(file.fileno()), "smith up"]
        try:
            os.execv(sys.executable, command)  # noqa: S606 - our own Python, without a shell
        finally:
            for passed in (file.fileno(), *rest.files):
                os.set_inheritable(passed, False)


def receive(descriptor: int) -> Handover:
    """What the program before this one has handed over."""
    with os.fdopen(descriptor, "rb") as file:
        rest = pickle.load(file)  # noqa: S301 - written by ourselves a moment ago, to a file without a name
    if not isinstance(rest, Handover):
        raise TypeError(f"expected a handover, got {type(rest).__name__}")
    for passed in rest.files:
        os.set_inheritable(passed, False)
    return rest


def _secret_file(folder: Path) -> IO[bytes]:
    """A file without a name, in memory where the system can do that."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("handover"), "w+b")
    return tempfile.TemporaryFile(dir=folder)
