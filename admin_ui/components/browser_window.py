"""Draws a simulated browser: whose it is, and the notifications that its computer or phone shows of the page."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.card_parts import set_prop
from admin_ui.components.html import div, text
from admin_ui.components.screen import Deeds, Screen
from admin_ui.texts import _

SHOWN_BUTTONS = 2
"""Most buttons that browsers show on a notification."""


class BrowserWindow(Screen):
    """A browser. `show` updates it in place, as an iPhone's screen does."""

    def __init__(self, kind: str, name: str, deeds: Deeds) -> None:
        """`kind` is that of the simulator: `chrome`, `firefox` or `apple`."""
        super().__init__(deeds)
        self._kind = kind
        self.classes(f"browser browser-{kind}")
        with self:
            with div("browser-bar"):
                self._network = ui.icon("wifi").props("role=img")
                self._page = text("", "browser-page truncate")
            self._draw_cards(_("No notification. Send something."))
            self._draw_banner()
        set_prop(self, "aria-label", _("Notifications of {name}").format(name=name))
        set_prop(self._cards, "aria-label", _("What is on {name}").format(name=name))

    def show(self, browser: Mapping[str, Any]) -> None:
        """Draws the browser as the simulator describes it."""
        is_offline = bool(browser["settings"]["offline"])
        self.classes(add="is-offline" if is_offline else "", remove="" if is_offline else "is-offline")
        self._network.name = "wifi_off" if is_offline else "wifi"
        set_prop(self._network, "aria-label", _("Offline") if is_offline else _("Online"))
        self._page.text = str(browser["page_url"])
        activities, notifications = browser["live_activities"], browser["notifications"]
        self._keep_only(
            {f"activity {one['activity_id']}" for one in activities} | {f"shown {one['id']}" for one in notifications}
        )
        for activity in activities:
            key = f"activity {activity['activity_id']}"
            # The page's worker draws the card as a picture where the browser shows pictures.
            if self._kind == "chrome":
                self._show_activity(key, {**activity, "actions": activity["actions"][:SHOWN_BUTTONS]})
            else:
                self._show_notification(key, _as_notification(activity), self._deeds.dismiss_activity)
        for notification in notifications:
            self._show_notification(f"shown {notification['id']}", self._as_seen(notification))
        self._all_shown()

    def _as_seen(self, notification: Mapping[str, Any]) -> dict[str, Any]:
        """The notification with what a browser of this kind shows of it. A tap opens the page."""
        hidden = {"badge": None} if self._kind == "chrome" else {"badge": None, "media": None}
        return {**notification, **hidden, "redirection": notification["navigate"]}


def _as_notification(activity: Mapping[str, Any]) -> dict[str, Any]:
    """A Live Activity where only its text is shown."""
    return {
        "id": activity["activity_id"],
        "title": activity["title"],
        "message": activity["message"],
        "received_at": activity["updated_at"],
        "actions": activity["actions"][:SHOWN_BUTTONS],
    }
