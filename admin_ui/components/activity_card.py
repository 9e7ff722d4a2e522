"""Draws a Live Activity as it looks on a lock screen."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from nicegui import ui

from admin_ui.activity_types.registry import Reading, read
from admin_ui.components.card_parts import OnAction, action_button, app_icon, paint, set_prop
from admin_ui.components.html import div, text

LONG_FIGURE = 7
"""Most characters of a figure in large type that fit next to a title."""


class ActivityCard(ui.element):
    """A Live Activity. `update_state` changes it in place; it makes new elements only if the layout changes."""

    def __init__(
        self, content_state: Mapping[str, Any], action: Mapping[str, Any] | None, on_action: OnAction | None
    ) -> None:
        super().__init__("div")
        self._on_action = on_action
        self._reading: Reading | None = None
        self._action: Mapping[str, Any] | None = None
        self._shape: Hashable = None
        self._show_body: Callable[[Any], None]
        self.classes("lock-card lock-activity").props("role=group")
        with self:
            with div("lock-head"):
                app_icon()
                with div("lock-words"):
                    self._title = text("", "lock-title")
                    self._subtitle = text("", "lock-text")
                with div("lock-side"):
                    self._figure = text("", "lock-figure").props("aria-hidden=true")
                    self._tag = text("Ended", "lock-tag")
            self._body = div("lock-body")
            self._foot = div("lock-foot")
        self.update_state(content_state, action)

    def update_state(
        self, content_state: Mapping[str, Any], action: Mapping[str, Any] | None = None, *, ended: bool = False
    ) -> None:
        """Shows another state of the same activity; without `action` it has no button."""
        self._tag.set_visibility(ended)
        reading = read(content_state)
        if reading != self._reading:
            self._show(reading)
        if action != self._action:
            self._action = None if action is None else dict(action)
            self._foot.clear()
            if self._action is not None:
                with self._foot:
                    action_button(self._action, self._on_action)

    def _show(self, reading: Reading) -> None:
        body = reading.body
        shape = (type(body), body.shape)
        if self._shape != shape:
            self._body.clear()
            with self._body:
                self._show_body = body.draw()
        self._reading, self._shape = reading, shape
        set_prop(self, "aria-label", f"Live Activity: {reading.title or 'without a title'}")
        paint(self, reading.color)
        self._title.text = reading.title
        self._subtitle.text = reading.subtitle
        self._subtitle.set_visibility(bool(reading.subtitle))
        self._figure.text = "" if body.has_figure_in_body else body.figure
        self._figure.classes(replace=f"lock-figure {'is-long' if len(body.figure) > LONG_FIGURE else ''}")
        self._show_body(body)
