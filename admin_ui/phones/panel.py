"""A simulated iPhone with its controls."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.buttons import icon_button
from admin_ui.components.html import div, text
from admin_ui.components.iphone import IPhone
from admin_ui.components.layout import badge
from admin_ui.phones.device_panel import DevicePanel, drop_words
from admin_ui.phones.simulator import Simulator

TOKEN_DELAYS = {"0": "at once", "5": "after 5 seconds", "30": "after 30 seconds", "never": "never"}


class PhonePanel(DevicePanel):
    """One phone and its controls."""

    _opens = "The phone"
    _noun = "iPhone"

    def __init__(self, simulator: Simulator, phone: Mapping[str, Any], device_name: str) -> None:
        super().__init__(simulator, phone, device_name)
        self._phone: Mapping[str, Any] = phone
        with self:
            self._screen = self._iphone = IPhone(device_name, self)
            with div("iphone-controls"):
                self._draw_head()
                self._draw_controls()
        self.show(phone)

    def show(self, device: Mapping[str, Any]) -> None:
        """Draws the phone as the simulator describes it."""
        self._phone = device
        self._is_drawing = True
        try:
            self._iphone.show(device)
            settings = device["settings"]
            self._online.value = not settings["offline"]
            self._delay.value = _delay_of(settings["update_token_delay_seconds"])
        finally:
            self._is_drawing = False
        self._show_state()

    def _draw_head(self) -> None:
        with div("iphone-head"):
            text(self._name, "iphone-name", "h2").props["title"] = self._name
            with div("iphone-head-end"):
                self._state = div("cluster")
                self._online = ui.switch(value=True, on_change=self._if_changed_by_a_person(self._change_online))
                self._online.props["aria-label"] = f"{self._name} is online"
                self._online.props["title"] = "Online"
                with icon_button("more_horiz", f"More for {self._name}"), ui.menu():
                    ui.menu_item("Open the app", self._doing("open"))
                    ui.menu_item("Clear notifications", self._doing("notifications", "clear"))
                    ui.separator()
                    ui.menu_item("New push token", self._doing("rotate-token"))
                    ui.menu_item("New push-to-start token", self._doing("rotate-start-token"))
                    ui.menu_item("New update tokens", self._rotate_update_tokens)
                    ui.separator()
                    ui.menu_item("Remove this iPhone…", self._ask_to_remove).mark("remove")

    def _draw_controls(self) -> None:
        self._delay = ui.select(
            TOKEN_DELAYS, label="Reports update tokens", on_change=self._if_changed_by_a_person(self._change_delay)
        )
        self._remarks = text("", "iphone-remarks", "p")

    def _show_state(self) -> None:
        settings = self._phone["settings"]
        self._state.clear()
        with self._state:
            if settings["offline"]:
                badge("Offline", "warn")
            elif not self._phone["installed"]:
                badge("App removed", "bad")
            elif not self._phone["tokens_reported"]:
                badge("Tokens not reported", "warn")
        self._remarks.text = remarks(self._phone)

    async def _change_online(self, event: Any) -> None:
        await self._change({"offline": not event.value})

    async def _change_delay(self, event: Any) -> None:
        if event.value in TOKEN_DELAYS:
            seconds = None if event.value == "never" else float(event.value)
            await self._change({"update_token_delay_seconds": seconds})

    async def _rotate_update_tokens(self) -> None:
        for activity in self._phone["live_activities"]:
            if activity["state"] == "active":
                activity_id = str(activity["activity_id"])
                await self._try(self._simulator.do(self._id, "live-activities", activity_id, "rotate-token"))


def remarks(phone: Mapping[str, Any]) -> str:
    """The pushes that the phone dropped, by reason. A real iPhone does not report them."""
    dropped = drop_words(phone["dropped"])
    return f"iOS dropped: {dropped}" if dropped else ""


def _delay_of(seconds: float | None) -> str | None:
    if seconds is None:
        return "never"
    name = f"{seconds:g}"
    return name if name in TOKEN_DELAYS else None
