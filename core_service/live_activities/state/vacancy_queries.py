"""The SQL that counts Live Activities where a limit holds. It is asked under the account's lock (queries.LOCK_ACCOUNT):
nothing starts meanwhile."""

from core_service.channels.audience import IN_CHANNELS
from core_service.live_activities.conditions import OPEN, STARTABLE
from core_service.live_activities.state.queries import ACTIVITY_COLUMNS

_ACTIVE = """a.account_id = %(account_id)s AND a.ended_at IS NULL AND a.expires_at > %(now)s
      AND a.id IS DISTINCT FROM %(replaces)s::text"""

COUNT_ACTIVE = f"""
SELECT count(*)
FROM live_activities a
WHERE {_ACTIVE} AND EXISTS (SELECT FROM live_activity_devices p WHERE p.activity_id = a.id AND p.{OPEN})
"""

_COUNT_ON_DEVICES = f"""
WITH active AS MATERIALIZED (
    SELECT a.id FROM live_activities a WHERE {_ACTIVE}
), target AS MATERIALIZED (
    SELECT id FROM devices WHERE account_id = %(account_id)s AND {STARTABLE} {{condition}}
), taken AS MATERIALIZED (
    SELECT p.device_id, count(*) AS active
    FROM active JOIN live_activity_devices p ON p.activity_id = active.id JOIN target ON target.id = p.device_id
    WHERE p.{OPEN}
    GROUP BY p.device_id
)
SELECT (SELECT count(*) FROM active
        WHERE EXISTS (SELECT FROM live_activity_devices p WHERE p.activity_id = active.id AND p.{OPEN})),
       (SELECT count(*) FROM target),
       (SELECT COALESCE(max(active), 0) FROM taken),
       ARRAY(
           SELECT device_id FROM taken WHERE active >= %(limit)s
           EXCEPT
           SELECT p.device_id FROM live_activity_devices p WHERE p.activity_id = %(replaces)s::text AND p.{OPEN}
       )
"""
"""The account's active activities; the targeted devices; the most that one of these shows; and those that have no room.
One that shows the activity to be replaced has room for the next."""

COUNT_ON_ALL = _COUNT_ON_DEVICES.format(condition="")

COUNT_ON_CHANNELS = _COUNT_ON_DEVICES.format(condition=f"AND {IN_CHANNELS}")

FIND_OLDEST = f"""
SELECT {ACTIVITY_COLUMNS} FROM live_activities a
WHERE {_ACTIVE} AND (%(scope)s::uuid[] IS NULL OR a.channel_ids <@ %(scope)s::uuid[])
  AND cardinality(%(full)s::uuid[]) = (
      SELECT count(*) FROM live_activity_devices p
      WHERE p.activity_id = a.id AND p.device_id = ANY(%(full)s::uuid[]) AND p.{OPEN}
  )
ORDER BY a.created_at, a.id
LIMIT 1
FOR NO KEY UPDATE
"""
"""Locks the oldest of the activities that all of these devices show and that a key of this scope may end."""
