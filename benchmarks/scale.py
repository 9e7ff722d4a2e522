"""Compares a server with a full database and one with an almost empty one, measured in turns."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import psycopg

from benchmarks.fan_out import fan_out
from benchmarks.limits import callers_text
from benchmarks.load import Load
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, compared_in_pairs, row_of_loads, row_of_runs
from benchmarks.requests import send_to_one_device, warm_up
from benchmarks.server import running_server
from benchmarks.settings import Amounts
from tests.stack import Stack

SECTION = "The same with {many:,} devices and {history:,} deliveries in the database, against {few:,} devices"
OWN_SHARE = 0.01
"""Number of past deliveries that belong to the measured account itself."""

S = TypeVar("S")
T = TypeVar("T")
Server = tuple[Stack, str]
"""A server and the API key of its account with many phones."""


async def measure_scale(few: Server, amounts: Amounts) -> list[Row]:
    """The rows of this section. `few` has few devices in its database."""
    with running_server() as stack:
        say(f"loading {amounts.many_devices:,} devices and {amounts.history:,} deliveries")
        many = stack, await asyncio.to_thread(_fill, stack, amounts)
        say("measuring with few and with many devices in turns")
        for server, _ in (few, many):
            await warm_up(server, amounts)
        rows = []
        for callers, count in amounts.requests.items():
            rows += await _compare_requests(few, many, amounts, callers, count)
        return rows + await _compare_fan_outs(few, many, amounts)


async def _compare_requests(few: Server, many: Server, amounts: Amounts, callers: int, count: int) -> list[Row]:
    async def measure(server: Server) -> Load:
        return await send_to_one_device(server[0], callers=callers, count=count)

    loads = await in_turns(measure, few, many, amounts.scale_repetitions)
    ratios = [of_many.per_second / of_few.per_second for of_few, of_many in loads]
    section, what = _section(amounts), callers_text(callers)
    return [
        row_of_loads(section, f"{what}, few devices", "requests/s", [of_few for of_few, _ in loads]),
        compared_in_pairs(
            row_of_loads(section, f"{what}, many devices", "requests/s", [of_many for _, of_many in loads]),
            ratios,
            "few devices",
        ),
    ]


async def _compare_fan_outs(few: Server, many: Server, amounts: Amounts) -> list[Row]:
    async def measure(server: Server) -> float:
        return (await fan_out(*server, amounts.fan_out_devices)).pushes_per_second

    rates = await in_turns(measure, few, many, amounts.scale_repetitions)
    section, what = _section(amounts), f"to {amounts.fan_out_devices:,} devices"
    return [
        row_of_runs(section, f"{what}, few others", "pushes/s", [of_few for of_few, _ in rates]),
        compared_in_pairs(
            row_of_runs(section, f"{what}, many others", "pushes/s", [of_many for _, of_many in rates]),
            [of_many / of_few for of_few, of_many in rates],
            "few others",
        ),
    ]


async def in_turns(measure: Callable[[S], Awaitable[T]], few: S, many: S, turns: int) -> Sequence[tuple[T, T]]:
    """Pairs of results for few and many. The order alternates, so that a machine that gets slower favours neither."""
    pairs = []
    for turn in range(turns):
        if turn % 2 == 0:
            of_few = await measure(few)
            pairs.append((of_few, await measure(many)))
        else:
            of_many = await measure(many)
            pairs.append((await measure(few), of_many))
    return pairs


def _section(amounts: Amounts) -> str:
    return SECTION.format(many=amounts.many_devices, few=amounts.few_devices, history=amounts.history)


def _fill(stack: Stack, amounts: Amounts) -> str:
    """Returns the API key of the account with many phones."""
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("SELECT id FROM devices").fetchone()
    assert row is not None
    population = Population(stack.database_url)
    own = round(amounts.history * OWN_SHARE)
    population.add_strangers(amounts.many_devices, amounts.history - own)
    population.add_history(row[0], own)
    key = population.add_audience(amounts.fan_out_devices)
    population.tidy()
    return key
