"""Limits the length of texts that come over a socket. The `maxlength` of a field binds browsers only."""

from typing import Any

from nicegui import ui
from nicegui.elements.input import Input

MAX_TEXT = 20_000
"""Most characters of a field without a limit of its own: more than any message to a phone has."""


def bound() -> None:
    """Makes fields cut texts from the socket to their `maxlength`. Calling it again changes nothing."""
    ui.input._event_args_to_value = _as_typed  # type: ignore[method-assign,assignment] # noqa: SLF001 - the one way in


def _as_typed(field: Input, event: Any) -> str | None:
    """The text, cut to what a browser would have let a person type."""
    if not isinstance(event.args, str):
        return None
    return event.args[: int(field.props.get("maxlength", MAX_TEXT))]
