"""What the delivery service is to mails: it makes one attempt and returns the result."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class MailVerdict(StrEnum):
    """The four things that can become of a mail."""

    SENT = "sent"
    RETRY = "retry"
    REJECTED = "rejected"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True)
class Mail:
    """One attempt."""

    id: str
    """The same on every attempt."""
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class MailResult:
    """What became of it."""

    verdict: MailVerdict
    reason: str = ""
    message: str = ""
    smtp_code: int | None = None
    smtp_answer: str = ""
    simulated: bool = False
    """Whether the mail went to the simulator, which does not pass it on."""
    attempted: bool = True
    """False: the delivery service could not be asked, or refused to try."""


class MailSender(Protocol):
    """Sends mails."""

    async def send(self, mail: Mail) -> MailResult:
        """Makes one attempt and returns its result, whatever happens. Takes half a minute at most."""
