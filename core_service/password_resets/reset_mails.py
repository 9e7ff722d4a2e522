"""The mails about passwords."""

import datetime as dt

from core_service.mail.message import MailMessage, one_line, write


def write_reset(*, email: str, owner: str, account: str, url: str, expires_at: dt.datetime) -> MailMessage:
    """Writes the mail with a link to a new password. `owner` and `account` name who asked for it; both are empty if the
    person did."""
    account, owner = one_line(account), one_line(owner)
    asked = f"{owner or 'An owner'} of {account}" if account else "Somebody, most likely you,"
    return write(
        subject="A new password for ActivitySmith",
        heading="Choose a new password",
        lead=f"{asked} has asked for a new password for the login {email} on ActivitySmith.",
        action="Choose a new password",
        url=url,
        about=f"The link works once, until {expires_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC.",
        note="You do not want a new password? Then ignore this mail: nothing changes unless you open the link.",
    )


def write_changed(*, email: str, url: str, changed_at: dt.datetime) -> MailMessage:
    """Writes the mail that says that a password was set with a link. `url` is the page for another link."""
    return write(
        subject="Your password for ActivitySmith was changed",
        heading="Your password was changed",
        lead=(
            f"The password of the login {email} was changed with a link, on "
            f"{changed_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC. Everybody who was signed in with it was signed out."
        ),
        action="Ask for another password",
        url=url,
        about="",
        note="Was it you? Then there is nothing to do. If it was not, ask for another password at once.",
    )
