"""The mails about alerts: what they say, and the outbox that sends them."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from core_service.events.service import EventBus
from core_service.mail.message import MailMessage, one_line, write
from core_service.mail.outbox import DueMail, open_outbox
from core_service.mail.port import MailSender
from core_service.status.alert_queries import CLAIM, SETTLE
from core_service.status.concerns import ConcernKind
from core_service.work_queue.outbox import Outbox
from service_kit.database import Pool

PAGE = "settings/server"
"""Of the web admin."""
TITLES = {
    ConcernKind.ROUTE_STOPPED.value: "pushes are stopped",
    ConcernKind.QUEUE_AGE.value: "work is late",
    ConcernKind.DISK.value: "the disk is nearly full",
    ConcernKind.BACKUP.value: "there is no recent backup",
}


def write_alert(kind: str, explanation: str, *, is_end: bool, url: str) -> MailMessage:
    """Writes the mail that says that something needs attention or, with `is_end`, that it is over."""
    title = TITLES.get(kind, kind)
    return write(
        subject=f"ActivitySmith: {'over: ' if is_end else ''}{title}",
        heading="This is over" if is_end else "Your server needs attention",
        lead=f"{'It was: ' if is_end else ''}{one_line(explanation)}",
        action="See how the server runs",
        url=url,
        about="",
        note="One mail comes when something begins, and one when it is over. SMITH_ALERT_MAIL_TO names who gets them.",
    )


class AlertMails:
    """See `core_service.mail.outbox.MailTable`."""

    what = "mails of alerts"
    expired = "The mail could not be sent within a day."
    settle = SETTLE

    def __init__(self, admin_url: str) -> None:
        self._url = f"{admin_url.rstrip('/')}/{PAGE}"

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[DueMail]:
        """See `core_service.mail.outbox.MailTable`."""
        rows = await (await connection.execute(CLAIM, parameters, binary=True)).fetchall()
        return [
            DueMail(
                mail_id,
                mail_id,
                None,
                write_alert(kind, explanation, is_end=is_end, url=self._url).to(email, mail_id),
                attempts,
                age,
                is_expired,
            )
            for mail_id, email, kind, explanation, is_end, attempts, age, is_expired in rows
        ]


def build_alert_mails(sender: MailSender, pool: Pool, events: EventBus, *, admin_url: str) -> Outbox[DueMail]:
    """The outbox of these mails. It does not run yet."""
    return open_outbox(AlertMails(admin_url), pool, sender, events)
