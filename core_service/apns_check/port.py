"""What the delivery service is to core here: somebody who asks APNs."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What APNs said to a push that can reach nobody."""

    reason: str
    """APNs' reason or the delivery service's; empty if APNs accepted the push."""
    topic: str
    """The bundle id that was asked about; empty if none is configured."""
    misconfigured: bool
    """Whether the reason stands for something that an operator has to change."""
    answered: bool
    """Whether the answer is APNs' own."""
    latency_ms: int
    simulated: bool = False
    """Whether it was the simulator that answered, and not Apple."""


class ApnsChecker(Protocol):
    """Asks APNs."""

    async def ask(self, environment: str, bundle_id: str | None) -> CheckAnswer:
        """What APNs says of this environment and app, the configured app if None.

        Raises Unavailable if nobody can ask it.
        """
