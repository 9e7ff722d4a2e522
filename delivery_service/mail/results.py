"""The one place that turns a mail server's answer, or its lack, into a result."""

import aiosmtplib
from smith.delivery.v1.mail_pb2 import MailResult, MailResultKind

from delivery_service.mail.message import Unsendable
from delivery_service.tls_failures import is_of_tls

SENT = MailResultKind.MAIL_RESULT_KIND_SENT
RETRY = MailResultKind.MAIL_RESULT_KIND_RETRY
REJECTED = MailResultKind.MAIL_RESULT_KIND_REJECTED

MAX_ANSWER = 500
PERMANENT = 500
"""Reply codes from here on mean a refusal for good (RFC 5321, 4.2.1)."""

AUTHENTICATION = "The mail server does not accept SMITH_SMTP_USER with its password."
NO_AUTHENTICATION = "The mail server offers no sign-in on this port, or none that this server supports."
TLS = (
    "No encrypted connection to the mail server can be made: is its certificate valid for SMITH_SMTP_HOST, and does "
    "SMITH_SMTP_TLS fit the port?"
)
NO_STARTTLS = "The mail server offers no encryption on this port: set SMITH_SMTP_TLS to `tls` or, if need be, `none`."
UNREACHABLE = "The mail server cannot be reached: are SMITH_SMTP_HOST and SMITH_SMTP_PORT right?"
TIMEOUT = "The mail server did not answer in time: are SMITH_SMTP_HOST, SMITH_SMTP_PORT and SMITH_SMTP_TLS right?"
BROKEN = "The mail server ended the connection before it had taken the mail."
SENDER = "The mail server does not accept SMITH_SMTP_FROM as the sender."
RECIPIENT = "The mail server does not accept the address."
LATER = "The mail server does not take the mail now."
CONTENT = "The mail server does not accept the mail."
NOT_SUPPORTED = (
    "The mail server takes no addresses with other letters than ASCII before the @: it does not offer SMTPUTF8."
)
GREETING = "The mail server refuses connections from this server."

REASONS = frozenset({
    "AuthenticationFailed", "TlsFailed", "ConnectFailed", "Timeout", "ConnectionBroken", "SenderRefused",
    "RecipientRefused", "MailRefused", "NotSupported", "GreetingRefused", "Unsendable", "SenderFault", "NotConfigured",
})  # fmt: skip
"""Every reason that a result can have."""


def of_failure(error: Exception) -> MailResult:
    """The result of a mail that was not taken. Raises `error` itself if it is not a failure of the mail server.

    Settings can be corrected, so with wrong settings the mail stays queued. A refusal of the recipient or the mail for
    good (5xx) ends it.
    """
    if isinstance(error, Unsendable):
        return MailResult(kind=REJECTED, reason="Unsendable", message=str(error))
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _of_recipient(error.recipients[0])
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _of_answer(error)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return MailResult(kind=REJECTED, reason="NotSupported", message=NOT_SUPPORTED)
    if type(error) is aiosmtplib.SMTPException:
        return _of_lack(error.message)
    return _of_silence(error)


def _of_recipient(error: aiosmtplib.SMTPRecipientRefused) -> MailResult:
    if error.code >= PERMANENT:
        return _said(error, REJECTED, "RecipientRefused", RECIPIENT)
    return _said(error, RETRY, "RecipientRefused", LATER)


def _of_answer(error: aiosmtplib.SMTPResponseException) -> MailResult:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return _said(error, RETRY, "AuthenticationFailed", AUTHENTICATION)
        case aiosmtplib.SMTPSenderRefused():
            return _said(error, RETRY, "SenderRefused", SENDER if error.code >= PERMANENT else LATER)
        case aiosmtplib.SMTPRecipientRefused():
            return _of_recipient(error)
        case aiosmtplib.SMTPDataError() if error.code >= PERMANENT:
            return _said(error, REJECTED, "MailRefused", CONTENT)
        case aiosmtplib.SMTPDataError():
            return _said(error, RETRY, "MailRefused", LATER)
        case _:
            # The server answered before any mail was sent.
            return _said(error, RETRY, "GreetingRefused", GREETING)


def _of_lack(what: str) -> MailResult:
    """The result if the server lacks an extension that the settings need; the library has no classes for these."""
    if what.startswith("SMTP STARTTLS"):
        return MailResult(kind=RETRY, reason="TlsFailed", message=NO_STARTTLS)
    return MailResult(kind=RETRY, reason="AuthenticationFailed", message=NO_AUTHENTICATION)


def _of_silence(error: Exception) -> MailResult:
    if is_of_tls(error):
        return MailResult(kind=RETRY, reason="TlsFailed", message=TLS)
    if isinstance(error, TimeoutError):
        return MailResult(kind=RETRY, reason="Timeout", message=TIMEOUT)
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return MailResult(kind=RETRY, reason="ConnectFailed", message=UNREACHABLE)
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | OSError):
        return MailResult(kind=RETRY, reason="ConnectionBroken", message=BROKEN)
    raise error


def _said(
    error: aiosmtplib.SMTPResponseException, kind: "MailResultKind.ValueType", reason: str, message: str
) -> MailResult:
    code = error.code if 200 <= error.code <= 999 else 0
    return MailResult(kind=kind, reason=reason, message=message, smtp_code=code, smtp_answer=_plain(error.message))


def _plain(text: str) -> str:
    """The text as one line, without credentials."""
    line = " ".join(text.split())
    return "".join(letter for letter in line if letter.isprintable())[:MAX_ANSWER]
