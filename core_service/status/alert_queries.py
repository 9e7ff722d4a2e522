"""The SQL of alerts: what is standing, and the messages about it."""

from core_service.devices.models import REACHABLE
from core_service.mail.outbox import LONGEST_WAIT_SECONDS
from core_service.mail.queries import settle_mails
from core_service.work_queue.queue import Queue

QUEUE = Queue(
    "messages about alerts",
    table="alert_messages",
    key="id",
    moment="due_at",
    is_owed="state = 'queued'",
    longest_wait_seconds=LONGEST_WAIT_SECONDS,
)

TAKE_TURN = "SELECT pg_advisory_xact_lock(%s)"

CHECK = """
WITH found AS (
    SELECT kind, subject, explanation
    FROM unnest(%(kinds)s::text[], %(subjects)s::text[], %(explanations)s::text[]) AS f(kind, subject, explanation)
), seen AS (
    UPDATE server_alerts a SET seen_at = now() FROM found f WHERE a.kind = f.kind AND a.subject = f.subject
), over AS (
    DELETE FROM server_alerts a
    WHERE a.seen_at < now() - %(patience)s * interval '1 second'
      AND NOT EXISTS (SELECT FROM found f WHERE a.kind = f.kind AND a.subject = f.subject)
    RETURNING a.kind, a.explanation
), begun AS (
    INSERT INTO server_alerts (kind, subject, explanation, began_at, seen_at)
    SELECT kind, subject, explanation, now(), now() FROM found
    ON CONFLICT (kind, subject) DO NOTHING
    RETURNING kind, explanation
), news AS (
    SELECT kind, explanation, false AS is_end FROM begun UNION ALL SELECT kind, explanation, true FROM over
), told AS (
    INSERT INTO alert_messages (
        id, recipient, kind, explanation, is_end, queued_at, due_at, state, attempts, reason, message
    )
    SELECT gen_random_uuid(), recipient, kind, explanation, is_end, now(), now(), 'queued', 0, '', ''
    FROM news CROSS JOIN unnest(%(recipients)s::text[]) AS r(recipient)
    WHERE NOT (kind = 'route_stopped' AND starts_with(recipient, 'push:'))
)
SELECT kind, explanation, is_end FROM news
"""
"""Takes note of what a check has found, and queues messages about what has begun and what is over. Returns these.

No push tells that pushes are stopped: it would not go out, and where nothing else is sent, it alone would stop the
route again each time that it is tried again."""

FIND_PHONES = f"""
SELECT u.id, m.account_id
FROM users u JOIN members m ON m.user_id = u.id JOIN accounts a ON a.id = m.account_id
WHERE u.email = %(email)s AND m.role = 'owner' AND m.suspended_at IS NULL AND a.closed_at IS NULL
  AND EXISTS (SELECT FROM devices d WHERE d.account_id = m.account_id AND d.user_id = u.id AND {REACHABLE})
ORDER BY m.created_at, m.account_id
LIMIT 1
"""
"""The first account that the person owns and has phones in."""

IS_RECORDED = "SELECT EXISTS (SELECT FROM notifications WHERE id = %s)"

FORGET = """
DELETE FROM alert_messages WHERE id IN (
    SELECT id FROM alert_messages WHERE queued_at < now() - interval '30 days' ORDER BY queued_at LIMIT 1000
)
"""

CLAIM = """
WITH due AS (
    SELECT id FROM alert_messages WHERE state = 'queued' AND due_at <= now()
    ORDER BY due_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE alert_messages m SET due_at = now() + %(lease)s * interval '1 second'
FROM due WHERE m.id = due.id
RETURNING m.id, m.queued_at, m.recipient, m.kind, m.explanation, m.is_end, m.attempts, now() - m.queued_at,
          m.queued_at < now() - interval '1 day'
"""

SETTLE = settle_mails("alert_messages")
