"""Where pushes and mails go: to Apple and real mailboxes, or to the simulator. Pages name the right one."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from smith.core.v1.status_service_pb2 import DESTINATION_REAL, DESTINATION_SIMULATOR, GetDestinationsRequest

from admin_ui.core import Caller, Core, Refused
from admin_ui.texts import _

_apns = re.compile(r"(^|(?<=[.?!] ))?(?<!\w)APNs\b(?! key)")

FRESH_SECONDS = 5.0
"""Seconds for which an answer is reused. It changes only with a restart of the server."""


@dataclass(frozen=True)
class Destinations:
    """Who takes pushes, and who takes mails: values of `smith.core.v1.Destination`, 0 for not known."""

    pushes: int = 0
    mails: int = 0

    @property
    def pushes_are_simulated(self) -> bool:
        """Whether no push to an iPhone's app leaves the installation. Those to browsers go to their push services."""
        return self.pushes == DESTINATION_SIMULATOR

    @property
    def mails_are_simulated(self) -> bool:
        """Whether no mail leaves the installation."""
        return self.mails == DESTINATION_SIMULATOR

    @property
    def kept(self) -> str:
        """A sentence that says what stays in this installation; empty if nothing does, or it is not known."""
        if self.pushes_are_simulated and self.mails_are_simulated:
            return _("Pushes to iPhones and mails stay in this installation.")
        if self.pushes_are_simulated:
            return _("Pushes to iPhones stay in this installation.")
        return _("Mails stay in this installation.") if self.mails_are_simulated else ""

    @property
    def taker(self) -> str:
        """The name of the service that accepts pushes to iPhones, for use within a sentence."""
        if self.pushes_are_simulated:
            return _("the simulator")
        return "Apple" if self.pushes == DESTINATION_REAL else _("the push service")

    @property
    def takers(self) -> str:
        """The names of all services that accept pushes, those to browsers too, for use within a sentence."""
        return _("{taker} or a browser's push service").format(taker=self.taker) if self.pushes else self.taker

    def in_words(self, told: str) -> str:
        """The server's text with `APNs` replaced by the name of the service that takes the pushes here.

        Few people know what APNs is, and the simulator is not Apple's. "APNs key" stays: a key is always Apple's.
        """
        if not self.pushes:
            return told
        at_start = self.taker[0].upper() + self.taker[1:]
        return _apns.sub(lambda found: at_start if found[1] is not None else self.taker, told)


UNKNOWN = Destinations()


class DestinationsOfServer:
    """Core's answer, cached for a moment: it is the same for all people."""

    def __init__(self, core: Core, *, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady` gives seconds of a clock that does not go back."""
        self._core = core
        self._steady = steady
        self._known = UNKNOWN
        self._ask_at = 0.0

    async def now(self, stranger: Caller) -> Destinations:
        """Where pushes and mails go. Core answers without credentials. If it does not answer, the result says "not
        known", so that pages can be shown all the same."""
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
