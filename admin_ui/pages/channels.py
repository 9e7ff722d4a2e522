"""The account's channels."""

from collections.abc import Sequence
from functools import partial

from smith.core.v1.channel_pb2 import Channel
from smith.core.v1.channel_service_pb2 import ListChannelsRequest

from admin_ui.channels.dialogs import ChannelDialogs
from admin_ui.components.buttons import icon_button, primary
from admin_ui.components.html import a, code, div, text
from admin_ui.components.layout import page_header
from admin_ui.components.paged_table import PAGE_SIZE, Cell, Column, PagedTable, PageOf, row_actions
from admin_ui.components.search import search_field
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

COLUMNS = (
    Column(_("Channel")),
    Column(_("People"), "num"),
    Column(_("Devices reached"), "num"),
    Column(_("Created")),
    Column(_("Actions"), "actions"),
)
MANY = 1000
"""Largest count of people that is shown."""


def create(site: Site) -> None:
    """Registers `/channels`."""

    @site.page("/channels", title=_("Channels"))
    async def channels(visit: Visit) -> None:
        await ChannelsPage(visit).draw()


class ChannelsPage:
    """The list of channels and what is done with them."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._dialogs = ChannelDialogs(visit)

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        with page_header(_("Channels"), _("Groups of people and devices. A message can be for some of them only.")):
            primary(_("Create channel"), self._create, icon="add")
        self._search = search_field(_("Find by name or slug"), self._searched)
        self._table: PagedTable[Channel] = PagedTable(
            _("Channels"), COLUMNS, self._fetch, self._cells, key=lambda channel: channel.id, on_empty=self._draw_empty
        )
        await self._table.refresh()

    async def _searched(self) -> None:
        await self._table.refresh(from_start=True)

    async def _fetch(self, page_token: str | None) -> PageOf[Channel]:
        request = ListChannelsRequest(page_size=PAGE_SIZE, page_token=page_token, query=self._search.value or "")
        page = await self._visit.ask(self._visit.core.channels.ListChannels, request)
        return PageOf(page.channels, page.next_page_token)

    def _draw_empty(self) -> None:
        if self._search.value:
            with empty_state("search_off", _("No channel is called that"), _("Try another part of its name or slug.")):
                pass
            return
        explanation = _(
            "Without channels, every message reaches everybody. Make one for the people who are on call, for example."
        )
        with empty_state("tag", _("No channels yet"), explanation):
            primary(_("Create your first channel"), self._create, icon="add")

    def _cells(self, channel: Channel) -> Sequence[Cell]:
        people = len(channel.user_ids)
        return (
            partial(_name, channel),
            partial(text, f"{people}+" if people == MANY else str(people)),
            partial(text, f"{channel.device_count:,}"),
            partial(ago, channel.created_at),
            partial(self._actions, channel),
        )

    def _actions(self, channel: Channel) -> None:
        with row_actions():
            icon_button("edit", _("Rename {name}").format(name=channel.name), lambda: self._rename(channel))
            icon_button("delete", _("Delete {name}").format(name=channel.name), lambda: self._delete(channel))

    async def _create(self) -> None:
        await self._dialogs.create(self._table.refresh)

    async def _rename(self, channel: Channel) -> None:
        await self._dialogs.rename(channel, self._table.refresh)

    async def _delete(self, channel: Channel) -> None:
        if await self._dialogs.delete(channel):
            await self._table.refresh()


def _name(channel: Channel) -> None:
    with div("stack-tight"):
        a(channel.name, f"/channels/{channel.id}", "link strong")
        with div():
            code(channel.slug)
