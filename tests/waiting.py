"""Polling for a condition with a deadline: how tests wait for what another process does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LONG = 60.0
"""Seconds that pass only if something is broken: a busy machine may take twenty for what takes one."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 0.25


def eventually(what: str, probe: Callable[[], T], seconds: float = LONG, *, until: Callable[[T], bool] = bool) -> T:
    """What `probe` returns as soon as `until` holds for it; fails the test with the last value after `seconds`."""
    began = time.monotonic()
    while not until(value := probe()):
        time.sleep(_pause(what, seconds, began, value))
    return value


async def eventually_async(what: str, probe: Callable[[], Awaitable[T]], seconds: float = LONG) -> T:
    """What `probe` returns as soon as it is true; fails the test with the last value after `seconds`."""
    began = time.monotonic()
    while not (value := await probe()):
        pause = _pause(what, seconds, began, value)
        await asyncio.sleep(pause)
    return value


def _pause(what: str, seconds: float, began: float, value: object) -> float:
    """Until the next look: what has taken long may take a little longer, and looking costs what is waited for."""
    waited = time.monotonic() - began
    assert waited < seconds, f"not within {seconds:g} s: {what}; last seen: {value!r}"
    return min(max(PAUSE_SECONDS, waited / 10), LONGEST_PAUSE_SECONDS)
