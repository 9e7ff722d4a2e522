"""Sends a composed request through core, as the person who composed it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from smith.core.v1.json_object_pb2 import JsonObject
from smith.core.v1.live_activity_pb2 import (
    LiveActivityAction,
    LiveActivityActionType,
    LiveActivityAlert,
    LiveActivityColor,
    LiveActivityContentState,
    LiveActivityMetric,
    LiveActivityType,
)
from smith.core.v1.live_activity_service_pb2 import (
    DeleteLiveActivityStreamRequest,
    EndLiveActivityRequest,
    PutLiveActivityStreamRequest,
    StartLiveActivityRequest,
    UpdateLiveActivityRequest,
)
from smith.core.v1.push_notification_pb2 import (
    ChannelTarget,
    PushNotificationAction,
    PushNotificationActionType,
    WebhookMethod,
)
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.visit import Visit

WHOLE = ("number_of_steps", "current_step", "auto_dismiss_minutes", "auto_dismiss_seconds")
MAX_WHOLE = 2**31 - 1
PLAIN_STATE_FIELDS = (
    "title", "subtitle", "number_of_steps", "current_step", "percentage", "value", "upper_limit",
    "auto_dismiss_minutes", "auto_dismiss_seconds",
)  # fmt: skip


AnyRequest = (
    SendPushNotificationRequest
    | StartLiveActivityRequest
    | UpdateLiveActivityRequest
    | EndLiveActivityRequest
    | PutLiveActivityStreamRequest
    | DeleteLiveActivityStreamRequest
)


class NotSendable(Exception):
    """The request has no form in which core could be asked. `field` is the path of the field to blame, if it is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


async def send(visit: Visit, request: ApiRequest) -> dict[str, Any]:
    """Core's answer, as far as it says anything, in the API's words.

    Raises Refused, or NotSendable for what core could not even be asked.
    """
    core = visit.core
    methods: dict[Operation, Any] = {
        Operation.PUSH: core.push_notifications.SendPushNotification,
        Operation.START: core.live_activities.StartLiveActivity,
        Operation.UPDATE: core.live_activities.UpdateLiveActivity,
        Operation.END: core.live_activities.EndLiveActivity,
        Operation.STREAM: core.live_activities.PutLiveActivityStream,
        Operation.END_STREAM: core.live_activities.DeleteLiveActivityStream,
    }
    answer = await visit.ask(methods[request.operation], to_message(request))
    return _in_words(MessageToDict(answer, preserving_proto_field_name=True))


def to_message(request: ApiRequest) -> AnyRequest:
    """The request as core is asked. Its body is one that the forms make: known fields of the right types.

    Raises NotSendable.
    """
    _require_whole(request.body, ("badge",), "")
    _require_whole(request.body.get("content_state", {}), WHOLE, "content_state.")
    try:
        return _to_message(request)
    except UnicodeEncodeError:
        raise NotSendable("Some text is not valid Unicode.") from None


def _require_whole(values: Mapping[str, Any], names: Sequence[str], prefix: str) -> None:
    for name in names:
        number = values.get(name, 0)
        if not isinstance(number, int) or abs(number) > MAX_WHOLE:
            field = f"{prefix}{name}"
            raise NotSendable(f"{field} must be a whole number of at most {MAX_WHOLE}", field)


def _to_message(request: ApiRequest) -> AnyRequest:
    body = request.body
    if request.operation is Operation.PUSH:
        return _push(body)
    parts: dict[str, Any] = {}
    if "content_state" in body:
        parts["content_state"] = _content_state(body["content_state"])
    if "action" in body:
        parts["action"] = _activity_action(body["action"])
    if "alert" in body:
        parts["alert"] = LiveActivityAlert(**body["alert"])
    activity_id = body.get("activity_id", "")
    match request.operation:
        case Operation.START:
            return StartLiveActivityRequest(target=_target(body), **parts)
        case Operation.UPDATE:
            return UpdateLiveActivityRequest(activity_id=activity_id, **parts)
        case Operation.END:
            return EndLiveActivityRequest(activity_id=activity_id, **parts)
        case Operation.STREAM:
            return PutLiveActivityStreamRequest(stream_key=request.stream_key, target=_target(body), **parts)
    return DeleteLiveActivityStreamRequest(stream_key=request.stream_key, **parts)


def _push(body: Mapping[str, Any]) -> SendPushNotificationRequest:
    plain = ("title", "message", "subtitle", "media", "redirection", "badge", "sound")
    return SendPushNotificationRequest(
        actions=[_push_action(action) for action in body.get("actions", ())],
        payload=_json(body.get("payload")),
        target=_target(body),
        **{name: body[name] for name in plain if name in body},
    )


def _content_state(state: Mapping[str, Any]) -> LiveActivityContentState:
    fields: dict[str, Any] = {name: state[name] for name in PLAIN_STATE_FIELDS if name in state}
    fields |= {name: _color(state[name]) for name in ("color", "step_color") if name in state}
    message = LiveActivityContentState(
        metrics=[LiveActivityMetric(**metric) for metric in state.get("metrics", ())],
        step_colors=[_color(color) for color in state.get("step_colors", ())],
        **fields,
    )
    if "type" in state:
        message.type = LiveActivityType.Value(f"LIVE_ACTIVITY_TYPE_{state['type'].upper()}")
    return message


def _color(name: str) -> LiveActivityColor.ValueType:
    return LiveActivityColor.Value(f"LIVE_ACTIVITY_COLOR_{name.upper()}")


def _push_action(action: Mapping[str, Any]) -> PushNotificationAction:
    kind = PushNotificationActionType.Value(f"PUSH_NOTIFICATION_ACTION_TYPE_{action['type'].upper()}")
    return PushNotificationAction(title=action["title"], type=kind, url=action["url"], **_call(action))


def _activity_action(action: Mapping[str, Any]) -> LiveActivityAction:
    kind = LiveActivityActionType.Value(f"LIVE_ACTIVITY_ACTION_TYPE_{action['type'].upper()}")
    return LiveActivityAction(title=action["title"], type=kind, url=action["url"], **_call(action))


def _call(action: Mapping[str, Any]) -> dict[str, Any]:
    call: dict[str, Any] = {"body": _json(action.get("body"))}
    if "method" in action:
        call["method"] = WebhookMethod.Value(f"WEBHOOK_METHOD_{action['method']}")
    return call


def _target(body: Mapping[str, Any]) -> ChannelTarget | None:
    return ChannelTarget(channels=body["target"]["channels"]) if "target" in body else None


def _json(value: Mapping[str, Any] | None) -> JsonObject | None:
    return None if value is None else JsonObject(json=json.dumps(value))


def _in_words(answer: dict[str, Any]) -> dict[str, Any]:
    prefix = "LIVE_ACTIVITY_STREAM_OPERATION_"
    return {
        name: value.removeprefix(prefix).lower() if isinstance(value, str) and value.startswith(prefix) else value
        for name, value in answer.items()
    }
