"""The sections of an export about what was sent to phones."""

from typing import LiteralString

from core_service.account_data.export_activity_queries import activities, of_activities
from core_service.account_data.export_reading_queries import FIRST_ID, Read, of_account, of_notifications

BUTTON: LiteralString = """
    'id', t.id, 'title', t.title, 'type', t.type, 'url', t.url, 'method', t.method, 'body', t.body::json
"""

MESSAGES: dict[str, tuple[Read, ...]] = {
    "push_notifications": (
        of_account(
            "notifications",
            """'id', t.id, 'api_key_id', t.api_key_id, 'user_id', t.user_id, 'replay_of', t.replay_of,
            'device_id', t.device_id, 'title', t.title, 'message', t.message,
            'payload', convert_from(t.payload, 'UTF8')::json, 'channels', t.channel_slugs, 'tags', t.tags,
            'metadata', t.metadata::json, 'version', t.version, 'replaced_at', t.replaced_at,
            'created_at', t.created_at, 'expires_at', t.expires_at""",
            until=True,
        ),
    ),
    "push_notification_actions": (
        of_notifications(
            "notification_actions",
            "id",
            f"'notification_id', t.notification_id, 'version', t.version, 'position', t.position, {BUTTON}",
        ),
    ),
    "deliveries": (
        of_notifications(
            "deliveries",
            "device_id",
            """'notification_id', t.notification_id, 'device_id', t.device_id, 'user_id', t.user_id,
            'state', t.state, 'version', t.version, 'attempts', t.attempts, 'reason', t.reason,
            'apns_id', t.apns_id, 'settled_at', t.settled_at""",
        ),
    ),
    "badge_updates": (
        of_account(
            "badge_updates",
            """'id', t.id, 'api_key_id', t.api_key_id, 'user_id', t.user_id, 'badge', t.number,
            'channels', t.channel_slugs, 'created_at', t.created_at""",
            until=True,
        ),
    ),
    "badges": (
        Read(
            """
            SELECT t.device_id, json_build_object(
                'device_id', t.device_id, 'user_id', t.user_id, 'update_id', t.update_id, 'badge', t.number,
                'state', t.state, 'reason', t.reason, 'settled_at', t.settled_at
            )::text
            FROM badges t
            WHERE t.account_id = %(account_id)s AND t.device_id > %(k0)s
            ORDER BY t.device_id LIMIT %(limit)s
            """,
            (FIRST_ID,),
        ),
    ),
    "live_activity_streams": (
        Read(
            """
            SELECT t.stream_key, json_build_object(
                'stream_key', t.stream_key, 'activity_id', t.activity_id, 'paused_at', t.paused_at,
                'created_at', t.created_at
            )::text
            FROM live_activity_streams t
            WHERE t.account_id = %(account_id)s AND t.stream_key > %(k0)s
            ORDER BY t.stream_key LIMIT %(limit)s
            """,
            ("",),
        ),
    ),
    "live_activities": activities(),
    "live_activity_states": of_activities(
        "live_activity_versions",
        "id",
        FIRST_ID,
        """'activity_id', t.activity_id, 'version', t.version, 'event', t.event,
        'content_state', t.content_state::json, 'recorded_at', t.recorded_at""",
    ),
    "live_activity_actions": of_activities(
        "live_activity_actions", "id", FIRST_ID, f"'activity_id', t.activity_id, {BUTTON}"
    ),
    "live_activity_devices": of_activities(
        "live_activity_devices",
        "device_id",
        FIRST_ID,
        """'activity_id', t.activity_id, 'device_id', t.device_id, 'user_id', t.user_id, 'phase', t.phase,
        'accepted_version', t.accepted_version, 'started_at', t.started_at, 'reason', t.reason,
        'withdrawn_at', t.withdrawn_at""",
    ),
    "saved_messages": (
        of_account(
            "saved_messages",
            "'id', t.id, 'name', t.name, 'notification', t.notification::json, 'updated_at', t.updated_at",
        ),
    ),
    "widget_metrics": (
        Read(
            """
            SELECT t.key, json_build_object(
                'key', t.key, 'label', t.label, 'format', t.format, 'currency_code', t.currency_code, 'unit', t.unit,
                'unit_spacing', t.unit_spacing, 'value', COALESCE(to_json(t.number), to_json(t.text)),
                'measured_at', t.measured_at, 'created_at', t.created_at, 'updated_at', t.updated_at
            )::text
            FROM metrics t
            WHERE t.account_id = %(account_id)s AND t.key > %(k0)s
            ORDER BY t.key LIMIT %(limit)s
            """,
            ("",),
        ),
    ),
}
