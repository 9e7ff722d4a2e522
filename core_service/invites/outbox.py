"""The mails that invites owe: which are due, what they say, and the outbox that sends them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from core_service.auth.credentials import INVITE, SecretLinks
from core_service.events.service import EventBus
from core_service.invites.models import MAX_TOKENS
from core_service.invites.queries import ADD_TOKENS, CLAIM, DROP_TOKENS, SETTLE
from core_service.mail.message import MailMessage, one_line, write
from core_service.mail.outbox import DueMail, open_outbox
from core_service.mail.port import MailSender
from core_service.work_queue.outbox import Outbox
from service_kit.database import Pool


def write_invite(*, account: str, inviter: str, url: str, expires_at: dt.datetime) -> MailMessage:
    """Writes the mail for one invite. The names in it were typed by people."""
    account, inviter = one_line(account), one_line(inviter) or "Somebody"
    return write(
        subject=f"{inviter} invites you to {account}",
        heading=f"Join {account} on ActivitySmith",
        lead=f"{inviter} invites you to {account} on ActivitySmith.",
        action="Accept the invite",
        url=url,
        about=f"The link works once, until {expires_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC.",
        note=f"You do not know {inviter}? Then ignore this mail: nothing happens unless you accept.",
    )


class InviteMails:
    """See `core_service.mail.outbox.MailTable`."""

    what = "mails of invites"
    expired = "The invite had expired before the mail could be sent."
    settle = SETTLE

    def __init__(self, links: SecretLinks) -> None:
        self._links = links

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[DueMail]:
        """See `core_service.mail.outbox.MailTable`."""
        cursor = await connection.execute(CLAIM, parameters, binary=True)
        claimed = [(row, *self._links.new()) for row in await cursor.fetchall()]
        if claimed:
            invite_ids = [row[0] for row, _, _ in claimed]
            hashes = [secret.hash for _, _, secret in claimed]
            await connection.execute(ADD_TOKENS, {"token_hashes": hashes, "invite_ids": invite_ids})
            await connection.execute(DROP_TOKENS, {"invite_ids": invite_ids, "kept": MAX_TOKENS})
        return [_due(row, url) for row, url, _ in claimed]


def _due(row: Sequence[Any], url: str) -> DueMail:
    invite_id, mail_id, account_id, email, account_name, inviter_name, expires_at, attempts, age, expired = row
    letter = write_invite(account=account_name, inviter=inviter_name, url=url, expires_at=expires_at)
    return DueMail(invite_id, mail_id, account_id, letter.to(email, mail_id), attempts, age, expired)


@dataclass(frozen=True, slots=True)
class InviteArea:
    """The parts that the server and the background jobs share."""

    sender: MailSender
    links: SecretLinks
    mailer: Outbox[DueMail]


def build_invites(sender: MailSender, batches: Pool, events: EventBus, *, admin_url: str) -> InviteArea:
    """Builds the parts. Nothing runs yet."""
    links = SecretLinks(admin_url, "invite", INVITE)
    return InviteArea(sender, links, open_outbox(InviteMails(links), batches, sender, events))
