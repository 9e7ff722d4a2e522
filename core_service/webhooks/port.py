"""What the delivery service is to webhooks: somebody who makes one call and says what came of it."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class WebhookVerdict(Enum):
    """The three things that can become of a call."""

    SUCCEEDED = auto()
    RETRY = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt."""

    url: str
    method: str
    body: bytes
    idempotency_key: str
    signing_keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """What became of it."""

    verdict: WebhookVerdict
    status_code: int | None = None
    response_body: bytes = b""
    reason: str = ""
    message: str = ""
    retry_after_seconds: float = 0.0
    """Least time before the next attempt, as the receiver asks for."""
    attempted: bool = True
    """False: the call was certainly not made, or nobody can tell. It counts as no attempt."""


class WebhookCaller(Protocol):
    """Calls webhooks."""

    async def call(self, call: Call) -> WebhookResult:
        """What became of the attempt, whatever happens. Takes some seconds at most."""
