"""Live Activities."""

from typing import Any

ACTIVITY_ID = "h8QmSyYFTuwOIF6Wh3YcZlzHLhUcr034"
STREAM_KEY = "prod-web-1"
AT = "2026-08-12T12:00:00.000Z"

STEPS = {
    "title": "Nightly backup",
    "subtitle": "create snapshot",
    "type": "segmented_progress",
    "number_of_steps": 3,
    "current_step": 1,
    "color": "yellow",
}
PROGRESS = {"title": "Database migration", "subtitle": "orders", "type": "progress", "percentage": 42}
METRICS = {
    "title": "Server health",
    "subtitle": "prod-web-1",
    "type": "metrics",
    "metrics": [{"label": "CPU", "value": 27, "unit": "%"}, {"label": "MEM", "value": 64, "unit": "%"}],
}
BUTTON = {"title": "Open dashboard", "type": "open_url", "url": "https://ops.example.com/servers/prod-web-1"}

REQUESTS: dict[str, dict[str, Any]] = {
    "StartLiveActivity": {
        "segmented_progress": {"content_state": STEPS},
        "progress": {"content_state": PROGRESS},
        "progress_by_value": {
            "content_state": {"title": "EV charging", "type": "progress", "value": 35.5, "upper_limit": 80}
        },
        "metrics": {"content_state": METRICS, "action": BUTTON},
        "to_channels": {
            "content_state": STEPS,
            "alert": {"title": "Backup started", "body": "3 steps"},
            "target": {"channels": ["ops"]},
        },
    },
    "UpdateLiveActivity": {
        "next_step": {
            "activity_id": ACTIVITY_ID,
            "content_state": {"title": "Nightly backup", "subtitle": "upload archive", "current_step": 2},
        },
        "with_a_button": {
            "activity_id": ACTIVITY_ID,
            "content_state": {"title": "Nightly backup", "subtitle": "upload archive", "current_step": 2},
            "action": {
                "title": "Pause",
                "type": "webhook",
                "url": "https://ops.example.com/hooks/backup-pause",
                "method": "POST",
                "body": {"backup_id": "nightly"},
            },
        },
    },
    "EndLiveActivity": {
        "last_state": {
            "activity_id": ACTIVITY_ID,
            "content_state": {
                "title": "Nightly backup",
                "subtitle": "verified",
                "current_step": 3,
                "auto_dismiss_minutes": 2,
            },
        },
        "away_at_once": {
            "activity_id": ACTIVITY_ID,
            "content_state": {"title": "Nightly backup", "current_step": 3, "auto_dismiss_seconds": 0},
        },
    },
    "PutLiveActivityStream": {
        "metrics": {"content_state": METRICS},
        "to_channels": {"content_state": METRICS, "channels": ["ops"]},
        "with_an_alert": {
            "content_state": PROGRESS,
            "action": BUTTON,
            "alert": {"title": "Migration is half done", "body": "orders"},
        },
    },
    "DeleteLiveActivityStream": {
        "as_it_is": {},
        "with_a_last_state": {"content_state": METRICS | {"auto_dismiss_minutes": 2}},
    },
    "PauseLiveActivityStream": {"pause": {}},
    "ResumeLiveActivityStream": {"resume": {}},
    "StopLiveActivity": {"stop": {}},
}

_UPDATED = {
    "success": True,
    "activity_id": ACTIVITY_ID,
    "devices_notified": 2,
    "devices_queued": 0,
    "timestamp": AT,
}
_BROADCAST = {"success": True, "activity_id": ACTIVITY_ID, "timestamp": AT, "by_broadcast": True}
_STREAM = {"success": True, "stream_key": STREAM_KEY, "activity_id": ACTIVITY_ID, "timestamp": AT}

RESPONSES: dict[str, dict[str, Any]] = {
    "StartLiveActivity": {
        "started": {
            "success": True,
            "activity_id": ACTIVITY_ID,
            "devices_notified": 2,
            "users_notified": 1,
            "timestamp": AT,
        },
        "to_channels": {
            "success": True,
            "activity_id": ACTIVITY_ID,
            "devices_notified": 2,
            "users_notified": 1,
            "effective_channel_slugs": ["ops"],
            "timestamp": AT,
        },
    },
    "UpdateLiveActivity": {"updated": _UPDATED, "by_broadcast": _BROADCAST},
    "EndLiveActivity": {
        "ended": _UPDATED,
        "had_ended_before": _UPDATED | {"devices_notified": 0, "ignored": True},
        "by_broadcast": _BROADCAST,
    },
    "PutLiveActivityStream": {
        "started": _STREAM | {"operation": "started", "devices_notified": 2, "devices_queued": 0, "users_notified": 1},
        "updated": _STREAM | {"operation": "updated", "devices_notified": 2, "devices_queued": 0, "users_notified": 1},
        "rotated": _STREAM
        | {
            "operation": "rotated",
            "previous_activity_id": "Xw0qkLmT9eQ3vB7nRz5yUaPcD1sFgHjK",
            "devices_notified": 2,
            "devices_queued": 0,
            "users_notified": 1,
        },
        "by_broadcast": _STREAM | {"operation": "updated", "by_broadcast": True},
        "noop": _STREAM | {"operation": "noop"},
        "paused": _STREAM | {"operation": "paused", "activity_id": None},
    },
    "DeleteLiveActivityStream": {
        "ended": _STREAM | {"operation": "ended", "devices_notified": 2, "devices_queued": 0},
        "none_was_active": _STREAM | {"operation": "ended", "activity_id": None},
    },
    "PauseLiveActivityStream": {"paused": {"activity_id": ACTIVITY_ID}},
    "ResumeLiveActivityStream": {"resumed": {"activity_id": ACTIVITY_ID}},
    "StopLiveActivity": {"stopped": {"devices_notified": 2, "devices_queued": 0}},
}
