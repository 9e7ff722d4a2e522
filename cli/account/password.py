"""The password of a new person: asked for, read from standard input, or generated."""

import secrets
import sys
from collections.abc import Callable

import typer

from cli.up.errors import CannotStart

LONGEST = 8192
RANDOM_BYTES = 18
"""144 bits, which are 24 characters: too many to guess."""


def made_up() -> str:
    """A random password."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def from_standard_input() -> str:
    """The first line of standard input, without its line end. Raises CannotStart if it is not text."""
    line = sys.stdin.buffer.readline(LONGEST)
    try:
        return line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError as error:
        raise CannotStart("the password on standard input is not UTF-8 text") from error


def from_person(ask: Callable[..., str] = typer.prompt) -> str:
    """The password that the person at the terminal types twice. Raises CannotStart if there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CannotStart("no terminal to ask for a password: use --password-stdin or --generate-password")
    return ask("Password", hide_input=True, confirmation_prompt=True, err=True)
