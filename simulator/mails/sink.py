"""Stores received mails."""

import datetime
import uuid
from collections import deque
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

MAX_MAILS = 1000
MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One received mail."""

    id: str
    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    received_at: str
    size: int
    """Bytes of the message."""


class MailSink:
    """The last 1,000 mails, 32 MB at most."""

    def __init__(self) -> None:
        self._mails: deque[KeptMail] = deque()
        self._bytes = 0

    def take(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Stores a mail. Drops the oldest mails that no longer fit."""
        self._mails.append(_read(sender, recipients, content))
        self._bytes += len(content)
        while len(self._mails) > MAX_MAILS or self._bytes > MAX_BYTES:
            self._bytes -= self._mails.popleft().size

    def mails(self, to: str | None, limit: int) -> list[KeptMail]:
        """The newest mails, newest last; only those to `to` if it is given, in any letter case."""
        found = [mail for mail in self._mails if to is None or to.lower() in map(str.lower, mail.recipients)]
        return found[-limit:]

    def clear(self) -> None:
        """Forgets all."""
        self._mails.clear()
        self._bytes = 0


def _read(sender: str, recipients: list[str], content: bytes) -> KeptMail:
    message = message_from_bytes(content, policy=policy.default)
    return KeptMail(
        id=str(uuid.uuid4()),
        sender=sender,
        recipients=recipients,
        subject=str(message.get("Subject", "")),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers={name: str(value) for name, value in message.items()},
        received_at=datetime.datetime.now(datetime.UTC).isoformat(),
        size=len(content),
    )


def _part(message: EmailMessage, subtype: str) -> str:
    """The text of that kind; empty if there is none or it cannot be read."""
    body = message.get_body((subtype,))
    try:
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    except (LookupError, ValueError):
        return ""
