"""Between protobuf and the push area's own types."""

from smith.core.v1 import push_notification_pb2 as noun
from smith.core.v1 import push_notification_service_pb2 as pb

from core_service.common.actions import Action, ActionType, check_action
from core_service.common.reading import choice, given
from core_service.push.content import Content, check_content
from core_service.push.service import SentNotification

ACTION_TYPES = {
    noun.PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL: ActionType.OPEN_URL,
    noun.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK: ActionType.WEBHOOK,
}
METHODS = {noun.WEBHOOK_METHOD_GET: "GET", noun.WEBHOOK_METHOD_POST: "POST"}


def to_content(request: pb.SendPushNotificationRequest) -> Content:
    """The request's content. Raises InvalidRequest if it breaks a rule."""
    return check_content(
        title=request.title,
        message=given(request, "message"),
        subtitle=given(request, "subtitle"),
        media=given(request, "media"),
        redirection=given(request, "redirection"),
        actions=tuple(_to_action(place, action) for place, action in enumerate(request.actions)),
        payload=request.payload.json if request.HasField("payload") else None,
        badge=given(request, "badge"),
        sound=given(request, "sound"),
    )


def _to_action(place: int, action: noun.PushNotificationAction) -> Action:
    return check_action(
        f"actions[{place}]",
        title=action.title,
        kind=ACTION_TYPES[action.type],
        url=action.url,
        method=choice(action, "method", str),
        body=action.body.json if action.HasField("body") else None,
    )


def from_sent(sent: SentNotification) -> pb.SendPushNotificationResponse:
    """The answer to the caller."""
    response = pb.SendPushNotificationResponse(
        success=True,
        devices_notified=sent.counts.devices_notified,
        users_notified=sent.counts.users_notified,
        effective_channel_slugs=sent.effective_channel_slugs or (),
        notification_id=str(sent.notification_id),
    )
    response.timestamp.FromDatetime(sent.created_at)
    if sent.counts.devices_queued:
        response.devices_queued = sent.counts.devices_queued
    return response
