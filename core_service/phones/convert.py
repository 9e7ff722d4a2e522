"""What a phone is told of its Live Activities and notifications, as protobuf carries it."""

import dataclasses

from smith.core.v1 import json_object_pb2, live_activity_pb2, phone_service_pb2, push_notification_pb2

from core_service.common.actions import ActionType
from core_service.common.reading import to_timestamp
from core_service.common.validation import write_json
from core_service.phones.live_activities import ShownActivity, ShownPhase
from core_service.phones.notifications import PhoneAction, PhoneNotification
from core_service.push.content import Content

ACTION_TYPES = {
    ActionType.OPEN_URL: push_notification_pb2.PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL,
    ActionType.WEBHOOK: push_notification_pb2.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK,
}
PHASES = {
    ShownPhase.STARTING: live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_STARTING,
    ShownPhase.ACTIVE: live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_ACTIVE,
    ShownPhase.ENDED: live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_ENDED,
}


def to_live_activity(shown: ShownActivity) -> live_activity_pb2.DeviceLiveActivity:
    """An activity as the phone should show it."""
    return live_activity_pb2.DeviceLiveActivity(
        activity_id=shown.activity_id,
        phase=PHASES[shown.phase],
        content_state=json_object_pb2.JsonObject(json=write_json(shown.content_state).decode()),
        timestamp=shown.timestamp,
        started_at=to_timestamp(shown.started_at),
        stale_at=to_timestamp(shown.stale_at),
        dismiss_at=to_timestamp(shown.dismiss_at),
        broadcast_channel_id=shown.broadcast_channel_id,
    )


TOLD = sorted(
    {field.name for field in dataclasses.fields(Content)}
    & set(phone_service_pb2.DeviceNotification.DESCRIPTOR.fields_by_name) - {"payload", "actions"}
)
"""What devices are told of a notification as it is stored."""


def to_device_notification(shown: PhoneNotification) -> phone_service_pb2.DeviceNotification:
    """A notification as the device sees it."""
    content, payload = shown.content, shown.content.payload
    return phone_service_pb2.DeviceNotification(
        id=str(shown.id),
        **{name: getattr(content, name) for name in TOLD},
        payload=None if payload is None else json_object_pb2.JsonObject(json=write_json(payload).decode()),
        actions=[_to_action(action) for action in shown.actions],
        created_at=to_timestamp(shown.created_at),
        replaced_at=to_timestamp(shown.replaced_at),
        version=shown.version,
    )


def _to_action(action: PhoneAction) -> phone_service_pb2.DeviceNotificationAction:
    return phone_service_pb2.DeviceNotificationAction(
        id=action.id, title=action.title, type=ACTION_TYPES[ActionType(action.type)], url=action.url
    )
