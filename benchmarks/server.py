"""The server under test: `smith up` in a scratch folder, on free ports, and the resources of its processes."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType

import httpx
import psutil

from tests.stack import ANY_PORT, Stack

POSTGRES = "postgres"
SAMPLE_SECONDS = 0.1

# The machine's limit is measured, not the account's. The simulator need not store requests that are never read.
ENVIRONMENT = {"SMITH_ADMIN_PORT": ANY_PORT, "SMITH_RATE_LIMIT_PER_MINUTE": "1000000", "SMITH_LOG_LEVEL": "warning"}
SIMULATOR = {"settings": {"accept_unknown_tokens": True, "log_requests": False}}


@contextmanager
def running_server() -> Iterator[Stack]:
    """A server whose simulated APNs accepts any token. Everything is removed afterwards."""
    stack = Stack(None, **ENVIRONMENT)
    try:
        stack.start()
        with control(stack) as simulator:
            simulator.post("/apns/faults", json=SIMULATOR).raise_for_status()
        yield stack
    finally:
        # An impatient second Ctrl-C must not leave the folder behind.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.discard()
        signal.signal(signal.SIGINT, before)


def control(stack: Stack) -> httpx.Client:
    """A client of the simulator's control API."""
    return httpx.Client(base_url=stack.simulator_url, timeout=10, trust_env=False)


async def cancelled(*tasks: "asyncio.Task[None]") -> None:
    """Cancels tasks. Raises the exception of a task that has failed before."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """Processor time that each process has used so far, PostgreSQL with its backends."""
    return {name: _cpu_seconds(process) for name, process in _processes(stack).items()}


def memory_bytes(stack: Stack) -> dict[str, int]:
    """Memory of each process: the resident set, and for PostgreSQL with its backends their proportional shares, which
    count shared buffers once (where the system tells them; the resident set of its first process elsewhere)."""
    return {
        name: _shares(process) if name == POSTGRES else process.memory_info().rss
        for name, process in _processes(stack).items()
    }


def _processes(stack: Stack) -> dict[str, psutil.Process]:
    return {name: psutil.Process(pid) for name, pid in stack.pids.items()}


def _cpu_seconds(process: psutil.Process) -> float:
    """Seconds of the process and its children, including ended ones."""
    total = 0.0
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:2])
    return total + sum(process.cpu_times()[:4])


def _shares(postmaster: psutil.Process) -> int:
    total = 0
    for process in [postmaster, *postmaster.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
        except (psutil.AccessDenied, AttributeError):
            return int(postmaster.memory_info().rss)
    return total


@dataclass
class PeakMemory:
    """Watches the memory of a server's processes from a thread while the block runs."""

    stack: Stack
    before: dict[str, int] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)
    """Bytes by process."""

    def __enter__(self) -> "PeakMemory":
        """Starts watching."""
        self.before = memory_bytes(self.stack)
        self.peak = dict(self.before)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops watching."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            for name, used in memory_bytes(self.stack).items():
                self.peak[name] = max(self.peak.get(name, 0), used)
