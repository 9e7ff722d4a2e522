"""Streams of Live Activities: how fast PUTs are answered, how many pushes they cost, whether a full database matters.

A phone is updated once a second at most, and what comes sooner is answered at once and shown with the next push. So
many streams are needed to measure updates that reach a phone each; one stream shows what happens to the others.
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
"""After this a phone that was updated may be updated at once: a second, and some for the time on the way."""


@dataclass(frozen=True)
class Feeds:
    """The streams of the server under test."""

    many: Feed
    """On one device each."""
    hot: Feed
    """One, on one device."""
    wide: Feed
    """One, on many devices."""


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
    """Requests that change nothing, and what they cost."""
    section = NOOP_SECTION.format(streams=amounts.few_streams)
    rows, before = [], cpu_seconds(feed.stack)
    for callers, count in amounts.stream_noops.items():
        before = cpu_seconds(feed.stack)
        loads = [await feed.repeat(callers=callers, count=count) for _ in range(amounts.repetitions)]
        row = row_of_loads(section, callers_text(callers), "requests/s", loads)
        rows.append(compared(row, limits.steps_to_core(callers), STEPS_TO_CORE))
    return rows + _rows_of_cpu(feed.stack, before, "changes nothing", amounts.stream_noops, amounts.repetitions)


async def _measure_updates(feed: Feed, amounts: Amounts, limits: Limits) -> list[Row]:
    """Requests that reach a phone each, and what they cost."""
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
    """What the processes have used since `before` for the runs with the last of the numbers of callers."""
    callers, count = list(counts.items())[-1]
    used = {name: seconds - before[name] for name, seconds in cpu_seconds(stack).items()}
    return rows_of_cpu(CPU_SECTION.format(what=what, callers=callers), used, requests=count * repetitions)


async def _measure_one(section: str, feed: Feed, amounts: Amounts) -> list[Row]:
    """Requests that all change the same stream, most of them sooner than a phone is updated again."""
    rows = []
    for callers, count in amounts.stream_updates.items():
        runs = [await feed.advance(callers=callers, count=count) for _ in range(amounts.repetitions)]
        rows.append(row_of_loads(section, callers_text(callers), "requests/s", [run.load for run in runs]))
        rows.append(_row_of_pushes(section, callers, [run.pushes for run in runs], count))
    return rows


async def _measure_reach(section: str, feed: Feed, amounts: Amounts, limits: Limits) -> list[Row]:
    """One request alone, until all phones have it."""
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
    """The same requests to a server with few and to one with many live activities, in turns."""
    with running_server() as stack:
        say(f"loading {amounts.many_streams:,} streams")
        many = await asyncio.to_thread(_fill_many, stack, amounts)
        say("measuring with few and with many live activities in turns")
        # The other server has been busy for a while.
        await _advance(amounts, many)
        noops = await in_turns(partial(_repeat, amounts), few, many, amounts.scale_repetitions)
        updates = await in_turns(partial(_advance, amounts), few, many, amounts.scale_repetitions)
    section = SCALE_SECTION.format(many=amounts.many_streams, few=amounts.few_streams)
    return [*_rows_of_pairs(section, "nothing new", noops), *_rows_of_pairs(section, "updates", updates)]


def _fill_many(stack: Stack, amounts: Amounts) -> Feed:
    """As many streams as with the few are PUT to, from all over the table; the others only live."""
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
