"""Tables of lists that the server pages: any number of rows, of which the browser holds one page."""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from nicegui import ui

from admin_ui.components.html import a, div, text
from admin_ui.components.paging import Paging

PAGE_SIZE = 50

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column:
    """A column: its heading, and classes of the theme for its cells (`num` for numbers, `actions` for buttons)."""

    name: str
    classes: str = ""


@dataclass(frozen=True)
class PageOf(Generic[Row]):
    """One page of rows, as the server answered it."""

    rows: Sequence[Row]
    next_page_token: str
    """Empty on the last page."""


@contextmanager
def row_actions() -> Iterator[None]:
    """What can be done with a row: the block draws `icon_button`s, what takes away last."""
    with div("row-actions"):
        yield


Fetch = Callable[[str | None], Awaitable[PageOf[Row]]]
"""Reads the page with this token, the first without one."""
Cell = partial[Any]
"""Draws the content of a cell. It is called again only when its function or its arguments are others, so give it just
what the cell shows and does."""
Cells = Callable[[Row], Sequence[Cell]]
"""The cells of a row, one for each column."""


class PagedTable(Generic[Row]):
    """A table that begins with the first page. Await `refresh()` to fill it, and when its rows have changed.

    What says the same stays in place: a person may be clicking it, or be there with the keyboard. Below 700 px each row
    becomes a card, its cells labelled with the headings. With `href` each row is a link, one line high, and two below
    700 px: columns with the class `log-more` share the second.
    """

    def __init__(
        self,
        label: str,
        columns: Sequence[Column],
        fetch: Fetch[Row],
        cells: Cells[Row],
        *,
        key: Callable[[Row], Hashable],
        on_empty: Callable[[], object],
        href: Callable[[Row], str] | None = None,
    ) -> None:
        """`label` names the table for screen readers; `key` identifies a row within a page; `on_empty` draws what is
        shown if there are no rows; `href` is where a row leads, for as long as it is there: its first cell is the link,
        which lies over the whole row."""
        self._label = label
        self._columns = columns
        self._fetch = fetch
        self._cells = cells
        self._key = key
        self._on_empty = on_empty
        self._href = href
        self._asked = 0
        with div("table-place"):
            self._place = div()
            self._paging = Paging(label, self.refresh)
        self._body: ui.element | None = None
        """Where the rows are; None if there are none."""
        self._shown: dict[Hashable, _ShownRow] = {}

    async def refresh(self, *, from_start: bool = False) -> None:
        """Reads the page again, or the first one, and draws what has changed. Raises Refused."""
        if from_start:
            self._paging.to_first()
        self._asked += 1
        asked = self._asked
        page = await self._fetch(self._paging.token)
        if asked != self._asked:
            # Another refresh has begun meanwhile: its answer is the newer one, whichever comes first.
            return
        if not page.rows and not self._paging.is_first:
            await self.refresh(from_start=True)
            return
        self._paging.show(page.next_page_token)
        if page.rows:
            self._show(page.rows)
        elif self._body is not None or from_start or not self._place.default_slot.children:
            # What a person has opened in it stays open while nothing comes.
            self._body, self._shown = None, {}
            self._place.clear()
            with self._place:
                self._on_empty()

    def _show(self, rows: Sequence[Row]) -> None:
        if self._body is None:
            self._place.clear()
            with self._place:
                self._body = self._table()
        before, self._shown = self._shown, {}
        for row in rows:
            key = self._key(row)
            shown = before.pop(key, None)
            if shown is None:
                with self._body:
                    shown = _ShownRow(self._columns, self._href and self._href(row))
            self._shown[key] = shown
            shown.show(self._cells(row))
        for gone in before.values():
            gone.element.delete()
        for place, shown in enumerate(self._shown.values()):
            if self._body.default_slot.children[place] is not shown.element:
                shown.element.move(target_index=place)

    def _table(self) -> ui.element:
        links = self._href is not None
        with (
            div("table-of-links" if links else "table-scroll"),
            ui.element("table").classes("table table-links" if links else "table") as table,
        ):
            table.props["aria-label"] = self._label
            with ui.element("thead"), ui.element("tr"):
                for column in self._columns:
                    text(column.name, column.classes, "th").props("scope=col")
            return ui.element("tbody")


class _ShownRow:
    """A row on the page."""

    def __init__(self, columns: Sequence[Column], href: str | None) -> None:
        self._cells: list[Cell | None] = [None] * len(columns)
        self._places: list[ui.element] = []
        with ui.element("tr") as self.element:
            for column in columns:
                with ui.element("td").classes(column.classes) as place:
                    place.props["data-label"] = column.name
                    self._places.append(place if href is None or self._places else a("", href, "row-link"))

    def show(self, cells: Sequence[Cell]) -> None:
        """Draws the cells that are others than before."""
        for number, (cell, place) in enumerate(zip(cells, self._places, strict=True)):
            if _is_same(cell, self._cells[number]):
                continue
            self._cells[number] = cell
            place.clear()
            with place:
                cell()


def _is_same(one: object, other: object) -> bool:
    """Whether both are equal. Partials are if they call the same with the same."""
    if not isinstance(one, partial) or not isinstance(other, partial):
        return one == other
    return (
        one.func == other.func
        and len(one.args) == len(other.args)
        and all(map(_is_same, one.args, other.args))
        and one.keywords.keys() == other.keywords.keys()
        and all(_is_same(value, other.keywords[name]) for name, value in one.keywords.items())
    )
