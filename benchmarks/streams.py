"""Streams of Live Activities: the time of PUTs, their number of pushes, and the effect of a full database.

A phone is updated once a second at most. A state that comes sooner is answered at once and shown with the next push. So
updates that each reach a phone need many streams; PUTs to one stream show the other case.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.feed import Feed, filled_streams
from benchmarks.limits import STEPS, STEPS_TO_CORE, Limits, callers_text
from benchmarks.load import Load
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, compared, compared_in_pairs, row_of_loads, row_of_runs
from benchmarks.requests import rows_of_cpu
from benchmarks.scale import in_turns
from benchmarks.server import cpu_seconds, running_server
from benchmarks.settings import Amounts
from tests.stack import Stack

NOOP_SECTION = "Stream PUT that changes nothing, to {streams:,} streams"
UPDATE_SECTION = "Stream PUT that updates one device, to {streams:,} streams, until APNs accepted"
CPU_SECTION = "Processor time of a PUT that {what}, at {callers} callers"
HOT_SECTION = "Stream PUT that updates one device, all to one stream"
WIDE_SECTION = "Stream PUT that updates {devices:,} devices, all to one stream"
SCALE_SECTION = "Stream PUTs with {many:,} live activities in the database, against {few:,}"
PACE_SECONDS = 1.2
"""Seconds after which an updated phone may be updated again: one, and some for the way."""


@dataclass(frozen=True)
class Feeds:
    """The streams of the server under test."""

    many: Feed
    """Many streams, each on one device."""
    hot: Feed
    """One stream, on one device."""
    wide: Feed
    """One stream, on many devices."""


async def measure_streams(stack: Stack, population: Population, amounts: Amounts, limits: Limits) -> list[Row]:
    """The rows of this section."""
    say(f"loading {amounts.few_streams:,} streams")
    feeds = await asyncio.to_thread(_fill, stack, population, amounts)
    callers, count = max(amounts.stream_updates.items())
    await feeds.many.advance(callers=callers, count=count // 4)
    say("measuring streams")
    rows = await _measure_noops(feeds.many, amounts, limits)
    rows += await _measure_updates(feeds.many, amounts, limits)
    rows += await _measure_one(HOT_SECTION, feeds.hot, amounts)
    section = WIDE_SECTION.format(devices=amounts.stream_devices)
    rows += await _measure_reach(section, feeds.wide, amounts, limits)
    rows += await _measure_one(section, feeds.wide, amounts)
    return rows + await _measure_scale(feeds.many, amounts)


def _fill(stack: Stack, population: Population, amounts: Amounts) -> Feeds:
    many = filled_streams(population, amounts.few_streams)
    hot = filled_streams(population, 1)
    wide = filled_streams(population, 1, devices_each=amounts.stream_devices)
    population.tidy()
    return Feeds(Feed(stack, many), Feed(stack, hot), Feed(stack, wide, devices_each=amounts.stream_devices))


async def _measure_noops(feed: Feed, amounts: Amounts, limits: Limits) -> list[Row]:
    """Measures requests that change nothing, and their cost."""
    section = NOOP_SECTION.format(streams=amounts.few_streams)
    rows, before = [], cpu_seconds(feed.stack)
    for callers, count in amounts.stream_noops.items():
        before = cpu_seconds(feed.stack)
        loads = [await feed.repeat(callers=callers, count=count) for _ in range(amounts.repetitions)]
        row = row_of_loads(section, callers_text(callers), "requests/s", loads)
        rows.append(compared(row, limits.steps_to_core(callers), STEPS_TO_CORE))
    return rows + _rows_of_cpu(feed.stack, before, "changes nothing", amounts.stream_noops, amounts.repetitions)


async def _measure_updates(feed: Feed, amounts: Amounts, limits: Limits) -> list[Row]:
    """Measures requests that each reach a phone, and their cost."""
    section = UPDATE_SECTION.format(streams=amounts.few_streams)
    rows, before = [], cpu_seconds(feed.stack)
    for callers, count in amounts.stream_updates.items():
        before = cpu_seconds(feed.stack)
        runs = [await feed.advance(callers=callers, count=count) for _ in range(amounts.repetitions)]
        row = row_of_loads(section, callers_text(callers), "requests/s", [run.load for run in runs])
        rows.append(compared(row, limits.steps_in_a_row(callers), STEPS))
        rows.append(_row_of_pushes(section, callers, [run.pushes for run in runs], count))
    return rows + _rows_of_cpu(feed.stack, before, "updates a device", amounts.stream_updates, amounts.repetitions)


def _rows_of_cpu(
    stack: Stack, before: dict[str, float], what: str, counts: dict[int, int], repetitions: int
) -> list[Row]:
    """The processor time since `before`, for the runs with the last number of callers."""
    callers, count = list(counts.items())[-1]
    used = {name: seconds - before[name] for name, seconds in cpu_seconds(stack).items()}
    return rows_of_cpu(CPU_SECTION.format(what=what, callers=callers), used, requests=count * repetitions)


async def _measure_one(section: str, feed: Feed, amounts: Amounts) -> list[Row]:
    """Measures requests to one stream, most of which come before a phone may be updated again."""
    rows = []
    for callers, count in amounts.stream_updates.items():
        runs = [await feed.advance(callers=callers, count=count) for _ in range(amounts.repetitions)]
        rows.append(row_of_loads(section, callers_text(callers), "requests/s", [run.load for run in runs]))
        rows.append(_row_of_pushes(section, callers, [run.pushes for run in runs], count))
    return rows


async def _measure_reach(section: str, feed: Feed, amounts: Amounts, limits: Limits) -> list[Row]:
    """Measures a single request until all phones have its state."""
    answered, reached = [], []
    for _ in range(amounts.repetitions):
        await asyncio.sleep(PACE_SECONDS)
        updates = await feed.advance(callers=1, count=1)
        reached.append(updates.pushes / updates.seconds)
        answered.append(1 / updates.load.per_second)
    pushes = row_of_runs(section, "a single PUT, until the database knew all", "pushes/s", reached)
    return [
        compared(pushes, limits.bare_sender, "bare loop of the sender"),
        row_of_runs(section, "a single PUT, until the answer came", "s", answered),
    ]


def _row_of_pushes(section: str, callers: int, pushes: Sequence[int], requests: int) -> Row:
    row = row_of_runs(section, f"{callers_text(callers)}, pushes for {requests:,} requests", "pushes", pushes)
    return compared(row, requests, "requests")


async def _measure_scale(few: Feed, amounts: Amounts) -> list[Row]:
    """Measures the same requests with few and with many live activities, in turns."""
    with running_server() as stack:
        say(f"loading {amounts.many_streams:,} streams")
        many = await asyncio.to_thread(_fill_many, stack, amounts)
        say("measuring with few and with many live activities in turns")
        # Meanwhile the other server was busy.
        await _advance(amounts, many)
        noops = await in_turns(partial(_repeat, amounts), few, many, amounts.scale_repetitions)
        updates = await in_turns(partial(_advance, amounts), few, many, amounts.scale_repetitions)
    section = SCALE_SECTION.format(many=amounts.many_streams, few=amounts.few_streams)
    return [*_rows_of_pairs(section, "nothing new", noops), *_rows_of_pairs(section, "updates", updates)]


def _fill_many(stack: Stack, amounts: Amounts) -> Feed:
    """Returns as many streams as the small server has, from all parts of the table; the others only exist."""
    population = Population(stack.database_url)
    keys = filled_streams(population, amounts.many_streams)
    population.tidy()
    return Feed(stack, keys[:: amounts.many_streams // amounts.few_streams])


async def _repeat(amounts: Amounts, feed: Feed) -> Load:
    callers, count = max(amounts.stream_noops.items())
    return await feed.repeat(callers=callers, count=count)


async def _advance(amounts: Amounts, feed: Feed) -> Load:
    callers, count = max(amounts.stream_updates.items())
    return (await feed.advance(callers=callers, count=count)).load


def _rows_of_pairs(section: str, what: str, pairs: Sequence[tuple[Load, Load]]) -> list[Row]:
    ratios = [of_many.per_second / of_few.per_second for of_few, of_many in pairs]
    return [
        row_of_loads(section, f"{what}, few live activities", "requests/s", [of_few for of_few, _ in pairs]),
        compared_in_pairs(
            row_of_loads(section, f"{what}, many live activities", "requests/s", [of_many for _, of_many in pairs]),
            ratios,
            "few live activities",
        ),
    ]
