"""Sends mails that are due."""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol

from psycopg import AsyncConnection

from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.mail import schedule
from core_service.mail.models import MailState
from core_service.mail.port import Mail, MailResult, MailSender, MailVerdict
from core_service.mail.schedule import BACK_OFF_SECONDS, Next
from core_service.work_queue.batch_writer import BatchWriter
from core_service.work_queue.claim_loop import ClaimLoop
from service_kit.database import Pool

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
"""How long a mail stays with the process that took it. Longer than an attempt can take; after it anybody may."""
STRANGE_SECONDS = BACK_OFF_SECONDS[-1] + LEASE_SECONDS
"""Above every wait between two attempts, and above the lease."""
CLAIM_SIZE = 5
MAX_IN_PROGRESS = 10


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail, leased to this process."""

    row_id: uuid.UUID
    """The row that owes it."""
    mail_id: uuid.UUID
    """The mail that the row owed at that moment: it may owe another one by now."""
    account_id: uuid.UUID | None
    """Whose watchers are told that its state has changed."""
    mail: Mail
    attempts: int
    age: dt.timedelta
    expired: bool
    """It would be of no use any more."""


class Outbox(Protocol):
    """A table that owes mails, and what is written in them."""

    what: str
    """For logs."""
    expired: str
    """What is said of a mail that is of no use any more."""
    give_up_after: dt.timedelta
    """A mail server that is away for so long does not come back by itself."""
    settle: LiteralString
    """Writes down what became of mails: see `_columns`."""
    release: LiteralString
    """Makes due at once what waits for longer than any wait lasts, `limit` at a time."""

    async def claim(self, connection: AsyncConnection[Any], *, limit: int, lease: float) -> Sequence[DueMail]:
        """Leases mails that are due, in a transaction that is under way.

        The secret in a mail is made here, and only its hash is written down, before the mail leaves: an attempt
        whose end is not known is simply repeated with another secret, and either works.
        """


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt."""

    due: DueMail
    result: MailResult
    next: Next


class Mailer:
    """Claims, sends, settles the mails of one table."""

    def __init__(self, outbox: Outbox, pool: Pool, sender: MailSender, events: EventBus) -> None:
        self._outbox = outbox
        self._pool = pool
        self._sender = sender
        self._events = events
        self._loop = ClaimLoop(outbox.what, self._claim, size=CLAIM_SIZE, most=MAX_IN_PROGRESS)
        self._writer: BatchWriter[Settlement] = BatchWriter(f"results of {outbox.what}", self._write, self._finish)
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is a mail in the table that nobody has leased."""
        self._loop.wake()

    async def run(self) -> None:
        """Claims and sends, until cancelled."""
        await self._loop.run()

    async def write(self) -> None:
        """Writes results, until cancelled."""
        await self._writer.run()

    async def release(self) -> None:
        """The database's clock was set back: what waits for a time beyond any wait is due now."""
        released = CLAIM_SIZE
        while released == CLAIM_SIZE:
            async with self._pool.connection() as connection:
                parameters = {"longest": STRANGE_SECONDS, "limit": CLAIM_SIZE}
                released = (await connection.execute(self._outbox.release, parameters)).rowcount
            self._loop.wake()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every result is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        async with self._pool.connection() as connection, connection.transaction():
            claimed = await self._outbox.claim(connection, limit=CLAIM_SIZE, lease=LEASE_SECONDS)
        for due in claimed:
            self._begin(due)
        return len(claimed) == CLAIM_SIZE

    def _begin(self, due: DueMail) -> None:
        self._loop.begin(1)
        task = asyncio.create_task(self._attempt(due))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, due: DueMail) -> None:
        try:
            if due.expired:
                result = MailResult(MailVerdict.REJECTED, "Expired", self._outbox.expired)
            else:
                result = await self._sender.send(due.mail)
        except BaseException:
            self._loop.finish(1)
            raise
        then = schedule.after(result, due.attempts, due.age, self._outbox.give_up_after)
        self._writer.put(Settlement(due, result, then))

    async def _write(self, batch: list[Settlement]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(self._outbox.settle, _columns(batch))
        for settlement in batch:
            self._finish(settlement)

    def _finish(self, settlement: Settlement) -> None:
        self._loop.finish(1)
        if settlement.next.state is MailState.QUEUED:
            asyncio.get_running_loop().call_later(settlement.next.wait_seconds, self._loop.wake)
        if settlement.due.account_id is not None:
            self._events.publish(settlement.due.account_id, Event(EventType.MEMBERS_CHANGED, now()))


def _columns(batch: list[Settlement]) -> dict[str, list[Any]]:
    return {
        "ids": [one.due.row_id for one in batch],
        "mail_ids": [one.due.mail_id for one in batch],
        "states": [one.next.state.value for one in batch],
        "attempts": [one.next.attempts for one in batch],
        "waits": [one.next.wait_seconds for one in batch],
        "reasons": [one.result.reason for one in batch],
        "messages": [_words(one.result) for one in batch],
    }


def _words(result: MailResult) -> str:
    """What an owner is told: ours, and the mail server's own."""
    said = f"{result.smtp_code or ''} {result.smtp_answer}".strip().replace("\x00", "\ufffd")
    return f"{result.message} It says: {said}" if said else result.message
