"""What is wrong with what is an account's own: its phones' tokens, and what it is owed for too long."""

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
"""Of the account's devices. Fewer are what comes of people who change their phones."""
OLD = dt.timedelta(minutes=5)
LOOKED_AT = 1000
"""Owed deliveries, those due first, among which the oldest is looked for."""

REPORT_TOKENS = (
    "Open the app on these phones: it reports its tokens at each launch. Remove devices that nobody uses any more; "
    "Devices lists them."
)


class Kind(StrEnum):
    """What such an alarm is about."""

    DEAD_TOKENS = "dead_tokens"
    QUEUE_AGE = "queue_age"


@dataclass(frozen=True, slots=True)
class AccountAlarm:
    """Something that does not mend itself."""

    kind: Kind
    reason: str
    explanation: str
    advice: str
    since: dt.datetime | None


class AccountAlarms:
    """Looks when it is asked; each look is bounded."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, account_id: uuid.UUID) -> list[AccountAlarm]:
        """The account's alarms."""
        owed = {
            "account_id": account_id,
            # What a stopped route holds up has an alarm of its own.
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
    """The alarm of an account with so many devices, of which so many have a dead token."""
    if not dead or dead < DEAD_SHARE * total:
        return None
    which = f"{dead} of {total} devices have a push token" if total > 1 else "The only device has a push token"
    text = f"{which} that APNs declared dead ({', '.join(sorted(reasons))}): nothing reaches them."
    return AccountAlarm(Kind.DEAD_TOKENS, min(reasons, default=""), text, REPORT_TOKENS, None)


def queue_age(since: dt.datetime, reason: str | None, moment: dt.datetime) -> AccountAlarm | None:
    """The alarm of an account whose oldest owed delivery was accepted at `since`, and last failed for `reason`."""
    age = moment - since
    if age < OLD:
        return None
    minutes = int(age.total_seconds() // 60)
    why = meaning(reason or "DeliveryUnavailable")
    explanation = why.explanation if reason else "It has not been tried yet."
    text = f"The oldest push has been owed for {minutes} minutes. {explanation}"
    return AccountAlarm(Kind.QUEUE_AGE, reason or "", text, f"{why.advice} {QUEUED}", since)
