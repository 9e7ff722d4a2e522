"""The fields above a list of the delivery log. What they say is in the address."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from admin_ui.components.buttons import quiet
from admin_ui.components.html import a, code, div, text
from admin_ui.components.search import search_field
from admin_ui.delivery_log.choosing import ChannelChooser, Chooser, DeviceChooser, KeyChooser
from admin_ui.delivery_log.filters import CHOSEN_DAYS, PERIODS, LogFilters, read_moment
from admin_ui.delivery_log.lists import MessageList
from admin_ui.delivery_log.local_time import LocalTime
from admin_ui.texts import _
from admin_ui.visit import Visit

Changed = Callable[[LogFilters], Awaitable[None]]


class FilterBar:
    """Await `draw`. `changed` is awaited with the new filters after each change."""

    def __init__(self, visit: Visit, messages: MessageList[Any], filters: LogFilters, changed: Changed) -> None:
        self.filters = filters
        self._visit = visit
        self._list = messages
        self._changed = changed

    async def draw(self) -> None:
        """Draws the fields. Raises Refused."""
        with div("log-filters").props("role=search data-in-address") as bar:
            bar.props["aria-label"] = _("Filters of {name}").format(name=self._list.name)
            self._search = search_field(self._list.search_label, self._read, value=self.filters.q)
            self._outcome = ui.select(dict(self._list.outcomes), value=self._outcome_of(self.filters))
            self._outcome.props["aria-label"] = self._list.outcome_label
            self._period = ui.select({word: name for word, (name, _) in PERIODS.items()}, value=self.filters.period)
            self._period.props["aria-label"] = _("Period")
            self._since = LocalTime(_("From"), lambda moment: self._bound("since", moment))
            self._until = LocalTime(_("To"), lambda moment: self._bound("until", moment))
            self._choosers: dict[str, Chooser] = {"device": DeviceChooser(self._visit, self._choice("device"))}
            if self._list.has_senders:
                self._choosers["channel"] = ChannelChooser(self._visit, self._choice("channel"))
                self._choosers["api_key"] = KeyChooser(self._visit, self._choice("api_key"))
            self._tag = div("log-choice")
            self._none = quiet(_("Clear filters"), self._clear)
        for name, chooser in self._choosers.items():
            await chooser.show(getattr(self.filters, name))
        self._show_rest()
        self._outcome.on_value_change(self._read)
        self._period.on_value_change(self._read)

    def _outcome_of(self, filters: LogFilters) -> str:
        return filters.outcome if filters.outcome in self._list.outcomes else ""

    def _choice(self, name: str) -> Callable[[str], Awaitable[None]]:
        async def chosen(value: str) -> None:
            await self._take(self.filters.with_values(**{name: value}))
            await self._choosers[name].show(value)

        return chosen

    async def _bound(self, name: str, moment: str) -> None:
        await self._take(self.filters.with_values(**{name: moment if read_moment(moment) else ""}))

    async def _read(self) -> None:
        """Takes over what the fields say."""
        period = self._period.value or ""
        bounds = {} if period == CHOSEN_DAYS else {"since": "", "until": ""}
        q, outcome = self._search.value or "", self._outcome.value or ""
        await self._take(self.filters.with_values(q=q, outcome=outcome, period=period, **bounds))

    async def _clear(self) -> None:
        self.filters = LogFilters()
        self._search.value, self._outcome.value, self._period.value = "", "", ""
        await self._take(self.filters, is_forced=True)
        for chooser in self._choosers.values():
            await chooser.show("")

    async def _take(self, filters: LogFilters, *, is_forced: bool = False) -> None:
        if filters == self.filters and not is_forced:
            return
        self.filters = filters
        self._show_rest()
        await self._changed(filters)

    def _show_rest(self) -> None:
        is_chosen = self.filters.period == CHOSEN_DAYS
        for field, moment in ((self._since, self.filters.since), (self._until, self.filters.until)):
            field.set_visibility(is_chosen)
            field.show(moment)
        self._none.set_visibility(self.filters != LogFilters())
        self._tag.clear()
        if self.filters.tag:
            with self._tag, div("log-chosen"):
                text(_("Tag:"), "muted")
                code(self.filters.tag)
                without = self._list.path + self.filters.with_values(tag="").query
                a(_("any"), without, "link small").props["aria-label"] = _("Any tag")
