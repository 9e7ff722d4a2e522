"""The SQL of Live Activities.

Who changes an activity locks its row first, then rows of its devices. Whoever settles an outcome does the same, so a
new state and an outcome of the old one never overlook each other. A claim locks rows of devices only, and waits for
nobody. A statement sees what was committed when it began, not when it got its lock: so what depends on a lock is in a
statement after it, or looks at rows that it locks itself.

`now` is always a parameter, for time must be able to travel in tests.
"""

from core_service.channels.audience import IN_CHANNELS
from core_service.live_activities.models import OPEN, STARTABLE

ACTIVITY_COLUMNS = """
    a.id, a.account_id, a.stream_id, a.replaces, a.channel_ids, a.channel_slugs, a.version, a.content_state, a.action,
    a.alert, a.alert_version, a.alert_at, a.urgent_version, a.dismiss_after_seconds, a.updates, a.quiet_start,
    a.created_at, a.heard_at, a.expires_at, a.ended_at, a.dismiss_at"""

READ_ACTIVITY = f"SELECT {ACTIVITY_COLUMNS} FROM live_activities a WHERE a.id = %(id)s::text"

READ_ACTIVITIES = f"SELECT {ACTIVITY_COLUMNS} FROM live_activities a WHERE a.id = ANY(%(ids)s)"

READ_STREAM = f"""
SELECT s.id, s.account_id, s.stream_key, s.activity_id, s.paused_at, s.held, {ACTIVITY_COLUMNS}
FROM live_activity_streams s LEFT JOIN live_activities a ON a.id = s.activity_id
WHERE s.account_id = %(account_id)s AND s.stream_key = %(stream_key)s::text
"""

# --- starting ---

LOCK_ACCOUNT = "SELECT max_live_activities FROM accounts WHERE id = %(account_id)s FOR NO KEY UPDATE"
"""Whoever starts, pauses or ends streams of an account takes turns; the limit is counted truthfully."""

COUNT_ACTIVE = f"""
SELECT count(*)
FROM live_activities a
WHERE a.account_id = %(account_id)s AND a.ended_at IS NULL AND a.expires_at > %(now)s
  AND a.id IS DISTINCT FROM %(replaces)s::text
  AND EXISTS (SELECT FROM live_activity_devices p WHERE p.activity_id = a.id AND p.{OPEN})
"""

_START = f"""
WITH target AS MATERIALIZED (
    SELECT id, user_id, push_to_start_token_dead_reason IS NULL AS startable
    FROM devices
    WHERE account_id = %(account_id)s AND {STARTABLE} {{condition}}
    -- One that is just being unpaired is waited for, and then is not there.
    FOR KEY SHARE
), activity AS (
    INSERT INTO live_activities (
        id, account_id, stream_id, replaces, channel_ids, channel_slugs, version, content_state, action, alert,
        alert_version, alert_at, urgent_version, dismiss_after_seconds, updates, quiet_start, created_at, updated_at,
        heard_at, expires_at, due_at
    )
    SELECT %(id)s::text, %(account_id)s, %(stream_id)s::uuid, %(replaces)s::text, %(channel_ids)s::uuid[],
           %(channel_slugs)s::text[], 1, %(content_state)s::text, %(action)s::text, %(alert)s::text,
           CASE WHEN %(alert)s::text IS NULL THEN 0 ELSE 1 END,
           CASE WHEN %(alert)s::text IS NULL THEN NULL ELSE %(now)s END, 1, %(dismiss_after_seconds)s::int, 0,
           %(quiet_start)s, %(now)s, %(now)s, %(now)s, %(expires_at)s, %(due_at)s
    WHERE EXISTS (SELECT FROM target)
    RETURNING id
), button AS (
    INSERT INTO live_activity_actions (id, activity_id, title, type, url, method, body)
    SELECT b.id, activity.id, b.title, b.type, b.url, b.method, b.body
    FROM activity, jsonb_to_record(%(action)s::text::jsonb)
        AS b(id uuid, title text, type text, url text, method text, body text)
    WHERE %(action)s::text IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET activity_id = EXCLUDED.activity_id
), device AS (
    INSERT INTO live_activity_devices (
        activity_id, device_id, user_id, phase, maybe_shown, accepted_version, sent_version, timestamp, apns_id,
        attempt, failures, leased, next_at
    )
    SELECT activity.id, target.id, target.user_id, 'requested', false, 0, 0, 0, gen_random_uuid(), 0, 0, false,
           %(now)s
    FROM activity, target
    RETURNING device_id
)
SELECT (SELECT count(*) FROM target WHERE startable), (SELECT count(*) FROM device)
"""
"""The devices that can be sent to at once, and all. Those whose push-to-start token is dead are due too: only a claim
can tell for certain that they must wait for another."""

START_FOR_ALL = _START.format(condition="")

START_FOR_CHANNELS = _START.format(condition=f"AND {IN_CHANNELS}")

# --- a new state ---

UPDATE_ACTIVITY = f"""
WITH activity AS (
    UPDATE live_activities
    SET version = version + %(versions)s, content_state = %(content_state)s::text, action = %(action)s::text,
        urgent_version = CASE WHEN %(urgent)s THEN version + %(versions)s ELSE urgent_version END,
        alert = COALESCE(%(alert)s::text, alert),
        alert_version = CASE WHEN %(alert)s::text IS NULL THEN alert_version ELSE version + %(versions)s END,
        alert_at = CASE WHEN %(alert)s::text IS NULL THEN alert_at ELSE %(now)s END,
        dismiss_after_seconds = %(dismiss_after_seconds)s, updates = updates + %(versions)s,
        updated_at = %(now)s, heard_at = %(now)s
    WHERE id = %(id)s::text AND version = %(read_version)s AND ended_at IS NULL
    RETURNING id, version
), button AS (
    INSERT INTO live_activity_actions (id, activity_id, title, type, url, method, body)
    SELECT b.id, activity.id, b.title, b.type, b.url, b.method, b.body
    FROM activity, jsonb_to_record(%(action)s::text::jsonb)
        AS b(id uuid, title text, type text, url text, method text, body text)
    WHERE %(new_action)s
), device AS (
    -- Locking shows each row as it is now, not as it was when this statement began and perhaps waited for the activity.
    -- One that is locked has a time already, or is about to get one: whoever settles it will see the new version.
    SELECT p.device_id, p.phase = 'live' AND p.next_at IS NULL AS resting
    FROM live_activity_devices p JOIN activity ON p.activity_id = activity.id
    WHERE p.{OPEN}
    FOR UPDATE OF p SKIP LOCKED
), woken AS (
    UPDATE live_activity_devices p
    SET next_at = GREATEST(%(now)s, p.paced_until)
    FROM device
    WHERE p.activity_id = %(id)s::text AND p.device_id = device.device_id AND device.resting
    RETURNING p.next_at
)
SELECT (SELECT version FROM activity),
       (SELECT count(*) FROM woken WHERE next_at <= %(now)s),
       (SELECT count(*) FROM live_activity_devices p WHERE p.activity_id = %(id)s::text AND p.{OPEN}),
       (SELECT min(next_at) FROM woken WHERE next_at > %(now)s)
FROM activity
"""
"""The new version; the devices due now, all that are owed the state, and when the first of the others is due."""

HEAR = "UPDATE live_activities SET heard_at = %(now)s WHERE id = %(id)s::text"

# --- an end ---

END_ACTIVITY = """
WITH activity AS (
    UPDATE live_activities
    SET version = version + 1, content_state = %(content_state)s::text, action = %(action)s::text,
        urgent_version = version + 1,
        alert = COALESCE(%(alert)s::text, alert),
        alert_version = CASE WHEN %(alert)s::text IS NULL THEN alert_version ELSE version + 1 END,
        alert_at = CASE WHEN %(alert)s::text IS NULL THEN alert_at ELSE %(now)s END,
        updated_at = %(now)s, heard_at = %(now)s,
        ended_at = %(now)s, dismiss_at = %(dismiss_at)s, due_at = expires_at + interval '4 hours'
    WHERE id = %(id)s::text AND version = %(read_version)s AND ended_at IS NULL
    RETURNING id, version
), button AS (
    INSERT INTO live_activity_actions (id, activity_id, title, type, url, method, body)
    SELECT b.id, activity.id, b.title, b.type, b.url, b.method, b.body
    FROM activity, jsonb_to_record(%(action)s::text::jsonb)
        AS b(id uuid, title text, type text, url text, method text, body text)
    WHERE %(new_action)s
)
SELECT version FROM activity
"""

END_DEVICES = f"""
WITH ended AS (
    UPDATE live_activity_devices p
    SET phase = CASE WHEN p.phase = 'requested' AND NOT p.maybe_shown THEN 'ended' ELSE p.phase END,
        successor = successor.activity_id,
        end_after = CASE WHEN successor.device_id IS NOT NULL THEN %(hold_until)s END,
        next_at = CASE
            WHEN p.leased OR p.phase = 'live' AND p.failures > 0 AND p.next_at IS NOT NULL THEN p.next_at
            WHEN p.phase = 'live' AND successor.device_id IS NOT NULL THEN %(look_again)s
            WHEN p.phase = 'live' THEN %(now)s
        END
    FROM live_activity_devices q
    LEFT JOIN live_activity_devices successor
        ON successor.activity_id = %(successor)s::text AND successor.device_id = q.device_id
    WHERE q.activity_id = %(id)s::text AND q.{OPEN} AND p.activity_id = q.activity_id AND p.device_id = q.device_id
      AND p.{OPEN}
      AND EXISTS (SELECT FROM live_activities a WHERE a.id = q.activity_id AND a.ended_at IS NOT NULL)
    RETURNING p.phase, p.next_at, p.leased
)
SELECT count(*) FILTER (WHERE next_at <= %(now)s AND NOT leased AND phase = 'live'),
       count(*) FILTER (WHERE {OPEN})
FROM ended
"""
"""Those due now, and all that are owed the end. Where another activity takes its place, the end waits for its start:
whoever claims it looks whether it must still wait."""

# --- the reconciler ---

CLAIM = """
SELECT p.activity_id, p.device_id, p.user_id, p.phase, p.update_token, p.update_token_registered_at, p.maybe_shown,
       p.accepted_version, p.sent_version, p.sent_event, p.timestamp, p.apns_id, p.attempt, p.failures, p.leased,
       p.next_at, p.paced_until, p.started_at, p.reason,
       CASE WHEN d.push_to_start_token_dead_reason IS NULL THEN d.push_to_start_token END, d.environment, d.bundle_id,
       COALESCE(d.frequent_pushes_enabled, false),
       p.end_after > %(now)s AND EXISTS (
           SELECT FROM live_activity_devices n JOIN live_activities b ON b.id = n.activity_id
           WHERE n.activity_id = p.successor AND n.device_id = p.device_id AND n.phase = 'requested'
             AND b.ended_at IS NULL
       )
FROM live_activity_devices p JOIN devices d ON d.id = p.device_id
WHERE p.next_at <= %(now)s
ORDER BY p.next_at
LIMIT %(limit)s
FOR UPDATE OF p SKIP LOCKED
"""

LEASE = """
UPDATE live_activity_devices p
SET leased = true, next_at = %(lease_until)s, attempt = p.attempt + 1, sent_version = s.version, sent_event = s.event,
    timestamp = s.timestamp, apns_id = s.apns_id, maybe_shown = p.maybe_shown OR s.event = 'start'
FROM unnest(
    %(activity_ids)s::text[], %(device_ids)s::uuid[], %(versions)s::bigint[], %(events)s::text[],
    %(timestamps)s::bigint[], %(apns_ids)s::uuid[]
) AS s(activity_id, device_id, version, event, timestamp, apns_id)
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id
"""

REST = """
UPDATE live_activity_devices p
SET next_at = s.next_at, leased = false
FROM unnest(%(activity_ids)s::text[], %(device_ids)s::uuid[], %(next_at)s::timestamptz[])
    AS s(activity_id, device_id, next_at)
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id
"""

LOCK_START_TOKENS = """
SELECT id FROM devices
WHERE id = ANY(%(device_ids)s) AND (push_to_start_token IS NULL OR push_to_start_token_dead_reason IS NOT NULL)
FOR SHARE SKIP LOCKED
"""
"""Devices that certainly have no push-to-start token, and cannot report one before this transaction ends. One that is
being changed at the moment is not among them."""

READ_BUDGETS = """
SELECT device_id, sent_at FROM live_activity_push_budgets
WHERE device_id = ANY(%(device_ids)s) ORDER BY device_id FOR UPDATE
"""

WRITE_BUDGETS = """
INSERT INTO live_activity_push_budgets (device_id, sent_at)
SELECT b.device_id, b.sent_at::bigint[]
FROM unnest(%(device_ids)s::uuid[], %(sent_at)s::text[]) AS b(device_id, sent_at)
ON CONFLICT (device_id) DO UPDATE SET sent_at = EXCLUDED.sent_at
"""

# --- outcomes ---

LOCK_ACTIVITIES = """
SELECT id, account_id, version, ended_at IS NOT NULL, expires_at <= %(now)s, replaces FROM live_activities
WHERE id = ANY(%(activity_ids)s) ORDER BY id FOR NO KEY UPDATE
"""

LOCK_DEVICES = """
SELECT p.activity_id, p.device_id, p.phase, p.update_token, p.update_token_registered_at, p.maybe_shown,
       p.accepted_version, p.sent_version, p.attempt, p.failures, p.leased, p.next_at, p.paced_until, p.started_at,
       p.reason
FROM live_activity_devices p
JOIN unnest(%(activity_ids)s::text[], %(device_ids)s::uuid[]) AS s(activity_id, device_id)
    ON p.activity_id = s.activity_id AND p.device_id = s.device_id
ORDER BY p.activity_id, p.device_id
FOR UPDATE OF p
"""

BURY_START_TOKENS = """
WITH s AS (
    SELECT * FROM unnest(%(device_ids)s::uuid[], %(tokens)s::text[], %(reasons)s::text[], %(dead_since)s::timestamptz[])
        AS s(device_id, token, reason, dead_since)
), dying AS (
    -- Exactly the token that APNs refused, and not if the app reported it anew after APNs gave it up. A device that
    -- somebody else is changing is not waited for: it is about to get another token.
    SELECT v.id, s.reason
    FROM s JOIN devices v ON v.id = s.device_id
    WHERE v.push_to_start_token = s.token AND v.push_to_start_token_dead_reason IS NULL
      AND (s.dead_since IS NULL OR v.push_to_start_token_registered_at <= s.dead_since)
    FOR UPDATE OF v SKIP LOCKED
)
UPDATE devices v SET push_to_start_token_dead_reason = dying.reason FROM dying WHERE v.id = dying.id
RETURNING v.id, v.account_id, v.push_to_start_token_dead_reason
"""

WRITE_DEVICES = """
UPDATE live_activity_devices p
SET phase = s.phase, update_token = s.update_token, maybe_shown = s.maybe_shown,
    accepted_version = s.accepted_version, failures = s.failures, leased = s.leased, next_at = s.next_at,
    paced_until = s.paced_until, started_at = s.started_at, reason = s.reason
FROM unnest(
    %(activity_ids)s::text[], %(device_ids)s::uuid[], %(phases)s::text[], %(update_tokens)s::text[],
    %(maybe_shown)s::bool[], %(accepted_versions)s::bigint[], %(failures)s::int[], %(leased)s::bool[],
    %(next_at)s::timestamptz[], %(paced_until)s::timestamptz[], %(started_at)s::timestamptz[], %(reasons)s::text[]
) AS s(
    activity_id, device_id, phase, update_token, maybe_shown, accepted_version, failures, leased, next_at, paced_until,
    started_at, reason
)
WHERE p.activity_id = s.activity_id AND p.device_id = s.device_id
"""

RELEASE_ENDS = """
WITH held AS (
    SELECT p.activity_id, p.device_id
    FROM live_activity_devices p
    JOIN unnest(%(activity_ids)s::text[], %(device_ids)s::uuid[]) AS s(activity_id, device_id)
        ON p.activity_id = s.activity_id AND p.device_id = s.device_id
    WHERE p.end_after IS NOT NULL
    FOR UPDATE OF p SKIP LOCKED
)
UPDATE live_activity_devices p
SET end_after = NULL, next_at = CASE WHEN p.leased OR p.phase <> 'live' THEN p.next_at ELSE %(now)s END
FROM held
WHERE p.activity_id = held.activity_id AND p.device_id = held.device_id
"""
"""Ends that waited for the activity that replaces theirs: at once, not when they are looked at again."""

COUNT = """
SELECT count(*) FILTER (WHERE accepted_version >= %(version)s AND (reason IS NULL OR failures > 0)),
       count(DISTINCT user_id) FILTER (WHERE accepted_version >= %(version)s AND (reason IS NULL OR failures > 0)),
       count(*) FILTER (WHERE accepted_version < %(version)s AND phase IN ('requested', 'started', 'live'))
FROM live_activity_devices
WHERE activity_id = %(id)s::text
"""
"""A version that APNs will never accept counts as accepted to the rules; a reason without a failure tells it apart."""

# --- streams ---

LOCK_STREAM = """
SELECT id, account_id, stream_key, activity_id, paused_at, held FROM live_activity_streams
WHERE account_id = %(account_id)s AND stream_key = %(stream_key)s::text
FOR UPDATE
"""

LOCK_ACTIVITY = f"{READ_ACTIVITY} FOR NO KEY UPDATE"

FIND_STREAM_KEY = "SELECT stream_key FROM live_activity_streams WHERE id = %(id)s"

IS_WATCHED = f"SELECT EXISTS (SELECT FROM live_activity_devices p WHERE p.activity_id = %(id)s::text AND p.{OPEN})"

CREATE_STREAM = """
INSERT INTO live_activity_streams (id, account_id, stream_key, created_at)
VALUES (%(id)s, %(account_id)s, %(stream_key)s::text, %(now)s)
"""

WRITE_STREAM = """
UPDATE live_activity_streams SET activity_id = %(activity_id)s::text, paused_at = %(paused_at)s, held = %(held)s::text
WHERE id = %(id)s
"""

DELETE_STREAM = "DELETE FROM live_activity_streams WHERE id = %(id)s"

# --- phones ---

PUT_TOKEN = """
UPDATE live_activity_devices p
SET update_token = %(token)s::text,
    update_token_registered_at = %(now)s,
    phase = CASE
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
        WHEN p.phase = 'dismissed' THEN NULL
        WHEN p.leased THEN p.next_at
        WHEN a.ended_at IS NULL THEN GREATEST(%(now)s, p.paced_until)
        ELSE %(now)s
    END
FROM live_activities a
WHERE p.activity_id = %(activity_id)s::text AND p.device_id = %(device_id)s AND a.id = p.activity_id
RETURNING a.account_id
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
"""No condition on `next_at`: a claim that is just putting it to rest is waited for and overruled."""

READ_STATE = f"""
WITH unsent AS (
    SELECT p.activity_id
    FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
    WHERE p.device_id = %(device_id)s AND p.phase IN ('started', 'live') AND NOT p.leased
      AND p.accepted_version < a.version
    ORDER BY p.activity_id
    FOR UPDATE OF p SKIP LOCKED
), handed_out AS (
    -- The app shows what no push has brought yet. The push that brings it must come after, and so be shown too.
    UPDATE live_activity_devices p
    SET timestamp = GREATEST(p.timestamp + 1, floor(extract(epoch FROM %(now)s))), sent_event = NULL
    FROM unsent
    WHERE p.device_id = %(device_id)s AND p.activity_id = unsent.activity_id
    RETURNING p.activity_id, p.timestamp
)
SELECT p.phase, p.maybe_shown, COALESCE(h.timestamp, p.timestamp), p.started_at, a.created_at, {ACTIVITY_COLUMNS}
FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
LEFT JOIN handed_out h ON h.activity_id = p.activity_id
WHERE p.device_id = %(device_id)s AND p.{OPEN} AND a.ended_at IS NULL AND a.expires_at > %(now)s
UNION ALL
SELECT p.phase, p.maybe_shown, COALESCE(h.timestamp, p.timestamp), p.started_at, a.created_at, {ACTIVITY_COLUMNS}
FROM live_activities a JOIN live_activity_devices p ON p.activity_id = a.id AND p.device_id = %(device_id)s
LEFT JOIN handed_out h ON h.activity_id = p.activity_id
WHERE a.account_id = %(account_id)s AND a.dismiss_at > %(now)s AND p.phase IN ('requested', 'started', 'live', 'ended')
ORDER BY 5
"""

# --- time ---

CLOSE = """
WITH over AS (
    SELECT id, ended_at IS NULL AS expired FROM live_activities
    WHERE due_at <= %(now)s AND (ended_at IS NOT NULL OR expires_at <= %(now)s)
    ORDER BY id
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE live_activities a
SET ended_at = COALESCE(a.ended_at, a.expires_at), due_at = NULL
FROM over
WHERE a.id = over.id
RETURNING a.id, a.account_id, over.expired
"""
"""Those that iOS has ended by itself, and ended ones that not even a held end can reach any more."""

FIND_EXPIRING = """
SELECT id, account_id, stream_id FROM live_activities
WHERE due_at <= %(now)s AND ended_at IS NULL AND expires_at > %(now)s
ORDER BY due_at
LIMIT %(limit)s
"""
"""Those of streams, some minutes before iOS ends them."""

CLOSE_DEVICES = f"""
UPDATE live_activity_devices p SET phase = 'ended', next_at = NULL, leased = false
WHERE p.activity_id = ANY(%(ids)s) AND p.{OPEN}
"""
