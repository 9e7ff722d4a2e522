"""The mails that invites owe."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from core_service.auth.credentials import SecretLinks
from core_service.invites.invite_mail import write_invite
from core_service.invites.models import MAX_TOKENS
from core_service.invites.queries import ADD_TOKENS, CLAIM, DROP_TOKENS, SETTLE
from core_service.mail.outbox import DueMail


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
