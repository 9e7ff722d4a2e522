"""Draws a Live Activity as it looks on a lock screen."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.card_parts import Gauge, OnAction, action_button, app_icon, paint, set_prop
from admin_ui.components.card_reading import MetricReading, Reading, Segment, read
from admin_ui.components.html import div, text

Draw = Callable[[Reading], None]

LONG_FIGURE = 7
"""Characters that fit beside a title in large type."""


class ActivityCard(ui.element):
    """A Live Activity. `update` moves it on in place; elements are made anew only if the layout is another one."""

    def __init__(
        self, content_state: Mapping[str, Any], action: Mapping[str, Any] | None, on_action: OnAction | None
    ) -> None:
        super().__init__("div")
        self._on_action = on_action
        self._reading: Reading | None = None
        self._action: Mapping[str, Any] | None = None
        self._draw_body: Draw = _nothing
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
        if self._reading is None or self._reading.shape != reading.shape:
            self._body.clear()
            with self._body:
                self._draw_body = BODIES[reading.body](reading)
        self._reading = reading
        set_prop(self, "aria-label", f"Live Activity: {reading.title or 'without a title'}")
        paint(self, reading.color)
        self._title.text = reading.title
        self._subtitle.text = reading.subtitle
        self._subtitle.set_visibility(bool(reading.subtitle))
        self._figure.text = "" if reading.body == "numeral" else reading.figure
        self._figure.classes(replace=f"lock-figure {'is-long' if len(reading.figure) > LONG_FIGURE else ''}")
        self._draw_body(reading)


def _nothing(_: Reading) -> None:
    """Draws no body."""


def _bar(_: Reading) -> Draw:
    gauge = Gauge("Progress")
    return lambda reading: gauge.show(reading.fraction, reading.spoken)


def _segments(first: Reading) -> Draw:
    bar = div("lock-segments").props('role=progressbar aria-label="Progress" aria-valuemin=0')
    with bar:
        drawn = [div("lock-segment") for _ in first.segments]

    def draw(reading: Reading) -> None:
        set_prop(bar, "aria-valuemax", len(reading.segments))
        set_prop(bar, "aria-valuenow", sum(segment.state != "open" for segment in reading.segments))
        set_prop(bar, "aria-valuetext", reading.spoken)
        for element, segment in zip(drawn, reading.segments, strict=True):
            _draw_segment(element, segment)

    return draw


def _draw_segment(element: ui.element, segment: Segment) -> None:
    paint(element, segment.color)
    element.classes(replace=f"lock-segment is-{segment.state}")


def _metrics(first: Reading) -> Draw:
    with ui.element("dl").classes("lock-metrics"):
        tiles = [_MetricTile() for _ in first.metrics]
    more = text("", "lock-text lock-more")

    def draw(reading: Reading) -> None:
        for tile, metric in zip(tiles, reading.metrics, strict=True):
            tile.show(metric)
        more.text = f"and {reading.hidden_metrics} more" if reading.hidden_metrics else ""
        more.set_visibility(bool(reading.hidden_metrics))

    return draw


class _MetricTile:
    def __init__(self) -> None:
        with div("lock-metric"):
            self._label = text("", "lock-metric-label", "dt")
            with ui.element("dd").classes("lock-metric-value"):
                self._figure = text("", "lock-metric-figure")
                self._unit = text("", "lock-metric-unit")
                self._gauge = Gauge("", "is-thin")

    def show(self, metric: MetricReading) -> None:
        self._label.text, self._figure.text, self._unit.text = metric.label, metric.figure, metric.unit
        set_prop(self._gauge.element, "aria-label", metric.label)
        self._gauge.show(metric.fraction, f"{metric.figure}{metric.unit}")


def _numeral(_: Reading) -> Draw:
    with div("lock-numeral-row"):
        numeral = text("", "lock-numeral").props("aria-hidden=true")
        gauge = Gauge("Progress")

    def draw(reading: Reading) -> None:
        numeral.text = reading.figure
        gauge.show(reading.fraction, reading.spoken)

    return draw


BODIES: dict[str, Callable[[Reading], Draw]] = {
    "bar": _bar,
    "segments": _segments,
    "metrics": _metrics,
    "numeral": _numeral,
}
"""How each body is made; the first reading says how many elements it needs."""
