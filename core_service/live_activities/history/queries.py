"""The SQL that lists Live Activities.

Active ones have no index by their last change, because each update would have to write it. Their number is limited for
each account, so they are read and sorted. Ended ones are found by an index in their order.
"""

from core_service.common.tag_queries import has_tags

_RECORD = """
    a.id, a.ended_at IS NOT NULL OR a.expires_at <= %(now)s, a.stream_key, a.content_state, a.action,
    a.secondary_action, a.tags, a.metadata, a.dismiss_after_seconds, a.channel_slugs, a.version, a.updates,
    a.created_at, a.updated_at, a.heard_at,
    a.expires_at, a.ended_at, a.dismiss_at, COALESCE(k.name, u.name, '')"""
"""In the order of `Record` in service.py."""

_STARTED_BY = """
LEFT JOIN api_keys k ON k.id = a.started_by
LEFT JOIN users u ON u.id = a.started_by"""


def _candidates(changed: str, condition: str) -> str:
    return f"""
    (SELECT a.id, {changed} AS changed
     FROM live_activities a
     WHERE a.account_id = %(account_id)s AND {condition}
       AND (%(stream_key)s::text IS NULL OR a.stream_key = %(stream_key)s::text)
       AND ({changed}, a.id) < (%(before)s, %(before_id)s::text)
       AND (%(since)s::timestamptz IS NULL OR {changed} >= %(since)s::timestamptz)
     ORDER BY {changed} DESC, a.id DESC
     LIMIT %(examined)s)"""


ACTIVE = _candidates("a.updated_at", "a.ended_at IS NULL")
ENDED = _candidates("a.ended_at", "a.ended_at IS NOT NULL")
EITHER = f"{ACTIVE} UNION ALL {ENDED}"


def list_activities(candidates: str) -> str:
    """Lists the newest of `ACTIVE`, `ENDED` or `EITHER` before a moment. A text is searched for in the newest
    `examined` rows only, which bounds the cost. Each row is preceded by how many were examined, the last of them,
    and when it changed; and by how many of `counted` devices are in each phase."""
    return f"""
WITH examined AS MATERIALIZED (
    SELECT * FROM ({candidates}) candidate ORDER BY changed DESC, id DESC LIMIT %(examined)s
), chosen AS (
    SELECT e.changed, {_RECORD}
    FROM examined e JOIN live_activities a ON a.id = e.id {_STARTED_BY}
    WHERE (%(search)s::text IS NULL OR a.id = %(exactly)s::text OR a.stream_key ILIKE %(search)s::text
           OR a.content_state::json ->> 'title' ILIKE %(search)s::text)
      AND {has_tags("a.tags")}
      AND (%(started_by)s::uuid IS NULL OR a.started_by = %(started_by)s::uuid)
      AND (%(channel)s::text IS NULL OR %(channel)s::text = ANY(a.channel_slugs))
      AND (%(device_id)s::uuid IS NULL OR EXISTS (
          SELECT FROM live_activity_devices p
          WHERE p.activity_id = a.id AND p.device_id = %(device_id)s::uuid
            AND (%(phase)s::text IS NULL OR p.phase = %(phase)s::text)
      ))
      AND (%(phase)s::text IS NULL OR %(device_id)s::uuid IS NOT NULL OR EXISTS (
          SELECT FROM live_activity_devices p WHERE p.activity_id = a.id AND p.phase = %(phase)s::text
      ))
    ORDER BY e.changed DESC, a.id DESC
    LIMIT %(limit)s
), last AS (
    SELECT changed, id FROM examined ORDER BY changed, id LIMIT 1
)
SELECT (SELECT count(*) FROM examined), (SELECT changed FROM last), (SELECT id FROM last), counted.phases, chosen.*
FROM (VALUES (1)) one LEFT JOIN chosen ON true
LEFT JOIN LATERAL (
    SELECT json_object_agg(phase, devices) AS phases
    FROM (
        SELECT phase, count(*) AS devices
        FROM (
            SELECT phase FROM live_activity_devices p
            WHERE %(counted)s > 0 AND p.activity_id = chosen.id
            LIMIT %(counted)s
        ) p
        GROUP BY phase
    ) each
) counted ON true
ORDER BY chosen.changed DESC, chosen.id DESC
"""


GET = f"""
SELECT {_RECORD}, EXISTS (SELECT FROM live_activity_streams s WHERE s.id = a.stream_id)
FROM live_activities a {_STARTED_BY}
WHERE a.id = %(id)s::text AND a.account_id = %(account_id)s
"""

COUNT_PHASES = "SELECT phase, count(*) FROM live_activity_devices WHERE activity_id = %(id)s::text GROUP BY phase"

LIST_DEVICES = """
SELECT l.version, l.ended_at, l.expires_at, s.paused_at, p.phase, GREATEST(p.accepted_version, c.accepted_version),
       p.leased, p.next_at, p.failures, p.reason, p.started_at, p.withdrawn_at, p.broadcast_channel_id IS NOT NULL,
       d.push_token IS NOT NULL, d.push_token_dead_reason, d.push_to_start_token IS NOT NULL,
       d.push_to_start_token_dead_reason, d.tokens_taken_at, d.environment,
       p.device_id, d.name, p.user_id, COALESCE(u.name, ''), p.update_token IS NOT NULL,
       (SELECT count(*) FROM unnest(b.sent_at) AS sent WHERE sent > %(hour_ago)s)
FROM live_activity_devices p
JOIN live_activities l ON l.id = p.activity_id
JOIN devices d ON d.id = p.device_id
LEFT JOIN users u ON u.id = p.user_id
LEFT JOIN live_activity_streams s ON s.id = l.stream_id AND s.activity_id = l.id
LEFT JOIN live_activity_push_budgets b ON b.device_id = p.device_id
LEFT JOIN live_activity_broadcasts c ON c.activity_id = p.activity_id AND c.channel_id = p.broadcast_channel_id
WHERE p.activity_id = %(id)s::text AND p.device_id > %(after)s
ORDER BY p.device_id
LIMIT %(limit)s
"""
"""First the columns of verdicts, `ActivityFacts` and `DeviceFacts`; then the rest of `OnDevice` in service.py."""

LIST_TIMELINE = """
WITH attempt AS (
    SELECT * FROM delivery_attempts t
    WHERE (t.subject, t.id) < (%(id)s::text, %(before)s)
      AND (t.subject, t.id) >= (%(id)s::text, '00000000-0000-0000-0000-000000000000'::uuid)
    ORDER BY t.subject DESC, t.id DESC
    LIMIT %(limit)s
), entry AS (
    SELECT id, occurred_at, version, event, NULL AS content_state, device_id, outcome, priority, status_code, reason,
           latency_ms
    FROM attempt
    UNION ALL
    SELECT id, recorded_at, version, event, content_state, NULL, NULL, NULL, NULL, NULL, NULL
    FROM live_activity_versions
    WHERE activity_id = %(id)s::text AND id < %(before)s
    ORDER BY id DESC
    LIMIT %(limit)s
)
SELECT entry.*, COALESCE(d.name, '')
FROM entry LEFT JOIN devices d ON d.id = entry.device_id
ORDER BY entry.id DESC
"""
"""Of an activity that is known to be the account's. Attempts are compared as rows for the reason given in
delivery_log/queries.py."""

_STREAM = """
SELECT s.stream_key, s.paused_at, s.held, a.content_state, a.action, a.secondary_action,
       CASE WHEN a.ended_at IS NULL AND a.expires_at > %(now)s THEN a.id END, a.id, a.channel_slugs, s.created_at,
       GREATEST(a.updated_at, a.heard_at)
FROM live_activity_streams s LEFT JOIN live_activities a ON a.id = s.activity_id
WHERE s.account_id = %(account_id)s"""
"""In the order of `StreamRow` in service.py."""

LIST_STREAMS = f"""
{_STREAM} AND s.stream_key > %(after)s::text
  AND (%(paused)s::boolean IS NULL OR (s.held IS NOT NULL) = %(paused)s::boolean)
  AND (%(search)s::text IS NULL OR s.stream_key ILIKE %(search)s::text)
ORDER BY s.stream_key
LIMIT %(limit)s
"""

GET_STREAM = f"{_STREAM} AND s.stream_key = %(stream_key)s::text"

EXISTS = "SELECT FROM live_activities a WHERE a.id = %(id)s::text AND a.account_id = %(account_id)s"
