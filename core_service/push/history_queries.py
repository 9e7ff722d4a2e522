"""The SQL of notifications that were sent."""

from core_service.common.tag_queries import has_tags
from core_service.sending.models import FAILED

COLUMNS = """n.id, n.created_at, n.expires_at, n.title, n.message, n.channel_slugs, n.device_id,
    n.api_key_id, n.user_id, n.replay_of, n.tags, n.version, n.replaced_at"""
"""In the order of `NotificationRecord` in history.py, which has the sender's name and the counts after them."""

SENDER = """COALESCE(
    (SELECT k.name FROM api_keys k WHERE k.id = n.api_key_id), (SELECT u.name FROM users u WHERE u.id = n.user_id), ''
)"""

_COUNTS = """count(*)::int, (count(*) FILTER (WHERE state = 'accepted'))::int,
           (count(*) FILTER (WHERE state = 'due'))::int,
           (count(*) FILTER (WHERE state IN ('token_dead', 'rejected')))::int,
           (count(*) FILTER (WHERE state = 'expired'))::int"""

LIST = f"""
WITH examined AS MATERIALIZED (
    SELECT {COLUMNS}
    FROM notifications n
    WHERE n.account_id = %(account_id)s AND n.id < %(before)s AND n.id >= %(since)s
    ORDER BY n.id DESC
    LIMIT %(examined)s
), owed AS MATERIALIZED (
    SELECT DISTINCT notification_id FROM (
        SELECT notification_id FROM deliveries
        WHERE %(outcome)s::text = 'owed' AND account_id = %(account_id)s AND state = 'due'
        LIMIT %(most)s
    ) d
), chosen AS MATERIALIZED (
    SELECT n.*
    FROM examined n
    WHERE (%(search)s::text IS NULL OR n.title ILIKE %(search)s::text OR n.message ILIKE %(search)s::text
           OR n.id::text = %(whole)s::text)
      AND (%(api_key_id)s::uuid IS NULL OR n.api_key_id = %(api_key_id)s::uuid)
      AND (%(channel)s::text IS NULL OR %(channel)s::text = ANY(n.channel_slugs))
      AND {has_tags("n.tags")}
      AND (%(device_id)s::uuid IS NULL OR EXISTS (
          SELECT FROM deliveries d
          WHERE d.notification_id = n.id AND d.device_id = %(device_id)s::uuid
            AND (%(states)s::text[] IS NULL OR d.state = ANY(%(states)s::text[]))
      ))
      AND CASE CASE WHEN %(device_id)s::uuid IS NULL THEN %(outcome)s::text END
          WHEN 'owed' THEN n.id IN (SELECT notification_id FROM owed)
          WHEN 'failed' THEN EXISTS (
              SELECT FROM deliveries d WHERE d.account_id = %(account_id)s AND d.notification_id = n.id AND d.{FAILED}
          )
          WHEN 'accepted' THEN EXISTS (
              SELECT FROM (SELECT state FROM deliveries d WHERE d.notification_id = n.id LIMIT %(counted)s) d
              WHERE state = 'accepted'
          )
          ELSE true END
    ORDER BY n.id DESC
    LIMIT %(limit)s
)
SELECT scan.count, scan.last, n.*, {SENDER}, counts.*
FROM (SELECT count(*), (array_agg(id ORDER BY id))[1] AS last FROM examined) scan
LEFT JOIN chosen n ON true
LEFT JOIN LATERAL (
    SELECT {_COUNTS}
    FROM (SELECT state FROM deliveries d WHERE d.notification_id = n.id LIMIT %(counted)s) d
) counts ON true
ORDER BY n.id DESC
"""
"""Each row is preceded by how many were examined and the last of them. Filters without an index look at the newest
`examined` rows only, which bounds the cost. With a device, the outcome is that on the device: one of `states`."""

GET = f"""
SELECT {COLUMNS}, {SENDER}, counts.*, n.payload, n.metadata
FROM notifications n CROSS JOIN LATERAL (
    SELECT {_COUNTS} FROM deliveries d WHERE d.notification_id = n.id
) counts
WHERE n.id = %(id)s AND n.account_id = %(account_id)s
"""

ACTIONS = """
SELECT a.title, a.type, a.url, a.method, a.body
FROM notification_actions a JOIN notifications n ON n.id = a.notification_id AND n.version = a.version
WHERE a.notification_id = %(id)s
ORDER BY a.position
"""
"""Those of the newest content."""

DELIVERIES = """
SELECT d.device_id, COALESCE(v.name, ''), COALESCE(u.name, ''), d.state, d.attempts, COALESCE(d.reason, ''),
       d.settled_at, CASE WHEN d.state = 'due' THEN d.due_at END
FROM (
    SELECT * FROM deliveries WHERE notification_id = %(id)s
    ORDER BY state = 'accepted', state = 'due', device_id
    LIMIT %(limit)s
) d
LEFT JOIN devices v ON v.id = d.device_id
LEFT JOIN users u ON u.id = d.user_id
ORDER BY d.state = 'accepted', d.state = 'due', v.name, d.device_id
"""

_ATTEMPT = "t.id, t.occurred_at, t.device_id, t.outcome, t.status_code, t.reason, t.latency_ms, t.apns_id"

_OF_ALL = f"""
    SELECT {_ATTEMPT}
    FROM delivery_attempts t
    WHERE (t.subject, t.id) > (%(subject)s::text, %(after)s) AND (t.subject, t.id) < (%(subject)s::text, %(before)s)
    ORDER BY t.subject, t.id
    LIMIT %(limit)s"""

_OF_DEVICE = f"""
    SELECT {_ATTEMPT}
    FROM (
        SELECT * FROM delivery_attempts d
        WHERE (d.device_id, d.id) > (%(device_id)s::uuid, %(after)s)
          AND (d.device_id, d.id) < (%(device_id)s::uuid, %(before)s)
        ORDER BY d.device_id, d.id
        LIMIT %(examined)s
    ) t
    WHERE t.subject = %(subject)s::text
    ORDER BY t.id
    LIMIT %(limit)s"""


def list_timeline(*, of_device: bool) -> str:
    """What happened to a notification, which is known to be the account's, oldest first: on all devices, or on one.

    Of all, the index on the subject is walked; of one, that on the device, because a notification may have had many
    thousand devices. Rows are compared for the reason given in delivery_log/queries.py.
    """
    attempts = _OF_DEVICE if of_device else _OF_ALL
    return f"""
WITH attempt AS ({attempts}
), tap AS (
    SELECT r.id, r.created_at, r.device_id, r.state, r.status_code, a.title, r.attempts, r.settled_at
    FROM notification_actions a JOIN action_runs r ON r.action_id = a.id
    WHERE a.notification_id = %(id)s AND r.id > %(after)s
      AND (%(device_id)s::uuid IS NULL OR r.device_id = %(device_id)s::uuid)
    ORDER BY r.id
    LIMIT %(limit)s
), entry AS (
    SELECT id, occurred_at, device_id, outcome, status_code, COALESCE(reason, '') AS words, latency_ms AS number,
           apns_id, NULL::timestamptz AS settled_at, false AS is_tap
    FROM attempt
    UNION ALL
    SELECT id, created_at, device_id, state, status_code, title, attempts, NULL::uuid, settled_at, true
    FROM tap
    ORDER BY id
    LIMIT %(limit)s
)
SELECT entry.*, COALESCE(v.name, '')
FROM entry LEFT JOIN devices v ON v.id = entry.device_id
ORDER BY entry.id
"""


FIND_LIFE = """
SELECT n.created_at, d.settled_at
FROM notifications n LEFT JOIN deliveries d ON d.notification_id = n.id AND d.device_id = %(device_id)s::uuid
WHERE n.id = %(id)s AND n.account_id = %(account_id)s
"""
"""Between these its attempts were made: on the device, if one is asked about."""
