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

STEPPED = [kind for kind in ActivityType if kind not in (ActivityType.PROGRESS, ActivityType.METRICS)]
"""Types that show steps."""


def given_state(kind: ActivityType | None = ActivityType.PROGRESS, **fields: Any) -> Given:
    """A good state of the type, save for what the test sets."""
    enough: dict[ActivityType | None, dict[str, Any]] = {
        **{one: {"number_of_steps": 3, "current_step": 1} for one in STEPPED},
        ActivityType.PROGRESS: {"percentage": 5.0},
        ActivityType.METRICS: {"metrics": [Metric("CPU", 42.0)]},
        None: {},
    }
    return Given(**({"title": "Deploy", "type": kind} | enough[kind] | fields))


def check(given: Given, previous: Mapping[str, Any] | None = None) -> ContentState:
    """What core makes of a request with this state. Raises InvalidRequest."""
    try:
        message = PutLiveActivityStreamRequest(stream_key="x", content_state=_message(given))
    except UnicodeEncodeError:
        # No message can hold it.
        return content_state.check(given, previous)
    check_fields(message, without=frozenset({"stream_key"}))
    return content_state.check(to_request(message).given, previous)


def _message(given: Given) -> LiveActivityContentState:
    fields = {name: value for name, value in asdict(given).items() if value is not None}
    if "type" in fields:
        fields["type"] = LiveActivityType.Value(f"LIVE_ACTIVITY_TYPE_{fields['type'].upper()}")
    for name in ("color", "step_color"):
        if name in fields:
            fields[name] = _color(fields[name])
    fields["step_colors"] = [_color(color) for color in given.step_colors]
    return LiveActivityContentState(**fields)


def _color(name: str) -> "LiveActivityColor.ValueType":
    return LiveActivityColor.Value(f"LIVE_ACTIVITY_COLOR_{name.upper()}")
