"""The SQL of replacing a notification's content. One transaction runs the three statements, in this order."""

from core_service.devices.models import REACHABLE, STACKING

KEPT_VERSIONS = 10
"""The newest contents of a notification whose buttons still work: a phone may show an older one."""

READ = """
SELECT created_at, channel_slugs, device_id, payload, replacement_id, replaced_at, tags, version
FROM notifications
WHERE id = %(notification_id)s AND account_id = %(account_id)s
FOR NO KEY UPDATE
"""
"""Replacements of one notification come one after the other."""

LOCK = """
SELECT count(*) FROM (
    SELECT FROM deliveries WHERE notification_id = %(notification_id)s ORDER BY device_id FOR UPDATE
) locked
"""
"""In the order in which outcomes are written, so that neither waits for the other in a circle. It is a statement of its
own, so that the next one sees the last outcomes."""

_STAYS_DEAD = "d.state = 'token_dead' AND d.device_id NOT IN (SELECT id FROM known WHERE is_reachable)"

_KEEPS = f"(d.state = 'accepted' AND d.device_id IN (SELECT id FROM known WHERE environment = '{STACKING}'))"
"""Whether the device keeps the version that it took, because a newer one would not take its place."""

REPLACE = f"""
WITH known AS MATERIALIZED (
    SELECT v.id, v.environment, {REACHABLE} AS is_reachable
    FROM deliveries d JOIN devices v ON v.id = d.device_id AND v.account_id = %(account_id)s
    WHERE d.notification_id = %(notification_id)s
), replaced AS (
    UPDATE notifications n
    SET version = n.version + 1, title = %(title)s, message = %(message)s::text, payload = %(payload)s,
        tags = CASE WHEN %(keeps_tags)s::bool THEN n.tags ELSE %(tags)s::text[] END,
        metadata = CASE WHEN %(keeps_metadata)s::bool THEN n.metadata ELSE %(metadata)s::text END,
        expires_at = %(expires_at)s, replaced_at = %(replaced_at)s,
        replacement_id = GREATEST(n.replacement_id, %(replacement_id)s)
    WHERE n.id = %(notification_id)s AND n.account_id = %(account_id)s AND EXISTS (SELECT FROM known WHERE is_reachable)
    RETURNING n.version, n.tags
), forgotten AS (
    DELETE FROM notification_actions a
    USING replaced
    WHERE a.notification_id = %(notification_id)s AND a.version <= replaced.version - {KEPT_VERSIONS}
), action AS (
    INSERT INTO notification_actions (id, notification_id, position, title, type, url, method, body, version)
    SELECT a.id, %(notification_id)s, a.position, a.title, a.type, a.url, a.method, a.body, replaced.version
    FROM replaced, unnest(
        %(action_ids)s::uuid[], %(action_titles)s::text[], %(action_types)s::text[], %(action_urls)s::text[],
        %(action_methods)s::text[], %(action_bodies)s::text[]
    ) WITH ORDINALITY AS a(id, title, type, url, method, body, position)
), owed AS (
    -- The time of what is due is the end of a lease or of a back-off: the newer content waits for it. A delivery stays
    -- dead with its token, but not if the device has another one by now.
    UPDATE deliveries d
    SET version = replaced.version,
        alerted = d.alerted OR d.state = 'accepted',
        state = CASE WHEN {_STAYS_DEAD} THEN d.state ELSE 'due' END,
        due_at = CASE WHEN d.state = 'due' THEN d.due_at ELSE now() END,
        attempts = CASE WHEN d.state = 'due' OR {_STAYS_DEAD} THEN d.attempts ELSE 0 END,
        reason = CASE WHEN d.state = 'due' OR {_STAYS_DEAD} THEN d.reason END,
        settled_at = CASE WHEN {_STAYS_DEAD} THEN d.settled_at END
    FROM replaced
    WHERE d.notification_id = %(notification_id)s AND NOT {_KEEPS}
    RETURNING d.state
)
SELECT replaced.version, replaced.tags, (SELECT count(*) FROM owed WHERE state = 'due') FROM replaced
"""
"""No row: no device of the notification can be reached."""
