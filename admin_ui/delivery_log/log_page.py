"""A page of the delivery log: tabs, filters in the address, one line for each message."""

import asyncio
from collections.abc import Sequence
from typing import Any, Generic

from nicegui import ui
from smith.core.v1.event_pb2 import Event

from admin_ui.components.buttons import link_button, secondary
from admin_ui.components.html import a, div, labelled
from admin_ui.components.layout import page_header
from admin_ui.components.paged_table import PAGE_SIZE, PagedTable, PageOf
from admin_ui.components.states import empty_state
from admin_ui.delivery_log.activities import Activities
from admin_ui.delivery_log.filter_bar import FilterBar
from admin_ui.delivery_log.filters import LogFilters
from admin_ui.delivery_log.lists import MessageList, Row
from admin_ui.delivery_log.pushes import Pushes
from admin_ui.delivery_log.webhook_calls import WebhookCalls
from admin_ui.texts import _
from admin_ui.visit import Visit

LISTS: tuple[MessageList[Any], ...] = (Pushes(), Activities(), WebhookCalls())
CALM_SECONDS = 1.0
"""Seconds between two reads after events, in addition to the feed's own pause."""
MOST_EXPORTED = 50_000
"""Newest rows that an export has at most."""


class LogPage(Generic[Row]):
    """One list. A button announces new rows, so that the list does not move while it is read."""

    def __init__(self, visit: Visit, messages: MessageList[Row]) -> None:
        self._visit = visit
        self._list = messages
        self._unseen: set[str] = set()
        self._unnamed = 0
        self._shown: set[str] = set()

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        with page_header(_("Delivery log"), self._list.about):
            self._export = link_button("CSV", "", icon="download").props("download")
            self._export.props["title"] = _("Download this list, the newest {most_exported:,} rows at most").format(
                most_exported=MOST_EXPORTED
            )
        self._tabs = self._draw_tabs()
        if self._list.for_owners and not self._visit.is_owner:
            self._export.set_visibility(False)
            with empty_state("lock", _("For owners"), _("Only an owner of the workspace can see its webhook calls.")):
                pass
            return
        filters = LogFilters.read(ui.context.client.request.query_params)
        if not self._list.has_senders:
            filters = filters.with_values(channel="", api_key="")
        self._bar = FilterBar(self._visit, self._list, filters, self._limited)
        await self._bar.draw()
        with div("log-news"):
            self._news = secondary("", self._from_start, icon="arrow_upward")
            self._news.set_visibility(False)
        self._table: PagedTable[Row] = PagedTable(
            self._list.name, self._list.columns, self._fetch, self._list.cells, key=self._list.id_of,
            on_empty=self._empty, href=self._list.href,
        )  # fmt: skip
        self._say_filters(filters)
        self._visit.watch(self._list.news, self._heard)
        await self._table.refresh()

    def _draw_tabs(self) -> dict[str, ui.element]:
        tabs: dict[str, ui.element] = {}
        with labelled(ui.element("nav").classes("subnav"), _("Delivery log")):
            for one in LISTS:
                if one.for_owners and not self._visit.is_owner and one is not self._list:
                    continue
                tabs[one.path] = a(one.name, one.path, "subnav-item")
                if one.path == self._list.path:
                    tabs[one.path].props("aria-current=page")
        return tabs

    def _say_filters(self, filters: LogFilters) -> None:
        """Has what leads away from here, or back, keep the filters."""
        for one in LISTS:
            if one.path in self._tabs:
                kept = filters if one is self._list else filters.for_list(has_senders=one.has_senders)
                self._tabs[one.path].props["href"] = one.path + kept.query
        self._export.props["href"] = f"{self._list.path}.csv{filters.query}"

    async def _limited(self, filters: LogFilters) -> None:
        self._say_filters(filters)
        ui.navigate.history.replace(self._list.path + filters.query)
        await self._from_start()

    async def _from_start(self) -> None:
        self._unseen.clear()
        self._unnamed = 0
        self._news.set_visibility(False)
        await self._table.refresh(from_start=True)

    async def _heard(self, events: Sequence[Event]) -> None:
        if not events:
            # A row may have changed since it was read.
            await self._table.refresh()
            return
        subjects = [self._list.subject_of(event) for event in events]
        self._unnamed += sum(not subject for subject in subjects)
        named = {subject for subject in subjects if subject}
        if named & self._shown:
            # The row stays where it is and says something else.
            await self._table.refresh()
            await asyncio.sleep(CALM_SECONDS)
        self._unseen |= named - self._shown if self._list.counts_unknown else set()
        if number := self._unnamed + len(self._unseen):
            self._news.text = _("{number:,} new").format(number=number)
            self._news.set_visibility(True)

    async def _fetch(self, page_token: str | None) -> PageOf[Row]:
        filters = self._bar.filters
        page = await self._list.found(self._visit.core, self._visit.ask, filters, page_token, PAGE_SIZE)
        self._shown = {self._list.id_of(row) for row in page.rows}
        return page

    def _empty(self) -> None:
        if self._bar.filters != LogFilters():
            with empty_state("search_off", _("Nothing is found"), _("Try other words, or fewer filters.")):
                pass
            return
        with empty_state(*self._list.empty):
            link_button(_("Open the playground"), "/playground", icon="bolt", primary=True)
