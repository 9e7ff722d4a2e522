"""Polling for a condition with a deadline: how tests wait for what another process does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_SECONDS = 0.02


def eventually(what: str, probe: Callable[[], T], seconds: float = 20.0, *, until: Callable[[T], bool] = bool) -> T:
    """What `probe` returns as soon as `until` holds for it; fails the test with the last value after `seconds`."""
    deadline = time.monotonic() + seconds
    while not until(value := probe()):
        _check(what, seconds, deadline, value)
        time.sleep(PAUSE_SECONDS)
    return value


async def eventually_async(what: str, probe: Callable[[], Awaitable[T]], seconds: float = 20.0) -> T:
    """What `probe` returns as soon as it is true; fails the test with the last value after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := await probe()):
        _check(what, seconds, deadline, value)
        await asyncio.sleep(PAUSE_SECONDS)
    return value


def _check(what: str, seconds: float, deadline: float, value: object) -> None:
    assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}; last seen: {value!r}"
