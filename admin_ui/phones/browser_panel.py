"""A simulated browser with its controls."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.browser_window import BrowserWindow
from admin_ui.components.html import div, text
from admin_ui.phones.device_panel import DevicePanel
from admin_ui.phones.simulator import Simulator
from admin_ui.simulated_phones import BROWSERS
from admin_ui.texts import _, ngettext

ONLINE = _("Off: the computer is switched off. The push service keeps what is sent and delivers it later.")
RULES = {
    "chrome": _("As Chrome does: one notification changes in place, and two buttons fit."),
    "firefox": _("As Firefox does: one notification changes in place, as text, and two buttons fit."),
    "apple": _("As an iPhone does for an app on its home screen: each push is another notification, without buttons."),
}


class BrowserPanel(DevicePanel):
    """One browser and its controls."""

    _opens = _("The browser would open")
    _removes = _("Remove browser")

    def __init__(self, simulator: Simulator, browser: Mapping[str, Any], device_name: str) -> None:
        super().__init__(simulator, browser, device_name)
        self._kind = str(browser["kind"])
        with self:
            self._screen = self._window = BrowserWindow(self._kind, device_name, self)
            with div("iphone-controls"):
                self._draw_head()
                text(
                    _("Simulated {name}. {rules}").format(name=BROWSERS[self._kind], rules=RULES[self._kind]),
                    "iphone-remarks",
                    "p",
                )
                with self._setting(ONLINE):
                    self._online = ui.switch(
                        _("Connected"), value=True, on_change=self._if_changed_by_a_person(self._change_online)
                    )
                    self._online.props["aria-label"] = _("{name} is online").format(name=self._name)
                with self._setting(_("Off: the person has taken the permission back, so the page loses its address.")):
                    self._allowed = ui.switch(
                        _("Notifications allowed"),
                        value=True,
                        on_change=self._if_changed_by_a_person(self._change_allowed),
                    )
                self._remarks = text("", "iphone-remarks", "p")
                self._draw_left_out(_("What the browser left out, and why"))
        self.show(browser)

    def show(self, device: Mapping[str, Any]) -> None:
        """Draws the browser as the simulator describes it."""
        self._is_drawing = True
        try:
            self._window.show(device)
            settings = device["settings"]
            self._online.value = not settings["offline"]
            self._allowed.value = settings["notifications_enabled"]
        finally:
            self._is_drawing = False
        if settings["offline"]:
            self._show_trouble(_("Offline"), "warn")
        elif device["endpoint"] is None:
            self._show_trouble(_("Not subscribed"), "bad")
        elif not device["reported"]:
            self._show_trouble(_("Not reported"), "warn")
        else:
            self._show_trouble()
        held = device["held"]
        self._remarks.text = (
            ngettext(
                "{count} waits at its push service until it is connected.",
                "{count} wait at its push service until it is connected.",
                held,
            ).format(count=held)
            if held
            else ""
        )
        self._show_left_out(device["dropped"])

    def _draw_menu(self) -> None:
        ui.menu_item(_("Open the page"), self._doing("open"))
        ui.menu_item(_("Clear notifications"), self._doing("notifications", "clear"))
        ui.separator()
        ui.menu_item(_("Lose the subscription"), self._doing("lose-subscription"))
        ui.separator()
        ui.menu_item(_("Remove this browser…"), self._ask_to_remove).mark("remove")

    async def _change_online(self, event: Any) -> None:
        await self._change({"offline": not event.value})

    async def _change_allowed(self, event: Any) -> None:
        await self._change({"notifications_enabled": bool(event.value)})
