"""The lock screen: the simulated iPhones and browsers side by side, as they look right now."""

from collections.abc import Awaitable
from functools import partial

import nicegui
from nicegui import background_tasks, ui
from smith.core.v1.status_service_pb2 import DESTINATION_REAL

from admin_ui.components.buttons import link_button, primary, secondary
from admin_ui.components.copying import snippet
from admin_ui.components.html import div, p
from admin_ui.components.kept import Kept
from admin_ui.components.layout import card, page_header
from admin_ui.components.states import empty_state, notice
from admin_ui.core import Refused
from admin_ui.phones.adding import add_browser, add_iphone
from admin_ui.phones.browser_panel import BrowserPanel
from admin_ui.phones.demo import FIRST_PUSH, Demo
from admin_ui.phones.demo_on_phone import Demos
from admin_ui.phones.demo_stage import DRAWN, WATCH, Caption, DemoInPage, bring_into_view
from admin_ui.phones.device_grid import MAX_SHOWN, DeviceGrid, Source
from admin_ui.phones.news import PhoneNews
from admin_ui.phones.panel import PhonePanel
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.sending.snippets import curl
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit


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
        Source(phones, PhoneNews(phones), PhonePanel),
        Source(browsers, PhoneNews(browsers), BrowserPanel),
    )
    for source in sources:
        nicegui.app.on_shutdown(source.news.close)
    demos = Demos(phones)

    @site.page("/lock-screen", title=_("Lock screen"))
    async def lock_screen(visit: Visit) -> None:
        await _LockScreen(visit, sources, demos).build()


class _LockScreen:
    """The lock screen page of one visit."""

    def __init__(self, visit: Visit, sources: tuple[Source, Source], demos: Demos) -> None:
        self._visit = visit
        self._demos = demos
        self._sources = sources
        self._iphones, self._browsers = sources

    async def build(self) -> None:
        """Draws the page and keeps it moving for as long as it is open."""
        with page_header(
            _("Lock screen"), _("Your simulated iPhones and browsers, live. They behave as real ones do.")
        ):
            self._offer_demo()
            secondary(_("Add a browser"), self._add_browser, icon="add")
            primary(_("Add an iPhone"), self._add_iphone, icon="add")
        self._trouble = Kept()
        webhook_url = await self._webhook_url()
        with div("lock-page"):
            self._caption = Caption()
            with (
                div("lock-page-side"),
                card(_("Send something"), _("These go through your server like any request of your backend.")),
            ):
                self._draw_demo(webhook_url)
            with div("stack"):
                self._grid = DeviceGrid(
                    self._visit, self._sources, on_trouble=self._tell_trouble, on_drawn=self._show_counts
                )
                self._no_phone = Kept()
                self._more = p("", "muted")
                p(DRAWN, "muted lock-note")
        with card(_("From your terminal"), _("With one of your API keys in ACTIVITYSMITH_API_KEY.")):
            snippet(curl(FIRST_PUSH, self._visit.settings.gateway_url), "curl command that sends a push")
        await self._grid.reload()
        self._grid.follow()

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

    def _show_counts(self, own: int) -> None:
        more = own - MAX_SHOWN
        self._more.text = (
            ngettext("{count} more device is not shown.", "{count} more devices are not shown.", more).format(
                count=more
            )
            if more > 0
            else ""
        )
        self._no_phone.show(partial(self._draw_no_phone) if self._grid.is_empty else None)

    def _draw_no_phone(self) -> None:
        explanation = _(
            "Add a simulated one, or a browser: it pairs with your workspace as a real one does. Or watch "
            "first what phones can show: the demo takes twenty seconds and cleans up after itself."
        )
        with empty_state("phone_iphone", _("No iPhone yet"), explanation):
            primary(_("Add an iPhone"), self._add_iphone, icon="add")
            self._offer_demo()

    def _tell_trouble(self, message: str) -> None:
        explanation = _("What you see may be out of date. This page goes on trying.")
        self._trouble.show(partial(notice, "bad", message, explanation) if message else None)

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
        with self._grid.element.client:
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
        self._grid.first = phone_id
        if self._grid.element.is_deleted:
            return
        await self._grid.reload()
        panel = self._grid.panel(self._iphones, phone_id)
        if panel is not None:
            panel.move(target_index=0)
            bring_into_view(panel)

    def _lock_demo_phone(self, locked: bool) -> None:
        panel = self._grid.panel(self._iphones, self._grid.first)
        if isinstance(panel, PhonePanel) and not panel.is_deleted:
            panel.lock(locked=locked)

    # --- another device ---

    def _add_iphone(self) -> None:
        add_iphone(self._visit, self._iphones.simulator, f"iPhone {self._grid.count(self._iphones) + 1}")

    def _add_browser(self) -> None:
        add_browser(self._visit, self._browsers.simulator)


async def _tell_if_no_phone_can_show_it(sending: Awaitable[None]) -> None:
    try:
        await sending
    except Refused as refusal:
        if refusal.reason != "NO_RECIPIENTS":
            raise
        ui.notify(_("No device of yours can show this yet. Add an iPhone or a browser first."), type="warning")
