"""What a Live Activity's content state says, in the terms in which it is drawn.

Reads states that core accepted as well as those that a person is still composing: what is missing or wrong is left
out, and nothing raises.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

COLORS = ("lime", "green", "cyan", "blue", "purple", "magenta", "red", "orange", "yellow")
DEFAULT_COLOR = "blue"
MAX_SEGMENTS = 24
"""More steps than these are drawn as one bar: segments would be too thin to tell apart."""
MAX_METRICS = 8
"""Metrics for which a card has room."""

Body = Literal["bar", "segments", "metrics", "numeral"]


@dataclass(frozen=True)
class Segment:
    """One step of a segmented bar."""

    color: str
    state: Literal["done", "current", "open"]


@dataclass(frozen=True)
class MetricReading:
    """One number with its name, and how much of its gauge it fills."""

    label: str
    figure: str
    unit: str
    fraction: float


@dataclass(frozen=True)
class Reading:
    """What is drawn of a content state."""

    title: str
    subtitle: str
    color: str
    body: Body
    figure: str = ""
    """What stands large at the card's right, as `42%` or `2/3`."""
    spoken: str = ""
    """The progress in words, for screen readers."""
    fraction: float = 0.0
    """How much of the bar is full, from 0 to 1."""
    segments: tuple[Segment, ...] = ()
    metrics: tuple[MetricReading, ...] = ()
    hidden_metrics: int = 0
    """How many metrics the card has no room for."""

    @property
    def shape(self) -> tuple[Body, int, int]:
        """Two readings of one shape are drawn with the same elements."""
        return self.body, len(self.segments), len(self.metrics)


def read(content_state: Mapping[str, Any]) -> Reading:
    """The content state as it is drawn; its keys are the API's, in snake case."""
    kind = _word(content_state, "type") or _likely_type(content_state)
    title = _word(content_state, "title")
    subtitle = _word(content_state, "subtitle")
    color = _color(content_state.get("color"), DEFAULT_COLOR)
    if kind == "metrics":
        metrics = _metrics(content_state.get("metrics"))
        hidden = max(0, len(metrics) - MAX_METRICS)
        return Reading(title, subtitle, color, "metrics", metrics=metrics[:MAX_METRICS], hidden_metrics=hidden)
    if kind == "progress":
        figure, fraction = _progress(content_state)
        return Reading(title, subtitle, color, "bar", figure, figure or "not known", fraction)
    return _stepwise(kind, title, subtitle, color, content_state)


def number_text(number: float) -> str:
    """A number as people write it: 42, 42.5; at most 2 decimals, and no exponent unless it is huge."""
    if not math.isfinite(number):
        return "–"
    if abs(number) >= 1e15:
        return f"{number:.3g}"
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _stepwise(kind: str, title: str, subtitle: str, color: str, state: Mapping[str, Any]) -> Reading:
    total = max(0, int(_number(state.get("number_of_steps")) or 0))
    current = max(0, int(_number(state.get("current_step")) or 0))
    current = min(current, total) if total else current
    fraction = current / total if total else 0.0
    spoken = f"step {current} of {total}" if total else "not known"
    if kind == "counter":
        return Reading(title, subtitle, color, "numeral", str(current), f"{current} of {total}", fraction)
    if kind == "timer":
        return Reading(title, subtitle, color, "numeral", f"{current}/{total}", f"{current} of {total}", fraction)
    if kind == "countdown":
        left = max(0, total - current)
        return Reading(title, subtitle, color, "numeral", str(left), f"{left} left of {total}", 1 - fraction)
    figure = f"{current}/{total}" if total else ""
    if not 0 < total <= MAX_SEGMENTS:
        return Reading(title, subtitle, color, "bar", figure, spoken, fraction)
    return Reading(
        title, subtitle, color, "segments", figure, spoken, fraction, _segments(state, color, total, current)
    )


def _segments(state: Mapping[str, Any], color: str, total: int, current: int) -> tuple[Segment, ...]:
    given = state.get("step_colors")
    done = list(given) if isinstance(given, list | tuple) else []
    segments = []
    for step in range(1, total + 1):
        if step < current:
            own = done[step - 1] if step <= len(done) else None
            segments.append(Segment(_color(own, color), "done"))
        elif step == current:
            segments.append(Segment(_color(state.get("step_color"), color), "current"))
        else:
            segments.append(Segment(color, "open"))
    return tuple(segments)


def _progress(state: Mapping[str, Any]) -> tuple[str, float]:
    percentage = _number(state.get("percentage"))
    value, limit = _number(state.get("value")), _number(state.get("upper_limit"))
    if percentage is not None:
        return f"{number_text(percentage)}%", _within(percentage / 100)
    if value is not None and limit is not None and limit > 0:
        return f"{number_text(value)}/{number_text(limit)}", _within(value / limit)
    return "", 0.0


def _metrics(given: Any) -> tuple[MetricReading, ...]:
    readings = []
    for metric in given if isinstance(given, list | tuple) else ():
        if not isinstance(metric, Mapping):
            continue
        value = _number(metric.get("value"))
        figure = "–" if value is None else number_text(value)
        readings.append(
            MetricReading(_word(metric, "label"), figure, _word(metric, "unit"), _within((value or 0.0) / 100))
        )
    return tuple(readings)


def _likely_type(state: Mapping[str, Any]) -> str:
    """An update may leave its type out; the fields tell which one is meant."""
    if state.get("metrics"):
        return "metrics"
    return "segmented_progress" if state.get("current_step") is not None else "progress"


def _word(state: Mapping[str, Any], key: str) -> str:
    value = state.get(key)
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _color(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) and value in COLORS else otherwise


def _within(fraction: float) -> float:
    return min(1.0, max(0.0, fraction))
