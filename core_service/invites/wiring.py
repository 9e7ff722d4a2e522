"""Builds what invites need besides a server."""

from dataclasses import dataclass

from core_service.events.service import EventBus
from core_service.invites.link import Links
from core_service.invites.mailer import InviteMailer
from core_service.mail.service import MailSender
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class InviteArea:
    """The parts that the server and the background jobs share."""

    sender: MailSender
    links: Links
    mailer: InviteMailer


def build_invites(sender: MailSender, batches: Pool, events: EventBus, *, admin_url: str) -> InviteArea:
    """The area, at rest."""
    links = Links(admin_url)
    return InviteArea(sender, links, InviteMailer(batches, sender, links, events))
