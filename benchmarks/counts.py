"""What a load costs: processor time, write-ahead log, and transactions that write."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg

from tests.stack import Stack

POSTGRES = "postgres"
NOT_COUNTED = ("simulator", "admin")
"""Processes that stand for Apple or for people."""

# Both are exact at once. PostgreSQL's statistics of them come up to ten seconds late.
_READ = """
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


@dataclass(frozen=True)
class Counts:
    """What was used so far, or between two moments."""

    processor: Mapping[str, float]
    """Seconds of each process of the servers; those of several servers with the same name together."""
    wal_bytes: int
    writes: int
    """Transactions that wrote. Each has a commit record; those that only read have none."""

    @staticmethod
    def of(*stacks: Stack) -> "Counts":
        """What servers have used so far. They share the PostgreSQL of the first."""
        with psycopg.connect(stacks[0].database_url) as connection:
            row: Any = connection.execute(_READ).fetchone()
        processor: dict[str, float] = {}
        for stack in stacks:
            for name, pid in stack.pids.items():
                processor[name] = processor.get(name, 0.0) + _seconds(psutil.Process(pid))
        return Counts(processor, *row)

    def since(self, before: "Counts") -> "Counts":
        """What was used since then."""
        return Counts(
            {name: seconds - before.processor[name] for name, seconds in self.processor.items()},
            self.wal_bytes - before.wal_bytes,
            self.writes - before.writes,
        )

    def per_request(self, requests: int) -> dict[tuple[str, str], float]:
        """What each of so many requests cost, by name and unit."""
        servers = sum(used for name, used in self.processor.items() if name not in (*NOT_COUNTED, POSTGRES))
        return {
            ("processor time of PostgreSQL", "ms"): self.processor[POSTGRES] / requests * 1000,
            ("processor time of the server's processes", "ms"): servers / requests * 1000,
            ("write-ahead log", "bytes"): self.wal_bytes / requests,
            ("transactions that write", ""): self.writes / requests,
        }


def _seconds(process: psutil.Process) -> float:
    """Of the process and its children, including ended ones."""
    total = 0.0
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:2])
    return total + sum(process.cpu_times()[:4])
