"""The messages about alerts, mails, webhook calls and pushes: what they say, and the outbox that sends them."""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from core_service.common.orm import id_at
from core_service.events.service import EventBus
from core_service.mail.message import MailMessage, one_line, write
from core_service.mail.outbox import DueMail, open_outbox
from core_service.mail.port import Mail, MailResult, MailSender, MailVerdict
from core_service.status.alert_pushes import PUSH
from core_service.status.alert_queries import CLAIM, SETTLE
from core_service.status.concerns import ConcernKind
from core_service.webhooks.attempts import Call, WebhookCaller, WebhookVerdict
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

WEBHOOK = "https://"
"""What a recipient begins with that is no e-mail address."""
VERDICTS = {
    WebhookVerdict.SUCCEEDED: MailVerdict.SENT,
    WebhookVerdict.RETRY: MailVerdict.RETRY,
    WebhookVerdict.FAILED: MailVerdict.REJECTED,
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


def write_call(kind: str, explanation: str, *, is_end: bool, url: str, message_id: uuid.UUID) -> str:
    """Writes the body of the webhook call that says the same, as JSON. `text` is what chats show."""
    letter = write_alert(kind, explanation, is_end=is_end, url=url)
    told = {
        "id": str(message_id),
        "event": "alert.over" if is_end else "alert.begun",
        "kind": kind,
        "explanation": explanation,
        "url": url,
        "text": f"{letter.subject}. {one_line(explanation)} {url}",
    }
    return json.dumps(told)


class AlertSender:
    """See MailSender. What goes to a URL is a webhook call, with the text as its body; what goes to phones, a push."""

    def __init__(self, mails: MailSender, webhooks: WebhookCaller, pushes: MailSender) -> None:
        self._mails = mails
        self._pushes = pushes
        self._webhooks = webhooks

    async def send(self, mail: Mail) -> MailResult:
        """See MailSender."""
        if mail.to.startswith(PUSH):
            return await self._pushes.send(mail)
        if not mail.to.startswith(WEBHOOK):
            return await self._mails.send(mail)
        # Without a signature: the key would be an account's, and this is of none.
        result = await self._webhooks.call(Call(mail.to, "POST", mail.text.encode(), mail.id, ()))
        return MailResult(VERDICTS[result.verdict], result.reason, result.message, attempted=result.attempted)


class AlertMessages:
    """See `core_service.mail.outbox.MailTable`."""

    what = "messages about alerts"
    expired = "It could not be sent within a day."
    settle = SETTLE

    def __init__(self, url: str) -> None:
        """`url` is the page that says how the server runs."""
        self._url = url

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[DueMail]:
        """See `core_service.mail.outbox.MailTable`."""
        rows = await (await connection.execute(CLAIM, parameters, binary=True)).fetchall()
        return [
            DueMail(message_id, message_id, None, self._write(message_id, queued_at, *words), attempts, age, is_expired)
            for message_id, queued_at, *words, attempts, age, is_expired in rows
        ]

    def _write(self, message_id: uuid.UUID, queued_at: dt.datetime, recipient: str, *words: Any) -> Mail:
        kind, explanation, is_end = words
        if recipient.startswith(WEBHOOK):
            body = write_call(kind, explanation, is_end=is_end, url=self._url, message_id=message_id)
            return Mail(str(message_id), recipient, "", body, "")
        letter = write_alert(kind, explanation, is_end=is_end, url=self._url)
        if recipient.startswith(PUSH):
            return Mail(str(id_at(queued_at, message_id)), recipient, letter.subject, one_line(explanation), "")
        return letter.to(recipient, message_id)


def page_of(admin_url: str) -> str:
    """The URL of the page that says how the server runs."""
    return f"{admin_url.rstrip('/')}/{PAGE}"


def build_alert_messages(sender: AlertSender, pool: Pool, events: EventBus, *, admin_url: str) -> Outbox[DueMail]:
    """The outbox of these messages. It does not run yet."""
    return open_outbox(AlertMessages(page_of(admin_url)), pool, sender, events)
