"""What a Live Activity may show: pure rules, each naming its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core_service.common.validation import require_storable
from core_service.live_activities.state.timer import paused, timer
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
    STATS = "stats"
    ALERT = "alert"
    VALUE = "value"


LEGACY = frozenset({ActivityType.COUNTER, ActivityType.COUNTDOWN})
WITH_BADGE = frozenset({ActivityType.ALERT, ActivityType.PROGRESS, ActivityType.SEGMENTED_PROGRESS, ActivityType.VALUE})
WITH_SECOND_BUTTON = WITH_BADGE
MOST_STATS = 8
"""What a card of type `stats` has room for. Of `metrics` it shows those that fit."""
STEPS = ("type", "current_step", "number_of_steps", "message", "timer")
"""What people wait for."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number, or one text."""

    label: str
    value: float | str
    unit: str | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Icon:
    """A symbol beside the title."""

    symbol: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """A word that stands out."""

    title: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A content state as a request has it, which keeps the rules of the proto. None: left out."""

    title: str = ""
    subtitle: str | None = None
    type: ActivityType | None = None
    number_of_steps: int | None = None
    current_step: int | None = None
    percentage: float | None = None
    value: float | str | None = None
    upper_limit: float | None = None
    metrics: Sequence[Metric] = ()
    color: str | None = None
    step_color: str | None = None
    step_colors: Sequence[str] = ()
    auto_dismiss_minutes: int | None = None
    auto_dismiss_seconds: int | None = None
    message: str | None = None
    icon: Icon | None = None
    badge: Badge | None = None
    duration_seconds: float | None = None
    counts_down: bool | None = None
    is_running: bool | None = None


@dataclass(frozen=True, slots=True)
class ContentState:
    """A content state that keeps the rules."""

    fields: dict[str, Any] = field(default_factory=dict)
    """What a phone gets: the API's own keys, those only that its type shows."""
    dismiss_after_seconds: int | None = None
    """How long the activity is to stay after its end, if that was given."""


def check(given: Given, previous: Mapping[str, Any] | None = None, *, now: float, is_end: bool = False) -> ContentState:
    """The content state, if it keeps the rules that the proto cannot declare: those on what an activity had before.

    `previous` holds the fields of the activity's present state, if it has one: its type, its colour and, while the type
    stays, its number of steps and its timer hold on until others are given. Everything else is replaced. `now` is in
    UNIX seconds.

    Raises InvalidRequest naming the first field that breaks a rule, and the rule.
    """
    previous = previous or {}
    kind = given.type or _known_type(previous)
    if kind is None:
        raise InvalidRequest.at(f"{PATH}.type", f"is required: {_one_of(ActivityType)}")
    # What is shown by another type of the activity's past holds nothing for this one.
    before = previous if previous.get("type") == kind else {}
    fields: dict[str, Any] = {"title": require_storable(given.title, f"{PATH}.title")}
    if given.subtitle:
        fields["subtitle"] = require_storable(given.subtitle, f"{PATH}.subtitle")
    fields["type"] = kind.value
    metrics = _metrics(given.metrics)
    match kind:
        case ActivityType.METRICS | ActivityType.STATS:
            fields["metrics"] = _with_room(kind, metrics)
        case ActivityType.PROGRESS:
            fields |= _progress(given)
        case ActivityType.ALERT:
            fields["message"] = _required(given.message, "message", kind)
        case ActivityType.VALUE:
            fields["value"] = _number_or_text(_required(given.value, "value", kind), f"{PATH}.value")
        case ActivityType.TIMER if not _goes_by_steps(given, before):
            fields["timer"] = _timer(given, before.get("timer"), now, is_end=is_end)
        case _:
            fields |= _steps(kind, given, before)
    fields |= _marks(kind, given)
    if (color := given.color or previous.get("color")) is not None:
        fields["color"] = color
    return ContentState(fields, _dismiss_after(given))


def _known_type(previous: Mapping[str, Any]) -> ActivityType | None:
    return ActivityType(previous["type"]) if "type" in previous else None


def _required(value: Any, name: str, kind: ActivityType) -> Any:
    if value is None:
        raise InvalidRequest.at(f"{PATH}.{name}", f"is required for type {kind}")
    return require_storable(value, f"{PATH}.{name}") if isinstance(value, str) else value


def _goes_by_steps(given: Given, before: Mapping[str, Any]) -> bool:
    """Whether a timer is the legacy one. SDKs send `counts_down` and `is_running` with every state, so those tell
    nothing."""
    if given.duration_seconds is not None:
        return False
    return given.current_step is not None or given.number_of_steps is not None or "current_step" in before


def _timer(given: Given, before: Mapping[str, Any] | None, now: float, *, is_end: bool) -> dict[str, Any]:
    if is_end and given.duration_seconds is None and before is not None:
        return paused(before, now)
    after = timer(
        before,
        duration=given.duration_seconds,
        counts_down=given.counts_down,
        is_running=given.is_running,
        now=now,
        path=PATH,
    )
    return paused(after, now) if is_end else after


def _marks(kind: ActivityType, given: Given) -> dict[str, Any]:
    """The icon and the badge, where the type has them."""
    marks: dict[str, Any] = {}
    if given.icon is not None and kind not in LEGACY:
        marks["icon"] = _colored("symbol", given.icon.symbol, given.icon.color, f"{PATH}.icon")
    if given.badge is not None and kind in WITH_BADGE:
        marks["badge"] = _colored("title", given.badge.title, given.badge.color, f"{PATH}.badge")
    return marks


def _colored(name: str, text: str, color: str | None, path: str) -> dict[str, str]:
    return {name: require_storable(text, f"{path}.{name}")} | ({} if color is None else {"color": color})


def _steps(kind: ActivityType, given: Given, before: Mapping[str, Any]) -> dict[str, Any]:
    total = given.number_of_steps if given.number_of_steps is not None else before.get("number_of_steps")
    if total is None:
        raise InvalidRequest.at(f"{PATH}.number_of_steps", f"is required for type {kind}")
    if given.current_step is None:
        raise InvalidRequest.at(f"{PATH}.current_step", f"is required for type {kind}")
    if given.current_step > total:
        raise InvalidRequest.at(f"{PATH}.current_step", f"must be at most number_of_steps, which is {total}")
    steps: dict[str, Any] = {"number_of_steps": total, "current_step": given.current_step}
    if kind is ActivityType.SEGMENTED_PROGRESS:
        if given.step_color is not None:
            steps["step_color"] = given.step_color
        if given.step_colors:
            steps["step_colors"] = list(given.step_colors)
    return steps


def _progress(given: Given) -> dict[str, Any]:
    if given.value is not None and given.upper_limit is None:
        raise InvalidRequest.at(f"{PATH}.value", "requires upper_limit too")
    if given.percentage is not None:
        return {"percentage": plain(given.percentage)}
    if given.value is None or given.upper_limit is None:
        raise InvalidRequest(f"{PATH}.percentage, or value with upper_limit, is required for type progress").about(
            f"{PATH}.percentage", f"{PATH}.value", f"{PATH}.upper_limit"
        )
    if isinstance(given.value, str):
        raise InvalidRequest.at(f"{PATH}.value", "must be a number for type progress")
    return {"value": plain(given.value), "upper_limit": plain(given.upper_limit)}


def _metrics(metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    return [_metric(metric, f"{PATH}.metrics[{place}]") for place, metric in enumerate(metrics)]


def _with_room(kind: ActivityType, metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not metrics:
        raise InvalidRequest.at(f"{PATH}.metrics", f"must contain at least one metric for type {kind}")
    if kind is ActivityType.STATS and len(metrics) > MOST_STATS:
        raise InvalidRequest.at(f"{PATH}.metrics", f"must have at most {MOST_STATS} items for type {kind}")
    return metrics


def _metric(metric: Metric, path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "label": require_storable(metric.label, f"{path}.label"),
        "value": _number_or_text(metric.value, f"{path}.value"),
    }
    if metric.unit is not None:
        fields["unit"] = require_storable(metric.unit, f"{path}.unit")
    if metric.color is not None:
        fields["color"] = metric.color
    return fields


def _number_or_text(value: float | str, path: str) -> int | float | str:
    return require_storable(value, path) if isinstance(value, str) else plain(value)


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
    """Whether the change is one that people wait for, and not a mere tick."""
    return before is None or any(before.get(name) != after.get(name) for name in STEPS)


def _one_of(values: type[StrEnum]) -> str:
    return ", ".join(values)
