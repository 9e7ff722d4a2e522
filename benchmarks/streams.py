"""Streams of Live Activities: the time of PUTs, their number of pushes, and the effect of a full database.

A phone is updated once a second at most. A state that comes sooner is answered at once and shown with the next push. So
updates that each reach a phone need many streams; PUTs to one stream show the other case.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from benchmarks.cost import Measured, measured, rows_of_cost, rows_of_processes
from benchmarks.feed import Feed, Updates, filled_streams
from benchmarks.limits import STEPS, STEPS_TO_CORE, Limits, callers_text
from benchmarks.load import Load
from benchmarks.progress import say
from benchmarks.report import Row, compared_in_pairs, row_of_loads
from benchmarks.server import Server, running_server
from benchmarks.settings import Amounts
from benchmarks.turns import in_turns, rows_of_figures, rows_of_servers

NOOP_SECTION = "Stream PUT that changes nothing, to {streams:,} streams"
UPDATE_SECTION = "Stream PUT that updates one device, to {streams:,} streams, until APNs accepted"
COST_SECTION = "Cost of a PUT that {what}"
HOT_SECTION = "Stream PUT that updates one device, all to one stream"
WIDE_SECTION = "Stream PUT that updates {devices:,} devices, all to one stream"
SCALE_SECTION = "Stream PUTs with {many:,} live activities in the database, against {few:,}, {server}"
PACE_SECONDS = 1.2
"""Seconds after which an updated phone may be updated again: one, and some for the way."""

T = TypeVar("T")


@dataclass(frozen=True)
class Feeds:
    """The streams of the server under test."""

    many: Feed
    """Many streams, each on one device."""
    hot: Feed
    """One stream, on one device."""
    wide: Feed
    """One stream, on many devices."""


async def measure_streams(servers: Sequence[Server], amounts: Amounts, limits: Limits) -> list[Row]:
    """The rows of this section."""
    say(f"loading {amounts.few_streams:,} streams")
    feeds = [await asyncio.to_thread(_fill, server, amounts) for server in servers]
    callers, count = max(amounts.stream_updates.items())
    for of_server in feeds:
        await of_server.many.advance(callers=callers, count=count // 4)
    say("measuring streams")
    many, hot, wide = ([getattr(of_server, name) for of_server in feeds] for name in ("many", "hot", "wide"))
    rows = await _measure_noops(many, amounts, limits)
    rows += await _measure_updates(many, amounts, limits)
    rows += await _measure_one(HOT_SECTION, hot, amounts)
    section = WIDE_SECTION.format(devices=amounts.stream_devices)
    rows += await _measure_reach(section, wide, amounts, limits)
    rows += await _measure_one(section, wide, amounts)
    for feed in many:
        rows += await _measure_scale(feed, amounts)
    return rows


def _fill(server: Server, amounts: Amounts) -> Feeds:
    population = server.population
    many = filled_streams(population, amounts.few_streams)
    hot = filled_streams(population, 1)
    wide = filled_streams(population, 1, devices_each=amounts.stream_devices)
    population.tidy()
    return Feeds(Feed(server, many), Feed(server, hot), Feed(server, wide, devices_each=amounts.stream_devices))


def _servers(feeds: Sequence[Feed]) -> list[Server]:
    return [feed.server for feed in feeds]


async def _measure_noops(feeds: Sequence[Feed], amounts: Amounts, limits: Limits) -> list[Row]:
    """Measures requests that change nothing, and their cost."""
    section = NOOP_SECTION.format(streams=amounts.few_streams)
    rows, cost_rows = [], []
    for callers, count in amounts.stream_noops.items():

        async def measure(feed: Feed, callers: int = callers, count: int = count) -> Measured[Load]:
            return await measured(feed.server, lambda: feed.repeat(callers=callers, count=count))

        runs = await in_turns(measure, feeds, amounts.repetitions)
        loads = [[run.result for run in of_feed] for of_feed in runs]
        limit = limits.steps_to_core(callers), STEPS_TO_CORE
        rows += rows_of_servers(section, callers_text(callers), _servers(feeds), loads, limit=limit)
        cost_rows = _rows_of_cost("changes nothing", callers, feeds, runs, count)
    return rows + cost_rows


async def _measure_updates(feeds: Sequence[Feed], amounts: Amounts, limits: Limits) -> list[Row]:
    """Measures requests that each reach a phone, and their cost."""
    section = UPDATE_SECTION.format(streams=amounts.few_streams)
    rows, cost_rows = [], []
    for callers, count in amounts.stream_updates.items():
        runs = await in_turns(_advancing(callers, count), feeds, amounts.repetitions)
        limit = limits.steps_in_a_row(callers), STEPS
        rows += _rows_of_updates(section, callers, feeds, runs, count=count, limit=limit)
        cost_rows = _rows_of_cost("updates a device", callers, feeds, runs, count)
    return rows + cost_rows


def _rows_of_cost(
    what: str, callers: int, feeds: Sequence[Feed], runs: Sequence[Sequence[Measured[T]]], count: int
) -> list[Row]:
    section, servers = COST_SECTION.format(what=what), _servers(feeds)
    return [
        *rows_of_cost(section, callers_text(callers), servers, runs, operations=count),
        *rows_of_processes(f"{section}, {callers_text(callers)}", servers, runs, operations=count),
    ]


def _advancing(callers: int, count: int) -> Callable[[Feed], Awaitable[Measured[Updates]]]:
    async def measure(feed: Feed) -> Measured[Updates]:
        return await measured(feed.server, lambda: feed.advance(callers=callers, count=count))

    return measure


async def _measure_one(section: str, feeds: Sequence[Feed], amounts: Amounts) -> list[Row]:
    """Measures requests to one stream, most of which come before a phone may be updated again."""
    rows = []
    for callers, count in amounts.stream_updates.items():
        runs = await in_turns(_advancing(callers, count), feeds, amounts.repetitions)
        rows += _rows_of_updates(section, callers, feeds, runs, count=count)
    return rows


def _rows_of_updates(
    section: str,
    callers: int,
    feeds: Sequence[Feed],
    runs: Sequence[Sequence[Measured[Updates]]],
    *,
    count: int,
    limit: tuple[float, str] | None = None,
) -> list[Row]:
    loads = [[run.result.load for run in of_feed] for of_feed in runs]
    pushes = [[run.result.pushes for run in of_feed] for of_feed in runs]
    what = f"{callers_text(callers)}, pushes for {count:,} requests"
    return [
        *rows_of_servers(section, callers_text(callers), _servers(feeds), loads, limit=limit),
        *rows_of_figures(section, (what, "pushes"), _servers(feeds), pushes, limit=(count, "requests")),
    ]


async def _measure_reach(section: str, feeds: Sequence[Feed], amounts: Amounts, limits: Limits) -> list[Row]:
    """Measures a single request until all phones have its state."""

    async def measure(feed: Feed) -> Updates:
        await asyncio.sleep(PACE_SECONDS)
        return await feed.advance(callers=1, count=1)

    runs = await in_turns(measure, feeds, amounts.repetitions)
    reached = [[run.pushes / run.seconds for run in of_feed] for of_feed in runs]
    answered = [[1 / run.load.per_second for run in of_feed] for of_feed in runs]
    until = "a single PUT, until"
    limit = limits.bare_sender, "bare loop of the sender"
    return [
        *rows_of_figures(
            section, (f"{until} the database knew all", "pushes/s"), _servers(feeds), reached, limit=limit
        ),
        *rows_of_figures(section, (f"{until} the answer came", "s"), _servers(feeds), answered),
    ]


async def _measure_scale(few: Feed, amounts: Amounts) -> list[Row]:
    """Measures the same requests with few and with many live activities, in turns."""
    with running_server(few.server.kind, few.server.apns) as server:
        say(f"loading {amounts.many_streams:,} streams")
        many = await asyncio.to_thread(_fill_many, server, amounts)
        say("measuring with few and with many live activities in turns")
        # Meanwhile the other server was busy.
        await _advance(amounts, many)
        noops = await in_turns(partial(_repeat, amounts), (few, many), amounts.scale_repetitions)
        updates = await in_turns(partial(_advance, amounts), (few, many), amounts.scale_repetitions)
    section = SCALE_SECTION.format(many=amounts.many_streams, few=amounts.few_streams, server=few.server.name)
    return [*_rows_of_pairs(section, "nothing new", *noops), *_rows_of_pairs(section, "updates", *updates)]


def _fill_many(server: Server, amounts: Amounts) -> Feed:
    """Returns as many streams as the small server has, from all parts of the table; the others only exist."""
    keys = filled_streams(server.population, amounts.many_streams)
    server.population.tidy()
    return Feed(server, keys[:: amounts.many_streams // amounts.few_streams])


async def _repeat(amounts: Amounts, feed: Feed) -> Load:
    callers, count = max(amounts.stream_noops.items())
    return await feed.repeat(callers=callers, count=count)


async def _advance(amounts: Amounts, feed: Feed) -> Load:
    callers, count = max(amounts.stream_updates.items())
    return (await feed.advance(callers=callers, count=count)).load


def _rows_of_pairs(section: str, what: str, of_few: Sequence[Load], of_many: Sequence[Load]) -> list[Row]:
    ratios = [many.per_second / few.per_second for few, many in zip(of_few, of_many, strict=True)]
    return [
        row_of_loads(section, f"{what}, few live activities", "requests/s", of_few),
        compared_in_pairs(
            row_of_loads(section, f"{what}, many live activities", "requests/s", of_many),
            ratios,
            "few live activities",
        ),
    ]
