"""The sections of an export about what has happened: calls, attempts, counts, requests and acts."""

from core_service.account_data.export_reading_queries import Read, of_account

RECORDS: dict[str, tuple[Read, ...]] = {
    "webhook_calls": (
        of_account(
            "action_runs",
            """'id', t.id, 'action_id', t.action_id, 'device_id', t.device_id, 'url', t.url, 'method', t.method,
            'body', t.body::json, 'state', t.state, 'attempts', t.attempts, 'status_code', t.status_code,
            'response_body', t.response_body, 'reason', t.reason, 'message', t.message, 'created_at', t.created_at,
            'settled_at', t.settled_at""",
            until=True,
        ),
    ),
    "delivery_attempts": (
        of_account(
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
        of_account(
            "requests",
            """'id', t.id, 'request_id', COALESCE(t.request_id, t.id::text), 'route', t.route, 'path', t.path,
            'status', t.status, 'latency_ms', t.latency_ms, 'caller', t.caller, 'caller_id', t.caller_id,
            'client_address', t.client_address, 'subject', t.subject, 'reason', t.reason, 'error', t.error,
            'message', t.message, 'field', t.field, 'ignored_fields', t.ignored_fields, 'body', t.body""",
            until=True,
        ),
    ),
    "audit_log": (
        of_account(
            "audit_entries",
            """'id', t.id, 'occurred_at', t.occurred_at, 'actor', t.actor, 'actor_id', t.actor_id,
            'actor_name', t.actor_name, 'method', t.method, 'request', t.request::json,
            'subject_id', t.subject_id, 'client_address', t.client_address, 'request_id', t.request_id""",
            until=True,
        ),
    ),
}
