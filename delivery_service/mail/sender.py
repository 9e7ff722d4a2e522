"""One attempt to send a mail, with a time limit."""

import asyncio
import logging
import ssl
import time

import aiosmtplib
from smith.delivery.v1.mail_pb2 import Mail, MailResult, MailResultKind

from delivery_service.mail.message import compose, recipient_of
from delivery_service.mail.results import RETRY, SENT, of_failure
from delivery_service.mail.settings import SmtpSettings

log = logging.getLogger(__name__)

NOT_CONFIGURED = MailResult(
    kind=MailResultKind.MAIL_RESULT_KIND_NOT_CONFIGURED,
    reason="NotConfigured",
    message="No mail server is configured: set SMITH_SMTP_HOST and SMITH_SMTP_FROM.",
)
GOODBYE_SECONDS = 1.0


class MailSender:
    """Sends mails, each over a connection of its own, because they are few."""

    def __init__(self, settings: SmtpSettings, ssl_context: ssl.SSLContext, *, is_simulated: bool = False) -> None:
        """`is_simulated`: the mail server is the simulator's, and results say so."""
        self._settings = settings
        self._is_simulated = is_simulated
        self._ssl_context = ssl_context

    async def send(self, mail: Mail) -> MailResult:
        """The result of one attempt. Raises nothing but cancellation."""
        if self._settings.smtp_host is None:
            return NOT_CONFIGURED
        began = time.monotonic()
        result = await self._attempt(mail)
        result.latency_ms = round((time.monotonic() - began) * 1000)
        result.simulated = self._is_simulated
        return result

    async def _attempt(self, mail: Mail) -> MailResult:
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.smtp_timeout):
                sender, recipient = self._settings.sender, recipient_of(mail)
                message = compose(mail, sender).as_bytes()
                await client.connect()
                # RFC 6531: only a server that offers SMTPUTF8 takes such an address. The library refuses to send it to
                # others.
                options = [] if recipient.isascii() else ["SMTPUTF8"]
                # Not `send_message`, which would format the headers again.
                await client.sendmail(sender.addr_spec, [recipient], message, mail_options=options)
        except Exception as error:
            client.close()
            return _result_of(error)
        await _leave(client)
        return MailResult(kind=SENT)

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        password = settings.smtp_password
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.resolved_smtp_port,
            username=settings.smtp_user,
            password=password.get_secret_value() if password else None,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            tls_context=self._ssl_context if settings.smtp_tls != "none" else None,
            timeout=settings.smtp_timeout,
        )


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Says goodbye. The mail is already taken, so failures do not matter."""
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await client.quit()
    except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
        log.debug("the mail server did not say goodbye: %s", error)
        client.close()


def _result_of(error: Exception) -> MailResult:
    try:
        return of_failure(error)
    except Exception:
        log.exception("a mail could not be sent for an unforeseen reason")
        return MailResult(
            kind=RETRY,
            reason="SenderFault",
            message="A fault of this server has stopped the mail; its log has the details.",
        )
