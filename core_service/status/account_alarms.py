"""Problems of one account: dead tokens of its phones, and deliveries that have waited too long."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core_service.common.orm import now
from core_service.sending.reasons import QUEUED, STOPPING, meaning
from core_service.status.queries import DEAD_TOKENS, OLDEST_OWED
from service_kit.database import Pool

DEAD_SHARE = 0.1
"""Share of the account's devices with a dead token. A lower share is usual: people replace their phones."""
OLD = dt.timedelta(minutes=5)
LOOKED_AT = 1000
"""How many owed deliveries are searched for the oldest: those that are due first."""

REPORT_TOKENS = (
    "Open the app on these phones, or the page on these browsers: it reports its token each time. Remove devices that "
    "are no longer used; Devices lists them."
)


class Kind(StrEnum):
    """What such an alarm is about."""

    DEAD_TOKENS = "dead_tokens"
    QUEUE_AGE = "queue_age"


@dataclass(frozen=True, slots=True)
class AccountAlarm:
    """A problem that does not go away by itself."""

    kind: Kind
    reason: str
    explanation: str
    advice: str
    since: dt.datetime | None


class AccountAlarms:
    """Finds the alarms when they are asked for. The cost is bounded."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, account_id: uuid.UUID) -> list[AccountAlarm]:
        """The account's alarms."""
        owed = {
            "account_id": account_id,
            # Deliveries that wait for a stopped route have an alarm of their own.
            "excused": list(STOPPING),
            "most": LOOKED_AT,
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(DEAD_TOKENS, (account_id,), binary=True)
            devices = await cursor.fetchone()
            cursor = await connection.execute(OLDEST_OWED, owed, binary=True)
            oldest = await cursor.fetchone()
        found = (
            dead_tokens(*devices) if devices else None,
            queue_age(oldest[0], oldest[1], now()) if oldest else None,
        )
        return [alarm for alarm in found if alarm is not None]


def dead_tokens(total: int, dead: int, reasons: Sequence[str]) -> AccountAlarm | None:
    """The alarm of an account with this many devices, this many of them with a dead token; None if that is usual."""
    if not dead or dead < DEAD_SHARE * total:
        return None
    which = f"{dead} of {total} devices have a token" if total > 1 else "The only device has a token"
    why = ", ".join(sorted(reasons))
    text = f"{which} that APNs or a browser's push service declared dead ({why}): nothing reaches them."
    return AccountAlarm(Kind.DEAD_TOKENS, min(reasons, default=""), text, REPORT_TOKENS, None)


def queue_age(since: dt.datetime, reason: str | None, moment: dt.datetime) -> AccountAlarm | None:
    """The alarm of an account whose oldest owed delivery was accepted at `since`, and failed last for `reason`; None
    if that is recent."""
    age = moment - since
    if age < OLD:
        return None
    minutes = int(age.total_seconds() // 60)
    why = meaning(reason or "DeliveryUnavailable")
    explanation = why.explanation if reason else "It has not been tried yet."
    text = f"The oldest push has been owed for {minutes} minutes. {explanation}"
    return AccountAlarm(Kind.QUEUE_AGE, reason or "", text, f"{why.advice} {QUEUED}", since)
