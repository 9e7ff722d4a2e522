"""`python -m benchmarks.replicas`: what a push costs when several servers share one PostgreSQL."""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.load import load_http
from benchmarks.machine import describe_machine
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, compared, print_table, row_of_runs
from benchmarks.requests import is_accepted, push_request
from benchmarks.shared_database import Servers
from benchmarks.usage import usage_of
from tests.stack import Stack

SECTION = "A push through servers that share one PostgreSQL, {callers} callers for each, {layout}"
LAYOUTS = {"one process each": "1", "three processes each": "0"}
SERVERS = (1, 2, 4)
CALLERS = 64
ACCOUNTS = 1_000


def main() -> None:
    """Measures both layouts and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replicas", description=__doc__)
    parser.add_argument("--pushes", type=int, default=4_000, help="through each server in a run (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken (%(default)s)")
    arguments = parser.parse_args()
    rows: list[Row] = []
    machine: dict[str, str] = {}
    for layout, setting in LAYOUTS.items():
        with ExitStack() as held:
            servers = Servers(held, SMITH_SINGLE_PROCESS=setting)
            first = servers.start()
            machine = machine or describe_machine(first.database_url)
            section = SECTION.format(callers=CALLERS, layout=layout)
            rows += asyncio.run(_measure(servers, first, section, arguments.pushes, arguments.runs))
    print_table(machine, rows)


async def _measure(servers: Servers, first: Stack, section: str, pushes: int, times: int) -> list[Row]:
    population = Population(first.database_url)
    keys = population.add_senders(ACCOUNTS)
    population.tidy()
    runs: dict[int, list[dict[tuple[str, str], float]]] = {number: [] for number in SERVERS}
    stacks = [first]
    for number in SERVERS:
        # Those that come later are not there yet: at rest, too, they ask PostgreSQL for work.
        while len(stacks) < number:
            stacks.append(servers.start(beside=first))
        say(f"pushing through {number} of {max(SERVERS)} servers on one PostgreSQL")
        await _push(stacks, keys, pushes // 4)
        for _ in range(times):
            before = usage_of(*stacks)
            await _push(stacks, keys, pushes)
            runs[number].append((usage_of(*stacks) - before).per_request(pushes * number))
    rows = []
    for what, unit in runs[1][0]:
        of_one, *of_more = (
            row_of_runs(section, f"{what}, {number} of them", unit, [run[what, unit] for run in runs[number]])
            for number in SERVERS
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


if __name__ == "__main__":
    main()
