"""A field to search a list with."""

from collections.abc import Awaitable, Callable

from nicegui import ui


def search_field(label: str, on_search: Callable[[], Awaitable[None]]) -> ui.input:
    """Calls `on_search` when the person has paused in typing; its `value` is what to search for."""
    field = ui.input(placeholder=label).classes("search").props("clearable debounce=250 type=search maxlength=200")
    field.props["aria-label"] = label
    with field.add_slot("prepend"):
        ui.icon("search").props("aria-hidden=true")
    field.on_value_change(on_search)
    return field
