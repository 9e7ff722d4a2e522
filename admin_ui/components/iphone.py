"""Draws a simulated iPhone: its wallpaper, its clock, its island, and what is on its lock screen."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nicegui import ui

from admin_ui.activity_types.registry import read
from admin_ui.components.activity_card import ActivityCard
from admin_ui.components.card_parts import app_icon, paint, set_prop
from admin_ui.components.html import div, text
from admin_ui.components.notification_card import NotificationCard, media_host
from admin_ui.components.numbered_icon import NumberedIcon

WALLPAPERS = 5
"""Number of wallpapers in the stylesheet."""


class Deeds(Protocol):
    """What a person does to the phone."""

    async def run_action(self, action: Mapping[str, Any], notification_id: str | None) -> None:
        """Taps a button, of a Live Activity if no notification is named."""

    async def open_notification(self, notification_id: str) -> None:
        """Taps a notification."""

    async def dismiss_notification(self, notification_id: str) -> None:
        """Takes a notification off the screen."""

    async def dismiss_activity(self, activity_id: str) -> None:
        """Takes a Live Activity off the screen."""


class IPhone(ui.element):
    """A phone. `show` updates it in place: new cards appear, changed ones move, removed ones disappear."""

    def __init__(self, name: str, deeds: Deeds) -> None:
        super().__init__("section")
        self._deeds = deeds
        self._slots: dict[str, _Slot] = {}
        self._is_first = True
        wallpaper = zlib.crc32(name.encode("utf-8", "replace")) % WALLPAPERS
        self.classes(f"iphone iphone-wallpaper-{wallpaper}")
        with self, div("iphone-screen lock-on-wallpaper"):
            self._draw_top()
            with div("iphone-cards").props("tabindex=0 role=region") as self._cards:
                self._activities = div("iphone-list")
                self._notifications = div("iphone-list").props('aria-live=polite aria-label="Notifications"')
                self._empty = text("All quiet. Send something.", "iphone-quiet", "p")
            self._banner = div("iphone-banner").props("role=status")
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
        wanted = {f"activity {one['activity_id']}" for one in activities}
        wanted |= {_key(one) for one in notifications}
        for key in self._slots.keys() - wanted:
            self._slots.pop(key).element.delete()
        for activity in activities:
            self._show_activity(activity)
        for notification in notifications:
            self._show_notification(notification)
        self._show_island(activities)
        # A lock screen has no icons: this is the home screen's, as far as there is something on it.
        self._app.show(phone["badge"])
        self._home_screen.set_visibility(bool(phone["badge"]))
        self._empty.set_visibility(not self._slots)
        self._is_first = False

    def say(self, words: str, url: str = "") -> None:
        """Shows the result of a tap on the screen. `url` is the one that the phone would open."""
        self._banner.clear()
        with self._banner:
            with div("iphone-banner-words"):
                text(words, "iphone-banner-title", "p")
                if url and media_host(url):
                    link = text(url, "iphone-banner-link", "a")
                    link.props.update({"href": url, "target": "_blank", "rel": "noopener noreferrer"})
                elif url:
                    text(url, "iphone-banner-link")
            _close_button("Close", self._banner.clear)

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

    def _show_activity(self, activity: Mapping[str, Any]) -> None:
        key, activity_id = f"activity {activity['activity_id']}", str(activity["activity_id"])
        actions = activity["actions"]
        ended = activity["state"] == "ended"
        slot = self._slots.get(key)
        if slot is None:
            with self._activities:
                slot = self._slots[key] = _Slot(
                    lambda: ActivityCard(
                        activity["content_state"], actions, lambda one: self._deeds.run_action(one, None)
                    ),
                    "Dismiss this Live Activity",
                    lambda: self._deeds.dismiss_activity(activity_id),
                    arrives=not self._is_first,
                )
        if isinstance(slot.card, ActivityCard):
            slot.card.update_state(activity["content_state"], actions, ended=ended)

    def _show_notification(self, notification: Mapping[str, Any]) -> None:
        key, slot = _key(notification), self._slots.get(_key(notification))
        if slot is None:
            with self._notifications:
                slot = self._slots[key] = _Slot(
                    lambda: self._notification_card(notification),
                    "Dismiss this notification",
                    lambda: self._deeds.dismiss_notification(str(notification["id"])),
                    arrives=not self._is_first,
                )
            # Newest first.
            slot.element.move(target_index=0)
        if isinstance(slot.card, NotificationCard):
            slot.card.update_notification(notification)

    def _notification_card(self, notification: Mapping[str, Any]) -> NotificationCard:
        notification_id = str(notification["id"])
        return NotificationCard(
            notification,
            lambda action: self._deeds.run_action(action, notification_id),
            lambda: self._deeds.open_notification(notification_id),
            is_expanded=False,
        )

    def _show_island(self, activities: list[Mapping[str, Any]]) -> None:
        active = [one for one in activities if one["state"] == "active"]
        self._island.classes(add="is-live" if active else "", remove="" if active else "is-live")
        set_prop(self._island, "aria-hidden", "true")
        if not active:
            return
        reading = read(active[-1]["content_state"])
        paint(self._island, reading.color)
        self._island_figure.text = reading.body.short_figure


class _Slot:
    """A card with its button that dismisses it."""

    def __init__(
        self, make: Callable[[], ui.element], dismiss_label: str, dismiss: Callable[[], Any], *, arrives: bool
    ) -> None:
        with div(f"iphone-slot {'is-arriving' if arrives else ''}") as self.element:
            self.card: ui.element = make()
            _close_button(dismiss_label, dismiss)


def _close_button(label: str, do: Callable[[], Any]) -> None:
    with ui.element("button").classes("iphone-close").props("type=button") as button:
        ui.icon("close").props("aria-hidden=true")
    button.props.update({"aria-label": label, "title": label})
    button.mark("dismiss")
    button.on("click", do)


def _key(notification: Mapping[str, Any]) -> str:
    return f"notification {notification['collapse_id'] or notification['id']}"
