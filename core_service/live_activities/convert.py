"""Between protobuf and the area's own types."""

from collections.abc import Sequence

from smith.core.v1 import live_activity_pb2 as noun
from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1 import push_notification_pb2

from core_service.channels.errors import InvalidTarget
from core_service.common.actions import Action, ActionType, check_action
from core_service.common.timestamps import to_timestamp
from core_service.live_activities.service import Result
from core_service.live_activities.state.activity import Alert, Request
from core_service.live_activities.state.content_state import ActivityType, Color, Given, Metric
from core_service.live_activities.streams.rules import Operation
from core_service.live_activities.streams.streams import DeleteResult, PutResult
from service_kit.errors import InvalidRequest

ACTION_TYPES = {
    noun.LIVE_ACTIVITY_ACTION_TYPE_OPEN_URL: ActionType.OPEN_URL,
    noun.LIVE_ACTIVITY_ACTION_TYPE_WEBHOOK: ActionType.WEBHOOK,
}
UNKNOWN_METHOD = "?"
METHODS = {push_notification_pb2.WEBHOOK_METHOD_GET: "GET", push_notification_pb2.WEBHOOK_METHOD_POST: "POST"}
TYPES = {noun.LiveActivityType.Value(f"LIVE_ACTIVITY_TYPE_{one.name}"): one for one in ActivityType}
COLORS = {noun.LiveActivityColor.Value(f"LIVE_ACTIVITY_COLOR_{one.name}"): one for one in Color}
OPERATIONS = {
    one: pb.LiveActivityStreamOperation.Value(f"LIVE_ACTIVITY_STREAM_OPERATION_{one.name}") for one in Operation
}


StateMessage = (
    pb.StartLiveActivityRequest
    | pb.UpdateLiveActivityRequest
    | pb.EndLiveActivityRequest
    | pb.PutLiveActivityStreamRequest
    | pb.DeleteLiveActivityStreamRequest
)
"""A request that says what an activity should be."""


def to_request(message: StateMessage) -> Request:
    """What the message says about an activity. Raises InvalidRequest."""
    if not message.HasField("content_state"):
        raise InvalidRequest.at("content_state", "is required")
    return Request(
        given=_given(message.content_state),
        action=_action(message.action) if message.HasField("action") else None,
        alert=_alert(message.alert) if message.HasField("alert") else None,
    )


def to_last_request(message: pb.DeleteLiveActivityStreamRequest) -> Request | None:
    """What the message says about an activity's end; None for nothing. Raises InvalidRequest."""
    if message.HasField("content_state"):
        return to_request(message)
    for name in ("action", "alert"):
        if message.HasField(name):
            raise InvalidRequest.at(name, "requires content_state too")
    return None


def to_channels(message: pb.PutLiveActivityStreamRequest) -> tuple[list[str] | None, str]:
    """The slugs that the message names, in whichever of its two forms, and what that form is called.

    Raises InvalidTarget if the two name different channels.
    """
    direct, target = list(message.channels), list(message.target.channels)
    if message.HasField("target"):
        if direct and set(direct) != set(target):
            raise InvalidTarget("channels and target.channels must name the same channels").about(
                "channels", "target.channels"
            )
        return target, "target.channels"
    return (direct or None), "channels"


def from_started(result: Result) -> pb.StartLiveActivityResponse:
    """The answer to a start."""
    return pb.StartLiveActivityResponse(
        success=True,
        activity_id=result.activity_id,
        devices_notified=result.counts.devices_notified,
        devices_queued=result.counts.devices_queued or None,
        users_notified=result.counts.users_notified,
        effective_channel_slugs=result.effective_channel_slugs or (),
        timestamp=to_timestamp(result.timestamp),
    )


def from_updated(result: Result) -> pb.UpdateLiveActivityResponse:
    """The answer to an update."""
    return pb.UpdateLiveActivityResponse(
        success=True,
        activity_id=result.activity_id,
        devices_notified=result.counts.devices_notified,
        devices_queued=result.counts.devices_queued,
        timestamp=to_timestamp(result.timestamp),
        warning=result.warning,
    )


def from_ended(result: Result) -> pb.EndLiveActivityResponse:
    """The answer to an end."""
    return pb.EndLiveActivityResponse(
        success=True,
        activity_id=result.activity_id,
        devices_notified=result.counts.devices_notified,
        devices_queued=result.counts.devices_queued,
        timestamp=to_timestamp(result.timestamp),
        ignored=result.ignored or None,
    )


def from_put(result: PutResult) -> pb.PutLiveActivityStreamResponse:
    """The answer to a stream's new state."""
    counts = result.counts
    return pb.PutLiveActivityStreamResponse(
        success=True,
        operation=OPERATIONS[result.operation],
        stream_key=result.stream_key,
        activity_id=result.activity_id,
        previous_activity_id=result.previous_activity_id,
        devices_notified=counts.devices_notified if counts else None,
        devices_queued=counts.devices_queued if counts else None,
        users_notified=counts.users_notified if counts else None,
        effective_channel_slugs=result.effective_channel_slugs or (),
        timestamp=to_timestamp(result.timestamp),
        warning=result.warning,
    )


def from_deleted(result: DeleteResult) -> pb.DeleteLiveActivityStreamResponse:
    """The answer to a stream's end."""
    counts = result.counts
    return pb.DeleteLiveActivityStreamResponse(
        success=True,
        operation=pb.LIVE_ACTIVITY_STREAM_OPERATION_ENDED,
        stream_key=result.stream_key,
        activity_id=result.activity_id,
        devices_notified=counts.devices_notified if counts else None,
        devices_queued=counts.devices_queued if counts else None,
        timestamp=to_timestamp(result.timestamp),
    )


def _given(state: noun.LiveActivityContentState) -> Given:
    return Given(
        title=state.title,
        subtitle=state.subtitle if state.HasField("subtitle") else None,
        type=_type(state.type) if state.HasField("type") else None,
        number_of_steps=state.number_of_steps if state.HasField("number_of_steps") else None,
        current_step=state.current_step if state.HasField("current_step") else None,
        percentage=state.percentage if state.HasField("percentage") else None,
        value=state.value if state.HasField("value") else None,
        upper_limit=state.upper_limit if state.HasField("upper_limit") else None,
        metrics=[_metric(metric) for metric in state.metrics],
        color=_color(state.color, "color") if state.HasField("color") else None,
        step_color=_color(state.step_color, "step_color") if state.HasField("step_color") else None,
        step_colors=_colors(state.step_colors),
        auto_dismiss_minutes=state.auto_dismiss_minutes if state.HasField("auto_dismiss_minutes") else None,
        auto_dismiss_seconds=state.auto_dismiss_seconds if state.HasField("auto_dismiss_seconds") else None,
    )


def _type(number: "noun.LiveActivityType.ValueType") -> ActivityType:
    if number not in TYPES:
        raise InvalidRequest.at("content_state.type", f"must be one of {', '.join(ActivityType)}")
    return TYPES[number]


def _metric(metric: noun.LiveActivityMetric) -> Metric:
    return Metric(
        metric.label,
        metric.value if metric.HasField("value") else None,
        metric.unit if metric.HasField("unit") else None,
    )


def _colors(numbers: "Sequence[noun.LiveActivityColor.ValueType]") -> list[Color]:
    return [_color(number, f"step_colors[{place}]") for place, number in enumerate(numbers)]


def _color(number: "noun.LiveActivityColor.ValueType", name: str) -> Color:
    if number not in COLORS:
        raise InvalidRequest.at(f"content_state.{name}", f"must be one of {', '.join(Color)}")
    return COLORS[number]


def _action(action: noun.LiveActivityAction) -> Action:
    return check_action(
        "action",
        title=action.title,
        kind=ACTION_TYPES.get(action.type),
        url=action.url,
        method=METHODS.get(action.method, UNKNOWN_METHOD) if action.HasField("method") else None,
        body=action.body.json if action.HasField("body") else None,
    )


def _alert(alert: noun.LiveActivityAlert) -> Alert:
    return Alert(
        alert.title if alert.HasField("title") else None,
        alert.body if alert.HasField("body") else None,
    )
