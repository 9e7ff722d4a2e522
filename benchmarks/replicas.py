"""What a push costs when several servers share one PostgreSQL."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.counts import Counts
from benchmarks.load import load_http
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, compared, row_of_runs
from benchmarks.requests import is_accepted, push_request
from benchmarks.server import ENVIRONMENT, SIMULATOR, control
from benchmarks.settings import Amounts
from tests.stack import Stack

SECTION = "A push through servers that share one PostgreSQL, {callers} callers for each, {layout}"
LAYOUTS = {"one process each": "1", "three processes each": "0"}
SERVERS = (1, 2, 4)
CALLERS = 64


async def measure_replicas(amounts: Amounts) -> list[Row]:
    """The rows of this section, for each layout."""
    rows = []
    for layout, setting in LAYOUTS.items():
        say(f"starting {max(SERVERS)} servers on one PostgreSQL, {layout}")
        with _servers(max(SERVERS), SMITH_SINGLE_PROCESS=setting) as stacks:
            rows += await _measure(stacks, SECTION.format(callers=CALLERS, layout=layout), amounts)
    return rows


async def _measure(stacks: Sequence[Stack], section: str, amounts: Amounts) -> list[Row]:
    count = amounts.requests[CALLERS]
    population = Population(stacks[0].database_url)
    keys = await asyncio.to_thread(population.add_senders, amounts.growth_accounts)
    await asyncio.to_thread(population.tidy)
    await _push(stacks, keys, count)
    runs: dict[int, list[dict[tuple[str, str], float]]] = {servers: [] for servers in SERVERS}
    for _ in range(amounts.repetitions):
        for servers in SERVERS:
            chosen = stacks[:servers]
            before = await asyncio.to_thread(Counts.of, *chosen)
            await _push(chosen, keys, count)
            used = (await asyncio.to_thread(Counts.of, *chosen)).since(before)
            runs[servers].append(used.per_request(count * servers))
    rows = []
    for what, unit in runs[1][0]:
        of_one, *of_more = (
            row_of_runs(section, f"{what}, {servers} of them", unit, [run[what, unit] for run in runs[servers]])
            for servers in SERVERS
        )
        rows += [of_one, *(compared(row, of_one.figure, "1 of them") for row in of_more)]
    return rows


async def _push(stacks: Sequence[Stack], keys: list[str], count: int) -> None:
    """Has each server send this many pushes, at the same time."""
    await asyncio.gather(
        *(
            load_http(
                stack.base_url,
                [push_request(stack.base_url, keys[number % len(keys)], number) for number in range(count)],
                callers=CALLERS,
                check=is_accepted,
            )
            for stack in stacks
        )
    )


@contextmanager
def _servers(count: int, **settings: str) -> Iterator[list[Stack]]:
    """Servers on the PostgreSQL of the first."""
    with ExitStack() as held:
        first = held.enter_context(Stack(None, **ENVIRONMENT | {"SMITH_ADMIN_PORT": ""}, **settings)).start()
        stacks = [first]
        for _ in range(count - 1):
            folder = Path(tempfile.mkdtemp(prefix="smith-bench-"))
            held.callback(shutil.rmtree, folder)
            # The account exists in the database. Its second owner would be refused.
            shutil.copy(first.data_dir / "quickstart.json", folder)
            of_first = ENVIRONMENT | {"SMITH_ADMIN_PORT": "", "SMITH_DATABASE_URL": first.database_url}
            stacks.append(held.enter_context(Stack(folder, **of_first, **settings)).start())
        for stack in stacks:
            with control(stack) as simulator:
                simulator.post("/apns/faults", json=SIMULATOR).raise_for_status()
        yield stacks
