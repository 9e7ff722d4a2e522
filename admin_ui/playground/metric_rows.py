"""The part of a form that composes metrics."""

from collections.abc import Callable
from typing import Any

from admin_ui.components.buttons import icon_button, quiet
from admin_ui.components.drafts import draft_step, draft_undo
from admin_ui.components.html import div
from admin_ui.playground.fields import Fields

PATH = "content_state.metrics"
MOST = 8
"""As many as a card has room for; the API takes 50."""
Metric = dict[str, Any]


class MetricRows:
    """Some metrics, one below the other."""

    def __init__(self, fields: Fields, metrics: list[Metric], on_change: Callable[[], None]) -> None:
        self._fields = fields
        self._on_change = on_change
        self._count = 0
        self._rows = div("stack")
        self._add = draft_step(quiet("Add a metric", self._append, icon="add"), "Add a metric")
        self._draw(metrics)

    def read(self) -> list[Metric]:
        """The metrics as the API takes them."""
        metrics = []
        for place in range(self._count):
            path = f"{PATH}[{place}]"
            metric: Metric = {"label": self._fields.text(f"{path}.label")}
            value, unit = self._fields.amount(f"{path}.value"), self._fields.text(f"{path}.unit")
            metric |= {} if value is None else {"value": value}
            metric |= {"unit": unit} if unit else {}
            metrics.append(metric)
        return metrics

    def _append(self) -> None:
        self._draw([*self.read(), {"label": "", "unit": "%"}])
        self._on_change()

    def _remove(self, place: int) -> None:
        self._draw([metric for number, metric in enumerate(self.read()) if number != place])
        self._on_change()

    def _draw(self, metrics: list[Metric]) -> None:
        # Places are part of the paths that errors name: after one has gone, the others move up.
        self._fields.drop(f"{PATH}[")
        self._rows.clear()
        self._count = len(metrics)
        with self._rows:
            for place, metric in enumerate(metrics):
                self._row(place, metric)
        self._add.set_visibility(self._count < MOST)

    def _row(self, place: int, metric: Metric) -> None:
        path = f"{PATH}[{place}]"
        with div("composer-metric"):
            self._fields.line(f"{path}.label", "Label", metric["label"])
            self._fields.number(f"{path}.value", "Value", metric.get("value"))
            self._fields.line(f"{path}.unit", "Unit", metric.get("unit", ""))
            draft_undo(icon_button("close", f"Remove metric {place + 1}", lambda: self._remove(place)), "Add a metric")
