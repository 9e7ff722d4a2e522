"""Where pushes and mails go, as the server says: what a page may call sent, and by whose name."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from smith.core.v1.status_service_pb2 import DESTINATION_REAL, DESTINATION_SIMULATOR, GetDestinationsRequest

from admin_ui.core import Caller, Core, Refused

_apns = re.compile(r"(^|(?<=[.?!] ))?(?<!\w)APNs\b(?! key)")

FRESH_SECONDS = 5.0
"""For so long an answer counts. It changes with a restart of the server only."""


@dataclass(frozen=True)
class Destinations:
    """Who takes pushes, and who takes mails: values of `smith.core.v1.Destination`, 0 for not known."""

    pushes: int = 0
    mails: int = 0

    @property
    def pushes_are_simulated(self) -> bool:
        """Whether no push leaves the installation."""
        return self.pushes == DESTINATION_SIMULATOR

    @property
    def mails_are_simulated(self) -> bool:
        """Whether no mail leaves the installation."""
        return self.mails == DESTINATION_SIMULATOR

    @property
    def kept(self) -> str:
        """What stays in this installation, as a sentence; empty if nothing is known to."""
        if self.pushes_are_simulated and self.mails_are_simulated:
            return "Pushes and mails stay in this installation."
        if self.pushes_are_simulated:
            return "Pushes stay in this installation."
        return "Mails stay in this installation." if self.mails_are_simulated else ""

    @property
    def taker(self) -> str:
        """Who accepts a push, within a sentence."""
        if self.pushes_are_simulated:
            return "the simulator"
        return "Apple" if self.pushes == DESTINATION_REAL else "the push service"

    def in_words(self, told: str) -> str:
        """What the server tells of APNs, with the name of who takes the pushes here. Few people know what APNs is, and
        with the simulator it is not Apple's. A key is Apple's in any case: its name stays."""
        if not self.pushes:
            return told
        at_start = self.taker[0].upper() + self.taker[1:]
        return _apns.sub(lambda found: at_start if found[1] is not None else self.taker, told)


UNKNOWN = Destinations()


class DestinationsOfServer:
    """What core says, kept for a moment: it is the same for everybody."""

    def __init__(self, core: Core, *, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady` gives seconds of a clock that does not go back."""
        self._core = core
        self._steady = steady
        self._known = UNKNOWN
        self._ask_at = 0.0

    async def now(self, stranger: Caller) -> Destinations:
        """Where things go, as far as is known: core tells it without credentials. A page is shown without it if core
        does not say."""
        if self._steady() >= self._ask_at:
            self._ask_at = self._steady() + FRESH_SECONDS
            try:
                told = await self._core.ask(stranger, self._core.status.GetDestinations, GetDestinationsRequest())
            except Refused:
                self._ask_at = 0.0
                return self._known
            if told.pushes:
                self._known = Destinations(told.pushes, told.mails)
            else:
                self._ask_at = 0.0
        return self._known
