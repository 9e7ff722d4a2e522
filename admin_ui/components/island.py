"""The Dynamic Island of an unlocked iPhone: compact for one Live Activity, minimal for two, expanded on demand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from admin_ui.activity_types.registry import Reading, read
from admin_ui.components.activity_card import ActivityCard
from admin_ui.components.card_parts import OnAction, app_icon, paint, set_prop
from admin_ui.components.html import div, text
from admin_ui.texts import _

ALERT_SECONDS = 5.0
"""How long an alert keeps the island expanded."""
SHORT = 4
"""Most characters for which the round part has room."""
MOST = 2
"""Live Activities that the island shows at once."""
MOMENTS = ("data-starts", "data-ends", "data-paused", "data-down")

Activity = Mapping[str, Any]


def in_order(activities: Sequence[Activity]) -> list[Activity]:
    """Live Activities as iOS orders them: the most relevant first, and of equals the one that was started first."""
    return sorted(activities, key=lambda one: (-(one.get("relevance_score") or 0), one.get("started_at") or ""))


def shown_in_island(activities: Sequence[Activity]) -> list[Activity]:
    """Those that the island has room for; none that has ended."""
    return in_order([one for one in activities if one["state"] == "active"])[:MOST]


class _Part(ui.element):
    """A button of the island: what one Live Activity shows in it."""

    def __init__(self, classes: str, toggle: Callable[[], Any]) -> None:
        super().__init__("button")
        self.classes(f"island-part {classes}").props("type=button")
        self.on("click", toggle)
        self.mark("island")
        with self:
            app_icon()
            self._figure = text("", "island-figure").props("aria-hidden=true")

    def show(self, reading: Reading, *, is_minimal: bool, is_expanded: bool) -> None:
        """Shows the Live Activity, small."""
        figure = reading.body.short_figure
        self.classes(add="is-minimal" if is_minimal else "", remove="" if is_minimal else "is-minimal")
        has_room = bool(figure) and (not is_minimal or len(figure) <= SHORT)
        self.classes(add="has-figure" if has_room else "", remove="" if has_room else "has-figure")
        paint(self, reading.color)
        moments = reading.body.moments
        self._figure.text = figure
        for name in MOMENTS:
            set_prop(self._figure, name, moments.get(name, ""))
        set_prop(self, "aria-expanded", "true" if is_expanded else "false")
        set_prop(self, "aria-label", _("Dynamic Island: {title}").format(title=reading.title or _("Live Activity")))
        set_prop(self, "title", _("Touch and hold on an iPhone; click here"))


class Island(ui.element):
    """The island. `show` updates it in place."""

    def __init__(self, on_action: OnAction) -> None:
        super().__init__("div")
        self._on_action = on_action
        self._activities: Sequence[Activity] = ()
        self._shown: list[Activity] = []
        self._expanded = ""
        """The id of the activity that is shown large; empty for none."""
        self._timer: ui.timer | None = None
        self.classes("island").props('role=group aria-label="Dynamic Island"')
        self.on("keydown.escape", lambda: self.expand(""))
        with self:
            self._parts = [_Part("is-first", lambda: self._toggle(0)), _Part("is-second", lambda: self._toggle(1))]
            with div("island-large lock-dark") as self._large:
                self._card = ActivityCard({}, (), on_action)
        self.show([])

    def show(self, activities: Sequence[Activity]) -> None:
        """Shows those of the phone's Live Activities that it has room for."""
        self._activities, self._shown = activities, shown_in_island(activities)
        large = next((one for one in activities if one["activity_id"] == self._expanded), None)
        if large is None or large["state"] != "active":
            self._expanded, large = "", None
        self.classes(add="" if self._shown else "is-idle", remove="is-idle" if self._shown else "")
        is_minimal = len(self._shown) > 1
        for place, part in enumerate(self._parts):
            is_used = place < len(self._shown)
            part.set_visibility(is_used)
            if is_used:
                one = self._shown[place]
                is_expanded = one["activity_id"] == self._expanded
                part.show(read(one["content_state"]), is_minimal=is_minimal, is_expanded=is_expanded)
        self.classes(add="is-expanded" if large else "", remove="" if large else "is-expanded")
        self._large.set_visibility(large is not None)
        if large is not None:
            self._card.update_state(large["content_state"], large["actions"])

    def expand(self, activity_id: str) -> None:
        """Shows this one large until the person closes it; an empty id closes what is large."""
        self._stop_timer()
        self._expanded = activity_id
        self.show(self._activities)

    def alert(self, activity_id: str) -> None:
        """Shows this one large for a moment, as an alert does."""
        self.expand(activity_id)
        with self:
            self._timer = ui.timer(ALERT_SECONDS, lambda: self.expand(""), once=True)

    def _toggle(self, place: int) -> None:
        activity_id = self._shown[place]["activity_id"] if place < len(self._shown) else ""
        self.expand("" if activity_id == self._expanded else activity_id)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
