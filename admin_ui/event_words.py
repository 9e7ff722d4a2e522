"""Sentences for the events of an account."""

from smith.core.v1 import event_pb2 as events
from smith.core.v1.event_pb2 import Event

WORDS: "dict[events.EventType.ValueType, str]" = {
    events.EVENT_TYPE_PUSH_NOTIFICATION_SENT: "A push notification was sent",
    events.EVENT_TYPE_PUSH_NOTIFICATION_REPLACED: "A push notification was replaced",
    events.EVENT_TYPE_LIVE_ACTIVITY_STARTED: "A Live Activity was started",
    events.EVENT_TYPE_LIVE_ACTIVITY_UPDATED: "A Live Activity has a new state",
    events.EVENT_TYPE_LIVE_ACTIVITY_ENDED: "A Live Activity was ended",
    events.EVENT_TYPE_LIVE_ACTIVITY_DELIVERED: "A Live Activity reached a phone",
    events.EVENT_TYPE_LIVE_ACTIVITY_FAILED: "A Live Activity did not reach a phone",
    events.EVENT_TYPE_LIVE_ACTIVITY_TOKEN_RECEIVED: "A phone allowed updates",
    events.EVENT_TYPE_LIVE_ACTIVITY_DISMISSED: "A person removed a Live Activity from a phone",
    events.EVENT_TYPE_STREAM_PAUSED: "A stream was paused",
    events.EVENT_TYPE_STREAM_RESUMED: "A stream was resumed",
    events.EVENT_TYPE_STREAM_ENDED: "A stream was ended",
    events.EVENT_TYPE_PUSH_TO_START_TOKEN_DEAD: "A phone cannot start Live Activities any more",
    events.EVENT_TYPE_PUSH_TOKEN_DEAD: "A phone's push token is dead",
    events.EVENT_TYPE_DELIVERY_STOPPED: "Delivery has stopped",
    events.EVENT_TYPE_DELIVERY_RESUMED: "Delivery works again",
    events.EVENT_TYPE_ACTION_RUN_SETTLED: "A button's webhook was called",
    events.EVENT_TYPE_DEVICE_PAIRED: "A phone was paired",
    events.EVENT_TYPE_DEVICE_REMOVED: "A phone was removed",
    events.EVENT_TYPE_MEMBERS_CHANGED: "People or invites have changed",
}
"""The beginning of a sentence, by type. Other types are not shown."""


def sentence(event: Event) -> str:
    """What happened, and to which key, activity or device; empty if events of this type are not shown."""
    words = WORDS.get(event.type, "")
    about = event.stream_key or event.reason
    return f"{words}: {about}" if words and about else words
