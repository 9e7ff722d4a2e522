"""Marks the buttons that `static/drafts.js` presses again after an outage, before it restores what was typed."""

from typing import TypeVar

from nicegui import ui

Pressed = TypeVar("Pressed", bound=ui.element)


def draft_step(element: Pressed, name: str) -> Pressed:
    """An element that shows more of a form. `name` is the same on every load of the page."""
    element.props["data-draft-step"] = name
    return element


def draft_undo(element: Pressed, name: str) -> Pressed:
    """An element that removes what the step of this name has shown."""
    element.props["data-draft-undo"] = name
    return element
