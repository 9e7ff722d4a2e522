"""The mails about passwords that are to be sent."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from core_service.auth.credentials import SecretLinks
from core_service.mail.models import MailKind
from core_service.mail.outbox import DueMail
from core_service.password_resets.queries import ADD_TOKENS, CLAIM, DROP_TOKENS, DROP_UNKNOWN, SETTLE
from core_service.password_resets.reset_mails import write_changed, write_reset
from core_service.password_resets.tokens import LIFETIME, MAX_TOKENS


class PasswordMails:
    """See `core_service.mail.outbox.MailTable`."""

    what = "mails about passwords"
    expired = "The mail was of no use any more before it could be sent."
    settle = SETTLE

    def __init__(self, links: SecretLinks, request_url: str) -> None:
        """`request_url` is the page on which people ask for a link."""
        self._links = links
        self._request_url = request_url

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[DueMail]:
        """See `core_service.mail.outbox.MailTable`."""
        await connection.execute(DROP_UNKNOWN)
        cursor = await connection.execute(CLAIM, parameters | {"lifetime": LIFETIME}, binary=True)
        due, hashes, user_ids = [], [], []
        for row in await cursor.fetchall():
            mail_id, kind, account_id, email, user_id, account, owner, queued_at, until, attempts, age, expired = row
            if kind == MailKind.PASSWORD_RESET:
                url, secret = self._links.new()
                letter = write_reset(email=email, owner=owner, account=account, url=url, expires_at=until)
                if not expired:
                    hashes.append(secret.hash)
                    user_ids.append(user_id)
            else:
                letter = write_changed(email=email, url=self._request_url, changed_at=queued_at)
            due.append(DueMail(mail_id, mail_id, account_id, letter.to(email, mail_id), attempts, age, expired))
        if hashes:
            added = {"token_hashes": hashes, "user_ids": user_ids, "lifetime": LIFETIME}
            await connection.execute(ADD_TOKENS, added)
            await connection.execute(DROP_TOKENS, {"user_ids": user_ids, "kept": MAX_TOKENS})
        return due
