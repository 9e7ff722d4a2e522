"""What a list can be limited to besides: a device, a channel, an API key. There may be thousands of each, so they are
searched for in a dialog."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from nicegui import ui
from smith.core.v1.api_key_service_pb2 import ListApiKeysRequest
from smith.core.v1.channel_service_pb2 import ListChannelsRequest
from smith.core.v1.device_service_pb2 import ListDevicesRequest

from admin_ui.components.buttons import secondary
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, text
from admin_ui.components.search import MAX_SEARCH, SearchResults
from admin_ui.page_task import on_page
from admin_ui.texts import _
from admin_ui.visit import Visit

FOUND = 20
"""Most search results that are shown at once."""
MOST_KEYS = 1000


class Choice(NamedTuple):
    """Something that a list can be limited to."""

    value: str
    """As the address says it."""
    name: str
    detail: str = ""


class Chooser(ABC):
    """A button that opens the dialog, and once something is chosen says what, with a button that takes it back.

    `chosen(value)` is awaited after a change; the value is empty if nothing is chosen any more.
    """

    heading: str
    any_one: str
    """The button that takes the choice back."""
    only_one: str
    """The title of the dialog."""

    def __init__(self, visit: Visit, chosen: Callable[[str], Awaitable[None]]) -> None:
        self._visit = visit
        self._chosen = chosen
        self._place = div("log-choice")
        self._stage = div("hidden")

    @abstractmethod
    async def find(self, searched: str) -> Sequence[Choice]:
        """What matches the text. Raises Refused."""

    @abstractmethod
    async def name_of(self, value: str) -> str:
        """What it is called. Raises Refused."""

    async def show(self, value: str) -> None:
        """Shows the choice. Raises Refused."""
        name = await self.name_of(value) if value else ""
        self._place.clear()
        with self._place:
            if not value:
                secondary(self.heading, self._open, icon="add")
                return
            with div("log-chosen"):
                text(f"{self.heading}:", "muted")
                text(name, "strong truncate")
                with ui.element("button").classes("icon-button").props("type=button") as forget:
                    ui.icon("close").props("aria-hidden=true")
                forget.props["aria-label"] = self.any_one
                forget.props["title"] = self.any_one
                forget.on("click", on_page(partial(self._chosen, "")))

    async def _open(self) -> None:
        with self._stage, dialog(self.only_one) as shown:
            results = SearchResults(
                lambda searched: self.find(searched.strip()[:MAX_SEARCH]), partial(self._draw, shown), "log-found"
            )
            results.field.props("autofocus")
            with dialog_actions():
                secondary(_("Cancel"), shown.close)
        await results.refresh()
        gone_when_closed(shown)
        shown.open()

    def _draw(self, shown: ui.dialog, one: Choice) -> None:
        async def take() -> None:
            shown.close()
            await self._chosen(one.value)

        with ui.element("button").classes("log-found-one").props("type=button") as button:
            text(one.name, "strong")
            if one.detail:
                text(one.detail, "muted small")
        button.on("click", on_page(take))


class DeviceChooser(Chooser):
    """See Chooser."""

    heading, any_one, only_one = _("Device"), _("Any device"), _("Only of one device")

    async def find(self, searched: str) -> Sequence[Choice]:
        """By the device's name, and its person's name and address."""
        request = ListDevicesRequest(page_size=FOUND, query=searched or None)
        found = await self._visit.ask(self._visit.core.devices.ListDevices, request)
        return [Choice(one.id, one.name, one.user_name) for one in found.devices]

    async def name_of(self, value: str) -> str:
        """See Chooser."""
        request = ListDevicesRequest(device_ids=[value])
        found = (await self._visit.ask(self._visit.core.devices.ListDevices, request)).devices
        return found[0].name if found else _("a device that is gone")


class ChannelChooser(Chooser):
    """See Chooser."""

    heading, any_one, only_one = _("Channel"), _("Any channel"), _("Only of one channel")

    async def find(self, searched: str) -> Sequence[Choice]:
        """By name and slug."""
        request = ListChannelsRequest(page_size=FOUND, query=searched or None)
        found = await self._visit.ask(self._visit.core.channels.ListChannels, request)
        return [Choice(one.slug, one.name or one.slug, one.slug) for one in found.channels]

    async def name_of(self, value: str) -> str:
        """Its slug: what was sent to it is found by that, also after it has gone."""
        return value


class KeyChooser(Chooser):
    """See Chooser."""

    heading, any_one, only_one = _("API key"), _("Any API key"), _("Only of one API key")

    async def find(self, searched: str) -> Sequence[Choice]:
        """By name."""
        keys = await self._keys()
        return [one for one in keys if searched.lower() in one.name.lower()][:FOUND]

    async def name_of(self, value: str) -> str:
        """See Chooser."""
        return next((one.name for one in await self._keys() if one.value == value), _("an API key that is gone"))

    async def _keys(self) -> Sequence[Choice]:
        request = ListApiKeysRequest(page_size=MOST_KEYS)
        found = await self._visit.ask(self._visit.core.api_keys.ListApiKeys, request)
        return [Choice(one.id, one.name) for one in found.api_keys]
