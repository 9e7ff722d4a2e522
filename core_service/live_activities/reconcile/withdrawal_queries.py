"""The SQL that takes cards off phones which may no longer show them. It uses the database's clock."""

from core_service.devices.models import is_browser
from core_service.live_activities.conditions import OPEN
from core_service.live_activities.state.pace import IS_BROWSER, STACKS
from core_service.work_queue.fair_claim import due_of_oldest
from core_service.work_queue.queue import Queue
from core_service.work_queue.retry import LONGEST_PUSH_WAIT_SECONDS

QUEUE = Queue(
    "cards to withdraw",
    table="live_activity_withdrawals",
    key="update_token",
    moment="next_at",
    is_owed="true",
    longest_wait_seconds=LONGEST_PUSH_WAIT_SECONDS,
)

_CARD_COLUMNS = """update_token, account_id, activity_id, device_id, user_id, environment, bundle_id, timestamp,
        apns_id, attempts, next_at, gone_at"""

OWE_WITHDRAWAL = f"""
    INSERT INTO live_activity_withdrawals ({_CARD_COLUMNS})
    SELECT CASE WHEN {is_browser("environment")} THEN update_token || ' ' || activity_id ELSE update_token END,
           account_id, activity_id, device_id, user_id, environment, bundle_id,
           GREATEST(timestamp + 1, floor(extract(epoch FROM now()))::bigint), gen_random_uuid(), 0, now(), gone_at
    FROM {{cards}}
    WHERE update_token IS NOT NULL AND environment IS NOT NULL
    ON CONFLICT (update_token) DO NOTHING"""
"""Owes an end to each card of the CTE that `cards` names. All cards of a browser have its subscription for a token, so
the activity's id makes the key."""

LOCK_SHOWN = f"""
SELECT a.id FROM live_activities a
WHERE a.id IN (SELECT p.activity_id FROM live_activity_devices p WHERE p.device_id = ANY(%(device_ids)s) AND p.{OPEN})
ORDER BY a.id
FOR NO KEY UPDATE
"""
"""Before `WITHDRAW`: a transaction that changes an activity has its lock, and locks rows of its devices in any
order."""

WITHDRAW = f"""
WITH card AS (
    -- Read by what locks it: a token or a push of this very moment must not be overlooked.
    SELECT p.activity_id, p.device_id, p.account_id, p.user_id, p.timestamp, d.environment, d.bundle_id,
           -- A browser of Apple takes nothing away. No other says whether it shows a start that had no answer.
           CASE
               WHEN {STACKS} THEN NULL
               WHEN {IS_BROWSER} AND p.maybe_shown THEN COALESCE(p.update_token, d.push_to_start_token)
               ELSE p.update_token
           END AS update_token,
           a.expires_at + interval '4 hours' AS gone_at
    FROM live_activity_devices p JOIN devices d ON d.id = p.device_id JOIN live_activities a ON a.id = p.activity_id
    WHERE p.device_id = ANY(%(device_ids)s) AND p.{OPEN}
    ORDER BY p.activity_id, p.device_id
    FOR UPDATE OF p
), owed AS ({OWE_WITHDRAWAL.format(cards="card")}
)
UPDATE live_activity_devices p
SET phase = 'ended', update_token = NULL, next_at = NULL, leased = false, withdrawn_at = now()
FROM card
WHERE p.activity_id = card.activity_id AND p.device_id = card.device_id
"""
"""Ends what these devices show, and owes each card its end."""

CLAIM_WITHDRAWALS = f"""
WITH {due_of_oldest(QUEUE)}
UPDATE live_activity_withdrawals w
SET next_at = now() + %(lease)s * interval '1 second', attempts = w.attempts + 1
FROM due
WHERE w.update_token = due.update_token
RETURNING w.update_token, w.account_id, w.activity_id, w.device_id, w.user_id, w.environment, w.bundle_id, w.timestamp,
          w.apns_id, w.attempts, w.gone_at, w.gone_at <= now()
"""

SETTLE_WITHDRAWALS = """
WITH s AS (
    SELECT * FROM unnest(%(ids)s::text[], %(states)s::text[], %(waits)s::float8[]) AS s(token, state, wait)
), done AS (
    DELETE FROM live_activity_withdrawals w USING s WHERE w.update_token = s.token AND s.state = 'done'
)
UPDATE live_activity_withdrawals w
SET next_at = now() + s.wait * interval '1 second'
FROM s
WHERE w.update_token = s.token AND s.state = 'owed'
"""
"""Deletes those that are off the screen, or out of reach."""
