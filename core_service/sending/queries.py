"""The dispatcher's SQL: claim what is due, read what it says, write what became of it.

They belong on a batch pool (service_kit/database.py), which plans each execution by itself.
"""

from core_service.sending.dying_tokens import DYING_TOKENS
from core_service.work_queue.fair_claim import walk_accounts
from core_service.work_queue.queue import Queue
from core_service.work_queue.retry import LONGEST_PUSH_WAIT_SECONDS

LEASE_SECONDS = 20.0
"""How long work stays with the process that took it. Longer than any delivery can take; after it anybody may."""

QUEUE = Queue(
    "notifications",
    table="deliveries",
    key="notification_id, device_id",
    moment="due_at",
    is_owed="state = 'due'",
    longest_wait_seconds=LONGEST_PUSH_WAIT_SECONDS,
    by_account=True,
)

CLAIM = f"""
WITH RECURSIVE {walk_accounts(QUEUE)},
due AS MATERIALIZED (
    SELECT d.notification_id, d.device_id
    FROM owing CROSS JOIN walk CROSS JOIN LATERAL (
        SELECT notification_id, device_id
        FROM deliveries
        WHERE account_id = owing.account_id AND state = 'due' AND due_at <= now()
        ORDER BY due_at
        LIMIT walk.share
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE owing.at <= now()
    LIMIT %(limit)s
), claimed AS (
    UPDATE deliveries d
    SET due_at = now() + %(lease)s * interval '1 second'
    FROM due
    WHERE d.notification_id = due.notification_id AND d.device_id = due.device_id
    RETURNING d.notification_id, d.device_id, d.account_id, d.user_id, d.apns_id, d.attempts, d.alerted, d.due_at
)
SELECT w.visited, w.last, w.share, c.account_id,
       c.notification_id, c.device_id, c.user_id, c.apns_id, c.attempts, c.alerted, c.due_at,
       v.push_token, v.environment, v.bundle_id
FROM walk w
LEFT JOIN claimed c ON true
LEFT JOIN devices v
    ON v.id = c.device_id AND v.push_token IS NOT NULL AND v.push_token_dead_reason IS NULL
"""

READ_NOTIFICATIONS = """
SELECT id, payload, expires_at, expires_at <= now(), account_id, version
FROM notifications
WHERE id = ANY(%s::uuid[])
"""
"""The version that is read here is the one that is sent: it may be newer than the one that was claimed."""

SETTLE_ACCEPTED = """
UPDATE deliveries d
SET state = 'accepted', attempts = d.attempts + 1, reason = NULL, settled_at = now()
FROM unnest(%s::uuid[], %s::uuid[]) AS s(notification_id, device_id)
WHERE d.notification_id = s.notification_id AND d.device_id = s.device_id AND d.state <> 'accepted' AND d.version = 1
"""
"""For first versions, which are nearly all. Leaves out what was replaced meanwhile: that is for SETTLE."""

_REPLACED = "d.version > s.version"
"""Whether the outcome is that of an older version than the device is owed now."""
_KEEPS = "s.stacks AND s.state = 'accepted'"
"""Whether the device keeps the version that it took, because a newer one would not take its place."""
_OWES = f"{_REPLACED} AND NOT ({_KEEPS})"
"""Whether the newer version is owed still."""
_HAS_ENDED = "s.state NOT IN ('due', 'token_dead')"
"""Whether the outcome says nothing about the next attempt."""

SETTLE = f"""
WITH s AS (
    SELECT * FROM unnest(
        %(notification_ids)s::uuid[], %(device_ids)s::uuid[], %(states)s::text[], %(reasons)s::text[],
        %(delays)s::float8[], %(tokens)s::text[], %(dead_since)s::timestamptz[], %(counts)s::bool[],
        %(configurations)s::text[], %(versions)s::int[], %(stacks)s::bool[], %(leases)s::timestamptz[]
    ) WITH ORDINALITY AS s(
        notification_id, device_id, state, reason, delay, token, dead_since, counts, configuration, version, stacks,
        lease, place
    )
), {DYING_TOKENS}
UPDATE deliveries d
SET state = CASE
        WHEN again.place IS NOT NULL OR {_OWES} AND s.state <> 'token_dead' THEN 'due'
        ELSE s.state
    END,
    version = CASE WHEN {_KEEPS} THEN s.version ELSE d.version END,
    due_at = now() + s.delay * interval '1 second',
    attempts = CASE WHEN {_OWES} AND {_HAS_ENDED} THEN 0 ELSE d.attempts + s.counts::int END,
    reason = CASE WHEN {_OWES} AND {_HAS_ENDED} THEN NULL ELSE s.reason END,
    settled_at = CASE
        WHEN s.state = 'due' OR again.place IS NOT NULL OR {_OWES} AND s.state <> 'token_dead' THEN NULL
        ELSE now()
    END,
    alerted = d.alerted OR s.state = 'accepted'
FROM s LEFT JOIN successor again ON again.place = s.place
WHERE d.notification_id = s.notification_id AND d.device_id = s.device_id AND d.state <> 'accepted'
  AND ({_REPLACED} IS FALSE OR d.state = 'due' AND d.due_at = s.lease)
RETURNING s.place, d.state, d.account_id
"""
"""The outcome of an older version frees the delivery for the newer one, but only if the lease is still the one under
which the older was sent: otherwise the newer one is on its way already, and must not be sent twice at once."""

COUNT = """
SELECT count(*) FILTER (WHERE state = 'accepted'),
       count(DISTINCT user_id) FILTER (WHERE state = 'accepted'),
       count(*) FILTER (WHERE state = 'due')
FROM deliveries
WHERE notification_id = %s AND version >= %s
"""
"""Of a version and later ones: a device that keeps an earlier one (`devices.models.STACKING`) is not notified of it."""
