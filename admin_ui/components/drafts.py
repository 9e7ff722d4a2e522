"""Marks what has to be pressed again before what was typed can be typed again, after an outage (`static/drafts.js`)."""

from typing import TypeVar

from nicegui import ui

Pressed = TypeVar("Pressed", bound=ui.element)


def draft_step(element: Pressed, name: str) -> Pressed:
    """An element that shows more of a form. `name` is the same on every load of the page."""
    element.props["data-draft-step"] = name
    return element


def draft_undo(element: Pressed, name: str) -> Pressed:
    """An element that takes away what the step of this name has shown."""
    element.props["data-draft-undo"] = name
    return element
