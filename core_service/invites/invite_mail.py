"""The mail that brings an invite."""

import datetime as dt

from core_service.mail.message import MailMessage, one_line, write


def write_invite(*, account: str, inviter: str, url: str, expires_at: dt.datetime) -> MailMessage:
    """Writes the mail for one invite. The names in it were typed by people."""
    account, inviter = one_line(account), one_line(inviter) or "Somebody"
    return write(
        subject=f"{inviter} invites you to {account}",
        heading=f"Join {account} on ActivitySmith",
        lead=f"{inviter} invites you to {account} on ActivitySmith.",
        action="Accept the invite",
        url=url,
        about=f"The link works once, until {expires_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC.",
        note=f"You do not know {inviter}? Then ignore this mail: nothing happens unless you accept.",
    )
