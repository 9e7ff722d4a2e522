"""Saving what a field says."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import ui

from admin_ui.core import Refused

Saved = TypeVar("Saved")


async def save_from(field: ui.input | ui.number, save: Callable[[], Awaitable[Saved]]) -> Saved | None:
    """Saves what the field says. What core finds wrong with it is shown there, and None is the answer."""
    try:
        saved = await save()
    except Refused as refusal:
        if refusal.reason != "INVALID_REQUEST":
            raise
        field.error = refusal.message
        return None
    field.error = None
    return saved
