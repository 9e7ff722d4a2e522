"""What a server uses: processor time, memory, and what its database writes."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import psutil

from tests.stack import Stack

POSTGRES, SUPERVISOR = "postgres", "supervisor"
SAMPLE_SECONDS = 0.1

# PostgreSQL counts commits and fsyncs up to a second late. The rest is exact.
COUNTS = """
SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
       (SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal'),
       pg_current_wal_insert_lsn() - '0/0',
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


@dataclass(frozen=True)
class Usage:
    """What was used so far, or between two moments."""

    cpu: dict[str, float]
    """Seconds of a processor by process."""
    commits: float
    fsyncs: float
    wal_bytes: float
    writes: float
    """Transactions that wrote."""

    def __sub__(self, before: "Usage") -> "Usage":
        """What was used since then."""
        return Usage(
            {name: seconds - before.cpu.get(name, 0.0) for name, seconds in self.cpu.items()},
            self.commits - before.commits,
            self.fsyncs - before.fsyncs,
            self.wal_bytes - before.wal_bytes,
            self.writes - before.writes,
        )

    def __add__(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            {name: self.cpu.get(name, 0.0) + other.cpu.get(name, 0.0) for name in {**self.cpu, **other.cpu}},
            self.commits + other.commits,
            self.fsyncs + other.fsyncs,
            self.wal_bytes + other.wal_bytes,
            self.writes + other.writes,
        )

    @property
    def cpu_seconds(self) -> float:
        """Of all processes."""
        return sum(self.cpu.values())

    def per_request(self, requests: int) -> dict[tuple[str, str], float]:
        """What each of so many requests cost, by name and unit."""
        servers = sum(used for name, used in self.cpu.items() if name not in (POSTGRES, SUPERVISOR))
        return {
            ("processor time of PostgreSQL", "ms"): self.cpu[POSTGRES] / requests * 1000,
            ("processor time of the server's processes", "ms"): servers / requests * 1000,
            ("write-ahead log", "bytes"): self.wal_bytes / requests,
            ("transactions that write", ""): self.writes / requests,
        }


NOTHING = Usage({}, 0, 0, 0, 0)


def usage_of(first: Stack, *others: Stack) -> Usage:
    """What servers that share the PostgreSQL of the first have used until now."""
    [counts] = first.sql(COUNTS)
    used = Usage(cpu_seconds(first), *map(float, counts))
    return sum((Usage(cpu_seconds(other), 0, 0, 0, 0) for other in others), used)


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """Processor time that each process has used so far, PostgreSQL with its backends."""
    return {
        # The supervisor's children are the others.
        name: sum(process.cpu_times()[:2]) if name == SUPERVISOR else _cpu_seconds(process)
        for name, process in _processes(stack).items()
    }


def memory_bytes(stack: Stack) -> dict[str, int]:
    """Memory of each process: the resident set, and for PostgreSQL with its backends their proportional shares, which
    count shared buffers once (where the system tells them; the resident set of its first process elsewhere)."""
    return {
        name: _shares(process) if name == POSTGRES else process.memory_info().rss
        for name, process in _processes(stack).items()
    }


def _processes(stack: Stack) -> dict[str, psutil.Process]:
    pids = {SUPERVISOR: stack.process.pid, **stack.pids}
    return {name: psutil.Process(pid) for name, pid in pids.items()}


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
