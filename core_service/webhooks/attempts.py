"""One attempt of a webhook: the call, its result, and what follows from it."""

import datetime as dt
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from core_service.webhooks.models import RunState
from core_service.work_queue.retry import RetrySchedule


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


LEASE_SECONDS = 30.0
SCHEDULE = RetrySchedule(
    (1.0, 5.0), give_up_after=dt.timedelta(minutes=10), max_attempts=3, most_asked_seconds=60.0
)  # fmt: skip
"""A person has tapped a button and waits. Later than this they no longer expect a call."""


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from an attempt."""

    state: RunState
    attempts: int
    wait_seconds: float | None = None
    """Seconds until the next attempt; None if this was the last."""


def after(result: WebhookResult, attempts: int, age: dt.timedelta) -> Next:
    """Returns what follows from the result of a call by a run of this age, after `attempts` calls that were made."""
    made, wait = attempts + result.attempted, None
    if result.verdict is WebhookVerdict.SUCCEEDED:
        return Next(RunState.SUCCEEDED, made)
    if result.verdict is WebhookVerdict.RETRY:
        # A call that was not made does not make the wait longer.
        counted, asked = (made, result.retry_after_seconds) if result.attempted else (0, 0.0)
        wait = SCHEDULE.wait_seconds(counted, age, asked_seconds=asked)
    return Next(RunState.FAILED if wait is None else RunState.RUNNING, made, wait)
