"""Between protobuf and the area's own types."""

from smith.core.v1 import live_activity_pb2 as noun
from smith.core.v1 import live_activity_service_pb2 as pb

from core_service.common.actions import Action, ActionType, check_action
from core_service.common.reading import choice, choices, given, to_timestamp
from core_service.live_activities.service import ActivityResult
from core_service.live_activities.state.activity import Alert, Request
from core_service.live_activities.state.content_state import ActivityType, Given, Metric
from core_service.live_activities.streams.rules import Operation
from core_service.live_activities.streams.streams import DeleteResult, PutResult

ACTION_TYPES = {
    noun.LIVE_ACTIVITY_ACTION_TYPE_OPEN_URL: ActionType.OPEN_URL,
    noun.LIVE_ACTIVITY_ACTION_TYPE_WEBHOOK: ActionType.WEBHOOK,
}
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
    return Request(
        given=_given(message.content_state),
        action=_action(message.action) if message.HasField("action") else None,
        alert=_alert(message.alert) if message.HasField("alert") else None,
    )


def to_last_request(message: pb.DeleteLiveActivityStreamRequest) -> Request | None:
    """What the message says about an activity's end; None for nothing. Raises InvalidRequest."""
    return to_request(message) if message.HasField("content_state") else None


def to_channels(message: pb.PutLiveActivityStreamRequest) -> tuple[list[str] | None, str]:
    """The slugs that the message names, in whichever of its two forms, and what that form is called."""
    direct, target = list(message.channels), list(message.target.channels)
    if message.HasField("target"):
        return target, "target.channels"
    return (direct or None), "channels"


def from_started(result: ActivityResult) -> pb.StartLiveActivityResponse:
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


def from_updated(result: ActivityResult) -> pb.UpdateLiveActivityResponse:
    """The answer to an update."""
    return pb.UpdateLiveActivityResponse(
        success=True,
        activity_id=result.activity_id,
        devices_notified=result.counts.devices_notified,
        devices_queued=result.counts.devices_queued,
        timestamp=to_timestamp(result.timestamp),
        warning=result.warning,
    )


def from_ended(result: ActivityResult) -> pb.EndLiveActivityResponse:
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
        subtitle=given(state, "subtitle"),
        type=choice(state, "type", ActivityType),
        number_of_steps=given(state, "number_of_steps"),
        current_step=given(state, "current_step"),
        percentage=given(state, "percentage"),
        value=given(state, "value"),
        upper_limit=given(state, "upper_limit"),
        metrics=[_metric(metric) for metric in state.metrics],
        color=choice(state, "color", str),
        step_color=choice(state, "step_color", str),
        step_colors=choices(state, "step_colors", str),
        auto_dismiss_minutes=given(state, "auto_dismiss_minutes"),
        auto_dismiss_seconds=given(state, "auto_dismiss_seconds"),
    )


def _metric(metric: noun.LiveActivityMetric) -> Metric:
    return Metric(
        metric.label,
        metric.value,
        given(metric, "unit"),
    )


def _action(action: noun.LiveActivityAction) -> Action:
    return check_action(
        "action",
        title=action.title,
        kind=ACTION_TYPES[action.type],
        url=action.url,
        method=choice(action, "method", str),
        body=action.body.json if action.HasField("body") else None,
    )


def _alert(alert: noun.LiveActivityAlert) -> Alert:
    return Alert(
        given(alert, "title"),
        given(alert, "body"),
    )
