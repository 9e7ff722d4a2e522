"""Measures several servers in turns, so that a machine that grows slower or faster favours none of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from benchmarks.load import Load
from benchmarks.report import Row, compared, compared_in_pairs, row_of_loads, row_of_runs
from benchmarks.server import Server

S = TypeVar("S")
T = TypeVar("T")


async def in_turns(measure: Callable[[S], Awaitable[T]], subjects: Sequence[S], turns: int) -> list[list[T]]:
    """The results of each subject, in the order of the turns. Each turn goes the other way round."""
    results: list[list[T]] = [[] for _ in subjects]
    places = list(range(len(subjects)))
    for _ in range(turns):
        for place in places:
            results[place].append(await measure(subjects[place]))
        places.reverse()
    return results


def rows_of_servers(
    section: str,
    what: str,
    servers: Sequence[Server],
    loads: Sequence[Sequence[Load]],
    *,
    limit: tuple[float, str] | None = None,
) -> list[Row]:
    """A row for each server, compared with its baseline in the same turns; without one, with `limit` and its name."""
    rates = [[load.per_second for load in runs] for runs in loads]
    rows = [
        row_of_loads(section, _named(what, one, servers), "requests/s", runs) for one, runs in _with(servers, loads)
    ]
    return [_compared(row, one, servers, rates, limit) for row, one in zip(rows, servers, strict=True)]


def rows_of_figures(
    section: str,
    what_and_unit: tuple[str, str],
    servers: Sequence[Server],
    figures: Sequence[Sequence[float]],
    *,
    limit: tuple[float, str] | None = None,
) -> list[Row]:
    """The same for figures of any unit."""
    what, unit = what_and_unit
    rows = [row_of_runs(section, _named(what, one, servers), unit, runs) for one, runs in _with(servers, figures)]
    return [_compared(row, one, servers, figures, limit) for row, one in zip(rows, servers, strict=True)]


def _with(servers: Sequence[Server], results: Sequence[T]) -> list[tuple[Server, T]]:
    return list(zip(servers, results, strict=True))


def _named(what: str, server: Server, servers: Sequence[Server]) -> str:
    return what if len(servers) == 1 else f"{what}, {server.name}"


def _compared(
    row: Row,
    server: Server,
    servers: Sequence[Server],
    figures: Sequence[Sequence[float]],
    limit: tuple[float, str] | None,
) -> Row:
    if server.kind.baseline:
        names = [one.name for one in servers]
        of_baseline = figures[names.index(server.kind.baseline)]
        of_server = figures[names.index(server.name)]
        if all(of_baseline):
            ratios = [own / other for own, other in zip(of_server, of_baseline, strict=True)]
            return compared_in_pairs(row, ratios, server.kind.baseline)
        return row
    return compared(row, *limit) if limit else row
