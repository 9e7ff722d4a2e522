"""How often a webhook is called, and when it is called again."""

import datetime as dt
from dataclasses import dataclass

from core_service.webhooks.models import RunState
from core_service.webhooks.port import Result, Verdict

MAX_ATTEMPTS = 3
BACK_OFF_SECONDS = (1.0, 5.0)
"""Before the second attempt, and before the third."""
LONGEST_WAIT_SECONDS = 60.0
"""However long the receiver asks us to wait: somebody has tapped a button."""
UNMADE_WAIT_SECONDS = 1.0
GIVE_UP_AFTER = dt.timedelta(minutes=10)
"""A run that could not be called for so long has failed: nobody expects it any more."""


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from an attempt."""

    state: RunState
    attempts: int
    wait_seconds: float = 0.0


def after(result: Result, attempts: int, age: dt.timedelta) -> Next:
    """What follows from the result of a call by a run of this age, after `attempts` calls that were made."""
    made = attempts + result.attempted
    if result.verdict is Verdict.SUCCEEDED:
        return Next(RunState.SUCCEEDED, made)
    if result.verdict is Verdict.FAILED or made >= MAX_ATTEMPTS or age >= GIVE_UP_AFTER:
        return Next(RunState.FAILED, made)
    if not result.attempted:
        return Next(RunState.RUNNING, made, UNMADE_WAIT_SECONDS)
    wait = max(BACK_OFF_SECONDS[made - 1], min(result.retry_after_seconds, LONGEST_WAIT_SECONDS))
    return Next(RunState.RUNNING, made, wait)
