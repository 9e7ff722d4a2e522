"""A field for a moment, which the browser shows and takes in the person's own time zone."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from admin_ui.components.html import text

MOMENT = "(event) => emit(window.smith.moment(event.target))"


class LocalTime(ui.element):
    """`changed(value)` is awaited with the moment in UTC as ISO 8601, or with an empty text if there is none.

    It is the browser's own picker: people know it, and it can be used without a mouse (`smith.js`).
    """

    def __init__(self, label: str, changed: Callable[[str], Awaitable[None]]) -> None:
        super().__init__("label")
        self.classes("local-time")
        with self:
            text(label, "muted small")
            self._field = ui.element("input").classes("local-time-field")
        self._field.props("type=datetime-local")
        self._field.props["data-utc"] = ""

        async def heard(event: GenericEventArguments) -> None:
            await changed(str(event.args or "")[:40])

        self._field.on("change", heard, js_handler=MOMENT)

    def show(self, moment: str) -> None:
        """Shows the moment, which is in UTC."""
        self._field.props["data-utc"] = moment
