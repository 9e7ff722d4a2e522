"""Test mails: they show whether mails can be sent."""

import asyncio
import uuid

from limits import RateLimitItemPerMinute
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.auth.rate_limit import RateLimiter
from core_service.common.orm import new_id
from core_service.common.validation import missing
from core_service.identity.models import User
from core_service.mail.port import Mail, MailResult, MailSender, MailVerdict
from service_kit.errors import Unavailable

TEST_MAILS = RateLimitItemPerMinute(10, 10)
"""Test mails of one person in 10 minutes: enough to correct settings with."""

TEST_SECONDS = 9.0
"""The caller waits for the result, and the gateway waits ten seconds."""

SUBJECT = "A test mail from your ActivitySmith server"
TEXT = "This is the test mail that you have asked for. Your ActivitySmith server can send mails.\n"
HTML = "<p>This is the test mail that you have asked for. Your ActivitySmith server can send mails.</p>"
SENT = "The mail server has taken the mail. If it does not arrive, look into the spam folder."
KEPT = (
    "The simulator has the mail and passes none on: nothing has left this installation. Set SMITH_SMTP_HOST to a mail "
    "server to reach people."
)
TIMEOUT = (
    "The mail server did not answer within 9 seconds: are SMITH_SMTP_HOST, SMITH_SMTP_PORT and SMITH_SMTP_TLS right? "
    "Invites wait a little longer."
)


class TestMails:
    """Sends test mails to the people who ask for them."""

    def __init__(self, engine: AsyncEngine, sender: MailSender, rate_limiter: RateLimiter) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._sender = sender
        self._rate_limiter = rate_limiter

    async def send(self, user_id: uuid.UUID) -> tuple[str, MailResult]:
        """Sends one to the person. Returns their address and the result.

        Raises TooManyAttempts after 10 in 10 minutes; Unavailable if the delivery service is away.
        """
        await self._rate_limiter.refuse_haste(TEST_MAILS, "test-mail", str(user_id))
        async with self._database() as session:
            email = await session.scalar(select(col(User.email)).where(col(User.id) == user_id))
        if email is None:
            raise missing("member")
        try:
            async with asyncio.timeout(TEST_SECONDS):
                result = await self._sender.send(Mail(str(new_id()), email, SUBJECT, TEXT, HTML))
        except TimeoutError:
            return email, MailResult(MailVerdict.RETRY, "Timeout", TIMEOUT)
        if not result.attempted:
            raise Unavailable(result.message)
        return email, result


def explain(result: MailResult) -> str:
    """What happened, for people."""
    if result.verdict is not MailVerdict.SENT:
        return result.message
    return KEPT if result.simulated else SENT
