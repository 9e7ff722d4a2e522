"""Compares a server with a full database and one with an almost empty one, measured in turns."""

import asyncio

from benchmarks.fan_out import Audience, fan_out
from benchmarks.limits import callers_text
from benchmarks.load import Load
from benchmarks.progress import say
from benchmarks.report import Row, compared_in_pairs, row_of_loads, row_of_runs
from benchmarks.requests import send_to_one_device, warm_up
from benchmarks.server import Server, running_server
from benchmarks.settings import Amounts
from benchmarks.turns import in_turns

SECTION = "The same with {many:,} devices and {history:,} deliveries in the database, against {few:,} devices, {server}"
OWN_SHARE = 0.01
"""Number of past deliveries that belong to the measured account itself."""


async def measure_scale(few: Audience, amounts: Amounts) -> list[Row]:
    """The rows of this section. `few` has few devices in its database."""
    with running_server(few[0].kind, few[0].apns) as server:
        say(f"loading {amounts.many_devices:,} devices and {amounts.history:,} deliveries")
        many = server, await asyncio.to_thread(_fill, server, amounts)
        say("measuring with few and with many devices in turns")
        for one, _ in (few, many):
            await warm_up(one, amounts)
        rows = []
        for callers, count in amounts.requests[0].items():
            rows += await _compare_requests(few, many, amounts, callers, count)
        return rows + await _compare_fan_outs(few, many, amounts)


async def _compare_requests(few: Audience, many: Audience, amounts: Amounts, callers: int, count: int) -> list[Row]:
    async def measure(audience: Audience) -> Load:
        return await send_to_one_device(audience[0], callers=callers, count=count)

    of_few, of_many = await in_turns(measure, (few, many), amounts.scale_repetitions)
    ratios = [one.per_second / other.per_second for one, other in zip(of_many, of_few, strict=True)]
    section, what = _section(few, amounts), callers_text(callers)
    return [
        row_of_loads(section, f"{what}, few devices", "requests/s", of_few),
        compared_in_pairs(row_of_loads(section, f"{what}, many devices", "requests/s", of_many), ratios, "few devices"),
    ]


async def _compare_fan_outs(few: Audience, many: Audience, amounts: Amounts) -> list[Row]:
    async def measure(audience: Audience) -> float:
        return (await fan_out(*audience, amounts.fan_out_devices)).pushes_per_second

    of_few, of_many = await in_turns(measure, (few, many), amounts.scale_repetitions)
    section, what = _section(few, amounts), f"to {amounts.fan_out_devices:,} devices"
    return [
        row_of_runs(section, f"{what}, few others", "pushes/s", of_few),
        compared_in_pairs(
            row_of_runs(section, f"{what}, many others", "pushes/s", of_many),
            [one / other for one, other in zip(of_many, of_few, strict=True)],
            "few others",
        ),
    ]


def _section(few: Audience, amounts: Amounts) -> str:
    return SECTION.format(
        many=amounts.many_devices, few=amounts.few_devices, history=amounts.history, server=few[0].name
    )


def _fill(server: Server, amounts: Amounts) -> str:
    """Returns the API key of the account with many phones."""
    [(device_id,)] = server.stack.sql("SELECT id FROM devices")
    population = server.population
    own = round(amounts.history * OWN_SHARE)
    population.add_strangers(amounts.many_devices, amounts.history - own)
    population.add_history(device_id, own)
    key = population.add_audience(amounts.fan_out_devices)
    population.tidy()
    return key
