"""What phones show: the rules of a content state, each naming its field, and the body of the push that brings it.

The `aps` keys are Apple's ("Starting and updating Live Activities with ActivityKit push notifications").
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core_service.common.actions import from_json, phone_form
from core_service.common.validation import require_storable, write_json
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge
from service_kit.errors import InvalidRequest

PATH = "content_state"

LATEST_TIMESTAMP = 9_999_999_999
"""As long as any UNIX time of the next two centuries, so that the measured body is never shorter than the one that
is sent."""
LONGEST_CHARACTER = 6
"""The most bytes of one character in JSON: `\u001f`."""
FRAME_BYTES = 512
"""More bytes than a start has without its state, button and alert."""

RELEVANCE_ALERT, RELEVANCE_STEP, RELEVANCE_TICK = 100, 75, 50
"""The activity with the highest score gets the Dynamic Island: the one that has something to announce."""


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
    if given.type is None and "type" not in previous:
        raise InvalidRequest.at(f"{PATH}.type", f"is required: {', '.join(ActivityType)}")
    kind = given.type or ActivityType(previous["type"])
    fields["type"] = kind.value
    metrics = [_metric(metric, f"{PATH}.metrics[{place}]") for place, metric in enumerate(given.metrics)]
    if kind is ActivityType.METRICS and not metrics:
        raise InvalidRequest.at(f"{PATH}.metrics", "must contain at least one metric for type metrics")
    fields |= {"metrics": metrics} if kind is ActivityType.METRICS else _shown(kind, given, previous)
    if (color := given.color or previous.get("color")) is not None:
        fields["color"] = color
    return ContentState(fields, _dismiss_after(given))


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


class ActivityEvent(StrEnum):
    """What a push does, as Apple names it."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True)
class Message:
    """Everything that goes into the body of a push."""

    activity_id: str
    event: ActivityEvent
    timestamp: int
    """UNIX seconds."""
    content_state: str
    """JSON text."""
    action: str | None
    """JSON text of the button, webhook details included."""
    alert: dict[str, str] | None
    urgent: bool
    expires_at: dt.datetime
    dismiss_at: dt.datetime | None


class PayloadBuilder:
    """Writes bodies for an app whose ActivityAttributes type has this name."""

    def __init__(self, attributes_type: str) -> None:
        self._attributes_type = attributes_type

    def build(self, message: Message) -> bytes:
        """The body, ready to be sent."""
        aps: dict[str, Any] = {"timestamp": message.timestamp, "event": message.event.value}
        if message.event is ActivityEvent.START:
            aps |= {
                "attributes-type": self._attributes_type,
                "attributes": {"activity_id": message.activity_id},
                # iOS 18: the activity will have an update token, and is on no broadcast channel.
                "input-push-token": 1,
            }
        aps["content-state"] = content_state_for_phone(message.content_state, message.action)
        if message.alert is not None:
            aps["alert"] = message.alert
        if message.event is ActivityEvent.END:
            aps["dismissal-date"] = int((message.dismiss_at or message.expires_at).timestamp())
        else:
            aps["stale-date"] = int(message.expires_at.timestamp())
            aps["relevance-score"] = _relevance(message)
        return write_json({"aps": aps})

    def require_room(
        self, activity_id: str, content_state: str, action: str | None, alert: dict[str, str], *, asked: bool
    ) -> None:
        """Checks that the state fits in the longest push that may carry it, the one that starts the activity. `asked`:
        the alert was asked for and is not made from the state.

        Raises PayloadTooLarge naming the longest part.
        """
        characters = len(content_state) + len(action or "") + sum(map(len, alert.values()))
        if characters * LONGEST_CHARACTER + FRAME_BYTES <= LIMIT_BYTES:
            return
        far = dt.datetime.fromtimestamp(LATEST_TIMESTAMP, dt.UTC)
        body = self.build(
            Message(
                activity_id=activity_id,
                event=ActivityEvent.START,
                timestamp=LATEST_TIMESTAMP,
                content_state=content_state,
                action=action,
                alert=alert,
                urgent=True,
                expires_at=far,
                dismiss_at=None,
            )
        )
        if len(body) > LIMIT_BYTES:
            parts = {"content_state": len(content_state.encode())}
            if asked:
                parts["alert"] = len(write_json(alert))
            if action is not None:
                parts["action"] = len(write_json(phone_form(from_json(action))))
            part = max(parts, key=lambda name: parts[name])
            raise PayloadTooLarge(part=part, part_bytes=parts[part], total_bytes=len(body))


def content_state_for_phone(content_state: str, action: str | None) -> dict[str, Any]:
    """The content state as the app decodes it, the button included."""
    state: dict[str, Any] = json.loads(content_state)
    return state if action is None else state | {"action": phone_form(from_json(action))}


def start_alert(content_state: dict[str, Any], asked: dict[str, str] | None, *, quiet: bool) -> dict[str, str]:
    """What a phone announces when an activity appears. iOS silently drops a start without an alert."""
    alert = {"title": content_state["title"], "body": content_state.get("subtitle") or "Started"}
    alert |= asked or {}
    return alert if quiet and not asked else {**alert, "sound": "default"}


def update_alert(content_state: dict[str, Any], asked: dict[str, str]) -> dict[str, str]:
    """What a phone announces with a change: what was asked for, and the rest from the state."""
    alert = {"title": content_state["title"], "body": content_state.get("subtitle") or ""}
    return {**alert, **asked, "sound": "default"}


def _relevance(message: Message) -> int:
    if message.alert is not None and message.event is not ActivityEvent.START:
        return RELEVANCE_ALERT
    return RELEVANCE_STEP if message.urgent else RELEVANCE_TICK
