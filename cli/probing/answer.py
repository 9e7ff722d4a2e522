"""The result of asking a process."""

from dataclasses import dataclass
from enum import StrEnum

GRPC = ("core", "delivery")
"""The processes that speak gRPC; the others speak HTTP."""


class State(StrEnum):
    """The state of a process."""

    READY = "ready"
    NOT_READY = "not ready"
    """It answers, and says that it cannot serve now."""
    STRANGE = "strange"
    """Another program answers there."""
    AWAY = "away"


@dataclass(frozen=True)
class Answer:
    """The state of a process, and a description."""

    state: State
    words: str
    """Description of the state, as part of a line."""
