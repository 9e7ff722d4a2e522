"""The SQL of broadcasts that changes of activities need: who listens, and what is due. How it locks: see queries.py; a
broadcast's row is locked after its activity's and after those of devices.

A row of `live_activity_broadcasts` is the channel at Apple of one activity, app and environment. It is to all phones
that listen what an update token is to one.
"""

FIRST_OS_VERSION = 18
"""Of iOS and iPadOS: earlier ones cannot listen, and do not start an activity that is to."""

LISTENS = f"""(
    environment IN ('production', 'sandbox') AND content_version >= %(newest)s
    AND COALESCE(substring(os_version FROM '^[^0-9]*([0-9]{{1,4}})')::int, 0) >= {FIRST_OS_VERSION}
)"""
"""The SQL condition for a device that can listen to a broadcast. One message is for all, so an app that decodes only
content states of before is left out (`older_apps`)."""

BROADCAST_START = """broadcast AS (
    INSERT INTO live_activity_broadcasts (
        id, account_id, activity_id, environment, bundle_id, state, accepted_version, sent_version, timestamp,
        request_id, attempt, failures, leased, next_at, urgent_sent_at, repeats, gone_at
    )
    SELECT gen_random_uuid(), %(account_id)s, activity.id, target.environment, target.bundle_id, 'creating', 0, 0, 0,
           gen_random_uuid(), 0, 0, false, %(now)s, '{}', false, %(expires_at)s::timestamptz + interval '4 hours'
    FROM activity, target
    WHERE target.listens
    GROUP BY activity.id, target.environment, target.bundle_id
    HAVING count(*) > %(broadcast_above)s
    RETURNING environment, bundle_id
)"""
"""Has a channel made for each app and environment that has more than so many of the phones. Until that has happened, or
the wait for it is over, their starts are not due."""

BROADCAST_DUE = """broadcast AS (
    UPDATE live_activity_broadcasts b
    SET next_at = CASE
        WHEN b.paced_until <= activity.at + interval '1 second' THEN GREATEST(activity.at, b.paced_until)
        ELSE activity.at
    END
    FROM activity
    WHERE b.activity_id = activity.id AND b.state = 'open' AND NOT b.leased AND (b.next_at IS NULL OR b.failures = 0)
)"""
"""Makes the broadcasts of activities due that have a new state. One that is on its way is due again when it is
settled."""

END_BROADCASTS = """
UPDATE live_activity_broadcasts
SET successor = %(successor)s::text,
    end_after = CASE WHEN %(successor)s::text IS NOT NULL THEN %(hold_until)s::timestamptz END,
    next_at = CASE
        WHEN leased OR failures > 0 AND next_at IS NOT NULL THEN next_at
        WHEN %(successor)s::text IS NOT NULL THEN %(look_again)s::timestamptz
        ELSE %(now)s
    END
WHERE activity_id = %(id)s::text AND state = 'open'
"""
"""Makes the ends due. If another activity replaces this one, the end waits until that one has started on the phones
that listen."""

EXPIRE_BROADCASTS = """
UPDATE live_activity_broadcasts SET state = 'deleting', leased = false, failures = 0, next_at = %(now)s
WHERE activity_id = ANY(%(ids)s) AND state <> 'deleting'
"""
"""Of activities that iOS has ended by itself, or whose end could not be sent in time."""

REPEAT_BROADCASTS = """
UPDATE live_activity_broadcasts b
SET state = 'open', accepted_version = LEAST(b.accepted_version, late.version), repeats = b.leased,
    next_at = CASE WHEN b.leased OR b.failures > 0 AND b.next_at IS NOT NULL THEN b.next_at ELSE %(now)s END
FROM (
    SELECT activity_id, channel_id, min(version) AS version
    FROM unnest(%(activity_ids)s::text[], %(channel_ids)s::text[], %(versions)s::bigint[])
        AS s(activity_id, channel_id, version)
    GROUP BY activity_id, channel_id
) late
WHERE b.activity_id = late.activity_id AND b.channel_id = late.channel_id AND b.sent_version > late.version
  AND (b.state = 'open' OR b.state = 'deleting' AND b.sent_event = 'end' AND NOT b.leased)
"""
"""Phones have been started with a version from before the last broadcast, which may have been sent before they
listened. It is sent once more: those that have it ignore it, because it has the same timestamp."""

CLOSE_BROADCASTS = """
WITH closing AS (
    UPDATE live_activity_broadcasts b
    SET state = 'closing', failures = 0, next_at = CASE WHEN b.leased THEN b.next_at ELSE now() END
    FROM live_activity_devices p
    WHERE p.device_id = ANY(%(device_ids)s) AND p.withdrawn_at IS NOT NULL AND b.activity_id = p.activity_id
      AND b.channel_id = p.broadcast_channel_id AND b.state = 'open'
    RETURNING b.activity_id, b.channel_id
)
UPDATE live_activity_devices p
SET broadcast_channel_id = NULL
FROM closing
WHERE p.activity_id = closing.activity_id AND p.broadcast_channel_id = closing.channel_id
  AND p.phase = 'requested' AND NOT p.leased
"""
"""Nothing more is told by a channel that a phone listens to which may not know it any more. Phones that were not
started yet are started without it."""
