"""Draws a Live Activity as it looks on a lock screen."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from nicegui import ui

from admin_ui.activity_types.registry import Reading, read
from admin_ui.components.card_parts import OnAction, action_button, app_icon, paint, set_prop
from admin_ui.components.html import div, text
from admin_ui.texts import _

LONG_FIGURE = 7
"""Most characters of a figure in large type that fit next to a title."""


class ActivityCard(ui.element):
    """A Live Activity. `update_state` changes it in place; it makes new elements only if the layout changes."""

    def __init__(
        self, content_state: Mapping[str, Any], actions: Sequence[Mapping[str, Any]], on_action: OnAction | None
    ) -> None:
        super().__init__("div")
        self._on_action = on_action
        self._reading: Reading | None = None
        self._actions: Sequence[Mapping[str, Any]] = ()
        self._shape: Hashable = None
        self._show_body: Callable[[Any], None]
        self.classes("lock-card lock-activity").props("role=group")
        with self:
            with div("lock-head"):
                app_icon()
                with div("lock-words"):
                    self._title = text("", "lock-title")
                    with div("lock-marks") as self._marks:
                        self._icon = text("", "lock-mark is-symbol")
                        self._badge = text("", "lock-mark")
                    self._subtitle = text("", "lock-text")
                with div("lock-side"):
                    self._figure = text("", "lock-figure").props("aria-hidden=true")
            self._body = div("lock-body")
            self._foot = div("lock-foot")
        self.update_state(content_state, actions)

    def update_state(
        self, content_state: Mapping[str, Any], actions: Sequence[Mapping[str, Any]] = (), *, ended: bool = False
    ) -> None:
        """Shows another state of the same activity, with these buttons. That it has ended is not seen, as on an iPhone:
        screen readers are told."""
        reading = read(content_state)
        if reading != self._reading:
            self._show(reading)
        name = _("Live Activity, ended") if ended else _("Live Activity")
        set_prop(
            self, "aria-label", _("{kind}: {title}").format(kind=name, title=reading.title or _("without a title"))
        )
        if list(actions) != list(self._actions):
            self._actions = [dict(action) for action in actions]
            self._foot.clear()
            with self._foot:
                for action in self._actions:
                    action_button(action, self._on_action)

    def _show(self, reading: Reading) -> None:
        body = reading.body
        shape = (type(body), body.shape)
        if self._shape != shape:
            self._body.clear()
            with self._body:
                self._show_body = body.draw()
        self._reading, self._shape = reading, shape
        paint(self, reading.color)
        self._title.text = reading.title
        for element, mark, what in ((self._icon, reading.icon, _("Symbol")), (self._badge, reading.badge, _("Badge"))):
            element.set_visibility(mark is not None)
            if mark is not None:
                element.text = mark.word
                set_prop(element, "title", f"{what}: {mark.word}")
                paint(element, mark.color)
        self._marks.set_visibility(bool(reading.icon or reading.badge))
        self._subtitle.text = reading.subtitle
        self._subtitle.set_visibility(bool(reading.subtitle))
        self._figure.text = "" if body.has_figure_in_body else body.figure
        self._figure.classes(replace=f"lock-figure {'is-long' if len(body.figure) > LONG_FIGURE else ''}")
        self._show_body(body)
