"""Charts that follow the theme, with their numbers as a table for those who do not see them.

The browser writes the times (`smith.js`), in the viewer's time zone.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import ui

from admin_ui.components.html import div, text
from admin_ui.texts import _

GRID = {"left": 24, "right": 24, "top": 12, "bottom": 4, "containLabel": True}
MUTED = "#80808c"
"""Readable on the ground of both themes."""
LINES = "rgba(128, 128, 140, 0.25)"


@dataclass(frozen=True)
class Series:
    """A row of numbers, one for each step."""

    name: str
    color: str
    values: Sequence[float | None]
    is_line: bool = False


class Chart(ui.element):
    """Bars, stacked, and lines over the same steps."""

    def __init__(self, label: str, on_empty: str) -> None:
        """`label` says what it shows; `on_empty` is said instead of axes without a single number."""
        super().__init__("div")
        self._label = label
        self._shown: tuple[object, ...] = ()
        self.classes("chart")
        with self:
            self._empty = text(on_empty, "chart-empty muted", "p")
            self._plot = ui.echart({"series": []}).classes("chart-plot").props("aria-hidden=true")
            self._table = div("visually-hidden")

    def show(self, steps: Sequence[dt.datetime], step_seconds: int, series: Sequence[Series]) -> None:
        """Shows these numbers; `steps` are when the places on the time axis begin, each `step_seconds` long."""
        shown = (steps, step_seconds, series)
        # A person may be reading one of its numbers.
        if shown == self._shown:
            return
        self._shown = shown
        has_numbers = any(any(one.values) for one in series)
        self._empty.set_visibility(not has_numbers)
        self._plot.set_visibility(has_numbers)
        name = f"(value) => window.smith.stepName(value, {step_seconds})"
        options = self._plot.options
        options.clear()
        options.update(
            {
                "animationDuration": 300,
                "textStyle": {"fontFamily": "Inter, sans-serif"},
                "grid": GRID,
                "tooltip": {
                    "trigger": "axis",
                    "confine": True,
                    ":formatter": f"(points) => window.smith.stepTip(points, {step_seconds})",
                },
                "xAxis": {
                    "type": "category",
                    "data": [step.isoformat() for step in steps],
                    "axisLabel": {"color": MUTED, "hideOverlap": True, ":formatter": name},
                    "axisLine": {"lineStyle": {"color": LINES}},
                    "axisTick": {"show": False},
                },
                "yAxis": {
                    "type": "value",
                    "minInterval": 1,
                    "axisLabel": {"color": MUTED},
                    "splitLine": {"lineStyle": {"color": LINES}},
                },
                "series": [_drawn(one) for one in series],
            }
        )
        self._plot.update()
        self._tell(steps, step_seconds, series)

    def _tell(self, steps: Sequence[dt.datetime], step_seconds: int, series: Sequence[Series]) -> None:
        self._table.clear()
        with self._table, ui.element("table") as table:
            table.props["aria-label"] = self._label
            with ui.element("tr"):
                text(_("Time"), tag="th")
                for one in series:
                    text(one.name, tag="th")
            for place, step in enumerate(steps):
                if any(one.values[place] for one in series):
                    with ui.element("tr"):
                        with ui.element("th"):
                            moment = text(f"{step:%a %H:%M} UTC", "step-time", "time")
                            moment.props["datetime"] = step.isoformat()
                            moment.props["data-step"] = step_seconds
                        for one in series:
                            value = one.values[place]
                            text(_("none") if value is None else f"{value:g}", tag="td")


def _drawn(series: Series) -> dict[str, object]:
    common: dict[str, object] = {"name": series.name, "data": list(series.values), "itemStyle": {"color": series.color}}
    if series.is_line:
        return common | {"type": "line", "smooth": True, "symbolSize": 6, "connectNulls": True}
    return common | {"type": "bar", "stack": "all", "barMaxWidth": 18}
