"""What a Live Activity may show: pure rules, each naming its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core_service.common.validation import require_storable
from service_kit.errors import InvalidRequest

PATH = "content_state"


class ActivityType(StrEnum):
    """Layouts."""

    SEGMENTED_PROGRESS = "segmented_progress"
    PROGRESS = "progress"
    METRICS = "metrics"
    COUNTER = "counter"
    TIMER = "timer"
    COUNTDOWN = "countdown"


@dataclass(frozen=True, slots=True)
class Metric:
    """One number."""

    label: str
    value: float
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A content state as a request has it, which keeps the rules of the proto. None: left out."""

    title: str = ""
    subtitle: str | None = None
    type: ActivityType | None = None
    number_of_steps: int | None = None
    current_step: int | None = None
    percentage: float | None = None
    value: float | None = None
    upper_limit: float | None = None
    metrics: Sequence[Metric] = ()
    color: str | None = None
    step_color: str | None = None
    step_colors: Sequence[str] = ()
    auto_dismiss_minutes: int | None = None
    auto_dismiss_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ContentState:
    """A content state that keeps the rules."""

    fields: dict[str, Any] = field(default_factory=dict)
    """What a phone gets: the API's own keys, those only that its type shows."""
    dismiss_after_seconds: int | None = None
    """How long the activity is to stay after its end, if that was given."""


def check(given: Given, previous: Mapping[str, Any] | None = None) -> ContentState:
    """The content state, if it keeps the rules that the proto cannot declare: those on what an activity had before.

    `previous` holds the fields of the activity's present state, if it has one: its type, its colour and, while the type
    stays, its number of steps hold on until others are given. Everything else is replaced.

    Raises InvalidRequest naming the first field that breaks a rule, and the rule.
    """
    previous = previous or {}
    fields: dict[str, Any] = {"title": require_storable(given.title, f"{PATH}.title")}
    if given.subtitle:
        fields["subtitle"] = require_storable(given.subtitle, f"{PATH}.subtitle")
    kind = given.type or _known_type(previous)
    if kind is None:
        raise InvalidRequest.at(f"{PATH}.type", f"is required: {_one_of(ActivityType)}")
    fields["type"] = kind.value
    metrics = _metrics(given.metrics)
    if kind is ActivityType.METRICS and not metrics:
        raise InvalidRequest.at(f"{PATH}.metrics", "must contain at least one metric for type metrics")
    fields |= {"metrics": metrics} if kind is ActivityType.METRICS else _shown(kind, given, previous)
    if (color := given.color or previous.get("color")) is not None:
        fields["color"] = color
    return ContentState(fields, _dismiss_after(given))


def _known_type(previous: Mapping[str, Any]) -> ActivityType | None:
    return ActivityType(previous["type"]) if "type" in previous else None


def _shown(kind: ActivityType, given: Given, previous: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a type other than `metrics` shows beside its labels."""
    if kind is ActivityType.PROGRESS:
        return _progress(given)
    steps = _steps(kind, given, previous)
    if kind is ActivityType.SEGMENTED_PROGRESS:
        if given.step_color is not None:
            steps["step_color"] = given.step_color
        if given.step_colors:
            steps["step_colors"] = list(given.step_colors)
    return steps


def _steps(kind: ActivityType, given: Given, previous: Mapping[str, Any]) -> dict[str, Any]:
    total = given.number_of_steps
    if total is None and previous.get("type") == kind:
        total = previous.get("number_of_steps")
    if total is None:
        raise InvalidRequest.at(f"{PATH}.number_of_steps", f"is required for type {kind}")
    if given.current_step is None:
        raise InvalidRequest.at(f"{PATH}.current_step", f"is required for type {kind}")
    if given.current_step > total:
        raise InvalidRequest.at(f"{PATH}.current_step", f"must be at most number_of_steps, which is {total}")
    return {"number_of_steps": total, "current_step": given.current_step}


def _progress(given: Given) -> dict[str, Any]:
    if given.percentage is not None:
        return {"percentage": plain(given.percentage)}
    if given.value is None or given.upper_limit is None:
        raise InvalidRequest(f"{PATH}.percentage, or value with upper_limit, is required for type progress").about(
            f"{PATH}.percentage", f"{PATH}.value", f"{PATH}.upper_limit"
        )
    return {"value": plain(given.value), "upper_limit": plain(given.upper_limit)}


def _metrics(metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    return [_metric(metric, f"{PATH}.metrics[{place}]") for place, metric in enumerate(metrics)]


def _metric(metric: Metric, path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"label": require_storable(metric.label, f"{path}.label"), "value": plain(metric.value)}
    if metric.unit is not None:
        fields["unit"] = require_storable(metric.unit, f"{path}.unit")
    return fields


def _dismiss_after(given: Given) -> int | None:
    for number, seconds in ((given.auto_dismiss_seconds, 1), (given.auto_dismiss_minutes, 60)):
        if number is not None:
            # What is longer than iOS keeps anything would only overflow.
            return min(number * seconds, 86_400)
    return None


def plain(number: float) -> int | float:
    """The number as people write it: 42, not 42.0."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def is_step(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether the change is one of step or type, which people wait for, and not a mere tick."""
    if before is None:
        return True
    return any(before.get(name) != after.get(name) for name in ("type", "current_step", "number_of_steps"))


def _one_of(values: type[StrEnum]) -> str:
    return ", ".join(values)
