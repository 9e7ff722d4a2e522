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


def _with_subject(runs: str, response_body: str, condition: str = "true") -> str:
    """The runs with what they were about, in the order of `CalledRun` in calls.py."""
    columns = ", ".join(
        response_body if column.strip() == "response_body" else f"r.{column.strip()}"
        for column in RUN_COLUMNS.split(",")
    )
    return f"""
    SELECT {columns}, CASE WHEN r.state = 'running' THEN r.due_at END AS due_at,
           COALESCE(n.title, l.title, '') AS action_title, n.notification_id, l.activity_id
    FROM {runs} r
    LEFT JOIN notification_actions n ON n.id = r.action_id
    LEFT JOIN live_activity_actions l ON l.id = r.action_id
    WHERE {condition}"""


_NAMED = """
SELECT c.*, COALESCE(d.name, '') AS device_name,
       COALESCE(m.title, t.content_state::json ->> 'title', '') AS subject_title
FROM chosen c
LEFT JOIN devices d ON d.id = c.device_id
LEFT JOIN notifications m ON m.id = c.notification_id
LEFT JOIN live_activities t ON t.id = c.activity_id"""

_FILTERS = """(%(state)s::text IS NULL OR r.state = %(state)s::text)
      AND (%(device_id)s::uuid IS NULL OR r.device_id = %(device_id)s::uuid)
      AND (%(search)s::text IS NULL OR r.url ILIKE %(search)s::text OR r.id::text = %(whole)s::text
           OR COALESCE(n.title, l.title) ILIKE %(search)s::text)"""

LIST_CALLS = f"""
WITH examined AS MATERIALIZED (
    SELECT * FROM action_runs
    WHERE account_id = %(account_id)s AND id < %(before)s AND id >= %(since)s
    ORDER BY id DESC
    LIMIT %(examined)s
), chosen AS (
    {_with_subject("examined", "''", _FILTERS)}
    ORDER BY r.id DESC
    LIMIT %(limit)s
), named AS ({_NAMED}
)
SELECT scan.count, scan.last, named.*
FROM (SELECT count(*), (array_agg(id ORDER BY id))[1] AS last FROM examined) scan
LEFT JOIN named ON true
ORDER BY named.id DESC
"""
"""Each row is preceded by how many were examined and the last of them. Receivers' answers are left out."""

GET_CALL = f"""
WITH chosen AS ({_with_subject("action_runs", "r.response_body", "r.id = %(id)s AND r.account_id = %(account_id)s")}
){_NAMED}
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
