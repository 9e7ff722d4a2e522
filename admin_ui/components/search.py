"""A field to search a list with, and what a dialog finds by one."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from nicegui import ui

from admin_ui.components.html import p
from admin_ui.components.kept import KeptList
from admin_ui.texts import _

T = TypeVar("T")

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


class SearchResults(Generic[T]):
    """A search field and, below it, what it finds. Await `refresh` to fill it, and when it may find something else."""

    def __init__(
        self, find: Callable[[str], Awaitable[Sequence[T]]], draw: Callable[[T], object], classes: str
    ) -> None:
        """`find` gets the text of the field, and `draw` draws one result. `classes` are those of the list."""
        self._find = find
        self._draw = draw
        self.field = search_field(_("Search"), self.refresh)
        self._results = KeptList[int](classes)
        self._asked = 0

    async def refresh(self) -> None:
        """Searches, and shows what is found. Raises what `find` raises."""
        self._asked += 1
        asked = self._asked
        found = list(await self._find(self.field.value or ""))
        # What a newer search has found stays.
        if asked != self._asked:
            return
        nothing = partial(p, _("Nothing is found."), "muted")
        self._results.show(dict(enumerate(partial(self._draw, one) for one in found)) or {0: nothing})
