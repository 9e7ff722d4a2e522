"""What a test waits for that does not end: told with its failure, shortly before pytest's time for it is over.

pytest-timeout shows where the threads are. That of an event loop is in `select` then, whatever its tasks wait for.
"""

import asyncio
import gc
import threading
from collections.abc import Iterator
from types import AsyncGeneratorType
from typing import Any

import pytest

BEFORE_SECONDS = 10.0
"""How long before the time is over."""
FRAMES, AWAITED = ("cr_frame", "gi_frame", "ag_frame"), ("cr_await", "gi_yieldfrom", "ag_await")
_timers = pytest.StashKey[threading.Timer]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """Begins to watch. pytest-timeout's own timer is set after this one."""
    if settings.timeout > BEFORE_SECONDS:
        timer = threading.Timer(settings.timeout - BEFORE_SECONDS, _tell, (item,))
        timer.daemon = True
        timer.start()
        item.stash[_timers] = timer


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> None:
    """Watches no more."""
    if timer := item.stash.get(_timers, None):
        timer.cancel()


def _tell(item: pytest.Item) -> None:
    # What is added to one phase is shown with a failure of any.
    item.add_report_section("call", "tasks", "\n".join(waiting()))


def waiting() -> Iterator[str]:
    """A paragraph for each task of this process that has not ended and for each asynchronous generator at work, such as
    a fixture that ends: Python does not tell what a task awaits of a generator."""
    things = gc.get_objects()
    for task in [one for one in things if isinstance(one, asyncio.Task) and not one.done()]:
        yield f"{task.get_name()}, cancelled {task.cancelling()} times"
        yield from _awaited(task.get_coro())
    for generator in [one for one in things if isinstance(one, AsyncGeneratorType) and one.ag_running]:
        yield generator.__qualname__
        yield from _awaited(generator)


def _awaited(first: Any) -> Iterator[str]:
    """Where it is, and what it awaits, and so on."""
    while first is not None:
        frame = next((found for name in FRAMES if (found := getattr(first, name, None))), None)
        yield f"    {frame.f_code.co_filename}:{frame.f_lineno}" if frame else f"    {first!r}"
        first = next((found for name in AWAITED if (found := getattr(first, name, None))), None)
