"""Sentences for the events of an account."""

from smith.core.v1 import event_pb2 as events
from smith.core.v1.event_pb2 import Event

from admin_ui.texts import _

WORDS: "dict[events.EventType.ValueType, str]" = {
    events.EVENT_TYPE_PUSH_NOTIFICATION_SENT: _("A push notification was sent"),
    events.EVENT_TYPE_PUSH_NOTIFICATION_REPLACED: _("A push notification was replaced"),
    events.EVENT_TYPE_LIVE_ACTIVITY_STARTED: _("A Live Activity was started"),
    events.EVENT_TYPE_LIVE_ACTIVITY_UPDATED: _("A Live Activity has a new state"),
    events.EVENT_TYPE_LIVE_ACTIVITY_ENDED: _("A Live Activity was ended"),
    events.EVENT_TYPE_LIVE_ACTIVITY_DELIVERED: _("A Live Activity reached a phone"),
    events.EVENT_TYPE_LIVE_ACTIVITY_FAILED: _("A Live Activity did not reach a phone"),
    events.EVENT_TYPE_LIVE_ACTIVITY_TOKEN_RECEIVED: _("A phone allowed updates"),
    events.EVENT_TYPE_LIVE_ACTIVITY_DISMISSED: _("A person removed a Live Activity from a phone"),
    events.EVENT_TYPE_STREAM_PAUSED: _("A stream was paused"),
    events.EVENT_TYPE_STREAM_RESUMED: _("A stream was resumed"),
    events.EVENT_TYPE_STREAM_ENDED: _("A stream was ended"),
    events.EVENT_TYPE_PUSH_TO_START_TOKEN_DEAD: _("A phone cannot start Live Activities any more"),
    events.EVENT_TYPE_PUSH_TOKEN_DEAD: _("A phone's push token is dead"),
    events.EVENT_TYPE_DELIVERY_STOPPED: _("Delivery has stopped"),
    events.EVENT_TYPE_DELIVERY_RESUMED: _("Delivery works again"),
    events.EVENT_TYPE_ACTION_RUN_SETTLED: _("A button's webhook was called"),
    events.EVENT_TYPE_DEVICE_PAIRED: _("A phone was paired"),
    events.EVENT_TYPE_DEVICE_REMOVED: _("A phone was removed"),
    events.EVENT_TYPE_MEMBERS_CHANGED: _("People or invites have changed"),
}
"""The beginning of a sentence, by type. Other types are not shown."""


def sentence(event: Event) -> str:
    """What happened, and to which key, activity or device; empty if events of this type are not shown."""
    words = WORDS.get(event.type, "")
    about = event.stream_key or event.reason
    return f"{words}: {about}" if words and about else words
