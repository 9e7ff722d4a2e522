"""Writes the figures as a table for people and as JSON for programs."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.load import Load


@dataclass(frozen=True)
class Row:
    """One figure."""

    section: str
    what: str
    figure: float
    unit: str
    lowest: float | None = None
    highest: float | None = None
    """The least and the greatest of several runs, of which `figure` is the median."""
    p50_ms: float | None = None
    p99_ms: float | None = None
    ratio: float | None = None
    to: str = ""
    """Name of the limit that `ratio` refers to."""
    lowest_ratio: float | None = None
    highest_ratio: float | None = None
    """The least and the greatest ratio of runs that were made in pairs: the range of the noise."""


def row_of_runs(section: str, what: str, unit: str, figures: Sequence[float]) -> Row:
    """The median of several runs."""
    return Row(section, what, statistics.median(figures), unit, lowest=min(figures), highest=max(figures))


def row_of_loads(section: str, what: str, unit: str, loads: Sequence[Load]) -> Row:
    """The median of several runs, each figure by itself."""
    return replace(
        row_of_runs(section, what, unit, [load.per_second for load in loads]),
        p50_ms=statistics.median(load.p50_ms for load in loads),
        p99_ms=statistics.median(load.p99_ms for load in loads),
    )


def compared(row: Row, limit: float, to: str) -> Row:
    """The row with its ratio to a limit."""
    return replace(row, ratio=row.figure / limit, to=to)


def compared_in_pairs(row: Row, ratios: Sequence[float], to: str) -> Row:
    """The row with the median of ratios, each of two runs that were made one right after the other."""
    return replace(row, ratio=statistics.median(ratios), to=to, lowest_ratio=min(ratios), highest_ratio=max(ratios))


def print_table(machine: Mapping[str, str], rows: Sequence[Row]) -> None:
    """Writes machine facts and figures to standard output."""
    width = max(map(len, machine))
    print()
    for name, value in machine.items():
        print(f"  {name:<{width}}  {value}")
    head = ("", "figure", "least to most", "p50 ms", "p99 ms", "ratio", "to")
    lines: list[tuple[str, ...]] = []
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            lines.append((section,))
        lines.append(_cells(row))
    widths = [max(len(line[i]) for line in [head, *lines] if len(line) > 1) for i in range(len(head))]
    print()
    for line in [head, *lines]:
        print(f"\n{line[0]}" if len(line) == 1 else _aligned(line, widths))
    print(flush=True)


def write_files(
    folder: Path, machine: Mapping[str, str], settings: Mapping[str, Any], rows: Sequence[Row], log: str
) -> Path:
    """Writes the figures to a file named after the date, and the server's log next to it. Returns the figures' path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{machine['date'].replace(':', '')}.json"
    content = {"machine": machine, "settings": settings, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=2) + "\n")
    path.with_suffix(".log").write_text(log)
    return path


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    if row.lowest_ratio is not None and row.highest_ratio is not None:
        ratio += f" ({row.lowest_ratio:.2f} to {row.highest_ratio:.2f})"
    spread = "" if row.lowest in (None, row.highest) else f"{_number(row.lowest)} to {_number(row.highest)}"
    return (
        f"  {row.what}",
        f"{_number(row.figure)} {row.unit}",
        spread,
        _number(row.p50_ms),
        _number(row.p99_ms),
        ratio,
        row.to,
    )


def _number(value: float | None) -> str:
    """The number with three significant digits."""
    if value is None:
        return ""
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *middle, last = cells
    padded = [f"{cell:>{width}}" for cell, width in zip(middle, widths[1:-1], strict=True)]
    return "  ".join([f"{first:<{widths[0]}}", *padded, last]).rstrip()
