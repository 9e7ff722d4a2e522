"""Who signs in: a person with e-mail address and password, as in the web admin.

There is no other door for operators on purpose: what they do stands in the audit log under a name, and a key or phone
is made with nobody's rights but their own.
"""

import os
import sys
from dataclasses import dataclass

import typer

from cli.client.settings import ClientSettings
from cli.up.errors import CannotStart

HOW = "set SMITH_OWNER_EMAIL and SMITH_OWNER_PASSWORD, or run this in a terminal"


@dataclass(frozen=True)
class Owner:
    """Somebody who can sign in."""

    email: str
    password: str


def known_owner(settings: ClientSettings) -> Owner | None:
    """Whom environment or quickstart.json name; None if that is not enough to sign in. Raises CannotStart."""
    password = _password(settings)
    if settings.owner_email and password:
        return Owner(settings.owner_email, password)
    noted_email, noted_password = settings.notes.get("owner_email"), settings.notes.get("owner_password")
    if noted_email and noted_password and settings.owner_email in (None, noted_email) and password is None:
        return Owner(str(noted_email), str(noted_password))
    return None


def find_owner(settings: ClientSettings) -> Owner:
    """Whom environment or quickstart.json name, or whoever sits at the terminal. Raises CannotStart if nobody does."""
    if owner := known_owner(settings):
        return owner
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CannotStart(f"nobody to sign in as: {HOW}")
    email = settings.owner_email or typer.prompt("E-mail address", err=True)
    password = _password(settings) or typer.prompt("Password", hide_input=True, err=True)
    return Owner(email, password)


def _password(settings: ClientSettings) -> str | None:
    if settings.owner_password:
        return settings.owner_password.get_secret_value()
    path = settings.owner_password_file
    if path is None or str(path) in ("", os.curdir):
        return None
    try:
        return path.read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CannotStart(f"SMITH_OWNER_PASSWORD_FILE={path}: {why}") from error
