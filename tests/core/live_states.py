"""Content states that keep the rules, and the way of a content state from a request to its rules."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from smith.core.v1.live_activity_pb2 import LiveActivityColor, LiveActivityContentState, LiveActivityType
from smith.core.v1.live_activity_service_pb2 import PutLiveActivityStreamRequest

from core_service.field_rules.check import check as check_fields
from core_service.live_activities.servicer import to_request
from core_service.live_activities.state import content_state
from core_service.live_activities.state.content_state import ActivityType, ContentState, Given, Metric

STEPPED = [ActivityType.SEGMENTED_PROGRESS, ActivityType.COUNTER, ActivityType.TIMER, ActivityType.COUNTDOWN]
"""Types that show steps; `timer` by its legacy meaning."""
NOW = 1_767_225_600.0
"""UNIX seconds."""


def given_state(kind: ActivityType | None = ActivityType.PROGRESS, **fields: Any) -> Given:
    """A good state of the type, save for what the test sets."""
    enough: dict[ActivityType | None, dict[str, Any]] = {
        **{one: {"number_of_steps": 3, "current_step": 1} for one in STEPPED},
        ActivityType.PROGRESS: {"percentage": 5.0},
        ActivityType.METRICS: {"metrics": [Metric("CPU", 42.0)]},
        ActivityType.STATS: {"metrics": [Metric("Sales", "$1,240")]},
        ActivityType.ALERT: {"message": "Lumen came back"},
        ActivityType.VALUE: {"value": 42.0},
        None: {},
    }
    return Given(**({"title": "Deploy", "type": kind} | enough[kind] | fields))


def check(
    given: Given, previous: Mapping[str, Any] | None = None, *, now: float = NOW, is_end: bool = False
) -> ContentState:
    """What core makes of a request with this state. Raises InvalidRequest."""
    try:
        message = PutLiveActivityStreamRequest(stream_key="x", content_state=_message(given))
    except UnicodeEncodeError:
        # No message can hold it.
        return content_state.check(given, previous, now=now, is_end=is_end)
    check_fields(message, without=frozenset({"stream_key"}))
    return content_state.check(to_request(message).given, previous, now=now, is_end=is_end)


def _message(given: Given) -> LiveActivityContentState:
    fields = {name: value for name, value in asdict(given).items() if value is not None}
    if "type" in fields:
        fields["type"] = LiveActivityType.Value(f"LIVE_ACTIVITY_TYPE_{fields['type'].upper()}")
    for name in ("color", "step_color"):
        if name in fields:
            fields[name] = _color(fields[name])
    fields["step_colors"] = [_color(color) for color in given.step_colors]
    for mark in (*fields.get("metrics", ()), *(fields[name] for name in ("icon", "badge") if name in fields)):
        if mark["color"] is not None:
            mark["color"] = _color(mark["color"])
    for one in (fields, *fields.get("metrics", ())):
        if isinstance(one.get("value"), str):
            one["value_text"] = one.pop("value")
    return LiveActivityContentState(**fields)


def _color(name: str) -> "LiveActivityColor.ValueType":
    return LiveActivityColor.Value(f"LIVE_ACTIVITY_COLOR_{name.upper()}")
