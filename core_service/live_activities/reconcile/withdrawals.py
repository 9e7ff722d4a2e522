"""Takes cards off the screens of phones that have no right to them any more."""

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import NamedTuple

from core_service.common.json_object import write_json
from core_service.live_activities.reconcile.claims import HIGH
from core_service.live_activities.reconcile.withdrawal_queries import (
    CLAIM_WITHDRAWALS,
    FORGET_WITHDRAWALS,
    RELEASE_WITHDRAWALS,
    REPEAT_WITHDRAWALS,
)
from core_service.sending.port import About, Courier, OnOutcome, Outcome, Push, PushEvent, PushType, Target, Verdict
from core_service.work_queue.batch_writer import BatchWriter
from core_service.work_queue.claim_loop import ClaimLoop
from core_service.work_queue.retry import delay_seconds
from service_kit.database import Pool

CLAIM_SIZE = 100
MAX_IN_PROGRESS = 300
LEASE_SECONDS = 20.0
"""How long a push stays with the process that sends it. Longer than any delivery can take; after it anybody may."""
STRANGE_SECONDS = 4000.0
"""Above every wait between two attempts: APNs is left alone for an hour at most."""

EMPTY_CARD = {"title": "Unpaired", "type": "progress", "percentage": 0}
"""What the end carries: Apple wants a state with it, the app must be able to decode it, and it must tell nothing."""

FINAL = frozenset({Verdict.ACCEPTED, Verdict.TOKEN_DEAD, Verdict.REJECTED})
"""Outcomes after which the card is gone, or out of reach."""


class Withdrawal(NamedTuple):
    """A row of `withdrawal_queries.CLAIM_WITHDRAWALS`."""

    update_token: str
    account_id: uuid.UUID
    activity_id: str
    device_id: uuid.UUID
    user_id: uuid.UUID
    environment: str
    bundle_id: str | None
    timestamp: int
    apns_id: uuid.UUID
    attempts: int
    """This one counted."""
    gone_at: dt.datetime
    is_gone: bool
    """iOS has taken the card away by itself."""

    def push(self) -> Push:
        """The push that ends it."""
        body = {
            "timestamp": self.timestamp,
            "event": PushEvent.END.value,
            "content-state": EMPTY_CARD,
            # In the past: iOS removes it at once.
            "dismissal-date": 1,
        }
        target = Target(
            self.device_id,
            self.user_id,
            self.update_token,
            self.environment,
            self.bundle_id,
            self.apns_id,
            self.attempts - 1,
        )
        return Push(
            write_json({"aps": body}),
            self.gone_at,
            push_type=PushType.LIVE_ACTIVITY,
            priority=HIGH,
            about=About(self.account_id, self.activity_id, PushEvent.END),
            targets=[target],
        )


@dataclass(frozen=True, slots=True)
class _Settlement:
    token: str
    delay_seconds: float | None
    """Until it is tried again; None if it is done."""


class Withdrawals:
    """The loop. What a dead process has left behind is taken up when its lease ends."""

    def __init__(self, pool: Pool, courier: Courier) -> None:
        self._pool = pool
        self._courier = courier
        self._loop = ClaimLoop("cards to withdraw", self._claim, size=CLAIM_SIZE, most=MAX_IN_PROGRESS)
        self._writer: BatchWriter[_Settlement] = BatchWriter("withdrawn cards", self._write, self._finish)
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def run(self) -> None:
        """Claims and sends, until cancelled."""
        await self._loop.run()

    async def write(self) -> None:
        """Writes what became of it, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every outcome is written."""
        await self._loop.drain()

    async def release(self) -> None:
        """The database's clock was set back: what waits for a time beyond any wait is due now."""
        async with self._pool.connection() as connection:
            await connection.execute(RELEASE_WITHDRAWALS, {"longest": STRANGE_SECONDS})
        self._loop.wake()

    async def _claim(self) -> bool:
        async with self._pool.connection() as connection:
            parameters = {"limit": CLAIM_SIZE, "lease": LEASE_SECONDS}
            cursor = await connection.execute(CLAIM_WITHDRAWALS, parameters, binary=True)
            claimed = [Withdrawal(*row) for row in await cursor.fetchall()]
        self._loop.begin(len(claimed))
        for one in claimed:
            if one.is_gone:
                self._writer.put(_Settlement(one.update_token, None))
            else:
                self._courier.submit(one.push(), self._on_outcome(one))
        return len(claimed) == CLAIM_SIZE

    def _on_outcome(self, one: Withdrawal) -> OnOutcome:
        def on_outcome(target: Target, outcome: Outcome) -> None:
            del target
            delay = None
            if outcome.verdict not in FINAL:
                # What only the server's settings are to blame for does not grow the wait.
                attempts = one.attempts - 1 if outcome.counts else 0
                delay = delay_seconds(outcome.retry_after_seconds, attempts, self._jitter)
            self._writer.put(_Settlement(one.update_token, delay))

        return on_outcome

    async def _write(self, batch: list[_Settlement]) -> None:
        done = [one.token for one in batch if one.delay_seconds is None]
        again = [one for one in batch if one.delay_seconds is not None]
        async with self._pool.connection() as connection, connection.transaction():
            if done:
                await connection.execute(FORGET_WITHDRAWALS, {"tokens": done})
            if again:
                tokens, delays = [one.token for one in again], [one.delay_seconds for one in again]
                await connection.execute(REPEAT_WITHDRAWALS, {"tokens": tokens, "delays": delays})
        self._loop.finish(len(batch))

    def _finish(self, one: _Settlement) -> None:
        """It is due again when its lease ends."""
        del one
        self._loop.finish(1)
