"""What the delivery service is to a check: it asks APNs."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """APNs' answer to a push that can reach no phone."""

    reason: str
    """APNs' reason or the delivery service's; empty if APNs accepted the push."""
    topic: str
    """The bundle id that was asked about; empty if none is configured."""
    misconfigured: bool
    """Whether the reason is something that an operator has to change."""
    answered: bool
    """Whether APNs itself answered."""
    latency_ms: int
    simulated: bool = False
    """Whether the simulator answered instead of Apple."""


class ApnsChecker(Protocol):
    """Asks APNs."""

    async def ask(self, environment: str, bundle_id: str | None) -> CheckAnswer:
        """Returns APNs' answer for this environment and app; for the configured app if None.

        Raises Unavailable if APNs cannot be asked.
        """
