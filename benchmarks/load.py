"""A load generator with low overhead, because it shares the machine with the server."""

import asyncio
import gc
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httptools

LONGEST_RUN = 120.0
"""Seconds after which a run has failed."""


class WrongAnswer(Exception):
    """The server's answer was not the one to measure."""


@dataclass(frozen=True)
class Load:
    """The result of a number of requests."""

    per_second: float
    p50_ms: float
    p99_ms: float

    @staticmethod
    def of(latencies: Sequence[float], seconds: float) -> "Load":
        """The result from the seconds of each request, and of all together."""
        ordered = sorted(latencies)
        p50, p99 = (ordered[math.ceil(share * len(ordered)) - 1] * 1000 for share in (0.50, 0.99))
        return Load(len(ordered) / seconds, p50, p99)


async def load_http(url: str, requests: Sequence[bytes], *, callers: int, check: Callable[[bytes], bool]) -> Load:
    """Sends complete HTTP/1.1 requests over one kept connection per caller, each waiting for its answer.

    `check` says whether an answer's body is the expected one. It runs after the measurement.
    Raises WrongAnswer for any other body or status, and for a lost connection.
    """
    address = urlsplit(url)
    host, port = address.hostname, address.port
    assert host is not None
    assert port is not None
    loop = asyncio.get_running_loop()
    supply = iter(requests)
    connections = [await loop.create_connection(lambda: _Caller(supply), host, port) for _ in range(callers)]
    all_callers = [protocol for _, protocol in connections]
    try:
        async with asyncio.timeout(LONGEST_RUN):
            with _no_collection():
                began = time.perf_counter()
                for caller in all_callers:
                    caller.begin()
                await asyncio.gather(*(caller.done for caller in all_callers))
                seconds = time.perf_counter() - began
    finally:
        for transport, caller in connections:
            caller.done.cancel()
            transport.close()
    for body in (body for caller in all_callers for body in caller.bodies):
        if not check(body):
            raise WrongAnswer(body.decode(errors="replace"))
    return Load.of([latency for caller in all_callers for latency in caller.latencies], seconds)


async def load_calls(call: Callable[[], Awaitable[object]], count: int, *, callers: int) -> Load:
    """Awaits `call()` `count` times, `callers` of them at any time."""
    turns = iter(range(count))
    latencies: list[float] = []

    async def caller() -> None:
        for _ in turns:
            began = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - began)

    with _no_collection():
        began = time.perf_counter()
        async with asyncio.timeout(LONGEST_RUN):
            await asyncio.gather(*(caller() for _ in range(callers)))
        return Load.of(latencies, time.perf_counter() - began)


class _no_collection:  # noqa: N801 - used like a function
    """Switches garbage collection off: the load generator's would increase the measured latencies."""

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()


class _Caller(asyncio.Protocol):
    """One kept connection: a request, its answer, the next request."""

    def __init__(self, supply: Iterator[bytes]) -> None:
        self._supply = supply
        self._body = b""
        self._sent_at = 0.0
        self.latencies: list[float] = []
        self.bodies: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvloop's is no subclass
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def begin(self) -> None:
        """Sends the next request, if there is one left."""
        request = next(self._supply, None)
        if request is None:
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Called by the parser with each part of a body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Called by the parser at the end of an answer."""
        self.latencies.append(time.perf_counter() - self._sent_at)
        status, body, self._body = self._parser.get_status_code(), self._body, b""
        if status != 200:
            self._fail(f"status {status}: {body.decode(errors='replace')}")
            return
        self.bodies.append(body)
        self.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}")

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(WrongAnswer(why))
