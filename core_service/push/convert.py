"""Between protobuf and the push area's own types. A request's content is checked on the way."""

import uuid
from dataclasses import replace

from smith.core.v1 import action_run_pb2 as runs
from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import json_object_pb2
from smith.core.v1 import push_notification_pb2 as noun
from smith.core.v1 import push_notification_service_pb2 as pb

from core_service.common.actions import (
    Action,
    ActionType,
    Opens,
    check_action,
    require_https_url,
    require_icon_url,
    require_link,
)
from core_service.common.annotations import check_metadata, each_tag_once
from core_service.common.reading import choice, given, read_time, to_tags, to_timestamp
from core_service.common.validation import parse_json_object, require_storable, require_uuid, write_json
from core_service.push.content import Content
from core_service.push.history import (
    COUNTED,
    NotificationDelivery,
    NotificationRecord,
    Search,
    ShownNotification,
    TimelineEntry,
)
from core_service.push.replacement import NewContent
from core_service.push.service import SentNotification
from service_kit.json_mapping.contract import enum_names

ACTION_TYPES = {
    noun.PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL: ActionType.OPEN_URL,
    noun.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK: ActionType.WEBHOOK,
}
ACTION_TYPE_NUMBERS = {kind: number for number, kind in ACTION_TYPES.items()}
LEVELS = {name: number for number, name in enum_names(noun.InterruptionLevel.DESCRIPTOR).items()}
NO_METADATA = "{}"
METHOD_NUMBERS = {"GET": noun.WEBHOOK_METHOD_GET, "POST": noun.WEBHOOK_METHOD_POST}


def read_content(request: pb.SendPushNotificationRequest) -> Content:
    """The request's content, if it keeps the rules that the proto cannot declare.

    Raises InvalidRequest naming the first field that breaks one, and the rule.
    """
    return replace(
        _read_content(request),
        sound=given(request, "sound", require_storable),
        interruption_level=choice(request, "interruption_level", str),
    )


def read_new_content(request: pb.ReplacePushNotificationRequest) -> NewContent:
    """The same of a request that replaces a notification's content."""
    content = _read_content(request)
    if content.metadata == NO_METADATA:
        content = replace(content, metadata=None)
    return NewContent(content, keeps_tags=not request.HasField("tags"), keeps_metadata=not request.HasField("metadata"))


def _read_content(request: pb.SendPushNotificationRequest | pb.ReplacePushNotificationRequest) -> Content:
    return Content(
        title=require_storable(request.title, "title"),
        message=given(request, "message", require_storable),
        subtitle=given(request, "subtitle", require_storable),
        media=given(request, "media", require_https_url),
        redirection=given(request, "redirection", require_link),
        actions=tuple(_read_action(place, action) for place, action in enumerate(request.actions)),
        payload=parse_json_object(request.payload.json, "payload") if request.HasField("payload") else None,
        badge=given(request, "badge"),
        icon=given(request, "icon", require_icon_url),
        tags=each_tag_once(request.tags.values),
        metadata=check_metadata(request.metadata.json) if request.HasField("metadata") else None,
    )


def _read_action(place: int, action: noun.PushNotificationAction) -> Action:
    return check_action(
        f"actions[{place}]",
        Opens.ANY_APP,
        title=action.title,
        kind=ACTION_TYPES[action.type],
        url=action.url,
        method=choice(action, "method", str),
        body=action.body.json if action.HasField("body") else None,
    )


def to_sent(sent: SentNotification) -> pb.SendPushNotificationResponse:
    """The answer to the sender."""
    return pb.SendPushNotificationResponse(
        success=True,
        devices_notified=sent.counts.devices_notified,
        devices_queued=sent.counts.devices_queued or None,
        users_notified=sent.counts.users_notified,
        effective_channel_slugs=sent.effective_channel_slugs or (),
        notification_id=str(sent.notification_id),
        timestamp=to_timestamp(sent.created_at),
        tags=to_tags(sent.tags),
    )


def to_replaced(sent: SentNotification) -> pb.ReplacePushNotificationResponse:
    """The answer to a sender that has replaced the content."""
    return pb.ReplacePushNotificationResponse(
        success=True,
        notification_id=str(sent.notification_id),
        devices_notified=sent.counts.devices_notified,
        users_notified=sent.counts.users_notified,
        devices_queued=sent.counts.devices_queued or None,
        effective_channel_slugs=sent.effective_channel_slugs or (),
        tags=to_tags(sent.tags),
        timestamp=to_timestamp(sent.created_at),
    )


def read_search(request: pb.ListPushNotificationsRequest) -> Search:
    """Reads the filters.

    Raises InvalidRequest.
    """
    return Search(
        text=given(request, "search", require_storable),
        api_key_id=given(request, "api_key_id", require_uuid),
        channel=given(request, "channel", require_storable),
        outcome=choice(request, "outcome", str),
        tags=list(request.tags) or None,
        has_any_tag=choice(request, "tag_mode", str) == "any",
        since=read_time(request, "since"),
        until=read_time(request, "until"),
        device_id=given(request, "device_id", require_uuid),
    )


def to_notification(sent: NotificationRecord, *, counted: int | None = COUNTED) -> noun.PushNotification:
    """The message. At most `counted` devices were examined; None for all."""
    counts = sent.counts
    return noun.PushNotification(
        id=str(sent.id),
        created_at=to_timestamp(sent.created_at),
        expires_at=to_timestamp(sent.expires_at),
        title=sent.title,
        message=sent.message or None,
        channels=sent.channel_slugs or (),
        device_id=_text(sent.device_id),
        api_key_id=_text(sent.api_key_id),
        user_id=_text(sent.user_id),
        sender_name=sent.sender_name,
        replay_of=_text(sent.replay_of),
        counts=noun.PushNotificationCounts(
            devices=counts.devices,
            accepted=counts.accepted,
            owed=counts.owed,
            failed=counts.failed,
            expired=counts.expired,
            partial=counts.devices == counted,
        ),
        tags=to_tags(sent.tags),
        replacements=sent.version - 1,
        replaced_at=to_timestamp(sent.replaced_at),
    )


def _text(id_: uuid.UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def to_shown(shown: ShownNotification) -> pb.GetPushNotificationResponse:
    """The answer."""
    return pb.GetPushNotificationResponse(
        push_notification=to_notification(shown.notification, counted=None),
        content=_to_content(shown.content),
        deliveries=[_to_delivery(one) for one in shown.deliveries],
    )


def _to_content(content: Content) -> noun.PushNotificationContent:
    values = {name: getattr(content, name) for name in noun.PushNotificationContent.DESCRIPTOR.fields_by_name}
    values["actions"] = [_to_action(action) for action in content.actions]
    values["interruption_level"] = content.interruption_level and LEVELS[content.interruption_level]
    values["tags"] = to_tags(content.tags)
    values["metadata"] = None if content.metadata is None else _to_json(content.metadata)
    values["payload"] = None if content.payload is None else _to_json(write_json(content.payload).decode())
    return noun.PushNotificationContent(**values)


def _to_action(action: Action) -> noun.PushNotificationAction:
    return noun.PushNotificationAction(
        title=action.title,
        type=ACTION_TYPE_NUMBERS[action.type],
        url=action.url,
        method=None if action.method is None else METHOD_NUMBERS[action.method],
        body=None if action.body is None else _to_json(action.body),
    )


def _to_json(text: str) -> json_object_pb2.JsonObject:
    return json_object_pb2.JsonObject(json=text)


def _to_delivery(one: NotificationDelivery) -> noun.PushNotificationDelivery:
    return noun.PushNotificationDelivery(
        device_id=str(one.device_id),
        device_name=one.device_name,
        user_name=one.user_name,
        state=noun.PushNotificationDeliveryState.Value(f"PUSH_NOTIFICATION_DELIVERY_STATE_{one.state.upper()}"),
        attempts=one.attempts,
        reason=one.reason,
        settled_at=to_timestamp(one.settled_at),
        due_at=to_timestamp(one.due_at),
    )


def to_entry(entry: TimelineEntry) -> noun.PushNotificationTimelineEntry:
    """The message."""
    message = noun.PushNotificationTimelineEntry(
        id=str(entry.id),
        occurred_at=to_timestamp(entry.occurred_at),
        device_id=str(entry.device_id),
        device_name=entry.device_name,
    )
    if entry.is_tap:
        tap = noun.PushNotificationTap(
            title=entry.words,
            state=runs.ActionRunState.Value(f"ACTION_RUN_STATE_{entry.state.upper()}"),
            attempts=entry.number,
            status_code=entry.status_code,
            settled_at=to_timestamp(entry.settled_at),
        )
        message.tap.CopyFrom(tap)
        return message
    attempt = noun.PushNotificationAttempt(
        outcome=attempts.DeliveryOutcome.Value(f"DELIVERY_OUTCOME_{entry.state.upper()}"),
        status_code=entry.status_code,
        reason=entry.words,
        latency_ms=entry.number,
        apns_id=_text(entry.apns_id) or "",
    )
    message.attempt.CopyFrom(attempt)
    return message
