"""The SQL of what happens because time has passed. How it locks: see state/queries.py."""

from core_service.live_activities.conditions import OPEN

CLOSE = """
WITH over AS (
    SELECT id, ended_at IS NULL AS expired FROM live_activities
    WHERE due_at <= %(now)s AND (ended_at IS NOT NULL OR expires_at <= %(now)s)
    ORDER BY id
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE live_activities a
SET ended_at = COALESCE(a.ended_at, a.expires_at), dismiss_at = COALESCE(a.dismiss_at, a.expires_at), due_at = NULL
FROM over
WHERE a.id = over.id
RETURNING a.id, a.account_id, over.expired, a.by_broadcast
"""
"""Activities that iOS has ended, and ended ones whose held end can no longer reach a phone."""

FIND_DUE = """
(
    SELECT id, account_id, stream_key, false AS over FROM live_activities
    WHERE due_at <= %(now)s AND ended_at IS NULL AND expires_at > %(now)s
    ORDER BY due_at
    LIMIT %(limit)s
) UNION ALL (
    SELECT id, account_id, stream_key, true FROM live_activities
    WHERE due_at <= %(now)s AND (ended_at IS NOT NULL OR expires_at <= %(now)s)
    LIMIT 1
)
"""
"""Activities of streams, some minutes before iOS ends them. And one of those that CLOSE closes, if there are any."""

CLOSE_DEVICES = f"""
UPDATE live_activity_devices p SET phase = 'ended', next_at = NULL, leased = false
WHERE p.activity_id = ANY(%(ids)s) AND p.{OPEN}
"""
