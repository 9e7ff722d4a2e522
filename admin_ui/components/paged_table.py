"""Tables of lists that the server pages: any number of rows, of which the browser holds one page."""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from nicegui import ui

from admin_ui.components.html import div, text
from admin_ui.components.kept import Drawing, Kept, KeptRows
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
Cell = Drawing
"""Draws the content of a cell."""
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
        self._body: KeptRows[Hashable, _ShownRow] | None = None
        """Where the rows are; None if there are none."""
        self._hrefs: dict[Hashable, str | None] = {}
        """Where rows lead, by their keys."""

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
            self._body = None
            self._place.clear()
            with self._place:
                self._on_empty()

    def _show(self, rows: Sequence[Row]) -> None:
        if self._body is None:
            self._place.clear()
            with self._place:
                self._body = self._table()
        self._hrefs = {self._key(row): self._href and self._href(row) for row in rows}
        for row, shown in zip(rows, self._body.arrange(self._hrefs), strict=True):
            for cell, place in zip(self._cells(row), shown.places, strict=True):
                place.show(cell)

    def _table(self) -> "KeptRows[Hashable, _ShownRow]":
        links = self._href is not None
        with (
            div("table-of-links" if links else "table-scroll"),
            ui.element("table").classes("table table-links" if links else "table") as table,
        ):
            table.props["aria-label"] = self._label
            with ui.element("thead"), ui.element("tr"):
                for column in self._columns:
                    text(column.name, column.classes, "th").props("scope=col")
            return KeptRows(lambda key: _ShownRow(self._columns, self._hrefs[key]), tag="tbody")


class _ShownRow(ui.element):
    """A row on the page."""

    def __init__(self, columns: Sequence[Column], href: str | None) -> None:
        super().__init__("tr")
        self.places: list[Kept] = []
        """Its cells, or, in the first of a row that leads somewhere, the link."""
        with self:
            for column in columns:
                if href is not None and not self.places:
                    with ui.element("td").classes(column.classes) as cell:
                        place = Kept("row-link", "a")
                        place.props["href"] = href
                else:
                    cell = place = Kept(column.classes, "td")
                cell.props["data-label"] = column.name
                self.places.append(place)
