"""Push notifications, and the number on the app's icon."""

from typing import Any

NOTIFICATION_ID = "01a2b3c4-d5e6-7f80-9a1b-2c3d4e5f6071"
SENT_AT = "2026-08-12T12:00:00.000Z"

REQUESTS: dict[str, dict[str, Any]] = {
    "SendPushNotification": {
        "plain": {"title": "New subscription 💸", "message": "Customer upgraded to Pro plan"},
        "to_channels": {"title": "Disk almost full", "message": "db-1 is at 91 %", "target": {"channels": ["ops"]}},
        "opens_a_page": {
            "title": "Incident resolved ✅",
            "message": "All systems operational",
            "redirection": "https://status.example.com/incidents/abc-123",
        },
        "with_a_picture": {
            "title": "Homepage ready",
            "message": "The redesign is finished.",
            "media": "https://cdn.example.com/output/homepage.png",
        },
        "with_buttons": {
            "title": "Build failed 🚨",
            "message": "main is red",
            "redirection": "https://ci.example.com/builds/8842",
            "actions": [
                {"title": "View build", "type": "open_url", "url": "https://ci.example.com/builds/8842"},
                {
                    "title": "Retry build",
                    "type": "webhook",
                    "url": "https://hooks.example.com/build-retry",
                    "method": "POST",
                    "body": {"build_id": 8842},
                },
            ],
        },
        "everything_else": {
            "title": "Order shipped",
            "subtitle": "Warehouse 2",
            "message": "It arrives on Friday.",
            "badge": 1,
            "sound": "chime.caf",
            "payload": {"order_id": 4711},
        },
    },
    "ReplacePushNotification": {
        "recovered": {"title": "Recovered ✅", "message": "The error rate is back to normal."},
        "with_other_tags": {"title": "Recovered ✅", "message": "It took 12 minutes.", "tags": ["resolved"]},
    },
    "SetBadge": {
        "set": {"badge": 5},
        "clear": {"badge": 0},
        "for_channels": {"badge": 3, "target": {"channels": ["sales", "customer-success"]}},
    },
}

RESPONSES: dict[str, dict[str, Any]] = {
    "SendPushNotification": {
        "sent": {
            "success": True,
            "devices_notified": 2,
            "users_notified": 1,
            "timestamp": SENT_AT,
            "notification_id": NOTIFICATION_ID,
        },
        "to_channels": {
            "success": True,
            "devices_notified": 2,
            "users_notified": 1,
            "devices_queued": 1,
            "effective_channel_slugs": ["ops"],
            "timestamp": SENT_AT,
            "notification_id": NOTIFICATION_ID,
        },
    },
    "ReplacePushNotification": {
        "replaced": {
            "success": True,
            "notification_id": NOTIFICATION_ID,
            "devices_notified": 2,
            "users_notified": 1,
            "timestamp": SENT_AT,
        },
    },
    "SetBadge": {
        "set": {
            "success": True,
            "badge": 5,
            "devices_updated": 2,
            "users_updated": 1,
            "devices_notified": 2,
            "users_notified": 1,
            "effective_channel_slugs": [],
            "timestamp": SENT_AT,
            "devices_targeted": 2,
        },
        "one_is_queued": {
            "success": True,
            "badge": 3,
            "devices_updated": 1,
            "users_updated": 1,
            "devices_notified": 1,
            "users_notified": 1,
            "effective_channel_slugs": ["sales", "customer-success"],
            "timestamp": SENT_AT,
            "devices_targeted": 2,
            "devices_queued": 1,
        },
    },
    "ReplayPushNotification": {
        "sent": {
            "sent": {
                "success": True,
                "devices_notified": 2,
                "users_notified": 1,
                "timestamp": SENT_AT,
                "notification_id": NOTIFICATION_ID,
            }
        }
    },
}
