"""The lock screen: the simulated iPhones side by side, as they look right now."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import nicegui
from nicegui import ui
from smith.core.v1.device_service_pb2 import CreatePairingCodeRequest, ListDevicesRequest

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.copying import snippet
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, p
from admin_ui.components.layout import card, page_header
from admin_ui.components.states import empty_state, notice
from admin_ui.core import Refused
from admin_ui.page_task import keep_doing, on_page
from admin_ui.phones.demo import FIRST_PUSH, Demo
from admin_ui.phones.news import RETRY_SECONDS, PhoneNews
from admin_ui.phones.panel import PhonePanel
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.sending.snippets import curl
from admin_ui.site import Site
from admin_ui.visit import Visit

MAX_SHOWN = 12
"""Most phones that are drawn at once."""


def create(site: Site) -> None:
    """Registers the page, if there is a simulator."""
    if site.settings.simulator_url is None:
        return
    simulator = Simulator(site.settings.simulator_url)
    news = PhoneNews(simulator)
    nicegui.app.on_shutdown(news.close)

    @site.page("/lock-screen", title="Lock screen")
    async def lock_screen(visit: Visit) -> None:
        await _LockScreen(visit, simulator, news).build()


class _LockScreen:
    """The lock screen page of one visit."""

    def __init__(self, visit: Visit, simulator: Simulator, news: PhoneNews) -> None:
        self._visit = visit
        self._simulator = simulator
        self._news = news
        self._panels: dict[str, PhonePanel] = {}
        self._not_shown: frozenset[str] = frozenset()
        """Phones on the simulator that are not shown: another account's, or beyond the most."""
        self._changed: set[str] = set()
        self._anything_changed = False
        self._due = asyncio.Event()

    async def build(self) -> None:
        """Draws the page and keeps it moving for as long as it is open."""
        with page_header("Lock screen", "Your simulated iPhones, live. They behave as iOS does."):
            primary("Add an iPhone", self._add, icon="add")
        self._trouble = div()
        webhook_url = await self._webhook_url()
        with div("lock-page"):
            with (
                div("lock-page-side"),
                card("Send something", "These go through your server like any request of your backend."),
            ):
                self._draw_demo(webhook_url)
            with div("stack"):
                self._grid = div("iphones")
                self._no_phone = div()
                self._more = p("", "muted")
        with card("From your terminal", "With one of your API keys in ACTIVITYSMITH_API_KEY."):
            snippet(curl(FIRST_PUSH, self._visit.settings.gateway_url), "curl command that sends a push")
        await self._reload()
        self._follow()

    def _draw_demo(self, webhook_url: str | None) -> None:
        demo = Demo(self._visit, webhook_url)

        async def move() -> None:
            await _tell_if_no_phone_can_show_it(demo.move_activity())
            upcoming = demo.next_percentage
            activity.text = "Start a Live Activity" if upcoming is None else f"Move it to {upcoming}%"

        with div("lock-page-buttons"):
            secondary("Send a push", lambda: _tell_if_no_phone_can_show_it(demo.push()), icon="notifications")
            activity = secondary("Start a Live Activity", move, icon="timelapse")
            secondary("Run a demo stream", lambda: _tell_if_no_phone_can_show_it(demo.stream()), icon="rocket_launch")

    async def _webhook_url(self) -> str | None:
        try:
            return await self._simulator.webhook_url("demo")
        except SimulatorError:
            return None

    # --- which phones ---

    async def _reload(self) -> None:
        """Adds and removes phones so that all phones of the account are drawn. Raises Refused."""
        try:
            phones = await self._simulator.phones()
        except SimulatorError as error:
            self._tell_trouble(error.message)
            return
        self._tell_trouble("")
        names = await self._own_devices([str(phone["device_id"]) for phone in phones])
        own = {str(phone["id"]): phone for phone in phones if phone["device_id"] in names}
        shown = dict(list(own.items())[:MAX_SHOWN])
        self._not_shown = frozenset(str(phone["id"]) for phone in phones) - shown.keys()
        for phone_id in self._panels.keys() - shown.keys():
            self._panels.pop(phone_id).delete()
        await asyncio.gather(*(self._draw(phone, names[phone["device_id"]]) for phone in shown.values()))
        self._show_counts(len(own))

    async def _own_devices(self, device_ids: list[str]) -> dict[str, str]:
        """Names of those devices that belong to the account, by id. Others may use the same simulator."""
        if not device_ids:
            return {}
        request = ListDevicesRequest(device_ids=device_ids, page_size=len(device_ids))
        found = await self._visit.ask(self._visit.core.devices.ListDevices, request)
        return {device.id: device.name for device in found.devices}

    async def _draw(self, phone: Mapping[str, Any], name: str) -> None:
        phone_id = str(phone["id"])
        try:
            described = await self._news.look(phone_id)
        except SimulatorError:
            # The phone or the simulator has just gone: the next change says so.
            return
        panel = self._panels.get(phone_id)
        if panel is not None:
            panel.show(described)
            return
        with self._grid:
            self._panels[phone_id] = PhonePanel(self._simulator, described, name)

    def _show_counts(self, own: int) -> None:
        self._more.text = f"{own - MAX_SHOWN} more iPhones are not shown." if own > MAX_SHOWN else ""
        self._grid.set_visibility(bool(self._panels))
        self._no_phone.clear()
        if self._panels:
            return
        with (
            self._no_phone,
            empty_state(
                "phone_iphone",
                "No iPhone yet",
                "Add a simulated one: it pairs with your workspace as a real iPhone does.",
            ),
        ):
            primary("Add an iPhone", self._add, icon="add")

    def _tell_trouble(self, message: str) -> None:
        self._trouble.clear()
        if message:
            with self._trouble:
                notice("bad", message, "What you see may be out of date. This page goes on trying.")

    # --- live ---

    def _follow(self) -> None:
        ui.context.client.on_delete(self._news.join(self._hear))
        keep_doing(self._move, "the phones")

    def _hear(self, phones: frozenset[str] | None) -> None:
        if phones is None:
            self._anything_changed = True
        else:
            self._changed |= phones - self._not_shown
        if self._anything_changed or self._changed:
            self._due.set()

    async def _move(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            changed, self._changed = self._changed, set()
            everything, self._anything_changed = self._anything_changed, False
            if not everything and changed <= self._panels.keys():
                await asyncio.gather(*(self._refresh(phone_id) for phone_id in changed))
                continue
            try:
                await self._reload()
            except Refused as refusal:
                if refusal.is_signed_out:
                    return
                self._tell_trouble(refusal.message)
                await asyncio.sleep(RETRY_SECONDS)
                self._hear(None)

    async def _refresh(self, phone_id: str) -> None:
        panel = self._panels.get(phone_id)
        if panel is None:
            return
        try:
            described = await self._news.look(phone_id)
        except SimulatorError as error:
            if error.is_missing and self._panels.pop(phone_id, None) is not None:
                panel.delete()
                self._hear(None)
            elif not error.is_missing:
                self._tell_trouble(error.message)
            return
        panel.show(described)

    # --- another phone ---

    def _add(self) -> None:
        with dialog("Add a simulated iPhone", "It is paired with your workspace, as a phone of yours.") as shown:
            name = ui.input("Name", value=f"iPhone {len(self._panels) + 1}").props("autofocus maxlength=100")

            async def pair() -> None:
                if not (name.value or "").strip():
                    name.error = "Give it a name"
                    return
                try:
                    code = await self._visit.ask(self._visit.core.devices.CreatePairingCode, CreatePairingCodeRequest())
                    await self._simulator.pair(code.pairing_code, name.value.strip())
                except SimulatorError as error:
                    name.error = error.message
                    return
                shown.close()

            name.on("keydown.enter", on_page(pair))
            with dialog_actions():
                secondary("Cancel", shown.close)
                primary("Add it", pair)
        gone_when_closed(shown)
        shown.open()


async def _tell_if_no_phone_can_show_it(sending: Awaitable[None]) -> None:
    try:
        await sending
    except Refused as refusal:
        if refusal.reason != "NO_RECIPIENTS":
            raise
        ui.notify("No phone of yours can show this yet. Add an iPhone first.", type="warning")
