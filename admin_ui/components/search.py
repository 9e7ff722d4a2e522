"""A field to search a list with."""

from collections.abc import Awaitable, Callable

from nicegui import ui

MAX_SEARCH = 100
"""Most characters that core searches for."""


def search_field(label: str, on_search: Callable[[], Awaitable[None]], *, value: str = "") -> ui.input:
    """Calls `on_search` when the person has paused in typing; its `value` is what to search for, from the beginning
    if the page was opened to find something. "/" leads to it (`keys.js`)."""
    field = (
        ui.input(placeholder=label, value=value)
        .classes("search")
        .props("clearable debounce=250 type=search")
        .props(f"maxlength={MAX_SEARCH}")
    )
    field.props["aria-label"] = label
    with field.add_slot("prepend"):
        ui.icon("search").props("aria-hidden=true")
    field.on_value_change(on_search)
    return field
