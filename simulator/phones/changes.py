"""Which phones have changed: what lets a page follow all of them with one question at a time."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

REMEMBERED = 2000
"""Phones whose last change is known; more than there can be, so that those removed are told of as well."""
MAX_WAITING = 200
TICK_SECONDS = 1.0
"""How often waiting looks at the clock, which ends Live Activities by itself."""


class News(NamedTuple):
    """What has changed."""

    version: str
    """To be named when asking again."""
    phones: list[str] | None
    """Phones that changed, came or went, by their ids; None: nobody knows, and all phones are to be looked at."""


class Changes:
    """Numbers the changes of phones. Versions of another run are known to be that."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._number = 0
        self._numbers: OrderedDict[str, int] = OrderedDict()
        """The number of each phone's last change, in rising order."""
        self._forgotten = 0
        """The highest number that was forgotten."""
        self._news = asyncio.Event()
        self._waiting = 0
        self._closed = False

    def note(self, phone_id: str) -> None:
        """The phone has changed, come or gone."""
        self._number += 1
        self._numbers[phone_id] = self._number
        self._numbers.move_to_end(phone_id)
        if len(self._numbers) > REMEMBERED:
            self._forgotten = self._numbers.popitem(last=False)[1]
        if self._waiting:
            self._wake()

    def since(self, version: str) -> News:
        """What has changed since `version`; an unknown one counts as long ago."""
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
        """The same, as soon as there is something, or after `seconds`. `pass_time` makes phones look at the clock.

        None if too many are waiting.
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
        """Lets nobody wait any more."""
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
