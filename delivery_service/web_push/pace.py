"""How fast pushes to browsers begin."""

import asyncio
from collections.abc import Callable

ALONE = 1 / 600
"""Seconds between two pushes to browsers. Each takes about 0.6 ms of the one processor that pushes to phones are sent
with, too."""
BESIDE_PHONES = 1 / 200
"""The same while a push to a phone is on its way, which then finds the processor free. See
`python -m benchmarks.web_push`."""
BETWEEN_DIALS = 1 / 20
"""Seconds between two new connections: TLS takes some 3 ms of the processor for each."""


class TooLong(Exception):
    """The turn would come too late."""


class Pace:
    """Lets one begin after the other, evenly. If all that may begin did so at once, a push to a phone would wait."""

    def __init__(self, interval: Callable[[], float]) -> None:
        """`interval` returns how many seconds to wait after a turn that is taken now."""
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._next = 0.0

    @property
    def next(self) -> float:
        """When the next may begin, in the event loop's time."""
        return self._next

    def begin(self) -> bool:
        """Takes a turn now, if it is time for one. Returns whether it is."""
        now = self._loop.time()
        if now < self._next:
            return False
        self._next = now + self._interval()
        return True

    async def turn(self, until: float) -> None:
        """Waits for a turn. Raises TooLong at once if it would be after `until`, in the event loop's time."""
        now = self._loop.time()
        at = max(now, self._next)
        if at > until:
            raise TooLong
        self._next = at + self._interval()
        if at > now:
            await asyncio.sleep(at - now)
