"""Bounds on what a socket may say that somebody has typed. The `maxlength` of a field binds browsers only."""

from typing import Any

from nicegui import ui
from nicegui.elements.input import Input

MAX_TEXT = 20_000
"""Characters of a field that says nothing of its own: more than any message to a phone has."""


def bound() -> None:
    """From now on fields hold no more than they are made for, whatever their page's socket says. Calling it again
    changes nothing."""
    ui.input._event_args_to_value = _as_typed  # type: ignore[method-assign,assignment] # noqa: SLF001 - the one way in


def _as_typed(field: Input, event: Any) -> str | None:
    """What a browser would have let somebody type."""
    if not isinstance(event.args, str):
        return None
    return event.args[: int(field.props.get("maxlength", MAX_TEXT))]
