"""Sends a composed request through core, as the person who composed it."""

import json
from typing import Any

from smith.core.v1.badge_service_pb2 import SetBadgeRequest
from smith.core.v1.live_activity_service_pb2 import (
    DeleteLiveActivityStreamRequest,
    EndLiveActivityRequest,
    PutLiveActivityStreamRequest,
    StartLiveActivityRequest,
    UpdateLiveActivityRequest,
)
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.visit import Visit
from service_kit.json_mapping import FieldError, JsonSyntaxError, decoder_for, encoder_for, parse_object

AnyRequest = (
    SendPushNotificationRequest
    | StartLiveActivityRequest
    | UpdateLiveActivityRequest
    | EndLiveActivityRequest
    | PutLiveActivityStreamRequest
    | DeleteLiveActivityStreamRequest
    | SetBadgeRequest
)
MAX_BADGE = 2**31 - 1
"""Most that iOS takes. The field itself is wider."""
REQUESTS: dict[Operation, type[AnyRequest]] = {
    Operation.PUSH: SendPushNotificationRequest,
    Operation.START: StartLiveActivityRequest,
    Operation.UPDATE: UpdateLiveActivityRequest,
    Operation.END: EndLiveActivityRequest,
    Operation.STREAM: PutLiveActivityStreamRequest,
    Operation.END_STREAM: DeleteLiveActivityStreamRequest,
    Operation.BADGE: SetBadgeRequest,
}


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
        Operation.BADGE: core.badges.SetBadge,
    }
    answer = await visit.ask(methods[request.operation], to_message(request))
    return encoder_for(answer.DESCRIPTOR).encode(answer)


def to_message(request: ApiRequest) -> AnyRequest:
    """The request as core is asked: what the gateway would make of the same body.

    Raises NotSendable.
    """
    message = REQUESTS[request.operation]()
    is_stream = request.operation in {Operation.STREAM, Operation.END_STREAM}
    fields = {**request.body, "stream_key": request.stream_key} if is_stream else request.body
    try:
        decoder_for(message.DESCRIPTOR).fill(message, parse_object(json.dumps(fields).encode()))
    except FieldError as error:
        rule = error.rule.replace("must be an integer", "must be a whole number")
        raise NotSendable(f"{error.path} {rule}", error.path) from None
    except JsonSyntaxError as error:
        raise NotSendable(str(error)) from None
    if isinstance(message, SendPushNotificationRequest) and abs(message.badge) > MAX_BADGE:
        raise NotSendable(f"badge must be a whole number of at most {MAX_BADGE}", "badge")
    return message
