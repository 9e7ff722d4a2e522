"""The lists of the delivery log: how core is asked, what a row says, where it leads, and what an export has of it."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from smith.core.v1.event_pb2 import Event, EventType

from admin_ui.components.html import a, text
from admin_ui.components.paged_table import Cell, Column, PageOf
from admin_ui.components.times import ago
from admin_ui.core import Core
from admin_ui.delivery_log.filters import LogFilters

Row = TypeVar("Row")
Ask = Callable[[Any, Any], Awaitable[Any]]
"""Core's answer to the person, to a method and a request. Raises Refused."""

MOST_LOOKS = 5
"""Most pages of core that are read to find one with results: core searches some thousand rows for each."""
NARROW, TIME = "log-more", "log-time"


class MessageList(ABC, Generic[Row]):
    """One list. Core checks who may read it."""

    name: str
    """On its tab."""
    about: str
    path: str
    file_name: str
    for_owners: bool = False
    columns: Sequence[Column]
    headings: Sequence[str]
    """Of an export."""
    search_label: str
    outcome_label: str
    outcomes: ClassVar[Mapping[str, str]]
    """Names of outcomes by the words in the address; the empty word is all of them."""
    has_senders: bool = True
    """Whether it can be limited to a channel and to an API key."""
    news: "Collection[EventType.ValueType]" = ()
    """Events after which a row is new, or has changed."""
    counts_unknown: bool = False
    """Whether an event about a row that is not shown means a new one. Otherwise it may be a row of another page."""
    empty: tuple[str, str, str]
    """Icon, title and explanation for an account that has none."""

    @abstractmethod
    async def page(
        self, core: Core, ask: Ask, filters: LogFilters, page_token: str | None, page_size: int
    ) -> PageOf[Row]:
        """Some rows, perhaps none, and where to go on. Raises Refused."""

    @abstractmethod
    def id_of(self, row: Row) -> str:
        """Identifies the row."""

    @abstractmethod
    def subject_of(self, event: Event) -> str:
        """The id of the row that the event is about; empty for a row that is new, whichever it is."""

    @abstractmethod
    def href(self, row: Row) -> str:
        """The page of the row."""

    @abstractmethod
    def cells(self, row: Row) -> Sequence[Cell]:
        """The cells of the row, one for each column."""

    @abstractmethod
    def written(self, row: Row) -> Sequence[str]:
        """The row's values for an export, in the order of `headings`."""

    async def found(
        self, core: Core, ask: Ask, filters: LogFilters, page_token: str | None, page_size: int
    ) -> PageOf[Row]:
        """The same as `page`, but it goes on for a while if a page is empty."""
        for _ in range(MOST_LOOKS):
            page = await self.page(core, ask, filters, page_token, page_size)
            if page.rows or not page.next_page_token:
                break
            page_token = page.next_page_token
        return page


def when(href: str, moment: Timestamp) -> None:
    """A time, in a row that leads to `href`."""
    # The link of the first cell lies over the whole row. The time lies above it, for its tooltip.
    with a("", href, "row-also").props("tabindex=-1"):
        ago(moment)


def one_line(title: str, detail: str = "") -> None:
    """A title, and what comes after it as far as there is room."""
    text(title, "strong")
    if detail:
        text(detail, "muted row-detail")


def iso(moment: Timestamp | None) -> str:
    """The moment in UTC as ISO 8601; empty if there is none."""
    if moment is None or moment == Timestamp():
        return ""
    return moment.ToDatetime(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> dt.datetime:
    """The time now, in UTC."""
    return dt.datetime.now(dt.UTC)
