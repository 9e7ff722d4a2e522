"""Draws a simulated iPhone: its lock screen, or unlocked its home screen with the Dynamic Island."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from admin_ui.components.card_parts import set_prop
from admin_ui.components.home_screen import HomeScreen
from admin_ui.components.html import div
from admin_ui.components.island import Island, in_order
from admin_ui.components.notification_groups import Group, Stack, grouped
from admin_ui.components.screen import Deeds, Screen
from admin_ui.texts import _

WALLPAPERS = 5
"""Number of wallpapers in the stylesheet."""


class IPhone(Screen):
    """A phone. `show` updates it in place: new cards appear, changed ones move, removed ones disappear.

    Each page locks and unlocks it for itself: that is how a person looks at it, and nothing that the server learns of.
    """

    def __init__(self, name: str, deeds: Deeds) -> None:
        super().__init__(deeds)
        self._stacks: dict[str, Stack] = {}
        self._groups: dict[str, Group] = {}
        self._alerts: dict[str, Any] = {}
        """The alerts of each Live Activity that were seen."""
        self._notified: dict[str, Any] = {}
        """When each notification last changed, as far as it was seen."""
        self._name = name
        self._is_locked = True
        self.on_lock: Callable[[], None] = lambda: None
        """Called when it was locked or unlocked."""
        wallpaper = zlib.crc32(name.encode("utf-8", "replace")) % WALLPAPERS
        self.classes(f"iphone iphone-wallpaper-{wallpaper}")
        with self, div("iphone-screen lock-on-wallpaper"):
            self._draw_status()
            with div("iphone-locked") as self._locked:
                with div("iphone-face").props("aria-hidden=true"):
                    ui.icon("lock").classes("iphone-padlock")
                    div("iphone-date")
                    div("iphone-clock")
                self._draw_cards(_("All quiet. Send something."))
                with div("iphone-tools").props("aria-hidden=true"):
                    for icon in ("flashlight_on", "photo_camera"):
                        with div("iphone-tool"):
                            ui.icon(icon)
            self._home = HomeScreen()
            self._draw_banner()
            self._bar = ui.element("button").classes("iphone-home").props("type=button")
            self._bar.on("click", lambda: self.lock(locked=not self._is_locked))
        set_prop(self._cards, "aria-label", _("What is on {name}").format(name=name))
        self.lock(locked=True)

    @property
    def is_locked(self) -> bool:
        """Whether the lock screen is shown."""
        return self._is_locked

    def lock(self, *, locked: bool) -> None:
        """Locks or unlocks it."""
        self._is_locked = locked
        self.classes(add="" if locked else "is-unlocked", remove="is-unlocked" if locked else "")
        self._locked.set_visibility(locked)
        self._home.set_visibility(not locked)
        self._island.set_visibility(not locked)
        if locked:
            self._island.expand("")
            self._home.clear_banner()
        set_prop(
            self,
            "aria-label",
            (_("Lock screen of {name}") if locked else _("Home screen of {name}")).format(name=self._name),
        )
        set_prop(self._bar, "aria-label", (_("Unlock {name}") if locked else _("Lock {name}")).format(name=self._name))
        set_prop(self._bar, "title", _("Swipe up on an iPhone; click here"))
        self.on_lock()

    def show(self, phone: Mapping[str, Any]) -> None:
        """Draws the phone as the simulator describes it."""
        is_offline = bool(phone["settings"]["offline"])
        self.classes(add="is-offline" if is_offline else "", remove="" if is_offline else "is-offline")
        self._network.name = "wifi_off" if is_offline else "wifi"
        set_prop(self._network, "aria-label", _("Offline") if is_offline else _("Online"))
        activities, notifications = phone["live_activities"], phone["notifications"]
        self._keep_only({_activity_key(one) for one in activities} | {_key(one) for one in notifications})
        for activity in activities:
            self._show_activity(_activity_key(activity), activity)
        self._arrange([_activity_key(one) for one in in_order(activities)])
        self._show_groups(notifications)
        self._island.show(activities)
        self._home.show_number(phone["badge"])
        self._notice(activities, notifications)
        self._all_shown()

    def _draw_status(self) -> None:
        with div("iphone-status"):
            div("iphone-status-time").props("aria-hidden=true")
            div("island-camera").props("aria-hidden=true")
            with div("iphone-signals"):
                self._network = ui.icon("wifi").props("role=img")
                ui.icon("battery_full").classes("iphone-battery").props("aria-hidden=true")
        self._island = Island(lambda action: self._deeds.run_action(action, None))

    # --- notifications ---

    def _show_groups(self, notifications: Sequence[Mapping[str, Any]]) -> None:
        groups = grouped(notifications)
        for gone in self._stacks.keys() - {group.thread for group in groups}:
            self._stacks.pop(gone).delete()
        for place, group in enumerate(groups):
            stack = self._stacks.get(group.thread)
            if stack is None:
                with self._notifications:
                    stack = self._stacks[group.thread] = Stack(partial(self._clear, group.thread))
            stack.show(len(group.notifications))
            if self._notifications.default_slot.children.index(stack) != place:
                stack.move(target_index=place)
            for notification in reversed(group.notifications):
                self._show_notification(_key(notification), notification, within=stack.cards)
        self._groups = {group.thread: group for group in groups}

    async def _clear(self, thread: str) -> None:
        group = self._groups.get(thread)
        if group is not None:
            is_all = len(self._groups) == 1
            await self._deeds.clear_notifications(None if is_all else [str(one["id"]) for one in group.notifications])

    # --- what an unlocked phone says by itself ---

    def _notice(self, activities: Sequence[Mapping[str, Any]], notifications: Sequence[Mapping[str, Any]]) -> None:
        before, self._alerts = self._alerts, {one["activity_id"]: one["alerts"] for one in activities}
        known, self._notified = self._notified, {_key(one): one["updated_at"] for one in notifications}
        if self._is_first or self._is_locked:
            return
        for activity in activities:
            if activity["state"] == "active" and activity["alerts"] != before.get(activity["activity_id"], []):
                self._island.alert(activity["activity_id"])
        for notification in notifications:
            if known.get(_key(notification)) != notification["updated_at"]:
                notification_id = str(notification["id"])
                self._home.show_banner(
                    notification,
                    partial(self._deeds.run_action, notification_id=notification_id),
                    partial(self._deeds.open_notification, notification_id),
                )


def _activity_key(activity: Mapping[str, Any]) -> str:
    return f"activity {activity['activity_id']}"


def _key(notification: Mapping[str, Any]) -> str:
    # One that is replaced may be of another thread then, and is in another stack.
    return f"notification {notification.get('thread_id')} {notification['collapse_id'] or notification['id']}"
