"""Checks the server's credentials with APNs. No phone is sent anything."""

import asyncio
import uuid
from dataclasses import dataclass

from limits import RateLimitItemPerSecond

from core_service.apns_check.explanation import ApnsChecker, CheckAnswer, CheckResult, Explanation, explain
from core_service.auth.rate_limit import RateLimiter
from core_service.identity.errors import TooManyAttempts
from service_kit.database import Pool


class AskedTooSoon(TooManyAttempts):
    """The account asked a moment ago."""

    words = "APNs was asked just now. Ask again in {time}."


FIND_LINES = """
SELECT environment, bundle_id
FROM devices
WHERE account_id = %(account_id)s AND environment IN ('production', 'sandbox')
GROUP BY environment, bundle_id
ORDER BY count(*) DESC, environment, bundle_id NULLS FIRST
LIMIT %(most)s
"""
"""Environments and apps that the account has phones of, those with most phones first. One walk through its devices."""


__all__ = ["ApnsChecks", "Check", "CheckResult"]

MAX_LINES = 8
"""Environments and apps that one check asks about."""
ONCE = RateLimitItemPerSecond(1, 5)
BOTH: list[tuple[str, str | None]] = [("production", None), ("sandbox", None)]


@dataclass(frozen=True, slots=True)
class Check:
    """What APNs says of one environment and app."""

    environment: str
    answer: CheckAnswer
    explanation: Explanation


class ApnsChecks:
    """Asks APNs about the environments and apps that an account sends to. It shares nothing with sending: no
    connection, no breaker, no record."""

    def __init__(self, pool: Pool, asker: ApnsChecker, rate_limiter: RateLimiter) -> None:
        self._pool = pool
        self._asker = asker
        self._rate_limiter = rate_limiter

    async def check(self, account_id: uuid.UUID) -> list[Check]:
        """Returns APNs' answer for each environment and app that the account has phones of, those with most phones
        first. If it has none, the configured app is checked in both environments.

        Raises AskedTooSoon; Unavailable.
        """
        try:
            await self._rate_limiter.refuse_haste(ONCE, "apns-check", str(account_id))
        except TooManyAttempts as error:
            raise AskedTooSoon(retry_after_seconds=int(error.facts["retry_after_seconds"])) from None
        async with self._pool.connection() as connection:
            cursor = await connection.execute(FIND_LINES, {"account_id": account_id, "most": MAX_LINES})
            lines = await cursor.fetchall() or BOTH
        answers = await asyncio.gather(*(self._asker.ask(*line) for line in lines))
        checks = [Check(line[0], answer, explain(answer)) for line, answer in zip(lines, answers, strict=True)]
        # Phones that name the configured app, and phones that name none, are of one app.
        return list({(check.environment, check.answer.topic): check for check in checks}.values())
