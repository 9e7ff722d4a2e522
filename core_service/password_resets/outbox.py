"""The mails about passwords and second factors: which are due, what they say, and the outbox that sends them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from core_service.auth.credentials import PASSWORD_RESET, SecretLinks
from core_service.events.service import EventBus
from core_service.mail.message import MailMessage, one_line, write
from core_service.mail.models import MailKind
from core_service.mail.outbox import DueMail, open_outbox
from core_service.mail.port import MailSender
from core_service.password_resets.queries import ADD_TOKENS, CLAIM, DROP_TOKENS, DROP_UNKNOWN, SETTLE
from core_service.password_resets.tokens import LIFETIME, MAX_TOKENS
from core_service.work_queue.outbox import Outbox
from service_kit.database import Pool

PAGE, REQUEST_PAGE, SIGN_IN_PAGE = "reset-password", "forgot-password", "sign-in"
"""Pages of the web admin."""


def write_reset(*, email: str, owner: str, account: str, url: str, expires_at: dt.datetime) -> MailMessage:
    """Writes the mail with a link to a new password. `owner` and `account` name who asked for it; both are empty if the
    person did."""
    account, owner = one_line(account), one_line(owner)
    asked = f"{owner or 'An owner'} of {account}" if account else "Somebody, most likely you,"
    return write(
        subject="A new password for ActivitySmith",
        heading="Choose a new password",
        lead=f"{asked} has asked for a new password for the login {email} on ActivitySmith.",
        action="Choose a new password",
        url=url,
        about=f"The link works once, until {expires_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC.",
        note="You do not want a new password? Then ignore this mail: nothing changes unless you open the link.",
    )


def write_changed(*, email: str, url: str, changed_at: dt.datetime) -> MailMessage:
    """Writes the mail that says that a password was set with a link. `url` is the page for another link."""
    return write(
        subject="Your password for ActivitySmith was changed",
        heading="Your password was changed",
        lead=(
            f"The password of the login {email} was changed with a link, on "
            f"{changed_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC. Everybody who was signed in with it was signed out."
        ),
        action="Ask for another password",
        url=url,
        about="",
        note="Was it you? Then there is nothing to do. If it was not, ask for another password at once.",
    )


def write_second_factor_reset(*, email: str, url: str, reset_at: dt.datetime) -> MailMessage:
    """Writes the mail that says that an owner or the operator has taken away a person's second factor. `url` is the
    page for signing in."""
    return write(
        subject="Your second factor for ActivitySmith was reset",
        heading="Your second factor was reset",
        lead=(
            f"The authenticator app, passkeys and recovery codes of the login {email} were removed, on "
            f"{reset_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC. You were signed out everywhere. Until you set up a "
            "new second factor, the password is enough to sign in."
        ),
        action="Sign in",
        url=url,
        about="",
        note="Did you ask for this? Then set up a new one. If you did not, tell an owner of your workspace at once.",
    )


class PasswordMails:
    """See `core_service.mail.outbox.MailTable`."""

    what = "mails about passwords"
    expired = "The mail was of no use any more before it could be sent."
    settle = SETTLE

    def __init__(self, links: SecretLinks, admin_url: str) -> None:
        """`admin_url` is the address of the admin app."""
        self._links = links
        self._request_url = f"{admin_url.rstrip('/')}/{REQUEST_PAGE}"
        self._sign_in_url = f"{admin_url.rstrip('/')}/{SIGN_IN_PAGE}"

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
            elif kind == MailKind.SECOND_FACTOR_RESET:
                letter = write_second_factor_reset(email=email, url=self._sign_in_url, reset_at=queued_at)
            else:
                letter = write_changed(email=email, url=self._request_url, changed_at=queued_at)
            due.append(DueMail(mail_id, mail_id, account_id, letter.to(email, mail_id), attempts, age, expired))
        if hashes:
            added = {"token_hashes": hashes, "user_ids": user_ids, "lifetime": LIFETIME}
            await connection.execute(ADD_TOKENS, added)
            await connection.execute(DROP_TOKENS, {"user_ids": user_ids, "kept": MAX_TOKENS})
        return due


@dataclass(frozen=True, slots=True)
class PasswordResetArea:
    """The parts that the server and the background jobs share."""

    links: SecretLinks
    mailer: Outbox[DueMail]


def reset_links(admin_url: str) -> SecretLinks:
    """Returns what makes links to new passwords."""
    return SecretLinks(admin_url, PAGE, PASSWORD_RESET)


def build_password_resets(sender: MailSender, batches: Pool, events: EventBus, *, admin_url: str) -> PasswordResetArea:
    """Builds the parts. Nothing runs yet."""
    links = reset_links(admin_url)
    mails = PasswordMails(links, admin_url)
    return PasswordResetArea(links, open_outbox(mails, batches, sender, events))
