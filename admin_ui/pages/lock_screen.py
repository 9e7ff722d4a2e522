"""The lock screen: the simulated iPhones and browsers side by side, as they look right now."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial

import nicegui
from nicegui import background_tasks, ui
from smith.core.v1.device_service_pb2 import ListDevicesRequest
from smith.core.v1.status_service_pb2 import DESTINATION_REAL

from admin_ui.components.buttons import link_button, primary, secondary
from admin_ui.components.copying import snippet
from admin_ui.components.html import div, p
from admin_ui.components.layout import card, page_header
from admin_ui.components.states import empty_state, notice
from admin_ui.core import Refused
from admin_ui.page_task import keep_doing
from admin_ui.phones.adding import add_browser, add_iphone
from admin_ui.phones.browser_panel import BrowserPanel
from admin_ui.phones.demo import FIRST_PUSH, Demo
from admin_ui.phones.demo_on_phone import Demos
from admin_ui.phones.demo_stage import DRAWN, WATCH, Caption, DemoInPage, bring_into_view
from admin_ui.phones.news import RETRY_SECONDS, PhoneNews
from admin_ui.phones.panel import PhonePanel
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.sending.snippets import curl
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

MAX_SHOWN = 12
"""Most devices that are drawn at once."""


@dataclass(frozen=True, eq=False)
class _Source:
    """One kind of simulated device."""

    simulator: Simulator
    news: PhoneNews
    panel: type[PhonePanel] | type[BrowserPanel]


_Key = tuple[_Source, str]
"""A device: where it comes from, and its id there."""


def create(site: Site) -> None:
    """Registers the page. Without a simulator it has the demo alone, and no place in the navigation."""

    @site.page("/lock-screen/demo", title=_("Demo"))
    async def demo_alone(visit: Visit) -> None:
        DemoInPage(_("This server sends to Apple, and simulated phones get nothing of it.")).draw()

    if site.settings.simulator_url is None:

        @site.page("/lock-screen", title=_("Lock screen"))
        async def without_phones(visit: Visit) -> None:
            DemoInPage(_("This server has no simulated phones.")).draw()

        return
    phones, browsers = Simulator(site.settings.simulator_url), Simulator(site.settings.simulator_url, "browsers")
    sources = (
        _Source(phones, PhoneNews(phones), PhonePanel),
        _Source(browsers, PhoneNews(browsers), BrowserPanel),
    )
    for source in sources:
        nicegui.app.on_shutdown(source.news.close)
    demos = Demos(phones)

    @site.page("/lock-screen", title=_("Lock screen"))
    async def lock_screen(visit: Visit) -> None:
        await _LockScreen(visit, sources, demos).build()


class _LockScreen:
    """The lock screen page of one visit."""

    def __init__(self, visit: Visit, sources: tuple[_Source, _Source], demos: Demos) -> None:
        self._visit = visit
        self._demos = demos
        self._demo_phone = ""
        self._sources = sources
        self._iphones, self._browsers = sources
        self._panels: dict[_Key, PhonePanel | BrowserPanel] = {}
        self._not_shown: frozenset[_Key] = frozenset()
        """Devices on the simulator that are not shown: another account's, or beyond the most."""
        self._changed: set[_Key] = set()
        self._anything_changed = False
        self._due = asyncio.Event()

    async def build(self) -> None:
        """Draws the page and keeps it moving for as long as it is open."""
        with page_header(
            _("Lock screen"), _("Your simulated iPhones and browsers, live. They behave as real ones do.")
        ):
            self._offer_demo()
            secondary(_("Add a browser"), self._add_browser, icon="add")
            primary(_("Add an iPhone"), self._add_iphone, icon="add")
        self._trouble = div()
        webhook_url = await self._webhook_url()
        with div("lock-page"):
            self._caption = Caption()
            with (
                div("lock-page-side"),
                card(_("Send something"), _("These go through your server like any request of your backend.")),
            ):
                self._draw_demo(webhook_url)
            with div("stack"):
                self._grid = div("iphones")
                self._no_phone = div()
                self._more = p("", "muted")
                p(DRAWN, "muted lock-note")
        with card(_("From your terminal"), _("With one of your API keys in ACTIVITYSMITH_API_KEY.")):
            snippet(curl(FIRST_PUSH, self._visit.settings.gateway_url), "curl command that sends a push")
        await self._reload()
        self._follow()

    def _draw_demo(self, webhook_url: str | None) -> None:
        demo = Demo(self._visit, webhook_url)

        async def move() -> None:
            await _tell_if_no_phone_can_show_it(demo.move_activity())
            upcoming = demo.next_percentage
            activity.text = (
                _("Start a Live Activity")
                if upcoming is None
                else _("Move it to {upcoming}%").format(upcoming=upcoming)
            )

        with div("lock-page-buttons"):
            secondary(_("Send a push"), lambda: _tell_if_no_phone_can_show_it(demo.push()), icon="notifications")
            activity = secondary(_("Start a Live Activity"), move, icon="timelapse")
            secondary(
                _("Run a demo stream"), lambda: _tell_if_no_phone_can_show_it(demo.stream()), icon="rocket_launch"
            )

    async def _webhook_url(self) -> str | None:
        try:
            return await self._iphones.simulator.webhook_url("demo")
        except SimulatorError:
            return None

    # --- which phones ---

    async def _reload(self) -> None:
        """Adds and removes devices so that all simulated ones of the account are drawn. Raises Refused."""
        try:
            listed = await asyncio.gather(*(source.simulator.phones() for source in self._sources))
        except SimulatorError as error:
            self._tell_trouble(error.message)
            return
        self._tell_trouble("")
        found: dict[_Key, str] = {
            (source, str(one["id"])): str(one["device_id"])
            for source, devices in zip(self._sources, listed, strict=True)
            for one in devices
        }
        names = await self._own_devices(list(found.values()))
        own = {key: names[device_id] for key, device_id in found.items() if device_id in names}
        # A demo is to be seen whatever else there is.
        shown = dict(sorted(own.items(), key=lambda one: one[0][1] != self._demo_phone)[:MAX_SHOWN])
        self._not_shown = frozenset(found.keys() - shown.keys())
        for key in self._panels.keys() - shown.keys():
            self._panels.pop(key).delete()
        await asyncio.gather(*(self._draw(key, name) for key, name in shown.items()))
        self._show_counts(len(own))

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
        with self._grid:
            self._panels[key] = source.panel(source.simulator, described, name)

    def _show_counts(self, own: int) -> None:
        more = own - MAX_SHOWN
        self._more.text = (
            ngettext("{count} more device is not shown.", "{count} more devices are not shown.", more).format(
                count=more
            )
            if more > 0
            else ""
        )
        self._grid.set_visibility(bool(self._panels))
        self._no_phone.clear()
        if self._panels:
            return
        with (
            self._no_phone,
            empty_state(
                "phone_iphone",
                _("No iPhone yet"),
                _(
                    "Add a simulated one, or a browser: it pairs with your workspace as a real one does. Or watch "
                    "first what phones can show: the demo takes twenty seconds and cleans up after itself."
                ),
            ),
        ):
            primary(_("Add an iPhone"), self._add_iphone, icon="add")
            self._offer_demo()

    def _tell_trouble(self, message: str) -> None:
        self._trouble.clear()
        if message:
            with self._trouble:
                notice("bad", message, _("What you see may be out of date. This page goes on trying."))

    # --- live ---

    def _follow(self) -> None:
        for source in self._sources:
            ui.context.client.on_delete(source.news.join(partial(self._hear, source)))
        keep_doing(self._move, "the phones")

    def _hear(self, source: _Source, devices: frozenset[str] | None) -> None:
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
                await self._reload()
            except Refused as refusal:
                if refusal.is_signed_out:
                    return
                self._tell_trouble(refusal.message)
                await asyncio.sleep(RETRY_SECONDS)
                self._hear(self._iphones, None)

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
                self._tell_trouble(error.message)
            return
        panel.show(described)

    # --- the demo ---

    def _offer_demo(self) -> None:
        if self._visit.destinations.pushes == DESTINATION_REAL:
            link_button(WATCH, "/lock-screen/demo", icon="play_arrow")
        elif self._visit.is_owner:
            secondary(WATCH, self._begin_demo, icon="play_arrow").mark("demo")

    def _begin_demo(self) -> None:
        if not self._demos.claim(self._visit.account.id):
            ui.notify(_("A demo is being played already. Watch it, or try again in half a minute."), type="info")
            return
        self._caption.begin(_("A simulated iPhone is being paired for it. It takes about twenty seconds."))
        # Not a task of the page: a person who leaves it leaves nothing behind.
        background_tasks.create(self._play_demo(), name="a demo")

    async def _play_demo(self) -> None:
        with self._grid.client:
            try:
                await self._demos.play(self._visit, self._show_demo_phone, self._lock_demo_phone, self._caption.show)
                self._caption.end(
                    _(
                        "All of it went through your server. The demo's iPhone and its cards are gone again. The "
                        "delivery log and the past Live Activities keep what was sent."
                    )
                )
            except (Refused, SimulatorError, TimeoutError) as error:
                why = getattr(error, "message", _("It took too long."))
                self._caption.end(_("It could not be played to its end: {why}").format(why=why))

    async def _show_demo_phone(self, phone_id: str) -> None:
        self._demo_phone = phone_id
        if self._grid.is_deleted:
            return
        await self._reload()
        panel = self._panels.get((self._iphones, phone_id))
        if panel is not None:
            panel.move(target_index=0)
            bring_into_view(panel)

    def _lock_demo_phone(self, locked: bool) -> None:
        panel = self._panels.get((self._iphones, self._demo_phone))
        if isinstance(panel, PhonePanel) and not panel.is_deleted:
            panel.lock(locked=locked)

    # --- another device ---

    def _add_iphone(self) -> None:
        add_iphone(self._visit, self._iphones.simulator, f"iPhone {self._count(self._iphones) + 1}")

    def _add_browser(self) -> None:
        add_browser(self._visit, self._browsers.simulator)

    def _count(self, source: _Source) -> int:
        return sum(1 for one, _ in self._panels if one is source)


async def _tell_if_no_phone_can_show_it(sending: Awaitable[None]) -> None:
    try:
        await sending
    except Refused as refusal:
        if refusal.reason != "NO_RECIPIENTS":
            raise
        ui.notify(_("No device of yours can show this yet. Add an iPhone or a browser first."), type="warning")
