"""`python -m benchmarks.growth`: compares a server that remembers a month of pushes with one that remembers few, and
measures what forgetting costs."""

import argparse
import asyncio
import datetime as dt
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks.load import load_http
from benchmarks.machine import describe_machine
from benchmarks.past import DEVICES_PER_NOTIFICATION, SPAN, Past
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, compared_in_pairs, print_table, row_of_runs
from benchmarks.requests import is_accepted, push_request
from benchmarks.shared_database import Servers
from benchmarks.usage import POSTGRES, Usage, usage_of
from core_service.retention.service import Ages, Retention
from service_kit.database import create_batch_pool
from tests.stack import Stack

PUSHES = "A notification to two phones, of {accounts:,} accounts in turns, with {many:,} deliveries against {few:,}"
SIZES = "Size of {many:,} deliveries and what belongs to them"
FORGETTING = "To forget one day of {days:.0f}: {rows:,} rows"
CALLERS = 64
ACCOUNTS = 1_000
FEW_ROWS = 10_000
DAY = dt.timedelta(days=1)
AGES = Ages(delivery_log=30 * DAY, history=30 * DAY, audit_log=365 * DAY, request_log=30 * DAY)


@dataclass(frozen=True)
class _Server:
    stack: Stack
    past: Past
    api_keys: list[str]

    @staticmethod
    def filled(stack: Stack, rows: int) -> "_Server":
        """With `rows` deliveries in its database."""
        population, past = Population(stack.database_url), Past(stack.database_url)
        api_keys = population.add_senders(ACCOUNTS, devices_each=DEVICES_PER_NOTIFICATION)
        past.add(rows, api_keys)
        population.tidy()
        past.vacuum(analyze=True)
        return _Server(stack, past, api_keys)


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="deliveries to remember (%(default)s)")
    parser.add_argument("--pushes", type=int, default=4_000, help="requests in a run (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="with few and with many rows, in turns (%(default)s)")
    arguments = parser.parse_args()
    with ExitStack() as held:
        servers = Servers(held)
        few, many = servers.start(), servers.start()
        machine = describe_machine(many.database_url)
        say(f"loading {arguments.rows:,} deliveries and as many attempts")
        full = _Server.filled(many, arguments.rows)
        near_empty = _Server.filled(few, FEW_ROWS)
        rows = _sizes(full, arguments.rows)
        say("pushing with few and with many rows in turns")
        section = PUSHES.format(accounts=ACCOUNTS, many=arguments.rows, few=FEW_ROWS)
        rows += asyncio.run(_compare_pushes(near_empty, full, section, arguments.pushes, arguments.runs))
        say("forgetting a day")
        rows += asyncio.run(_forget(full))
    print_table(machine, rows)


async def _compare_pushes(few: _Server, many: _Server, section: str, pushes: int, times: int) -> list[Row]:
    async def measure(server: _Server) -> dict[tuple[str, str], float]:
        before = usage_of(server.stack)
        await _push(server, pushes)
        return (usage_of(server.stack) - before).per_request(pushes)

    for server in (few, many):
        await _push(server, pushes // 2)
    of_few: list[dict[tuple[str, str], float]] = []
    of_many: list[dict[tuple[str, str], float]] = []
    for turn in range(times):
        # The order alternates, so that a machine that gets slower favours neither.
        for server in (few, many) if turn % 2 == 0 else (many, few):
            (of_few if server is few else of_many).append(await measure(server))
    rows = []
    for what, unit in of_few[0]:
        figures = [[run[what, unit] for run in runs] for runs in (of_few, of_many)]
        ratios = [larger / smaller for smaller, larger in zip(*figures, strict=True)]
        rows.append(row_of_runs(section, f"{what}, few rows", unit, figures[0]))
        rows.append(compared_in_pairs(row_of_runs(section, f"{what}, many rows", unit, figures[1]), ratios, "few rows"))
    return rows


async def _push(server: _Server, count: int) -> None:
    keys = server.api_keys
    requests = [push_request(server.stack.base_url, keys[number % len(keys)], number) for number in range(count)]
    await load_http(
        server.stack.base_url, requests, callers=CALLERS, check=partial(is_accepted, devices=DEVICES_PER_NOTIFICATION)
    )


def _sizes(server: _Server, deliveries: int) -> list[Row]:
    section = SIZES.format(many=deliveries)
    rows = []
    for table, sizes in server.past.sizes().items():
        rows.append(Row(section, table, sizes.table / 2**20, "MiB"))
        rows.append(Row(section, f"indexes of {table}", sizes.indexes / 2**20, "MiB"))
    return rows


async def _forget(server: _Server) -> list[Row]:
    """Forgets the first day as core does, and vacuums."""
    moment = server.past.oldest + AGES.history + DAY
    async with create_batch_pool(server.stack.database_url, max_size=2) as pool:
        retention = Retention(pool, AGES, lambda: moment)
        before = usage_of(server.stack)
        began, ours = time.perf_counter(), time.process_time()
        forgotten = await retention.forget()
        seconds, ours = time.perf_counter() - began, time.process_time() - ours
        used = usage_of(server.stack) - before
    section = FORGETTING.format(days=SPAN / DAY, rows=forgotten)
    rows = [
        Row(section, "until it was done, with core's pauses", seconds, "s"),
        Row(section, "processor time of core", ours / forgotten * 1e6, "µs/row"),
        *_of_database(section, "", used, forgotten),
    ]
    before = usage_of(server.stack)
    began = time.perf_counter()
    server.past.vacuum()
    seconds = time.perf_counter() - began
    used = usage_of(server.stack) - before
    return [*rows, Row(section, "vacuum afterwards", seconds, "s"), *_of_database(section, "vacuum: ", used, forgotten)]


def _of_database(section: str, of: str, used: Usage, rows: int) -> Sequence[Row]:
    return (
        Row(section, f"{of}processor time of PostgreSQL", used.cpu[POSTGRES] / rows * 1e6, "µs/row"),
        Row(section, f"{of}write-ahead log", used.wal_bytes / rows, "bytes/row"),
    )


if __name__ == "__main__":
    main()
