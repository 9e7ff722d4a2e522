"""Options and callbacks that several commands share."""

from typing import Any

import typer

JSON: Any = typer.Option("--json", help="Answer with JSON.")


def text(value: str | None) -> str | None:
    """A typer callback that refuses a value whose bytes are not UTF-8: it could not be sent."""
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("must be UTF-8 text") from None
    return value


def texts(values: list[str]) -> list[str]:
    """The same for an option that can be repeated."""
    for value in values:
        text(value)
    return values


SIGNING_IN = """
You sign in to core (SMITH_CORE_ADDRESS) for it as a person of the workspace: with SMITH_OWNER_EMAIL and
SMITH_OWNER_PASSWORD (or SMITH_OWNER_PASSWORD_FILE), with the owner that `smith up` has written to SMITH_DATA_DIR, or
with what you type in the terminal. The session ends with the command.
"""
"""The epilog of commands of a person of the workspace."""
