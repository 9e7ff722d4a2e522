"""The person who signs in, with e-mail address and password, as in the web admin.

Operators have no other access, on purpose: the audit log has their acts under their name, and they make keys and pair
phones with their own rights only.
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
    """The credentials of a person."""

    email: str
    password: str


def known_owner(settings: ClientSettings) -> Owner | None:
    """The person from the environment or quickstart.json; None if there is none or no password. Raises CannotStart."""
    password = _password(settings)
    if settings.owner_email and password:
        return Owner(settings.owner_email, password)
    noted_email, noted_password = settings.notes.get("owner_email"), settings.notes.get("owner_password")
    if noted_email and noted_password and settings.owner_email in (None, noted_email) and password is None:
        return Owner(str(noted_email), str(noted_password))
    return None


def find_owner(settings: ClientSettings) -> Owner:
    """The person from the environment or quickstart.json, or else asked for in the terminal. Raises CannotStart."""
    if owner := known_owner(settings):
        return owner
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CannotStart(f"no person to sign in as: {HOW}")
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
