"""Compares a server that remembers a month of pushes with one that remembers few. Measures what forgetting costs."""

import asyncio
import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.counts import Counts
from benchmarks.load import load_http
from benchmarks.past import DEVICES_PER_NOTIFICATION, SPAN, Past
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, compared_in_pairs, row_of_runs
from benchmarks.requests import push_request
from benchmarks.scale import in_turns
from benchmarks.server import POSTGRES, running_server
from benchmarks.settings import Amounts
from core_service.retention.service import Ages, Retention
from service_kit.database import create_batch_pool
from tests.stack import Stack

PUSHES = "A notification to two phones, of {accounts:,} accounts in turns, with {many:,} deliveries against {few:,}"
SIZES = "Size of {many:,} deliveries and what belongs to them"
FORGETTING = "To forget one day of {days:.0f}: {rows:,} rows"
CALLERS = 64
DAY = dt.timedelta(days=1)
AGES = Ages(delivery_log=30 * DAY, history=30 * DAY, audit_log=365 * DAY)


@dataclass(frozen=True)
class _Server:
    stack: Stack
    past: Past
    api_keys: list[str]


async def measure_growth(few: Stack, population: Population, amounts: Amounts) -> list[Row]:
    """The rows of this section. `few` is a server whose database remembers little; `population` fills it."""
    with running_server() as many:
        say(f"loading {amounts.growth_rows:,} deliveries and as many attempts")
        full = await asyncio.to_thread(
            _filled, many, Population(many.database_url), amounts.growth_rows, amounts.growth_accounts
        )
        near_empty = await asyncio.to_thread(_filled, few, population, amounts.growth_few_rows, amounts.growth_accounts)
        say("pushing with few and with many rows in turns")
        rows = await _compare_pushes(near_empty, full, amounts)
        rows += _sizes(full, amounts)
        say("forgetting a day")
        return rows + await _forget(full)


def _filled(stack: Stack, population: Population, rows: int, accounts: int) -> _Server:
    past = Past(stack.database_url)
    api_keys = population.add_senders(accounts, devices_each=DEVICES_PER_NOTIFICATION)
    past.add(rows, api_keys)
    population.tidy()
    past.vacuum(analyze=True)
    return _Server(stack, past, api_keys)


async def _compare_pushes(few: _Server, many: _Server, amounts: Amounts) -> list[Row]:
    count = amounts.requests[CALLERS]

    async def measure(server: _Server) -> Counts:
        before = await asyncio.to_thread(Counts.of, server.stack)
        await _push(server, count)
        return (await asyncio.to_thread(Counts.of, server.stack)).since(before)

    for server in (few, many):
        await _push(server, count)
    pairs = await in_turns(measure, few, many, amounts.scale_repetitions)
    section = PUSHES.format(accounts=amounts.growth_accounts, many=amounts.growth_rows, few=amounts.growth_few_rows)
    of_few, of_many = ([counts.per_request(count) for counts in runs] for runs in zip(*pairs, strict=True))
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
    await load_http(server.stack.base_url, requests, callers=CALLERS, check=_is_accepted)


def _is_accepted(body: bytes) -> bool:
    answer = json.loads(body)
    return answer.get("success") is True and answer.get("devices_notified") == DEVICES_PER_NOTIFICATION


def _sizes(server: _Server, amounts: Amounts) -> list[Row]:
    section = SIZES.format(many=amounts.growth_rows)
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
        before = await asyncio.to_thread(Counts.of, server.stack)
        began, ours = time.perf_counter(), time.process_time()
        forgotten = await retention.forget()
        seconds, ours = time.perf_counter() - began, time.process_time() - ours
        used = (await asyncio.to_thread(Counts.of, server.stack)).since(before)
    section = FORGETTING.format(days=SPAN / DAY, rows=forgotten)
    rows = [
        Row(section, "until it was done, with core's pauses", seconds, "s"),
        Row(section, "processor time of core", ours / forgotten * 1e6, "µs/row"),
        *_of_database(section, "", used, forgotten),
    ]
    before = await asyncio.to_thread(Counts.of, server.stack)
    began = time.perf_counter()
    await asyncio.to_thread(server.past.vacuum)
    seconds = time.perf_counter() - began
    used = (await asyncio.to_thread(Counts.of, server.stack)).since(before)
    return [*rows, Row(section, "vacuum afterwards", seconds, "s"), *_of_database(section, "vacuum: ", used, forgotten)]


def _of_database(section: str, of: str, used: Counts, rows: int) -> Sequence[Row]:
    return (
        Row(section, f"{of}processor time of PostgreSQL", used.processor[POSTGRES] / rows * 1e6, "µs/row"),
        Row(section, f"{of}write-ahead log", used.wal_bytes / rows, "bytes/row"),
    )
