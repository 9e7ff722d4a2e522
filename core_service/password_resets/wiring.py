"""Builds the parts of password resets that the server and the background jobs share."""

from dataclasses import dataclass

from core_service.auth.credentials import PASSWORD_RESET, SecretLinks
from core_service.events.service import EventBus
from core_service.mail.outbox import DueMail, open_outbox
from core_service.mail.service import MailSender
from core_service.password_resets.outbox import PasswordMails
from core_service.work_queue.outbox import Outbox
from service_kit.database import Pool

PAGE, REQUEST_PAGE = "reset-password", "forgot-password"
"""Pages of the web admin."""


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
    mails = PasswordMails(links, f"{admin_url.rstrip('/')}/{REQUEST_PAGE}")
    return PasswordResetArea(links, open_outbox(mails, batches, sender, events))
