"""Takes cards off the screens of phones that may no longer show them."""

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncSession

from core_service.common.validation import write_json
from core_service.live_activities.reconcile.planning import HIGH
from core_service.live_activities.reconcile.withdrawal_queries import (
    CLAIM_WITHDRAWALS,
    LOCK_SHOWN,
    SETTLE_WITHDRAWALS,
    WITHDRAW,
)
from core_service.live_activities.state.broadcast_queries import CLOSE_BROADCASTS
from core_service.live_activities.state.pace import surface_of
from core_service.live_activities.state.web_form import withdrawn_for_browsers
from core_service.sending.port import About, OutcomeKind, Push, PushEvent, PushSender, PushType, Target
from core_service.sending.single import outcome_of
from core_service.work_queue.outbox import Limits, Settlement
from core_service.work_queue.retry import delay_seconds
from service_kit.web_push import Subscription

EMPTY_CARD = {"title": "Unpaired", "type": "progress", "percentage": 0}
"""The state in the end. Apple requires one, the app must be able to decode it, and it must reveal nothing."""

FINAL = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.TOKEN_DEAD, OutcomeKind.REJECTED})
"""Outcomes after which the card is gone, or out of reach."""


async def withdraw_cards(session: AsyncSession, device_ids: Sequence[uuid.UUID]) -> None:
    """Ends what the devices show, when the session commits. No state is sent to them any more, and each card that can
    be reached is owed an end, even if its device is gone by then.

    The devices must still exist, and the session must have locked them FOR NO KEY UPDATE, which lets others refer to
    them: a transaction that changes an activity waits for devices while it holds the activity's lock.
    """
    if device_ids:
        connection = await session.connection()
        for step in (LOCK_SHOWN, WITHDRAW, CLOSE_BROADCASTS):
            await connection.exec_driver_sql(step, {"device_ids": list(device_ids)})


def removal(timestamp: int) -> bytes:
    """The body of the push that takes a card off the screen at once. `timestamp` is `aps.timestamp`, UNIX seconds."""
    body = {
        "timestamp": timestamp,
        "event": PushEvent.END.value,
        "content-state": EMPTY_CARD,
        # In the past: iOS removes it at once.
        "dismissal-date": 1,
    }
    return write_json({"aps": body})


class Withdrawal(NamedTuple):
    """A row of `withdrawal_queries.CLAIM_WITHDRAWALS`."""

    id: str
    """The update token; of a browser, the activity's id after it."""
    account_id: uuid.UUID
    activity_id: str
    device_id: uuid.UUID
    user_id: uuid.UUID
    environment: str
    bundle_id: str | None
    timestamp: int
    apns_id: uuid.UUID
    attempts: int
    """The number of attempts, including this one."""
    gone_at: dt.datetime
    is_gone: bool
    """Whether iOS has removed the card by itself."""

    @property
    def token(self) -> str:
        """The update token."""
        return self.id.rpartition(" ")[0] if Subscription.is_token(self.id) else self.id

    def push(self) -> Push:
        """The push that ends it."""
        is_browser = surface_of(self.environment).is_browser
        target = Target(
            self.device_id,
            self.user_id,
            self.token,
            self.environment,
            self.bundle_id,
            self.apns_id,
            self.attempts - 1,
        )
        return Push(
            removal(self.timestamp),
            self.gone_at,
            push_type=PushType.LIVE_ACTIVITY,
            priority=HIGH,
            about=About(self.account_id, self.activity_id, PushEvent.END),
            targets=[target],
            web=partial(withdrawn_for_browsers, self.activity_id, self.timestamp) if is_browser else None,
        )


class WithdrawalCalls:
    """See `core_service.work_queue.outbox.Calls`."""

    what = "cards to withdraw"
    limits = Limits(claim_size=100, most=300, of_account=600, lease_seconds=20.0)
    """A lease is longer than any delivery can take."""
    settle = SETTLE_WITHDRAWALS

    def __init__(self, sender: PushSender) -> None:
        self._sender = sender
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[Withdrawal]:
        """See Calls."""
        cursor = await connection.execute(CLAIM_WITHDRAWALS, parameters, binary=True)
        return [Withdrawal(*row) for row in await cursor.fetchall()]

    async def call(self, card: Withdrawal) -> Settlement[Withdrawal]:
        """See Calls."""
        if card.is_gone:
            return Settlement(card, "done", card.attempts, None, "", {})
        outcome = await outcome_of(self._sender, card.push())
        if outcome.verdict in FINAL:
            return Settlement(card, "done", card.attempts, None, outcome.reason, {})
        # Failures that only the server's settings caused do not make the wait longer.
        attempts = card.attempts - 1 if outcome.counts else 0
        wait = delay_seconds(outcome.retry_after_seconds, attempts, self._jitter)
        return Settlement(card, "owed", card.attempts, wait, outcome.reason, {})

    def settled(self, settlement: Settlement[Withdrawal]) -> None:
        """See Calls. The account is not told about these cards."""
