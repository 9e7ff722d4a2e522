"""The app's icon with its number, as on a home screen."""

from nicegui import ui

from admin_ui.components.card_parts import app_icon, set_prop
from admin_ui.components.html import text
from admin_ui.texts import _


class NumberedIcon(ui.element):
    """The icon. Without a number it is the plain icon."""

    def __init__(self) -> None:
        super().__init__("div")
        self.classes("numbered-icon").props("role=img").mark("app icon")
        with self:
            app_icon()
            self._number = text("", "lock-badge").props("aria-hidden=true")
        self.show(0)

    def show(self, number: int) -> None:
        """Shows the number; 0 for none."""
        self._number.text = f"{number}" if number else ""
        self._number.set_visibility(bool(number))
        set_prop(
            self,
            "aria-label",
            _("App icon, badge {number}").format(number=number) if number else _("App icon without a badge"),
        )
