"""A push on its way from APNs to a device."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AcceptedPush:
    """A push that APNs answered with 200 and hands to a device."""

    apns_id: str
    push_type: str
    collapse_id: str | None
    expiration: int | None
    """UNIX seconds; 0: one attempt, never stored; None: stored for a time of APNs' choice."""
    priority: int
    """10 by default."""
    body: bytes
    """The JSON document as it was sent, UTF-8."""
    document: dict[str, Any]
    """`body`, decoded."""
