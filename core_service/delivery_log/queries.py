"""The SQL of the delivery log: what was tried, and what is known of a subject on a device."""

RECORD = """
INSERT INTO delivery_attempts (
    id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome, status_code, reason, latency_ms,
    version
)
SELECT * FROM unnest(
    %(ids)s::uuid[], %(account_ids)s::uuid[], %(occurred_at)s::timestamptz[], %(device_ids)s::uuid[],
    %(subjects)s::text[], %(events)s::text[], %(priorities)s::smallint[], %(apns_ids)s::uuid[], %(outcomes)s::text[],
    %(status_codes)s::smallint[], %(reasons)s::text[], %(latencies)s::int[], %(versions)s::bigint[]
)
ON CONFLICT DO NOTHING
"""
"""Harmless when repeated, because it is not known whether a batch was written before the connection broke."""

COLUMNS = "id, occurred_at, device_id, subject, event, priority, apns_id, outcome, status_code, reason, latency_ms"
"""In the order of `Attempt` in service.py, which has two names after them."""


def _newest(column: str, value: str) -> str:
    """The newest attempts of `value`, in the order of the index on `column`.

    It compares rows. With `column = value` the planner would expect few rows, read all and sort them. This way it walks
    the index from the newest and stops, no matter how many there are.
    """
    return f"""
    SELECT {COLUMNS}
    FROM delivery_attempts a
    WHERE (a.{column}, a.id) < ({value}, %(before)s) AND (a.{column}, a.id) >= ({value}, %(since)s)
      AND a.account_id = %(account_id)s
    ORDER BY a.{column} DESC, a.id DESC
    LIMIT %(examined)s"""


BY = {
    "account": _newest("account_id", "%(account_id)s"),
    "device": _newest("device_id", "%(device_id)s"),
    "subject": f"""
    SELECT one.*
    FROM unnest(%(subjects)s::text[]) AS of(subject) CROSS JOIN LATERAL ({_newest("subject", "of.subject")}) one
    ORDER BY one.id DESC
    LIMIT %(examined)s""",
}
"""What an index finds."""


def list_attempts(by: str) -> str:
    """The newest before an identifier, chosen by one of `BY`. All else is looked for among as many of them as
    `examined` says, so that a page costs the same however rare it is.

    Each row is preceded by how many were examined and the last of them, and followed by what the device and the subject
    are called.
    """
    return f"""
WITH examined AS MATERIALIZED ({BY[by]}
), chosen AS (
    SELECT e.*
    FROM examined e
    LEFT JOIN notifications n
        ON %(channel)s::text IS NOT NULL AND n.id = CASE WHEN e.event = 'alert' THEN e.subject::uuid END
    LEFT JOIN badge_updates u
        ON %(channel)s::text IS NOT NULL AND u.id = CASE WHEN e.event = 'badge' THEN e.subject::uuid END
    LEFT JOIN live_activities l
        ON %(channel)s::text IS NOT NULL AND e.event NOT IN ('alert', 'badge') AND l.id = e.subject
    WHERE (%(outcomes)s::text[] IS NULL OR e.outcome = ANY(%(outcomes)s::text[]))
      AND (%(events)s::text[] IS NULL OR e.event = ANY(%(events)s::text[]))
      AND (
          %(search)s::text IS NULL OR e.reason ILIKE %(search)s::text
          OR %(whole)s::text IN (e.subject, e.apns_id::text)
      )
      AND (%(subjects)s::text[] IS NULL OR e.subject = ANY(%(subjects)s::text[]))
      AND (
          %(channel)s::text IS NULL
          OR %(channel)s::text = ANY(COALESCE(n.channel_slugs, u.channel_slugs, l.channel_slugs))
      )
    ORDER BY e.id DESC
    LIMIT %(limit)s
)
SELECT scan.count, scan.last, chosen.*, COALESCE(v.name, ''),
       COALESCE(n.title, u.number::text, l.content_state::json ->> 'title', '')
FROM (SELECT count(*), (array_agg(id ORDER BY id))[1] AS last FROM examined) scan
LEFT JOIN chosen ON true
LEFT JOIN devices v ON v.id = chosen.device_id
LEFT JOIN notifications n ON n.id = CASE WHEN chosen.event = 'alert' THEN chosen.subject::uuid END
LEFT JOIN badge_updates u ON u.id = CASE WHEN chosen.event = 'badge' THEN chosen.subject::uuid END
LEFT JOIN live_activities l ON chosen.event NOT IN ('alert', 'badge') AND l.id = chosen.subject
ORDER BY chosen.id DESC
"""


FIND_STREAM_ACTIVITIES = """
SELECT l.id
FROM live_activity_streams s JOIN live_activities l ON l.stream_id = s.id
WHERE s.account_id = %s AND s.stream_key = %s
ORDER BY l.created_at DESC
LIMIT 100
"""

FIND_END = """
SELECT COALESCE(
    (SELECT settled_at FROM deliveries
     WHERE notification_id = %(notification_id)s::uuid AND device_id = %(device_id)s AND account_id = %(account_id)s),
    (SELECT expires_at + interval '4 hours' FROM live_activities
     WHERE id = %(subject)s AND account_id = %(account_id)s)
)
"""
"""After this nothing is sent of the subject to the device; null if it may be."""

FIND_DEVICE = """
SELECT push_token IS NOT NULL, push_token_dead_reason, push_to_start_token IS NOT NULL, push_to_start_token_dead_reason,
       tokens_taken_at, environment
FROM devices
WHERE id = %s AND account_id = %s
"""

EXPLAIN_NOTIFICATION = """
SELECT n.expires_at, d.state, d.due_at, d.attempts, d.reason, d.settled_at
FROM notifications n LEFT JOIN deliveries d ON d.notification_id = n.id AND d.device_id = %(device_id)s
WHERE n.id = %(notification_id)s AND n.account_id = %(account_id)s
"""

EXPLAIN_ACTIVITY = """
SELECT l.version, l.ended_at, l.expires_at, s.paused_at, p.phase, GREATEST(p.accepted_version, c.accepted_version),
       p.leased, p.next_at, p.failures, p.reason, p.started_at, p.withdrawn_at, p.broadcast_channel_id IS NOT NULL
FROM live_activities l
LEFT JOIN live_activity_streams s ON s.id = l.stream_id AND s.activity_id = l.id
LEFT JOIN live_activity_devices p ON p.activity_id = l.id AND p.device_id = %(device_id)s
LEFT JOIN live_activity_broadcasts c ON c.activity_id = p.activity_id AND c.channel_id = p.broadcast_channel_id
WHERE l.id = %(activity_id)s AND l.account_id = %(account_id)s
"""

FIND_STREAM = "SELECT activity_id, paused_at FROM live_activity_streams WHERE account_id = %s AND stream_key = %s"
