"""What the delivery service is to webhooks: it makes one call and returns the result."""

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
    """The least wait before the next attempt that the receiver asks for."""
    attempted: bool = True
    """False if the call was certainly not made, or if that is unknown. It does not count as an attempt."""


class WebhookCaller(Protocol):
    """Calls webhooks."""

    async def call(self, call: Call) -> WebhookResult:
        """Makes one attempt and returns its result, whatever happens. Takes some seconds at most."""
