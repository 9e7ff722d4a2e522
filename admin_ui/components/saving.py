"""Saves the value of a field."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import ui

from admin_ui.components.form_words import in_words_of_form
from admin_ui.core import Refused

Saved = TypeVar("Saved")


async def save_from(field: ui.input | ui.number, save: Callable[[], Awaitable[Saved]]) -> Saved | None:
    """Saves the field's value. If core refuses it, shows the error at the field and returns None."""
    try:
        saved = await save()
    except Refused as refusal:
        if refusal.reason != "INVALID_REQUEST":
            raise
        field.error = in_words_of_form(refusal.message, refusal.field, str(field.props.get("label", "")))
        return None
    field.error = None
    return saved
