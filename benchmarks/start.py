"""How long `make up` takes until the server is ready, and the memory of a server that has nothing to do."""

import statistics
import time
from collections.abc import Callable, Sequence

from benchmarks.kinds import Kind
from benchmarks.progress import say
from benchmarks.report import Row, compared, row_of_runs
from benchmarks.server import discarded, stack_of
from benchmarks.settings import Amounts
from benchmarks.stand_in import StandIn
from benchmarks.usage import memory_bytes

SECTION = "`make up` until it is ready"
MEMORY_SECTION = "Memory at rest, {server}"
REST_SECONDS = 5.0
"""After a start, until its memory is looked at."""
MEGABYTE = 1_000_000
MAKE_UP = 'make --silent --directory "$0" .venv/.stamp-run >&2 && exec "$1" up'
"""What `make up` does, but that make is gone then: it would not pass a Ctrl-C on."""


def measure_start(kinds: Sequence[Kind], apns: StandIn, amounts: Amounts) -> list[Row]:
    """The rows of this section. No other server may run."""
    first: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    later: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    memory: dict[str, dict[str, int]] = {}
    for turn in range(amounts.starts):
        for kind in kinds if turn % 2 == 0 else reversed(kinds):
            say(f"starting the server: {kind.name}")
            command = ["sh", "-c", MAKE_UP, str(kind.checkout), str(kind.smith)]
            with discarded(stack_of(kind, apns, command)) as stack:
                first[kind.name].append(_seconds(stack.start))
                stack.stop()
                later[kind.name].append(_seconds(stack.start))
                time.sleep(REST_SECONDS)
                memory[kind.name] = memory_bytes(stack)
    rows = []
    for what, seconds in (("first start", first), ("later start", later)):
        for kind in kinds:
            row = row_of_runs(SECTION, f"{what}, {kind.name}", "s", seconds[kind.name])
            rows.append(_against(kind, row, {name: statistics.median(of_kind) for name, of_kind in seconds.items()}))
    totals = {name: sum(sizes.values()) / MEGABYTE for name, sizes in memory.items()}
    for kind in kinds:
        section = MEMORY_SECTION.format(server=kind.name)
        rows.append(_against(kind, Row(section, "all processes", totals[kind.name], "MB"), totals))
        sizes = sorted(memory[kind.name].items(), key=lambda item: -item[1])
        rows += [Row(section, name, size / MEGABYTE, "MB") for name, size in sizes]
    return rows


def _seconds(start: Callable[[], object]) -> float:
    began = time.monotonic()
    start()
    return time.monotonic() - began


def _against(kind: Kind, row: Row, figures: dict[str, float]) -> Row:
    return compared(row, figures[kind.baseline], kind.baseline) if kind.baseline else row
