"""What comes of asking a process."""

from dataclasses import dataclass
from enum import StrEnum

GRPC = ("core", "delivery")
"""The processes that speak gRPC; the others speak HTTP."""


class State(StrEnum):
    """How a process is."""

    READY = "ready"
    NOT_READY = "not ready"
    """It answers, and says that it cannot serve now."""
    STRANGE = "strange"
    """Something else answers there."""
    AWAY = "away"


@dataclass(frozen=True)
class Answer:
    """What came of asking."""

    state: State
    words: str
    """Part of a line."""
