"""Tracks which phones have changed, so that a page can follow all of them with one request at a time."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

REMEMBERED = 2000
"""Most phones whose last change is remembered; more than can exist, so that removed phones are included."""
MAX_WAITING = 200
TICK_SECONDS = 1.0
"""Seconds between checks of the clock while waiting: time alone ends Live Activities."""


class News(NamedTuple):
    """The changes since a version."""

    version: str
    """The version for the next request."""
    phones: list[str] | None
    """Ids of changed, new and removed phones; None: not known, so any phone may have changed."""


class Changes:
    """Numbers the changes of phones. It recognizes versions of another run."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._number = 0
        self._numbers: OrderedDict[str, int] = OrderedDict()
        """The number of each phone's last change, in rising order."""
        self._forgotten = 0
        """The highest number that is no longer remembered."""
        self._news = asyncio.Event()
        self._waiting = 0
        self._closed = False

    def note(self, phone_id: str) -> None:
        """Records that the phone has changed, or was added or removed."""
        self._number += 1
        self._numbers[phone_id] = self._number
        self._numbers.move_to_end(phone_id)
        if len(self._numbers) > REMEMBERED:
            self._forgotten = self._numbers.popitem(last=False)[1]
        if self._waiting:
            self._wake()

    def since(self, version: str) -> News:
        """The changes since `version`; an unknown version counts as long ago."""
        now = f"{self._run}-{self._number}"
        run, _, digits = version.partition("-")
        known = run == self._run and digits.isascii() and digits.isdigit() and len(digits) < 20
        if not known or not self._forgotten <= int(digits) <= self._number:
            return News(now, None)
        changed = []
        for phone_id in reversed(self._numbers):
            if self._numbers[phone_id] <= int(digits):
                break
            changed.append(phone_id)
        return News(now, changed)

    async def wait(self, version: str, seconds: float, pass_time: Callable[[], None]) -> News | None:
        """The same, as soon as there is a change, or after `seconds`. `pass_time` lets phones apply the time.

        None if too many clients are waiting.
        """
        if self._waiting >= MAX_WAITING:
            return None
        until = time.monotonic() + seconds
        self._waiting += 1
        try:
            while True:
                pass_time()
                news, left = self.since(version), until - time.monotonic()
                if news.phones != [] or left <= 0 or self._closed:
                    return news
                await self._something(min(left, TICK_SECONDS))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Ends all waiting."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _something(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
