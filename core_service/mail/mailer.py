"""Sends the mails of invites that are due."""

import asyncio
import datetime as dt
import logging
import uuid
from dataclasses import dataclass
from typing import Any

from core_service.batch_writer import BatchWriter
from core_service.claim_loop import ClaimLoop
from core_service.events.service import Event, EventBus, EventType
from core_service.invites import schedule
from core_service.invites.letter import write_letter
from core_service.invites.link import MAX_TOKENS, Links
from core_service.invites.models import MailState
from core_service.invites.queries import ADD_TOKENS, CLAIM, DROP_TOKENS, RELEASE, SETTLE
from core_service.invites.schedule import BACK_OFF_SECONDS, Next
from core_service.mail.service import Mail, MailResult, MailSender, MailVerdict
from core_service.orm import now
from service_kit.database import Pool

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
"""How long a mail stays with the process that took it. Longer than an attempt can take; after it anybody may."""
STRANGE_SECONDS = BACK_OFF_SECONDS[-1] + LEASE_SECONDS
"""Above every wait between two attempts, and above the lease."""
CLAIM_SIZE = 5
MAX_IN_PROGRESS = 10
EXPIRED = MailResult(MailVerdict.REJECTED, "Expired", "The invite had expired before the mail could be sent.")


@dataclass(frozen=True, slots=True)
class DueMail:
    """The mail of an invite, leased to this process."""

    invite_id: uuid.UUID
    mail_id: uuid.UUID
    account_id: uuid.UUID
    email: str
    account_name: str
    inviter_name: str
    expires_at: dt.datetime
    attempts: int
    age: dt.timedelta
    expired: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt."""

    due: DueMail
    result: MailResult
    next: Next


class InviteMailer:
    """Claims, sends, settles.

    The secret in a mail is made when the mail is, and only its hash is written down, before the mail leaves: an attempt
    of which nobody knows the end is simply repeated with another secret, and either works.
    """

    def __init__(self, pool: Pool, sender: MailSender, links: Links, events: EventBus) -> None:
        self._pool = pool
        self._sender = sender
        self._links = links
        self._events = events
        self._loop = ClaimLoop("mails", self._claim, size=CLAIM_SIZE, most=MAX_IN_PROGRESS)
        self._writer: BatchWriter[Settlement] = BatchWriter("results of mails", self._write, self._finish)
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
                released = (await connection.execute(RELEASE, parameters)).rowcount
            self._loop.wake()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every result is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(CLAIM, {"limit": CLAIM_SIZE, "lease": LEASE_SECONDS}, binary=True)
            claimed = [DueMail(*row) for row in await cursor.fetchall()]
            made = [(due, *self._links.new()) for due in claimed]
            if made:
                invite_ids = [due.invite_id for due in claimed]
                hashes = [secret.hash for _, _, secret in made]
                await connection.execute(ADD_TOKENS, {"token_hashes": hashes, "invite_ids": invite_ids})
                await connection.execute(DROP_TOKENS, {"invite_ids": invite_ids, "kept": MAX_TOKENS})
        for due, url, _ in made:
            self._begin(due, url)
        return len(claimed) == CLAIM_SIZE

    def _begin(self, due: DueMail, url: str) -> None:
        self._loop.begin(1)
        task = asyncio.create_task(self._attempt(due, url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, due: DueMail, url: str) -> None:
        try:
            result = EXPIRED if due.expired else await self._sender.send(_mail(due, url))
        except BaseException:
            self._loop.finish(1)
            raise
        self._writer.put(Settlement(due, result, schedule.after(result, due.attempts, due.age)))

    async def _write(self, batch: list[Settlement]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(SETTLE, _columns(batch))
        for settlement in batch:
            self._finish(settlement)

    def _finish(self, settlement: Settlement) -> None:
        self._loop.finish(1)
        if settlement.next.state is MailState.QUEUED:
            asyncio.get_running_loop().call_later(settlement.next.wait_seconds, self._loop.wake)
        self._events.publish(settlement.due.account_id, Event(EventType.MEMBERS_CHANGED, now()))


def _mail(due: DueMail, url: str) -> Mail:
    letter = write_letter(
        account=due.account_name, inviter=due.inviter_name, url=url, expires_at=due.expires_at
    )  # fmt: skip
    return Mail(str(due.mail_id), due.email, letter.subject, letter.text, letter.html)


def _columns(batch: list[Settlement]) -> dict[str, list[Any]]:
    return {
        "ids": [one.due.invite_id for one in batch],
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
