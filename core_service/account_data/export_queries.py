"""The SQL of an export: a section of the file by name, and what reads it, a page at a time.

Every column is named here. A new one is not exported before somebody has decided so, because it may be a secret.
`tests/core/test_account_export.py` holds the list of tables and columns that are left out.
"""

import uuid
from dataclasses import dataclass
from typing import Any, LiteralString

FIRST_ID = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Read:
    """A query that reads rows in the order of their keys, which come first in a row; the row's JSON text is last.

    Its parameters are `account_id`, `limit`, the keys of the row before (`k0`, `k1`, …), and what bounds the export:
    `began` (when it began), `until` (the lowest id of that time).
    """

    query: LiteralString
    first: tuple[Any, ...]
    """The keys before those of every row."""


def _of_account(table: LiteralString, columns: LiteralString, *, until: bool = False) -> Read:
    """Rows of a table with an index by account and id, or with few rows."""
    bound: LiteralString = " AND t.id < %(until)s" if until else ""
    query: LiteralString = f"""
    SELECT t.id, json_build_object({columns})::text FROM {table} t
    WHERE t.account_id = %(account_id)s AND t.id > %(k0)s{bound}
    ORDER BY t.id LIMIT %(limit)s
    """
    return Read(query, (FIRST_ID,))


def _of_notifications(table: LiteralString, key: LiteralString, columns: LiteralString) -> Read:
    """Rows of a table that belong to notifications, by a key within each."""
    query: LiteralString = f"""
    SELECT n.id, t.{key}, t.line
    FROM (
        SELECT id FROM notifications
        WHERE account_id = %(account_id)s AND id >= %(k0)s AND id < %(until)s
        ORDER BY id
    ) n CROSS JOIN LATERAL (
        SELECT t.{key}, json_build_object({columns})::text AS line FROM {table} t
        WHERE t.notification_id = n.id AND (n.id > %(k0)s OR t.{key} > %(k1)s)
        ORDER BY t.{key} LIMIT %(limit)s
    ) t
    ORDER BY n.id, t.{key} LIMIT %(limit)s
    """
    return Read(query, (FIRST_ID, FIRST_ID))


RUNNING: LiteralString = """
    SELECT * FROM live_activities
    WHERE account_id = %(account_id)s AND (ended_at IS NULL OR ended_at >= %(began)s) AND created_at < %(began)s
"""
"""Activities that were running when the export began: a bounded number, and the same on every page."""

OVER: LiteralString = """
    SELECT * FROM live_activities
    WHERE account_id = %(account_id)s AND ended_at < %(began)s AND (ended_at, id) {reached} (%(k0)s, %(k1)s)
"""
"""Those that were over by then."""

ACTIVITY: LiteralString = """
    'id', a.id, 'stream_key', a.stream_key, 'started_by', a.started_by, 'replaces', a.replaces,
    'channels', a.channel_slugs, 'version', a.version, 'content_state', a.content_state::json, 'tags', a.tags,
    'metadata', a.metadata::json, 'alert', a.alert::json, 'updates', a.updates, 'created_at', a.created_at,
    'updated_at', a.updated_at, 'expires_at', a.expires_at, 'ended_at', a.ended_at, 'dismiss_at', a.dismiss_at
"""


def _activities() -> tuple[Read, Read]:
    running: LiteralString = f"""
    SELECT a.id, json_build_object({ACTIVITY})::text FROM ({RUNNING}) a
    WHERE a.id > %(k0)s ORDER BY a.id LIMIT %(limit)s
    """
    over: LiteralString = f"""
    SELECT a.ended_at, a.id, json_build_object({ACTIVITY})::text FROM ({OVER.format(reached=">")}) a
    ORDER BY a.ended_at, a.id LIMIT %(limit)s
    """
    return Read(running, ("",)), Read(over, ("-infinity", ""))


def _of_activities(
    table: LiteralString, key: LiteralString, first: object, columns: LiteralString
) -> tuple[Read, Read]:
    """Rows of a table that belong to activities, by a key within each."""
    rows: LiteralString = f"""
        SELECT t.{key}, json_build_object({columns})::text AS line FROM {table} t
        WHERE t.activity_id = a.id AND {{after}}
        ORDER BY t.{key} LIMIT %(limit)s
    """
    running: LiteralString = f"""
    SELECT a.id, t.{key}, t.line
    FROM ({RUNNING} AND id >= %(k0)s) a
    CROSS JOIN LATERAL ({rows.format(after=f"(a.id > %(k0)s OR t.{key} > %(k1)s)")}) t
    ORDER BY a.id, t.{key} LIMIT %(limit)s
    """
    over: LiteralString = f"""
    SELECT a.ended_at, a.id, t.{key}, t.line
    FROM ({OVER.format(reached=">=")}) a
    CROSS JOIN LATERAL ({rows.format(after=f"((a.ended_at, a.id) > (%(k0)s, %(k1)s) OR t.{key} > %(k2)s)")}) t
    ORDER BY a.ended_at, a.id, t.{key} LIMIT %(limit)s
    """
    return Read(running, ("", first)), Read(over, ("-infinity", "", first))


BUTTON: LiteralString = """
    'id', t.id, 'title', t.title, 'type', t.type, 'url', t.url, 'method', t.method, 'body', t.body::json
"""

SECTIONS: dict[str, tuple[Read, ...]] = {
    "members": (
        Read(
            """
            SELECT m.user_id, json_build_object(
                'user_id', m.user_id, 'email', u.email, 'name', u.name, 'role', m.role, 'joined_at', m.created_at
            )::text
            FROM members m JOIN users u ON u.id = m.user_id
            WHERE m.account_id = %(account_id)s AND m.user_id > %(k0)s
            ORDER BY m.user_id LIMIT %(limit)s
            """,
            (FIRST_ID,),
        ),
    ),
    "invites": (
        _of_account(
            "invites",
            """'id', t.id, 'email', t.email, 'role', t.role, 'invited_by', t.invited_by, 'invited_at', t.invited_at,
            'expires_at', t.expires_at, 'mail_state', t.mail_state, 'mail_sent_at', t.mail_sent_at""",
        ),
    ),
    "channels": (_of_account("channels", "'id', t.id, 'slug', t.slug, 'name', t.name, 'created_at', t.created_at"),),
    "channel_people": (
        Read(
            """
            SELECT c.id, t.user_id, json_build_object('channel_id', c.id, 'user_id', t.user_id)::text
            FROM (SELECT id FROM channels WHERE account_id = %(account_id)s AND id >= %(k0)s ORDER BY id) c
            CROSS JOIN LATERAL (
                SELECT user_id FROM channel_users
                WHERE channel_id = c.id AND (c.id > %(k0)s OR user_id > %(k1)s)
                ORDER BY user_id LIMIT %(limit)s
            ) t
            ORDER BY c.id, t.user_id LIMIT %(limit)s
            """,
            (FIRST_ID, FIRST_ID),
        ),
    ),
    "channel_devices": (
        Read(
            """
            SELECT c.id, t.device_id, json_build_object('channel_id', c.id, 'device_id', t.device_id)::text
            FROM (SELECT id FROM channels WHERE account_id = %(account_id)s AND id >= %(k0)s ORDER BY id) c
            CROSS JOIN LATERAL (
                SELECT device_id FROM channel_devices
                WHERE channel_id = c.id AND (c.id > %(k0)s OR device_id > %(k1)s)
                ORDER BY device_id LIMIT %(limit)s
            ) t
            ORDER BY c.id, t.device_id LIMIT %(limit)s
            """,
            (FIRST_ID, FIRST_ID),
        ),
    ),
    "devices": (
        _of_account(
            "devices",
            """'id', t.id, 'user_id', t.user_id, 'name', t.name, 'environment', t.environment,
            'bundle_id', t.bundle_id, 'os_version', t.os_version,
            'frequent_pushes_enabled', t.frequent_pushes_enabled, 'content_version', t.content_version,
            'push_token_registered_at', t.push_token_registered_at,
            'push_token_dead_reason', t.push_token_dead_reason,
            'push_to_start_token_registered_at', t.push_to_start_token_registered_at,
            'push_to_start_token_dead_reason', t.push_to_start_token_dead_reason,
            'tokens_taken_at', t.tokens_taken_at, 'paired_by', t.paired_by, 'created_at', t.created_at,
            'last_seen_at', t.last_seen_at""",
        ),
    ),
    "api_keys": (
        _of_account(
            "api_keys",
            """'id', t.id, 'name', t.name, 'scope', t.scope, 'channels', CASE WHEN t.scope = 'channels' THEN ARRAY(
                SELECT c.slug FROM api_key_channels k JOIN channels c ON c.id = k.channel_id
                WHERE k.api_key_id = t.id ORDER BY c.slug
            ) END,
            'created_by', t.created_by, 'created_at', t.created_at, 'last_used_at', t.last_used_at,
            'revoked_at', t.revoked_at""",
        ),
    ),
    "webhook_signing_keys": (
        _of_account("webhook_secrets", "'id', t.id, 'created_at', t.created_at, 'expires_at', t.expires_at"),
    ),
    "push_notifications": (
        _of_account(
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
        _of_notifications(
            "notification_actions",
            "id",
            f"'notification_id', t.notification_id, 'version', t.version, 'position', t.position, {BUTTON}",
        ),
    ),
    "deliveries": (
        _of_notifications(
            "deliveries",
            "device_id",
            """'notification_id', t.notification_id, 'device_id', t.device_id, 'user_id', t.user_id,
            'state', t.state, 'version', t.version, 'attempts', t.attempts, 'reason', t.reason,
            'apns_id', t.apns_id, 'settled_at', t.settled_at""",
        ),
    ),
    "badge_updates": (
        _of_account(
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
    "live_activities": _activities(),
    "live_activity_states": _of_activities(
        "live_activity_versions",
        "id",
        FIRST_ID,
        """'activity_id', t.activity_id, 'version', t.version, 'event', t.event,
        'content_state', t.content_state::json, 'recorded_at', t.recorded_at""",
    ),
    "live_activity_actions": _of_activities(
        "live_activity_actions", "id", FIRST_ID, f"'activity_id', t.activity_id, {BUTTON}"
    ),
    "live_activity_devices": _of_activities(
        "live_activity_devices",
        "device_id",
        FIRST_ID,
        """'activity_id', t.activity_id, 'device_id', t.device_id, 'user_id', t.user_id, 'phase', t.phase,
        'accepted_version', t.accepted_version, 'started_at', t.started_at, 'reason', t.reason,
        'withdrawn_at', t.withdrawn_at""",
    ),
    "saved_messages": (
        _of_account(
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
    "webhook_calls": (
        _of_account(
            "action_runs",
            """'id', t.id, 'action_id', t.action_id, 'device_id', t.device_id, 'url', t.url, 'method', t.method,
            'body', t.body::json, 'state', t.state, 'attempts', t.attempts, 'status_code', t.status_code,
            'response_body', t.response_body, 'reason', t.reason, 'message', t.message, 'created_at', t.created_at,
            'settled_at', t.settled_at""",
            until=True,
        ),
    ),
    "delivery_attempts": (
        _of_account(
            "delivery_attempts",
            """'id', t.id, 'occurred_at', t.occurred_at, 'device_id', t.device_id, 'subject', t.subject,
            'event', t.event, 'priority', t.priority, 'apns_id', t.apns_id, 'outcome', t.outcome,
            'status_code', t.status_code, 'reason', t.reason, 'latency_ms', t.latency_ms, 'version', t.version""",
            until=True,
        ),
    ),
    "hourly_counts": (
        Read(
            """
            SELECT t.hour, t.counted, t.latency_class, json_build_object(
                'hour', t.hour, 'counted', t.counted, 'latency_class', t.latency_class, 'count', t.count
            )::text
            FROM hourly_counts t
            WHERE t.account_id = %(account_id)s AND (t.hour, t.counted, t.latency_class) > (%(k0)s, %(k1)s, %(k2)s)
            ORDER BY t.hour, t.counted, t.latency_class LIMIT %(limit)s
            """,
            ("-infinity", "", -1),
        ),
    ),
    "requests": (
        _of_account(
            "requests",
            """'id', t.id, 'request_id', COALESCE(t.request_id, t.id::text), 'route', t.route, 'path', t.path,
            'status', t.status, 'latency_ms', t.latency_ms, 'caller', t.caller, 'caller_id', t.caller_id,
            'client_address', t.client_address, 'subject', t.subject, 'reason', t.reason, 'error', t.error,
            'message', t.message, 'field', t.field, 'ignored_fields', t.ignored_fields, 'body', t.body""",
            until=True,
        ),
    ),
    "audit_log": (
        _of_account(
            "audit_entries",
            """'id', t.id, 'occurred_at', t.occurred_at, 'actor', t.actor, 'actor_id', t.actor_id,
            'actor_name', t.actor_name, 'method', t.method, 'request', t.request::json,
            'subject_id', t.subject_id, 'client_address', t.client_address, 'request_id', t.request_id""",
            until=True,
        ),
    ),
}
"""In the order of the file."""

ACCOUNT: LiteralString = """
SELECT json_build_object(
    'id', id, 'name', name, 'rate_limit_per_minute', rate_limit_per_minute,
    'max_live_activities', max_live_activities, 'require_second_factor', require_second_factor,
    'created_at', created_at
)::text
FROM accounts WHERE id = %s
"""
