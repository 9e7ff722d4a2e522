"""A few numbers or texts."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from nicegui import ui
from smith.core.v1.live_activity_pb2 import LiveActivityColor, LiveActivityMetric

from admin_ui.activity_types.card_type import (
    Body,
    CardType,
    Drawn,
    Input,
    State,
    color_or,
    figure_of,
    number,
    number_or_text,
    within,
    word,
)
from admin_ui.api_contract import range_problem, rules_of
from admin_ui.components.buttons import icon_button, quiet
from admin_ui.components.card_parts import Gauge, paint, set_prop
from admin_ui.components.drafts import draft_step, draft_undo
from admin_ui.components.html import div, text
from admin_ui.playground.fields import STATE, Fields, choices_of
from admin_ui.texts import _, ngettext

MAX_METRICS = 8
"""Metrics for which a card has room; the API takes more."""
FIRST = [{"label": "CPU", "value": 42, "unit": "%"}, {"label": "MEM", "value": 63, "unit": "%"}]
"""What stands in the form at first."""
PATH = f"{STATE}.metrics"
LONG_FIGURE = 5
"""Most characters of a number and its unit for which large type has room in a row of three or four."""
LONGER_FIGURE = 9
"""The same in a row of two."""
FULL = 100
"""The number that fills a gauge."""
JOINED = tuple("%‰°′″×")
"""Beginnings of units that are written without a space: 42%, 21°C, 2×."""
Metric = dict[str, Any]


@dataclass(frozen=True)
class MetricReading:
    """One number or text with its name, its color, and how much of its gauge it fills: None without a gauge."""

    label: str
    figure: str
    unit: str
    color: str
    fraction: float | None
    has_own_color: bool


@dataclass(frozen=True)
class Tiles(Body):
    """Numbers side by side."""

    metrics: tuple[MetricReading, ...]
    hidden: int
    """How many metrics the card has no room for."""
    figure = ""

    @property
    def shape(self) -> Hashable:
        """As many numbers."""
        return len(self.metrics)

    @property
    def short_figure(self) -> str:
        """The first number."""
        return with_unit(self.metrics[0].figure, self.metrics[0].unit) if self.metrics else ""

    def draw(self) -> Callable[[Self], None]:
        """Makes the tiles, in rows of the same length as far as their number allows it."""
        with ui.element("dl") as grid:
            tiles = [_Tile() for _metric in self.metrics]
        more = text("", "lock-text lock-more")

        def show(body: Self) -> None:
            is_long = any(len(metric.figure + metric.unit) > LONG_FIGURE for metric in body.metrics)
            grid.classes(replace=f"lock-metrics is-of-{len(body.metrics)} {'has-long' if is_long else ''}")
            for tile, metric in zip(tiles, body.metrics, strict=True):
                tile.show(metric)
            more.text = (
                ngettext("and {count} more", "and {count} more", body.hidden).format(count=body.hidden)
                if body.hidden
                else ""
            )
            more.set_visibility(bool(body.hidden))

        return show


class _Tile:
    def __init__(self) -> None:
        with div("lock-metric") as self._tile:
            self._label = text("", "lock-metric-label", "dt")
            with ui.element("dd") as self._value:
                self._figure = text("", "lock-metric-figure")
                self._unit = text("", "lock-metric-unit")
                self._gauge = Gauge("", "is-thin")

    def show(self, metric: MetricReading) -> None:
        self._label.text, self._figure.text = metric.label, metric.figure
        self._unit.text = with_unit("", metric.unit)
        length = len(metric.figure + metric.unit)
        is_long = "is-longer" if length > LONGER_FIGURE else "is-long" if length > LONG_FIGURE else ""
        self._value.classes(replace=f"lock-metric-value {is_long}")
        paint(self._tile, metric.color)
        # Without a gauge, the number itself is what can have the color.
        is_colored = metric.has_own_color and metric.fraction is None
        self._tile.classes(replace=f"lock-metric {'is-colored' if is_colored else ''}")
        self._gauge.element.set_visibility(metric.fraction is not None)
        set_prop(self._gauge.element, "aria-label", metric.label)
        self._gauge.show(metric.fraction or 0.0, with_unit(metric.figure, metric.unit))


class MetricRows:
    """The part of a form that composes metrics, one below the other."""

    def __init__(self, fields: Fields, metrics: list[Metric], on_change: Callable[[], None]) -> None:
        self._fields = fields
        self._on_change = on_change
        self._count = 0
        self._rows = div("stack")
        self._add = draft_step(quiet(_("Add a metric"), self._append, icon="add"), "Add a metric")
        self._draw(metrics)

    def read(self) -> list[Metric]:
        """The metrics as the API takes them."""
        metrics = []
        for place in range(self._count):
            path = f"{PATH}[{place}]"
            metric: Metric = {"label": self._fields.text(f"{path}.label")}
            value = number_or_text(self._fields.text(f"{path}.value"))
            unit, color = self._fields.text(f"{path}.unit"), self._fields.text(f"{path}.color")
            metric |= {} if value is None else {"value": value}
            metric |= {"unit": unit} if unit else {}
            metric |= {"color": color} if color else {}
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
        self._add.set_visibility(self._count < MAX_METRICS)

    def _row(self, place: int, metric: Metric) -> None:
        path = f"{PATH}[{place}]"
        with div("composer-metric"):
            self._fields.line(f"{path}.label", _("Label"), metric["label"])
            self._fields.line(f"{path}.value", _("Value"), figure_of(metric.get("value")))
            self._fields.line(f"{path}.unit", _("Unit"), metric.get("unit", ""))
            colors = choices_of(LiveActivityColor.DESCRIPTOR, _("As the card"))
            self._fields.choice(f"{path}.color", _("Color"), colors, metric.get("color", ""))
            draft_undo(
                icon_button("close", _("Remove metric {number}").format(number=place + 1), lambda: self._remove(place)),
                "Add a metric",
            )


class MetricsInput(Input):
    """The input for metrics."""

    def draw(self, fields: Fields, on_change: Callable[[], None]) -> Drawn:
        """Makes the rows."""
        with div("stack") as element:
            rows = MetricRows(fields, FIRST, on_change)
        return Drawn(element, rows.read)


class Metrics(CardType):
    """A few numbers or texts. A number up to 100 has a gauge."""

    label = _("Metrics")
    inputs = (MetricsInput("metrics", _("Metrics")),)
    row = ""

    def read(self, state: State, color: str) -> Body:
        """Numbers side by side, as many as there is room for."""
        given = state.get("metrics")
        metrics = (
            [_read(one, color) for one in given if isinstance(one, Mapping)] if isinstance(given, list | tuple) else []
        )
        return Tiles(tuple(metrics[:MAX_METRICS]), max(0, len(metrics) - MAX_METRICS))

    def words(self, state: State) -> str:
        """As `CPU 12%, Memory 60%`."""
        metrics = state.get("metrics", ())
        shown = [f"{one['label']} {with_unit(figure_of(one['value']), one.get('unit', ''))}" for one in metrics[:3]]
        return ", ".join(shown) + (" …" if len(metrics) > len(shown) else "")

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """Labels and values that are missing."""
        for place, metric in enumerate(state.get("metrics", ())):
            path = f"metrics[{place}]"
            if not metric["label"].strip():
                yield f"{path}.label", _("Write a label.")
            if "value" not in metric:
                yield f"{path}.value", _("Write a value.")
            elif problem := _problem(metric["value"]):
                yield f"{path}.value", problem


def with_unit(figure: str, unit: str) -> str:
    """The number with its unit as people write it: `42%`, and `12 jobs` with a space that does not break."""
    unit = unit.strip()
    return f"{figure}{unit}" if not unit or unit.startswith(JOINED) else f"{figure}\u00a0{unit}"


def _problem(value: int | float | str) -> str:
    fields = LiveActivityMetric.DESCRIPTOR.fields_by_name
    if isinstance(value, str):
        longest = rules_of(fields["value_text"]).max_length
        return _("Write at most {longest} characters.").format(longest=longest) if len(value) > longest else ""
    return range_problem(fields["value"], value)


def _read(metric: Mapping[str, Any], color: str) -> MetricReading:
    value = number(metric.get("value"))
    fraction = within(value / FULL) if value is not None and value <= FULL else None
    return MetricReading(
        word(metric, "label"),
        figure_of(metric.get("value")) or "–",
        word(metric, "unit"),
        color_or(metric.get("color"), color),
        fraction,
        has_own_color=bool(color_or(metric.get("color"), "")),
    )


TYPE = Metrics()
