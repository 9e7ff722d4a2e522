"""The simulated devices of a workspace, side by side, as they look right now."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui
from smith.core.v1.device_service_pb2 import ListDevicesRequest

from admin_ui.components.html import div
from admin_ui.core import Refused
from admin_ui.page_task import keep_doing
from admin_ui.phones.browser_panel import BrowserPanel
from admin_ui.phones.news import RETRY_SECONDS, PhoneNews
from admin_ui.phones.panel import PhonePanel
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.visit import Visit

MAX_SHOWN = 12
"""Most devices that are drawn at once."""


@dataclass(frozen=True, eq=False)
class Source:
    """One kind of simulated device."""

    simulator: Simulator
    news: PhoneNews
    panel: type[PhonePanel] | type[BrowserPanel]


_Key = tuple[Source, str]
"""A device: where it comes from, and its id there."""


class DeviceGrid:
    """Draws them where it is made, and follows them for as long as the page is open."""

    def __init__(
        self,
        visit: Visit,
        sources: tuple[Source, ...],
        *,
        on_trouble: Callable[[str], None],
        on_drawn: Callable[[int], None],
    ) -> None:
        """`on_trouble` is told why devices cannot be read, and an empty text once they can; `on_drawn` how many devices
        the workspace has, whenever they were looked up."""
        self._visit = visit
        self._sources = sources
        self._on_trouble = on_trouble
        self._on_drawn = on_drawn
        self.first = ""
        """A device, by its id at its simulator, that is shown whatever else there is."""
        self.element = div("iphones")
        self._panels: dict[_Key, PhonePanel | BrowserPanel] = {}
        self._not_shown: frozenset[_Key] = frozenset()
        """Devices on the simulator that are not shown: another account's, or beyond the most."""
        self._changed: set[_Key] = set()
        self._anything_changed = False
        self._due = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether no device is drawn."""
        return not self._panels

    def count(self, source: Source) -> int:
        """How many devices of this kind are drawn."""
        return sum(1 for one, _id in self._panels if one is source)

    def panel(self, source: Source, device_id: str) -> PhonePanel | BrowserPanel | None:
        """The picture of a device, by its id at its simulator. None if it is not drawn."""
        return self._panels.get((source, device_id))

    async def reload(self) -> None:
        """Adds and removes devices so that all simulated ones of the account are drawn. Raises Refused."""
        try:
            listed = await asyncio.gather(*(source.simulator.phones() for source in self._sources))
        except SimulatorError as error:
            self._on_trouble(error.message)
            return
        self._on_trouble("")
        found: dict[_Key, str] = {
            (source, str(one["id"])): str(one["device_id"])
            for source, devices in zip(self._sources, listed, strict=True)
            for one in devices
        }
        names = await self._own_devices(list(found.values()))
        own = {key: names[device_id] for key, device_id in found.items() if device_id in names}
        shown = dict(sorted(own.items(), key=lambda one: one[0][1] != self.first)[:MAX_SHOWN])
        self._not_shown = frozenset(found.keys() - shown.keys())
        for key in self._panels.keys() - shown.keys():
            self._panels.pop(key).delete()
        await asyncio.gather(*(self._draw(key, name) for key, name in shown.items()))
        self.element.set_visibility(bool(self._panels))
        self._on_drawn(len(own))

    def follow(self) -> None:
        """Draws what changes from now on."""
        for source in self._sources:
            ui.context.client.on_delete(source.news.join(partial(self._hear, source)))
        keep_doing(self._move, "the phones")

    async def _own_devices(self, device_ids: list[str]) -> dict[str, str]:
        """Names of those devices that belong to the account, by id. Others may use the same simulator."""
        if not device_ids:
            return {}
        request = ListDevicesRequest(device_ids=device_ids, page_size=len(device_ids))
        found = await self._visit.ask(self._visit.core.devices.ListDevices, request)
        return {device.id: device.name for device in found.devices}

    async def _draw(self, key: _Key, name: str) -> None:
        source, device_id = key
        try:
            described = await source.news.look(device_id)
        except SimulatorError:
            # The phone or the simulator has just gone: the next change says so.
            return
        panel = self._panels.get(key)
        if panel is not None:
            panel.show(described)
            return
        with self.element:
            self._panels[key] = source.panel(source.simulator, described, name)

    def _hear(self, source: Source, devices: frozenset[str] | None) -> None:
        if devices is None:
            self._anything_changed = True
        else:
            self._changed |= {(source, one) for one in devices} - self._not_shown
        if self._anything_changed or self._changed:
            self._due.set()

    async def _move(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            changed, self._changed = self._changed, set()
            everything, self._anything_changed = self._anything_changed, False
            if not everything and changed <= self._panels.keys():
                await asyncio.gather(*(self._refresh(key) for key in changed))
                continue
            try:
                await self.reload()
            except Refused as refusal:
                if refusal.is_signed_out:
                    return
                self._on_trouble(refusal.message)
                await asyncio.sleep(RETRY_SECONDS)
                self._hear(self._sources[0], None)

    async def _refresh(self, key: _Key) -> None:
        source, device_id = key
        panel = self._panels.get(key)
        if panel is None:
            return
        try:
            described = await source.news.look(device_id)
        except SimulatorError as error:
            if error.is_missing and self._panels.pop(key, None) is not None:
                panel.delete()
                self._hear(source, None)
            elif not error.is_missing:
                self._on_trouble(error.message)
            return
        panel.show(described)
