"""Tables of lists that the server pages: any number of rows, of which the browser holds one page."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from nicegui import ui

from admin_ui.components.buttons import secondary
from admin_ui.components.html import a, div, text
from admin_ui.texts import _

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
Draw = Callable[[Row], Sequence[Callable[[], object]]]
"""How a row's cells are drawn: one function for each column, called within the cell."""


class PagedTable(Generic[Row]):
    """A table that begins with the first page. Await `refresh()` to fill it, and when its rows have changed.

    Below 700 px each row becomes a card, its cells labelled with the headings. With `href` each row is a link, one line
    high, and two below 700 px: columns with the class `log-more` share the second.
    """

    def __init__(
        self,
        label: str,
        columns: Sequence[Column],
        fetch: Fetch[Row],
        draw: Draw[Row],
        *,
        on_empty: Callable[[], object],
        href: Callable[[Row], str] | None = None,
    ) -> None:
        """`label` names the table for screen readers; `on_empty` draws what is shown if there are no rows; `href` is
        where a row leads: its first cell is the link, which lies over the whole row."""
        self._label = label
        self._columns = columns
        self._fetch = fetch
        self._draw = draw
        self._on_empty = on_empty
        self._href = href
        self._tokens: list[str | None] = [None]
        """Tokens of the pages before this one, and of this one."""
        self._next = ""
        self._asked = 0
        self._place = div("table-place")

    async def refresh(self, *, from_start: bool = False) -> None:
        """Reads the page again, or the first one, and draws it. Raises Refused."""
        if from_start:
            self._tokens = [None]
        self._asked += 1
        asked = self._asked
        page = await self._fetch(self._tokens[-1])
        if asked != self._asked:
            # Another refresh has begun meanwhile: its answer is the newer one, whichever comes first.
            return
        if not page.rows and len(self._tokens) > 1:
            await self.refresh(from_start=True)
            return
        self._next = page.next_page_token
        self._place.clear()
        with self._place:
            if page.rows:
                self._table(page.rows)
                self._paging()
            else:
                self._on_empty()

    def _table(self, rows: Sequence[Row]) -> None:
        links = self._href is not None
        with (
            div("table-of-links" if links else "table-scroll"),
            ui.element("table").classes("table table-links" if links else "table") as table,
        ):
            table.props["aria-label"] = self._label
            with ui.element("thead"), ui.element("tr"):
                for column in self._columns:
                    text(column.name, column.classes, "th").props("scope=col")
            with ui.element("tbody"):
                for row in rows:
                    with ui.element("tr"):
                        self._cells(row)

    def _cells(self, row: Row) -> None:
        for column, draw in zip(self._columns, self._draw(row), strict=True):
            with ui.element("td").classes(column.classes) as cell:
                cell.props["data-label"] = column.name
                if self._href is not None and column is self._columns[0]:
                    with a("", self._href(row), "row-link"):
                        draw()
                else:
                    draw()

    def _paging(self) -> None:
        if not self._next and len(self._tokens) == 1:
            return
        with ui.element("nav").classes("paging") as paging:
            paging.props["aria-label"] = _("Pages of {label}").format(label=self._label)
            secondary(_("Previous"), self._previous).set_enabled(len(self._tokens) > 1)
            text(_("Page {count}").format(count=len(self._tokens)), "muted")
            secondary(_("Next"), self._following).set_enabled(bool(self._next))

    async def _previous(self) -> None:
        self._tokens.pop()
        await self.refresh()

    async def _following(self) -> None:
        self._tokens.append(self._next)
        await self.refresh()
