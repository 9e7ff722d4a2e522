"""A mail as it goes over the wire."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

import email_validator
from smith.delivery.v1.mail_pb2 import Mail

MAX_SUBJECT = 250
MAX_BODY = 100_000
_id = re.compile(r"[A-Za-z0-9-]{1,64}").fullmatch


class Unsendable(Exception):
    """The mail cannot be sent as it is. The message says why, for people."""


def recipient_of(mail: Mail) -> str:
    """The address that the mail goes to, with its domain in ASCII.

    Raises Unsendable unless it is exactly one address: nobody may slip in another one, or a command.
    """
    try:
        checked = email_validator.validate_email(mail.to, check_deliverability=False, globally_deliverable=False)
    except email_validator.EmailNotValidError as error:
        raise Unsendable(f"The mail has no usable address: {error}") from None
    return checked.ascii_email or f"{checked.local_part}@{checked.ascii_domain}"


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """The message with its headers.

    Raises Unsendable if a header could be mistaken for another one, or a part is too long.
    """
    if not _id(mail.id):
        raise Unsendable("The mail has no usable id.")
    if not mail.subject.isprintable() or len(mail.subject) > MAX_SUBJECT:
        raise Unsendable("The mail's subject must be one line.")
    if len(mail.text) > MAX_BODY or len(mail.html) > MAX_BODY:
        raise Unsendable("The mail is too long.")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=recipient_of(mail))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    # Nobody's absence is to be announced to us (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message
