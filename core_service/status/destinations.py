"""Where pushes and mails go, as the delivery service is configured: out into the world, or to the simulator."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

FRESH_SECONDS = 5.0
"""For so long an answer counts, and so does having none: the settings change with a restart only."""


class Destination(StrEnum):
    """Who takes what leaves the server."""

    UNSPECIFIED = "unspecified"
    """Not known."""
    NONE = "none"
    """No one: it is not configured."""
    SIMULATOR = "simulator"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Who takes pushes, and who takes mails."""

    pushes: Destination = Destination.UNSPECIFIED
    mails: Destination = Destination.UNSPECIFIED
    configuration: str = ""
    """Fingerprint of the delivery service's settings that decide whether APNs knows a token; empty if not known."""


UNKNOWN = Destinations()


class DestinationsSource(Protocol):
    """Asks the delivery service."""

    async def ask(self) -> Destinations:
        """Where things go; UNKNOWN if there is no answer."""


class KnownDestinations:
    """What was last heard, asked again at most every five seconds and by one caller for all."""

    def __init__(self, asker: DestinationsSource, *, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady` gives seconds of a clock that does not go back."""
        self._asker = asker
        self._steady = steady
        self._known = UNKNOWN
        self._ask_at = 0.0
        self._asking = asyncio.Lock()

    async def now(self) -> Destinations:
        """Where things go. While the delivery service is away, what it last said."""
        async with self._asking:
            if self._steady() >= self._ask_at:
                answer = await self._asker.ask()
                self._known = self._known if answer == UNKNOWN else answer
                self._ask_at = self._steady() + FRESH_SECONDS
        return self._known

    async def configuration(self) -> str:
        """See Destinations."""
        return (await self.now()).configuration
