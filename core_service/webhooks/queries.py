"""The SQL of webhook actions: a tap, the claims of what is due, what became of it."""

from core_service.webhooks.attempts import LEASE_SECONDS, SCHEDULE
from core_service.work_queue.fair_claim import due_of_oldest
from core_service.work_queue.queue import Queue

QUEUE = Queue(
    "webhooks",
    table="action_runs",
    key="id",
    moment="due_at",
    is_owed="state = 'running'",
    longest_wait_seconds=SCHEDULE.longest_wait_seconds + LEASE_SECONDS,
)

RUN_COLUMNS = """id, account_id, action_id, device_id, url, method, body, state, attempts, status_code, response_body,
    reason, message, created_at, settled_at"""
"""In the order of `Run` in models.py."""

RECORD = f"""
WITH action AS (
    SELECT a.id, a.type, a.url, a.method, a.body, false AS repeatable
    FROM notification_actions a
    JOIN deliveries d ON d.notification_id = a.notification_id AND d.device_id = %(device_id)s
    JOIN notifications n ON n.id = a.notification_id AND n.account_id = %(account_id)s
    WHERE a.id = %(action_id)s
    UNION ALL
    SELECT a.id, a.type, a.url, a.method, a.body, true
    FROM live_activity_actions a
    JOIN live_activity_devices p ON p.activity_id = a.activity_id AND p.device_id = %(device_id)s
    JOIN live_activities l ON l.id = a.activity_id AND l.account_id = %(account_id)s
    WHERE a.id = %(action_id)s
), before AS (
    SELECT r.id
    FROM action_runs r JOIN action ON r.action_id = action.id
    WHERE r.device_id = %(device_id)s AND (
        r.state = 'running'
        OR r.state = 'succeeded'
           AND (NOT r.repeatable OR r.settled_at > now() - %(double_tap)s * interval '1 second')
    )
    ORDER BY r.id DESC
    LIMIT 1
), made AS (
    INSERT INTO action_runs (
        id, account_id, action_id, device_id, repeatable, url, method, body, state, due_at, attempts, response_body,
        reason, message, created_at
    )
    SELECT %(id)s, %(account_id)s, action.id, %(device_id)s, action.repeatable, action.url, action.method, action.body,
           'running', now() + %(lease)s * interval '1 second', 0, '', '', '', now()
    FROM action
    WHERE action.type = 'webhook' AND NOT EXISTS (SELECT FROM before)
    ON CONFLICT DO NOTHING
    RETURNING {RUN_COLUMNS}
)
SELECT action.type, made.* FROM action LEFT JOIN made ON true
"""
"""No row: the device was not sent the action. Nulls after the type: it is no webhook, or a run exists already."""

NEWEST_RUN = f"""
SELECT {RUN_COLUMNS} FROM action_runs
WHERE action_id = %(action_id)s AND device_id = %(device_id)s
ORDER BY id DESC
LIMIT 1
"""

READ_RUN = f"SELECT {RUN_COLUMNS} FROM action_runs WHERE id = %s AND device_id = %s"

LIST_RUNS = f"""
SELECT {RUN_COLUMNS} FROM action_runs
WHERE account_id = %(account_id)s AND id < %(before)s AND (%(state)s::text IS NULL OR state = %(state)s::text)
ORDER BY id DESC
LIMIT %(limit)s
"""

CLAIM = f"""
WITH {due_of_oldest(QUEUE)}
UPDATE action_runs r
SET due_at = now() + %(lease)s * interval '1 second'
FROM due
WHERE r.id = due.id
RETURNING {", ".join(f"r.{column.strip()}" for column in RUN_COLUMNS.split(","))}
"""

SETTLE = """
UPDATE action_runs r
SET state = s.state, attempts = s.attempts, due_at = now() + s.wait * interval '1 second',
    status_code = s.status_code, response_body = s.response_body, reason = s.reason, message = s.message,
    settled_at = CASE WHEN s.state = 'running' THEN NULL ELSE now() END
FROM unnest(
    %(ids)s::uuid[], %(states)s::text[], %(attempts)s::int[], %(waits)s::float8[], %(status_codes)s::int[],
    %(response_bodies)s::text[], %(reasons)s::text[], %(messages)s::text[]
) AS s(id, state, attempts, wait, status_code, response_body, reason, message)
WHERE r.id = s.id AND r.state = 'running'
"""

READ_KEYS = """
SELECT account_id, secret FROM webhook_secrets
WHERE account_id = ANY(%s::uuid[]) AND (expires_at IS NULL OR expires_at > now())
ORDER BY account_id, id DESC
"""

MAKE_KEYS = """
INSERT INTO webhook_secrets (id, account_id, secret, created_at)
SELECT k.id, k.account_id, k.secret, now()
FROM unnest(%(ids)s::uuid[], %(account_ids)s::uuid[], %(secrets)s::bytea[]) AS k(id, account_id, secret)
ON CONFLICT DO NOTHING
"""
