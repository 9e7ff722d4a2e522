"""Composes a mail's message."""

import re
import unicodedata
from email import message_from_bytes
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, localtime

from smith.delivery.v1.mail_pb2 import Mail

from service_kit import mail_addresses

MAX_SUBJECT = 250
MAX_BODY = 100_000
MAX_PLAIN = 66
"""Most characters of a subject that are written without encoding in one line."""
_id = re.compile(r"[A-Za-z0-9-]{1,64}").fullmatch

BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that end a line, or are not text."""
AS_WRITTEN = SMTP.clone(refold_source="none", cte_type="7bit")
"""Every mail server accepts this form. Raw headers are sent as they were set. Other headers `email` parses and writes
again, and up to Python 3.12.4 and 3.11.9 (CVE-2024-6923) it writes line breaks that were encoded in them."""
NAMES = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]


class Unsendable(Exception):
    """The mail cannot be sent as it is. The message says why, for people."""


def recipient_of(mail: Mail) -> str:
    """The address that the mail goes to, with its domain in ASCII. The part before the @ may have other characters.

    Raises Unsendable unless it is exactly one address, so that it cannot add another address or a command.
    """
    try:
        checked = mail_addresses.checked(mail.to)
    except ValueError as error:
        raise Unsendable(f"The mail has no usable address: {error}") from None
    return checked.ascii_email or f"{checked.local_part}@{checked.ascii_domain}"


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """The message with its headers, which a reader sees exactly as they were given.

    Raises Unsendable if a header could be read as another one, or a part is too long.
    """
    if not _id(mail.id):
        raise Unsendable("The mail has no usable id.")
    if any(unicodedata.category(letter) in BREAKS for letter in mail.subject) or len(mail.subject) > MAX_SUBJECT:
        raise Unsendable("The mail's subject must be one line.")
    if len(mail.text) > MAX_BODY or len(mail.html) > MAX_BODY:
        raise Unsendable("The mail is too long.")
    to = recipient_of(mail)
    message = EmailMessage(policy=AS_WRITTEN if to.isascii() else AS_WRITTEN.clone(utf8=True))
    message["From"] = sender
    message.set_raw("To", to)
    message.set_raw("Subject", encoded(mail.subject))
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    # No absence notices, please (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if not _reads(message, subject=mail.subject, to=to):
        raise Unsendable("The mail's subject or its address cannot be written into a header.")
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def encoded(subject: str) -> str:
    """The subject for the header: unchanged if it is plain text there, otherwise encoded by RFC 2047, so that a name
    that looks like an encoded word is shown as it is."""
    if subject.isascii() and len(subject) <= MAX_PLAIN and "=?" not in subject and subject == subject.strip():
        return subject
    return Header(subject, "utf-8", maxlinelen=75, header_name="Subject").encode()


def _reads(message: EmailMessage, *, subject: str, to: str) -> bool:
    """Whether a reader of the headers finds exactly the given ones."""
    read = message_from_bytes(message.as_bytes(), policy=default)
    try:
        return read.keys() == NAMES and str(read["Subject"]) == subject and str(read["To"]) == to
    except ValueError:
        # An address that is parsed as an encoded word (RFC 2047) with a line break in it.
        return False
