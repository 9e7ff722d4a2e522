"""Measures whether memory grows: a mixed load for a while, and a straight line through each process's memory."""

import asyncio
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count

import httpx

from benchmarks.feed import PATH as STREAM_PATH
from benchmarks.feed import content_state, filled_streams
from benchmarks.load import WrongAnswer
from benchmarks.progress import say
from benchmarks.report import Row
from benchmarks.requests import PATH
from benchmarks.server import Server, cancelled, pair_phone
from benchmarks.settings import Amounts
from benchmarks.usage import memory_bytes
from tests.stack import Stack

SECTION = "Growth of memory under a mixed load for {seconds:,} s, of which the first {warm_up:,} do not count, {server}"
LOAD_SECTION = "That load"
MEGABYTE = 1_000_000
SAMPLE_SECONDS = 1.0
WARM_UP = 0.2
"""The part of the time for warm-up, which does not count."""
STREAMS = 100
CALLERS = 4
"""Callers of each kind."""


async def measure_soak(server: Server, amounts: Amounts) -> list[Row]:
    """The rows of this section."""
    stack, population = server.stack, server.population
    await server.apns.reset(latency_ms=0)
    streams = await asyncio.to_thread(filled_streams, population, STREAMS)
    await asyncio.to_thread(population.tidy)
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30, trust_env=False) as http:
        load = _Load(http, stack.api_key, streams, await asyncio.to_thread(pair_phone, stack, "Soaked"))
        say(f"soaking for {amounts.soak_seconds:,} s")
        callers = [asyncio.create_task(_repeat(do)) for do in load.kinds.values() for _ in range(CALLERS)]
        try:
            samples = await _sample(stack, callers, amounts.soak_seconds)
        finally:
            await cancelled(*callers)
    warm_up = round(amounts.soak_seconds * WARM_UP)
    section = SECTION.format(seconds=amounts.soak_seconds, warm_up=warm_up, server=server.name)
    counted = [(at, sizes) for at, sizes in samples if at >= warm_up]
    rows = [_row(section, name, counted) for name in sorted(counted[-1][1])]
    return rows + [
        Row(LOAD_SECTION, what, done / amounts.soak_seconds, "requests/s") for what, done in load.done.items()
    ]


def _row(section: str, name: str, samples: list[tuple[float, dict[str, int]]]) -> Row:
    """The process's growth in an hour, by a straight line through its sizes, with the least and the greatest size."""
    sizes = [(at, held[name] / MEGABYTE) for at, held in samples if name in held]
    growth = statistics.linear_regression([at for at, _ in sizes], [size for _, size in sizes]).slope * 3600
    held = [size for _, size in sizes]
    return Row(section, f"{name}, {min(held):.0f} to {max(held):.0f} MB", growth, "MB/h")


async def _sample(
    stack: Stack, callers: list["asyncio.Task[None]"], seconds: float
) -> list[tuple[float, dict[str, int]]]:
    """The memory of each process, second by second. Raises the exception of a failed caller."""
    began, samples = time.monotonic(), []
    while (at := time.monotonic() - began) < seconds:
        samples.append((at, await asyncio.to_thread(memory_bytes, stack)))
        done, _ = await asyncio.wait(callers, timeout=SAMPLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for caller in done:
            caller.result()
    return samples


class _Load:
    """The usual load of backends and phones."""

    def __init__(self, http: httpx.AsyncClient, api_key: str, streams: list[str], device_token: str) -> None:
        self._http = http
        self._api_key = api_key
        self._streams = streams
        self._device_token = device_token
        self._numbers = count(1)
        self.kinds = {"pushes": self._push, "stream PUTs": self._update, "reports of new tokens": self._churn}
        self.done = dict.fromkeys(self.kinds, 0)

    async def _push(self) -> None:
        body = {"title": f"Build {next(self._numbers)} finished", "payload": {"branch": "main"}}
        await self._do("pushes", "POST", PATH, self._api_key, body)

    async def _update(self) -> None:
        number = next(self._numbers)
        body = {"content_state": content_state(number)}
        await self._do("stream PUTs", "PUT", STREAM_PATH, self._streams[number % STREAMS], body)

    async def _churn(self) -> None:
        body = {"push_token": secrets.token_hex(32), "environment": "production"}
        await self._do("reports of new tokens", "PUT", "/api/device/tokens", self._device_token, body)

    async def _do(self, what: str, method: str, path: str, secret: str, body: Mapping[str, object]) -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        answer = await self._http.request(method, path, headers=headers, json=body)
        if answer.status_code != httpx.codes.OK:
            raise WrongAnswer(f"status {answer.status_code}: {answer.text}")
        self.done[what] += 1


async def _repeat(do: Callable[[], Awaitable[None]]) -> None:
    while True:
        await do()
