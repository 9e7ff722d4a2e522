"""When the mail of an invite is tried again, and when no more."""

import datetime as dt
from dataclasses import dataclass

from core_service.invites.models import MailState
from core_service.mail.service import MailResult, MailVerdict

BACK_OFF_SECONDS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
"""After the first attempt, the second, and so on; after the last and all later ones the longest."""
GIVE_UP_AFTER = dt.timedelta(days=3)
"""A mail server that is away for so long does not come back by itself."""


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from an attempt."""

    state: MailState
    attempts: int
    wait_seconds: float = 0.0


def after(result: MailResult, attempts: int, age: dt.timedelta) -> Next:
    """What follows from the result for a mail that was queued so long ago, after so many `attempts` before."""
    made = attempts + 1
    match result.verdict:
        case MailVerdict.SENT:
            return Next(MailState.SENT, made)
        case MailVerdict.NOT_CONFIGURED:
            return Next(MailState.NOT_CONFIGURED, made)
        case MailVerdict.REJECTED:
            return Next(MailState.FAILED, made)
    if age >= GIVE_UP_AFTER:
        return Next(MailState.FAILED, made)
    return Next(MailState.QUEUED, made, BACK_OFF_SECONDS[min(made, len(BACK_OFF_SECONDS)) - 1])
