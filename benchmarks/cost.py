"""What an operation costs: processor time of each process, and what the database writes for it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.report import Row
from benchmarks.server import Server
from benchmarks.turns import rows_of_figures
from benchmarks.usage import NOTHING, Usage, usage_of

T = TypeVar("T")


@dataclass(frozen=True)
class Measured(Generic[T]):
    """A result, and what the server used for it."""

    result: T
    used: Usage


async def measured(server: Server, do: Callable[[], Awaitable[T]]) -> Measured[T]:
    """What `do` returns, and what the server used meanwhile."""
    before = usage_of(server.stack)
    result = await do()
    return Measured(result, usage_of(server.stack) - before)


def rows_of_cost(
    section: str,
    what: str,
    servers: Sequence[Server],
    runs: Sequence[Sequence[Measured[T]]],
    *,
    operations: int,
) -> list[Row]:
    """The cost of one of the `operations` of each run."""
    figures: tuple[tuple[str, str, Callable[[Usage], float]], ...] = (
        ("processor time", "ms", lambda used: 1000 * used.cpu_seconds),
        ("commits", "commits", lambda used: used.commits),
        ("fsyncs of the log", "fsyncs", lambda used: used.fsyncs),
        ("bytes of the log", "bytes", lambda used: used.wal_bytes),
    )
    rows = []
    for name, unit, figure in figures:
        of_servers = [[figure(run.used) / operations for run in of_server] for of_server in runs]
        rows += rows_of_figures(section, (f"{what}: {name}", unit), servers, of_servers)
    return rows


def rows_of_processes(
    section: str, servers: Sequence[Server], runs: Sequence[Sequence[Measured[T]]], *, operations: int
) -> list[Row]:
    """The processor time of each process for one of the `operations` of each run, with its share."""
    rows = []
    for server, of_server in zip(servers, runs, strict=True):
        used = sum((run.used for run in of_server), NOTHING)
        for name, seconds in sorted(used.cpu.items(), key=lambda item: -item[1]):
            each = 1000 * seconds / operations / len(of_server)
            rows.append(
                Row(f"{section}, {server.name}", name, each, "ms", ratio=seconds / used.cpu_seconds, to="all processes")
            )
    return rows
