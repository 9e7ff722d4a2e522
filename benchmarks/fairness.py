"""The effect of one account on another: a single push and a single card, with and without another account's load."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

import httpx
import psycopg

from benchmarks.feed import PATH as STREAM_PATH
from benchmarks.feed import content_state, filled_streams
from benchmarks.load import Load, WrongAnswer, load_calls
from benchmarks.progress import say
from benchmarks.report import Row, row_of_loads
from benchmarks.requests import PATH
from benchmarks.server import Server, cancelled
from benchmarks.settings import Amounts
from tests.stack import Stack

SECTION = "A neighbour's request, one at a time, until APNs accepted, {server}"
AIM_MS = 300.0
STREAMS = 50
"""Number of the neighbour's cards. A card is updated once a second at most, so updates go round them."""
CROWD = 48
"""Callers of the other account, each sending pushes to many devices."""
POLL_SECONDS = 0.25
LONGEST_DRAIN = 300.0

COUNT_OWED = "SELECT count(*) FROM deliveries WHERE state = 'due'"


async def measure_fairness(server: Server, amounts: Amounts) -> list[Row]:
    """The rows of this section."""
    stack, population = server.stack, server.population
    await server.apns.reset(latency_ms=0)
    section = SECTION.format(server=server.name)
    say(f"loading {amounts.fairness_devices:,} devices of one account")
    large = await asyncio.to_thread(population.add_audience, amounts.fairness_devices)
    crowd = await asyncio.to_thread(population.add_audience, amounts.crowd_devices)
    streams = await asyncio.to_thread(filled_streams, population, STREAMS)
    await asyncio.to_thread(population.tidy)
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30, trust_env=False) as http:
        neighbour = _Neighbour(http, stack.api_key, streams)
        rows = await _measure(section, "at rest", neighbour, amounts)
        beside = f"while another account pushes to {amounts.fairness_devices:,} devices again and again"
        async with _ongoing(lambda: _push_and_drain(stack, http, large)):
            rows += await _measure(section, beside, neighbour, amounts)
        await _drained(stack)
        beside = f"while {CROWD} callers of another account push to {amounts.crowd_devices:,} devices each"
        async with _ongoing(lambda: _push_many(stack, http, crowd)):
            rows += await _measure(section, beside, neighbour, amounts)
        await _drained(stack)
        return rows + await _measure(section, "right after", neighbour, amounts)


class _Neighbour:
    """An account with one phone, and others with a stream each."""

    def __init__(self, http: httpx.AsyncClient, api_key: str, streams: list[str]) -> None:
        self._http = http
        self._api_key = api_key
        self._streams = streams
        self._numbers = count(1)

    async def push(self) -> None:
        """Sends a push to the one phone."""
        title = f"Build {next(self._numbers)} finished"
        _check(await self._http.post(PATH, headers=_key(self._api_key), json={"title": title}))

    async def update(self) -> None:
        """Updates the next stream."""
        number = next(self._numbers)
        key, body = self._streams[number % STREAMS], {"content_state": content_state(number)}
        _check(await self._http.put(STREAM_PATH, headers=_key(key), json=body))


async def _measure(section: str, when: str, neighbour: _Neighbour, amounts: Amounts) -> list[Row]:
    say(f"measuring a neighbour {when}")
    kinds: list[tuple[str, Callable[[], Awaitable[None]]]] = [("push", neighbour.push), ("card", neighbour.update)]
    return [
        _row(section, f"{what} {when}", await load_calls(do, amounts.fairness_requests, callers=1))
        for what, do in kinds
    ]


def _row(section: str, what: str, load: Load) -> Row:
    row = row_of_loads(section, what, "requests/s", [load])
    return replace(row, ratio=load.p99_ms / AIM_MS, to=f"p99 to {AIM_MS:.0f} ms")


@asynccontextmanager
async def _ongoing(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Repeats the work during the block, which begins once the first request is on its way."""

    async def repeat() -> None:
        while True:
            await work()

    task = asyncio.create_task(repeat())
    try:
        # The first request is on its way before anything is measured.
        await asyncio.sleep(POLL_SECONDS)
        yield
    finally:
        await cancelled(task)


async def _push_and_drain(stack: Stack, http: httpx.AsyncClient, api_key: str) -> None:
    _check(await http.post(PATH, headers=_key(api_key), json={"title": "Database is down"}))
    await _drained(stack)


async def _push_many(stack: Stack, http: httpx.AsyncClient, api_key: str) -> None:
    """Sends a push. A refusal is accepted, because these callers exceed the server's limit for one account."""
    await asyncio.gather(
        *(http.post(PATH, headers=_key(api_key), json={"title": f"Database {n} is down"}) for n in range(CROWD))
    )
    await _drained(stack)


async def _drained(stack: Stack) -> None:
    """Returns once no push is queued."""
    async with (
        asyncio.timeout(LONGEST_DRAIN),
        await psycopg.AsyncConnection.connect(stack.database_url, autocommit=True) as connection,
    ):
        while True:
            row = await (await connection.execute(COUNT_OWED)).fetchone()
            if row == (0,):
                return
            await asyncio.sleep(POLL_SECONDS)


def _key(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"}


def _check(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.OK:
        raise WrongAnswer(f"status {answer.status_code}: {answer.text}")
