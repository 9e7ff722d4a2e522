"""When a mail is tried again, and when no more."""

import datetime as dt
from dataclasses import dataclass

from core_service.mail.models import MailState
from core_service.mail.port import MailResult, MailVerdict

BACK_OFF_SECONDS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
"""After the first attempt, the second, and so on; after the last and all later ones the longest."""


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from an attempt."""

    state: MailState
    attempts: int
    wait_seconds: float = 0.0


def after(result: MailResult, attempts: int, age: dt.timedelta, give_up_after: dt.timedelta) -> Next:
    """What follows from the result for a mail that was queued so long ago, after so many `attempts` before."""
    made = attempts + 1
    match result.verdict:
        case MailVerdict.SENT:
            return Next(MailState.SENT, made)
        case MailVerdict.NOT_CONFIGURED:
            return Next(MailState.NOT_CONFIGURED, made)
        case MailVerdict.REJECTED:
            return Next(MailState.FAILED, made)
    if age >= give_up_after:
        return Next(MailState.FAILED, made)
    return Next(MailState.QUEUED, made, BACK_OFF_SECONDS[min(made, len(BACK_OFF_SECONDS)) - 1])
