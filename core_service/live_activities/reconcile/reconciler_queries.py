"""The SQL that brings phones to the state that is wanted: claims, leases, budgets, outcomes. Locks: see
state/queries.py."""

from core_service.live_activities.state.queries import ACTIVITY_COLUMNS
from core_service.work_queue.fair_claim import walk_accounts
from core_service.work_queue.queue import Queue
from core_service.work_queue.retry import LONGEST_PUSH_WAIT_SECONDS

QUEUE = Queue(
    "live_activities",
    table="live_activity_devices",
    key="activity_id, device_id",
    moment="next_at",
    is_owed="next_at IS NOT NULL",
    longest_wait_seconds=LONGEST_PUSH_WAIT_SECONDS,
    now="%(now)s::timestamptz",
    by_account=True,
)

CLAIM = f"""
WITH RECURSIVE {walk_accounts(QUEUE)},
due AS MATERIALIZED (
    SELECT d.*
    FROM owing CROSS JOIN walk CROSS JOIN LATERAL (
        SELECT p.account_id, p.activity_id, p.device_id, p.user_id, p.phase, p.update_token,
               p.update_token_registered_at, p.maybe_shown, p.accepted_version, p.sent_version, p.sent_event,
               p.timestamp, p.apns_id, p.attempt, p.failures, p.leased, p.next_at, p.paced_until, p.started_at,
               p.reason,
               CASE WHEN d.push_to_start_token_dead_reason IS NULL THEN d.push_to_start_token END AS start_token,
               d.environment, d.bundle_id, COALESCE(d.frequent_pushes_enabled, false) AS frequent,
               d.content_version, p.end_after > %(now)s AND EXISTS (
                   SELECT FROM live_activity_devices n JOIN live_activities b ON b.id = n.activity_id
                   WHERE n.activity_id = p.successor AND n.device_id = p.device_id AND n.phase = 'requested'
                     AND b.ended_at IS NULL
               ) AS awaits_successor,
               p.successor IS NOT NULL AND EXISTS (
                   SELECT FROM live_activity_devices n
                   WHERE n.activity_id = p.successor AND n.device_id = p.device_id AND n.started_at IS NOT NULL
               ) AS has_successor, p.broadcast_channel_id
        FROM live_activity_devices p JOIN devices d ON d.id = p.device_id
        WHERE p.account_id = owing.account_id AND p.next_at <= %(now)s
        ORDER BY p.next_at
        LIMIT walk.share
        FOR UPDATE OF p SKIP LOCKED
    ) d
    WHERE owing.at <= %(now)s
    LIMIT %(limit)s
)
SELECT walk.visited, walk.last, walk.share, due.* FROM walk LEFT JOIN due ON true
"""

READ_ACTIVITIES = f"SELECT {ACTIVITY_COLUMNS} FROM live_activities a WHERE a.id = ANY(%(ids)s)"

LEASE = """
UPDATE live_activity_devices p
SET leased = true, next_at = %(lease_until)s, attempt = p.attempt + 1, sent_version = s.version, sent_event = s.event,
    timestamp = s.timestamp, apns_id = s.apns_id, maybe_shown = p.maybe_shown OR s.event = 'start'
FROM unnest(
    %(activity_ids)s::text[], %(device_ids)s::uuid[], %(versions)s::bigint[], %(events)s::text[],
    %(timestamps)s::bigint[], %(apns_ids)s::uuid[]
) AS s(activity_id, device_id, version, event, timestamp, apns_id)
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id
"""

REST = """
UPDATE live_activity_devices p
SET next_at = s.next_at, leased = false
FROM unnest(%(activity_ids)s::text[], %(device_ids)s::uuid[], %(next_at)s::timestamptz[])
    AS s(activity_id, device_id, next_at)
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id
"""

LOCK_START_TOKENS = """
SELECT id FROM devices
WHERE id = ANY(%(device_ids)s) AND (push_to_start_token IS NULL OR push_to_start_token_dead_reason IS NOT NULL)
FOR SHARE SKIP LOCKED
"""
"""Locks devices that certainly have no push-to-start token, and cannot report one before this transaction ends. A
device that is being changed now is left out."""

READ_BUDGETS = """
SELECT device_id, sent_at FROM live_activity_push_budgets
WHERE device_id = ANY(%(device_ids)s) ORDER BY device_id FOR UPDATE
"""

WRITE_BUDGETS = """
INSERT INTO live_activity_push_budgets (device_id, sent_at)
SELECT b.device_id, b.sent_at::bigint[]
FROM unnest(%(device_ids)s::uuid[], %(sent_at)s::text[]) AS b(device_id, sent_at)
ON CONFLICT (device_id) DO UPDATE SET sent_at = EXCLUDED.sent_at
"""

# --- outcomes ---

SETTLE_UPDATES = """
WITH s AS MATERIALIZED (
    SELECT * FROM unnest(
        %(activity_ids)s::text[], %(device_ids)s::uuid[], %(versions)s::bigint[], %(attempts)s::bigint[],
        %(tokens)s::text[], %(paced_until)s::timestamptz[]
    ) WITH ORDINALITY AS s(activity_id, device_id, version, attempt, token, paced_until, place)
), newest AS MATERIALIZED (
    SELECT a.id, a.account_id, a.version FROM live_activities a
    WHERE a.id IN (SELECT activity_id FROM s) AND a.ended_at IS NULL
    ORDER BY a.id
    FOR NO KEY UPDATE
)
UPDATE live_activity_devices p
SET accepted_version = s.version, failures = 0, reason = NULL, leased = false, next_at = NULL,
    paced_until = s.paced_until
FROM s JOIN newest ON newest.id = s.activity_id AND newest.version = s.version
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id AND p.phase = 'live' AND p.attempt = s.attempt
  AND p.update_token = s.token
RETURNING s.place, newest.account_id
"""
"""For phones that have accepted the newest state, which are nearly all: `settle` of lifecycle.py in SQL. Leaves out
what has changed since it was sent. That is for the statements below."""

LOCK_ACTIVITIES = """
SELECT id, account_id, replaces, version, urgent_version, alert_version, alert_at, quiet_start, expires_at, ended_at,
       dismiss_at
FROM live_activities
WHERE id = ANY(%(activity_ids)s) ORDER BY id FOR NO KEY UPDATE
"""

LOCK_DEVICES = """
SELECT p.activity_id, p.device_id, p.phase, p.update_token, p.update_token_registered_at, p.maybe_shown,
       p.accepted_version, p.sent_version, p.attempt, p.failures, p.leased, p.next_at, p.paced_until, p.started_at,
       p.reason, d.environment, CASE WHEN d.push_to_start_token_dead_reason IS NULL THEN d.push_to_start_token END
FROM live_activity_devices p
JOIN unnest(%(activity_ids)s::text[], %(device_ids)s::uuid[]) AS s(activity_id, device_id)
    ON p.activity_id = s.activity_id AND p.device_id = s.device_id
JOIN devices d ON d.id = p.device_id
ORDER BY p.activity_id, p.device_id
FOR UPDATE OF p
"""

MARK_START_TOKENS_DEAD = """
WITH s AS (
    SELECT * FROM unnest(
        %(device_ids)s::uuid[], %(tokens)s::text[], %(reasons)s::text[], %(dead_since)s::timestamptz[],
        %(configurations)s::text[]
    ) AS s(device_id, token, reason, dead_since, configuration)
), dying AS (
    -- Exactly the token that APNs refused, and not if the app reported it again after APNs gave it up. A device that
    -- somebody else is changing is not waited for: it is about to get another token.
    SELECT v.id, s.reason, s.configuration
    FROM s JOIN devices v ON v.id = s.device_id
    WHERE v.push_to_start_token = s.token AND v.push_to_start_token_dead_reason IS NULL
      AND (s.dead_since IS NULL OR v.push_to_start_token_registered_at <= s.dead_since)
    FOR UPDATE OF v SKIP LOCKED
)
UPDATE devices v
SET push_to_start_token_dead_reason = dying.reason, push_to_start_token_died_under = dying.configuration,
    -- A browser has one subscription in the place of both tokens.
    push_token_dead_reason = CASE
        WHEN v.push_token = v.push_to_start_token THEN dying.reason
        ELSE v.push_token_dead_reason
    END,
    push_token_died_under = CASE
        WHEN v.push_token = v.push_to_start_token THEN dying.configuration
        ELSE v.push_token_died_under
    END
FROM dying
WHERE v.id = dying.id
RETURNING v.id, v.account_id, v.push_to_start_token_dead_reason
"""

WRITE_DEVICES = """
UPDATE live_activity_devices p
SET phase = s.phase, update_token = s.update_token, maybe_shown = s.maybe_shown,
    accepted_version = s.accepted_version, failures = s.failures, leased = s.leased, next_at = s.next_at,
    paced_until = s.paced_until, started_at = s.started_at, reason = s.reason
FROM unnest(
    %(activity_ids)s::text[], %(device_ids)s::uuid[], %(phases)s::text[], %(update_tokens)s::text[],
    %(maybe_shown)s::bool[], %(accepted_versions)s::bigint[], %(failures)s::int[], %(leased)s::bool[],
    %(next_at)s::timestamptz[], %(paced_until)s::timestamptz[], %(started_at)s::timestamptz[], %(reasons)s::text[]
) AS s(
    activity_id, device_id, phase, update_token, maybe_shown, accepted_version, failures, leased, next_at, paced_until,
    started_at, reason
)
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id
"""

RELEASE_ENDS = """
WITH held AS (
    SELECT p.activity_id, p.device_id
    FROM live_activity_devices p
    JOIN unnest(%(activity_ids)s::text[], %(device_ids)s::uuid[]) AS s(activity_id, device_id)
        ON p.activity_id = s.activity_id AND p.device_id = s.device_id
    WHERE p.end_after IS NOT NULL
    FOR UPDATE OF p SKIP LOCKED
)
UPDATE live_activity_devices p
SET end_after = NULL, next_at = CASE WHEN p.leased OR p.phase <> 'live' THEN p.next_at ELSE %(now)s END
FROM held
WHERE p.activity_id = held.activity_id AND p.device_id = held.device_id
"""
"""Releases ends that waited for the activity that replaces theirs, at once and not only when they are looked at
again."""
