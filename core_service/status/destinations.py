"""Where pushes and mails go, as the delivery service is configured: to the outside, or to the simulator."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

FRESH_SECONDS = 5.0
"""Seconds for which an answer, or the lack of one, is used again. The settings change only with a restart."""


class Destination(StrEnum):
    """Who receives what leaves the server."""

    UNSPECIFIED = "unspecified"
    """Unknown."""
    NONE = "none"
    """Nothing is configured."""
    SIMULATOR = "simulator"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Who receives pushes, and who receives mails."""

    pushes: Destination = Destination.UNSPECIFIED
    mails: Destination = Destination.UNSPECIFIED
    configuration: str = ""
    """Fingerprint of the delivery service's settings that decide whether APNs knows a token; empty if unknown."""
    web_push_public_key: str = ""
    """The key that browsers subscribe with, in base64url; empty if there is none."""
    web_push_fault: str = ""
    """Why no push can be sent to browsers, in one word; empty if there is no such reason."""
    web_push_fault_explanation: str = ""
    """The same in a sentence for operators."""


UNKNOWN = Destinations()


class DestinationsSource(Protocol):
    """Asks the delivery service."""

    async def ask(self) -> Destinations:
        """Returns where pushes and mails go; UNKNOWN if there is no answer."""


class KnownDestinations:
    """The last answer. It is asked for again after five seconds, and by one caller for all."""

    def __init__(self, asker: DestinationsSource, *, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady` returns seconds of a clock that never goes back."""
        self._asker = asker
        self._steady = steady
        self._known = UNKNOWN
        self._ask_at = 0.0
        self._asking = asyncio.Lock()

    async def now(self) -> Destinations:
        """Returns where pushes and mails go. While the delivery service is away, it is the last answer."""
        async with self._asking:
            if self._steady() >= self._ask_at:
                answer = await self._asker.ask()
                self._known = self._known if answer == UNKNOWN else answer
                self._ask_at = self._steady() + FRESH_SECONDS
        return self._known

    async def answers(self) -> bool:
        """Whether the delivery service answers now. It is asked each time."""
        return await self._asker.ask() != UNKNOWN

    async def configuration(self) -> str:
        """See Destinations."""
        return (await self.now()).configuration
