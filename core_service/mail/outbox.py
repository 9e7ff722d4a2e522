"""The outboxes of mails. Two tables owe mails, and both are sent in the same way."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol

from psycopg import AsyncConnection

from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.mail.models import MailState
from core_service.mail.port import Mail, MailResult, MailSender, MailVerdict
from core_service.work_queue.outbox import Limits, Outbox, Settlement
from core_service.work_queue.retry import RetrySchedule
from service_kit.database import Pool

LIMITS = Limits(claim_size=5, most=10, of_account=20, lease_seconds=60.0)
SCHEDULE = RetrySchedule((5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0), give_up_after=dt.timedelta(days=3))
"""A mail server that is away for days does not come back by itself."""
LONGEST_WAIT_SECONDS = SCHEDULE.longest_wait_seconds + LIMITS.lease_seconds

FINAL = {
    MailVerdict.SENT: MailState.SENT,
    MailVerdict.NOT_CONFIGURED: MailState.NOT_CONFIGURED,
    MailVerdict.REJECTED: MailState.FAILED,
}


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail, leased to this process."""

    id: uuid.UUID
    """The row that owes it."""
    mail_id: uuid.UUID
    """The mail that the row owed at that moment. It may owe another one by now."""
    account_id: uuid.UUID | None
    """The account whose watchers are told that the state has changed."""
    mail: Mail
    attempts: int
    age: dt.timedelta
    expired: bool
    """Whether it is no longer useful."""


class MailTable(Protocol):
    """A table that owes mails, and what is written in them."""

    what: str
    """For logs."""
    expired: str
    """The error text of a mail that is no longer useful."""
    settle: LiteralString
    """See `core_service.mail.queries.settle_mails`."""

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[DueMail]:
        """Leases mails that are due, in the transaction that is open.

        The secret in a mail is made here, and only its hash is stored before the mail leaves. An attempt whose result
        is unknown is repeated with another secret, and both work.
        """


class MailCalls:
    """See `core_service.work_queue.outbox.Calls`."""

    limits = LIMITS

    def __init__(self, table: MailTable, sender: MailSender, events: EventBus) -> None:
        self._table = table
        self._sender = sender
        self._events = events
        self.what, self.settle = table.what, table.settle

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[DueMail]:
        """See Calls."""
        async with connection.transaction():
            return await self._table.claim(connection, parameters)

    async def call(self, due: DueMail) -> Settlement[DueMail]:
        """See Calls."""
        if due.expired:
            result = MailResult(MailVerdict.REJECTED, "Expired", self._table.expired)
        else:
            result = await self._sender.send(due.mail)
        made, state, wait = due.attempts + 1, FINAL.get(result.verdict), None
        if state is None:
            wait = SCHEDULE.wait_seconds(made, due.age)
            state = MailState.FAILED if wait is None else MailState.QUEUED
        columns = {"mail_ids": due.mail_id, "messages": _words(result)}
        return Settlement(due, state, made, wait, result.reason, columns)

    def settled(self, settlement: Settlement[DueMail]) -> None:
        """See Calls."""
        if (account_id := settlement.call.account_id) is not None:
            self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))


def open_outbox(table: MailTable, pool: Pool, sender: MailSender, events: EventBus) -> Outbox[DueMail]:
    """The outbox of the mails that the table owes. It does not run yet."""
    return Outbox(MailCalls(table, sender, events), pool)


def _words(result: MailResult) -> str:
    """What an owner is told: our words and the mail server's."""
    said = f"{result.smtp_code or ''} {result.smtp_answer}".strip().replace("\x00", "\ufffd")
    return f"{result.message} It says: {said}" if said else result.message
