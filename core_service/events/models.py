"""What can happen in an account. Events are not stored."""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    """What happened. Cores of different releases exchange these values through Redis: they must not change."""

    PUSH_NOTIFICATION_SENT = "push_notification_sent"
    LIVE_ACTIVITY_STARTED = "live_activity_started"
    LIVE_ACTIVITY_UPDATED = "live_activity_updated"
    LIVE_ACTIVITY_ENDED = "live_activity_ended"
    LIVE_ACTIVITY_DELIVERED = "live_activity_delivered"
    LIVE_ACTIVITY_FAILED = "live_activity_failed"
    LIVE_ACTIVITY_TOKEN_RECEIVED = "live_activity_token_received"  # noqa: S105 - a name, no secret
    LIVE_ACTIVITY_DISMISSED = "live_activity_dismissed"
    STREAM_PAUSED = "stream_paused"
    STREAM_RESUMED = "stream_resumed"
    STREAM_ENDED = "stream_ended"
    DELIVERY_STOPPED = "delivery_stopped"
    DELIVERY_RESUMED = "delivery_resumed"
    PUSH_TO_START_TOKEN_DEAD = "push_to_start_token_dead"  # noqa: S105 - a name, no secret
    ACTION_RUN_SETTLED = "action_run_settled"
    MEMBERS_CHANGED = "members_changed"
    DEVICE_PAIRED = "device_paired"
    DEVICE_CHANGED = "device_changed"
    DEVICE_REMOVED = "device_removed"
    PUSH_TOKEN_DEAD = "push_token_dead"  # noqa: S105 - a name, no secret


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, and what it is about."""

    type: EventType
    occurred_at: dt.datetime
    """With a time zone."""
    activity_id: str = ""
    stream_key: str = ""
    device_id: uuid.UUID | None = None
    notification_id: uuid.UUID | None = None
    action_run_id: uuid.UUID | None = None
    reason: str = ""
    """The reason in APNs' words or ours; empty if there is none."""
