"""Draws a simulated iPhone: its wallpaper, its clock, its island, and what is on its lock screen."""

import zlib
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from admin_ui.activity_types.registry import read
from admin_ui.components.card_parts import app_icon, paint, set_prop
from admin_ui.components.html import div, text
from admin_ui.components.numbered_icon import NumberedIcon
from admin_ui.components.screen import Deeds, Screen

WALLPAPERS = 5
"""Number of wallpapers in the stylesheet."""


class IPhone(Screen):
    """A phone. `show` updates it in place: new cards appear, changed ones move, removed ones disappear."""

    def __init__(self, name: str, deeds: Deeds) -> None:
        super().__init__(deeds)
        wallpaper = zlib.crc32(name.encode("utf-8", "replace")) % WALLPAPERS
        self.classes(f"iphone iphone-wallpaper-{wallpaper}")
        with self, div("iphone-screen lock-on-wallpaper"):
            self._draw_top()
            self._draw_cards("All quiet. Send something.")
            self._draw_banner()
            with div("iphone-app") as self._home_screen:
                self._app = NumberedIcon()
            div("iphone-home")
        self.rename(name)

    def rename(self, name: str) -> None:
        """Gives it another name."""
        set_prop(self, "aria-label", f"Lock screen of {name}")
        set_prop(self._cards, "aria-label", f"What is on {name}")

    def show(self, phone: Mapping[str, Any]) -> None:
        """Draws the phone as the simulator describes it."""
        is_offline = bool(phone["settings"]["offline"])
        self.classes(add="is-offline" if is_offline else "", remove="" if is_offline else "is-offline")
        self._network.name = "wifi_off" if is_offline else "wifi"
        set_prop(self._network, "aria-label", "Offline" if is_offline else "Online")
        activities, notifications = phone["live_activities"], phone["notifications"]
        self._keep_only({_activity_key(one) for one in activities} | {_key(one) for one in notifications})
        for activity in activities:
            self._show_activity(_activity_key(activity), activity)
        for notification in notifications:
            self._show_notification(_key(notification), notification)
        self._show_island(activities)
        # A lock screen has no icons: this is the home screen's, as far as there is something on it.
        self._app.show(phone["badge"])
        self._home_screen.set_visibility(bool(phone["badge"]))
        self._all_shown()

    def _draw_top(self) -> None:
        with div("iphone-status"):
            with div("iphone-island") as self._island:
                app_icon()
                self._island_figure = text("", "iphone-island-figure")
            with div("iphone-signals"):
                self._network = ui.icon("wifi").props("role=img")
                ui.icon("battery_full").classes("iphone-battery").props("aria-hidden=true")
        with div("iphone-face").props("aria-hidden=true"):
            div("iphone-date")
            div("iphone-clock")

    def _show_island(self, activities: list[Mapping[str, Any]]) -> None:
        active = [one for one in activities if one["state"] == "active"]
        self._island.classes(add="is-live" if active else "", remove="" if active else "is-live")
        set_prop(self._island, "aria-hidden", "true")
        if not active:
            return
        reading = read(active[-1]["content_state"])
        paint(self._island, reading.color)
        self._island_figure.text = reading.body.short_figure


def _activity_key(activity: Mapping[str, Any]) -> str:
    return f"activity {activity['activity_id']}"


def _key(notification: Mapping[str, Any]) -> str:
    return f"notification {notification['collapse_id'] or notification['id']}"
