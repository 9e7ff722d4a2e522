"""The SQL of what phones say and ask. How it locks: see queries.py."""

from core_service.live_activities.conditions import OPEN, PACED
from core_service.live_activities.reconcile.withdrawal_queries import OWE_WITHDRAWAL
from core_service.live_activities.state.queries import ACTIVITY_COLUMNS

PUT_TOKEN = f"""
WITH put AS (
    UPDATE live_activity_devices p
    SET update_token = CASE WHEN p.withdrawn_at IS NULL THEN %(token)s::text END,
        update_token_registered_at = %(now)s,
        -- A card with a token does not listen to a broadcast.
        broadcast_channel_id = NULL,
        phase = CASE
            -- The phone has no right to the card any more.
            WHEN p.withdrawn_at IS NOT NULL THEN p.phase
            -- Even if APNs is said to have refused its start: a token comes from a card.
            WHEN p.phase IN ('requested', 'started', 'live', 'failed') THEN 'live'
            -- A phone that reports another token after the end was accepted shows it still: the end is owed again.
            WHEN p.phase = 'ended' AND p.update_token IS DISTINCT FROM %(token)s::text THEN 'live'
            ELSE p.phase
        END,
        accepted_version = CASE
            -- To be sent again: what the old token accepted may never have been shown.
            WHEN p.update_token <> %(token)s::text OR p.phase IN ('ended', 'failed') THEN 0
            ELSE p.accepted_version
        END,
        maybe_shown = true,
        next_at = CASE
            WHEN p.phase = 'dismissed' OR p.withdrawn_at IS NOT NULL THEN NULL
            WHEN p.leased THEN p.next_at
            WHEN a.ended_at IS NULL THEN {PACED}
            ELSE %(now)s
        END
    FROM live_activities a
    WHERE p.activity_id = %(activity_id)s::text AND p.device_id = %(device_id)s AND a.id = p.activity_id
    RETURNING p.account_id, p.activity_id, p.device_id, p.user_id, p.timestamp, p.withdrawn_at, a.expires_at
), card AS (
    SELECT put.*, %(token)s::text AS update_token, d.environment, d.bundle_id,
           put.expires_at + interval '4 hours' AS gone_at
    FROM put JOIN devices d ON d.id = put.device_id
    WHERE put.withdrawn_at IS NOT NULL
), owed AS ({OWE_WITHDRAWAL.format(cards="card")}
), kept AS (
    -- The token is that of a card which may be shown: no end is sent to it any more.
    DELETE FROM live_activity_withdrawals w USING put
    WHERE w.update_token = %(token)s::text AND put.withdrawn_at IS NULL
)
SELECT account_id FROM put
"""

DISMISS = """
UPDATE live_activity_devices p
SET phase = 'dismissed', next_at = NULL, leased = false
FROM live_activities a
WHERE p.activity_id = %(activity_id)s::text AND p.device_id = %(device_id)s AND a.id = p.activity_id
RETURNING a.account_id
"""

OWE_STARTS = """
WITH waiting AS (
    SELECT activity_id FROM live_activity_devices
    WHERE device_id = %(device_id)s AND phase = 'requested' AND NOT leased
    ORDER BY activity_id
    FOR UPDATE
)
UPDATE live_activity_devices p SET next_at = COALESCE(p.next_at, %(now)s)
FROM waiting
WHERE p.device_id = %(device_id)s AND p.activity_id = waiting.activity_id
"""
"""There is no condition on `next_at`. A claim that is just setting it to null holds the row's lock; this waits for it
and then sets the time again."""

RENEW = f"""
WITH shown AS (
    SELECT p.activity_id, a.ended_at
    FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
    WHERE p.device_id = %(device_id)s AND p.phase IN ('started', 'live')
      AND p.update_token IS DISTINCT FROM %(token)s::text
    ORDER BY p.activity_id
    FOR UPDATE OF p
)
UPDATE live_activity_devices p
SET update_token = %(token)s::text, update_token_registered_at = %(now)s, phase = 'live',
    -- To be sent again: what the old subscription accepted may never have been shown.
    accepted_version = 0,
    next_at = CASE
        WHEN p.leased THEN p.next_at
        WHEN shown.ended_at IS NULL THEN {PACED}
        ELSE %(now)s
    END
FROM shown
WHERE p.device_id = %(device_id)s AND p.activity_id = shown.activity_id
"""
"""`PUT_TOKEN` for all that a browser shows, whose update token is its subscription. It takes no lock of an activity:
what ends or changes one meanwhile makes the device due by itself."""

_SHOWN = f"""p.phase, p.maybe_shown, CASE
           -- Every broadcast after it has a later one.
           WHEN p.broadcast_channel_id IS NOT NULL THEN floor(extract(epoch FROM %(now)s))::bigint
           ELSE COALESCE(h.timestamp, p.timestamp)
       END, p.started_at, a.created_at,
       (SELECT content_version FROM devices WHERE id = %(device_id)s), p.broadcast_channel_id, {ACTIVITY_COLUMNS}"""

READ_STATE = f"""
WITH unsent AS (
    SELECT p.activity_id
    FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
    WHERE p.device_id = %(device_id)s AND p.phase IN ('started', 'live') AND NOT p.leased
      AND p.accepted_version < a.version AND p.broadcast_channel_id IS NULL
    ORDER BY p.activity_id
    -- Waits: what is skipped would be handed out with the time of the state before, and the phone would ignore it.
    FOR UPDATE OF p
), handed_out AS (
    -- The app shows what no push has brought yet. The push that brings it must come after, and so be shown too.
    UPDATE live_activity_devices p
    SET timestamp = GREATEST(p.timestamp + 1, floor(extract(epoch FROM %(now)s))), sent_event = NULL
    FROM unsent
    WHERE p.device_id = %(device_id)s AND p.activity_id = unsent.activity_id
    RETURNING p.activity_id, p.timestamp
)
SELECT {_SHOWN}
FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
LEFT JOIN handed_out h ON h.activity_id = p.activity_id
WHERE p.device_id = %(device_id)s AND p.{OPEN} AND a.ended_at IS NULL AND a.expires_at > %(now)s
UNION ALL
SELECT {_SHOWN}
FROM live_activities a JOIN live_activity_devices p ON p.activity_id = a.id AND p.device_id = %(device_id)s
LEFT JOIN handed_out h ON h.activity_id = p.activity_id
WHERE a.account_id = %(account_id)s AND a.dismiss_at > %(now)s AND p.phase IN ('requested', 'started', 'live', 'ended')
  AND p.withdrawn_at IS NULL
ORDER BY 5
"""
