"""The home screen of an unlocked iPhone: the app's icon with its number, and a banner for what comes in."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.html import div, labelled, text
from admin_ui.components.notification_card import NotificationCard
from admin_ui.components.notification_groups import APP
from admin_ui.components.numbered_icon import NumberedIcon
from admin_ui.texts import _

BANNER_SECONDS = 6.0
"""How long a banner stays."""
OTHER_APPS = 11
"""Icons of other apps, which are grey."""
DOCK = 4


class HomeScreen(ui.element):
    """The icons, and the banner above them."""

    def __init__(self) -> None:
        super().__init__("div")
        self.classes("home-screen")
        self._timer: ui.timer | None = None
        with self:
            self._banner = labelled(div("home-banner").props("aria-live=polite role=region"), _("Banner"))
            with div("home-icons"):
                with div("home-app"):
                    self._icon = NumberedIcon()
                    text(APP, "home-name")
                for _app in range(OTHER_APPS):
                    div("home-other").props("aria-hidden=true")
            with div("home-dock").props("aria-hidden=true"):
                for _app in range(DOCK):
                    div("home-other")

    def show_number(self, number: int) -> None:
        """Shows the number on the app's icon; 0 for none."""
        self._icon.show(number)

    def show_banner(
        self, notification: Mapping[str, Any], on_action: Callable[[Any], Any], on_open: Callable[[], Any]
    ) -> None:
        """Shows a notification that has just come in, for a moment."""
        self.clear_banner()
        with self._banner:
            NotificationCard(notification, on_action, on_open, is_expanded=False)
            self._timer = ui.timer(BANNER_SECONDS, self.clear_banner, once=True)

    def clear_banner(self) -> None:
        """Takes the banner away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._banner.clear()
