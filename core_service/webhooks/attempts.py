"""How often a webhook is called, and when it is called again."""

import datetime as dt
from dataclasses import dataclass

from core_service.webhooks.models import RunState
from core_service.webhooks.port import WebhookResult, WebhookVerdict
from core_service.work_queue.retry import RetrySchedule

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
