"""What options and arguments of several commands share."""

from typing import Any

import typer

JSON: Any = typer.Option("--json", help="Answer with JSON.")


def text(value: str | None) -> str | None:
    """The value, once it is known to be text: bytes that are no UTF-8 cannot be sent to anybody. A typer callback."""
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
