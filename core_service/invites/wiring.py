"""Builds the parts of invites that the server and the background jobs share."""

from dataclasses import dataclass

from core_service.auth.credentials import INVITE, SecretLinks
from core_service.events.service import EventBus
from core_service.invites.outbox import InviteMails
from core_service.mail.outbox import DueMail, open_outbox
from core_service.mail.service import MailSender
from core_service.work_queue.outbox import Outbox
from service_kit.database import Pool


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
