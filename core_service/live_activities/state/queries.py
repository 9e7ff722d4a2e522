"""The SQL of Live Activities, and what it takes.

A transaction that changes an activity locks its row first, then the rows of its devices. So does one that settles an
outcome. A new state and an outcome of the old one therefore always see each other. A claim locks rows of devices only,
and waits for no lock.

A statement sees what was committed when it began, not when it got its lock. So what depends on a lock is in a statement
after it, or reads rows that it locks itself.

`now` is always a parameter, so that tests can change the time.
"""

from core_service.channels.audience import IN_CHANNELS
from core_service.live_activities.conditions import OPEN, STARTABLE
from core_service.live_activities.state.broadcast_queries import BROADCAST_START, LISTENS
from core_service.live_activities.state.pace import IS_BROWSER, STACKS

ACTIVITY_COLUMNS = """
    a.id, a.account_id, a.stream_id, a.replaces, a.channel_ids, a.channel_slugs, a.version, a.content_state, a.action,
    a.secondary_action, a.tags, a.metadata, a.alert, a.alert_version, a.alert_at, a.urgent_version,
    a.dismiss_after_seconds, a.updates, a.quiet_start, a.by_broadcast,
    a.created_at, a.heard_at, a.expires_at, a.ended_at, a.dismiss_at"""

READ_ACTIVITY = f"SELECT {ACTIVITY_COLUMNS} FROM live_activities a WHERE a.id = %(id)s::text"

READ_STREAMS = f"""
SELECT s.id, s.account_id, s.stream_key, s.activity_id, s.paused_at, s.held, {ACTIVITY_COLUMNS}
FROM unnest(%(account_ids)s::uuid[], %(stream_keys)s::text[]) AS asked(account_id, stream_key)
JOIN live_activity_streams s ON s.account_id = asked.account_id AND s.stream_key = asked.stream_key
LEFT JOIN live_activities a ON a.id = s.activity_id
"""

_VERSIONS_KEPT = 50


_TO_KEEP = "%(version_id)s::uuid AS version_id, %(content_state)s::text AS new_state, %(now)s::timestamptz AS at"


def kept(event: str) -> str:
    """Keeps the new states of activities, each in the place of the one 50 versions before. One CTE, after another one
    named `activity`, which has the columns of `_TO_KEEP`."""
    return f"""kept AS (
    INSERT INTO live_activity_versions (activity_id, slot, id, version, event, content_state, recorded_at)
    SELECT id, version %% {_VERSIONS_KEPT}, version_id, version, '{event}', new_state, at
    FROM activity
    ON CONFLICT (activity_id, slot) DO UPDATE
    SET id = EXCLUDED.id, version = EXCLUDED.version, event = EXCLUDED.event,
        content_state = EXCLUDED.content_state, recorded_at = EXCLUDED.recorded_at
)"""


# --- starting ---

LOCK_ACCOUNT = "SELECT max_live_activities FROM accounts WHERE id = %(account_id)s FOR NO KEY UPDATE"
"""Transactions that start, pause or end streams of an account run one after the other, so that the limit is counted
correctly."""

_START = f"""
WITH target AS MATERIALIZED (
    SELECT id, user_id, push_to_start_token_dead_reason IS NULL AS startable, content_version < %(newest)s AS is_older,
           id = ANY(%(full)s::uuid[]) AS is_full{{columns}}
    FROM devices
    WHERE account_id = %(account_id)s AND {STARTABLE} {{condition}} AND id <> ALL(%(without)s::uuid[])
    -- One that is just being unpaired is waited for, and then is not there. What unpairs them locks them in this order.
    ORDER BY id
    FOR KEY SHARE
), activity AS (
    INSERT INTO live_activities (
        id, account_id, stream_id, stream_key, started_by, replaces, channel_ids, channel_slugs, version,
        content_state, action, secondary_action, tags, metadata, alert, alert_version, alert_at, urgent_version,
        dismiss_after_seconds, updates, quiet_start, created_at, updated_at, heard_at, expires_at, due_at
    )
    SELECT %(id)s::text, %(account_id)s, %(stream_id)s::uuid,
           (SELECT stream_key FROM live_activity_streams WHERE id = %(stream_id)s::uuid),
           COALESCE(%(started_by)s::uuid, (SELECT started_by FROM live_activities WHERE id = %(replaces)s::text)),
           %(replaces)s::text, %(channel_ids)s::uuid[],
           %(channel_slugs)s::text[], 1, %(content_state)s::text, %(action)s::text,
           %(secondary_action)s::text, %(tags)s::text[], %(metadata)s::text, %(alert)s::text,
           CASE WHEN %(alert)s::text IS NULL THEN 0 ELSE 1 END,
           CASE WHEN %(alert)s::text IS NULL THEN NULL ELSE %(now)s END, 1, %(dismiss_after_seconds)s::int, 0,
           %(quiet_start)s, %(now)s, %(now)s, %(now)s, %(expires_at)s, %(due_at)s
    WHERE EXISTS (SELECT FROM target)
    RETURNING id, version, {_TO_KEEP}
), {kept("start")}, button AS (
    INSERT INTO live_activity_actions (id, activity_id, title, type, url, method, body)
    SELECT b.id, activity.id, b.title, b.type, b.url, b.method, b.body
    FROM activity, jsonb_to_recordset(%(buttons)s::text::jsonb)
        AS b(id uuid, title text, type text, url text, method text, body text)
    ON CONFLICT (id) DO UPDATE SET activity_id = EXCLUDED.activity_id
){{broadcast}}, device AS (
    INSERT INTO live_activity_devices (
        activity_id, device_id, account_id, user_id, phase, maybe_shown, accepted_version, sent_version, timestamp,
        apns_id, attempt, failures, leased, next_at
    )
    SELECT activity.id, target.id, %(account_id)s, target.user_id, 'requested', false, 0, 0, 0, gen_random_uuid(),
           0, 0, false, CASE WHEN target.is_full THEN %(later)s::timestamptz{{held}} ELSE %(now)s END
    FROM activity CROSS JOIN target{{channel}}
    RETURNING device_id
)
SELECT count(*) FILTER (WHERE startable AND NOT is_full), (SELECT count(*) FROM device),
       CASE WHEN bool_or(is_full) THEN %(later)s::timestamptz END,
       %(is_simpler)s AND COALESCE(bool_or(is_older), false), {{is_broadcast}}
FROM target
"""
"""The devices that can be sent to at once; all of them; when those are due that must be told of an end first; and
whether one of them has an app that gets the state in a simpler form. Those with a dead push-to-start token are due too:
only a claim can tell whether they must wait for another token. Last, whether a broadcast channel is to be made."""


def start_query(*, for_channels: bool, by_broadcast: bool) -> str:
    """The statement that records a start: for some channels or all of the account, and with broadcasts or without."""
    of_broadcast = {
        "columns": f", environment, bundle_id, {LISTENS} AS listens",
        "broadcast": f", {BROADCAST_START}",
        "held": " WHEN broadcast.environment IS NOT NULL THEN %(hold_start_until)s::timestamptz",
        "channel": """ LEFT JOIN broadcast ON target.listens AND broadcast.environment = target.environment
        AND broadcast.bundle_id IS NOT DISTINCT FROM target.bundle_id""",
        "is_broadcast": "EXISTS (SELECT FROM broadcast)",
    }
    without = dict.fromkeys(of_broadcast, "") | {"is_broadcast": "false"}
    return _START.format(
        condition=f"AND {IN_CHANNELS}" if for_channels else "", **(of_broadcast if by_broadcast else without)
    )


START_FOR_ALL = start_query(for_channels=False, by_broadcast=False)
START_FOR_CHANNELS = start_query(for_channels=True, by_broadcast=False)
START_FOR_ALL_BY_BROADCAST = start_query(for_channels=False, by_broadcast=True)
START_FOR_CHANNELS_BY_BROADCAST = start_query(for_channels=True, by_broadcast=True)

# --- a new state (updates: update_queries.py) ---

NEW_BUTTONS = """button AS (
    INSERT INTO live_activity_actions (id, activity_id, title, type, url, method, body)
    SELECT b.id, activity.id, b.title, b.type, b.url, b.method, b.body
    FROM activity, jsonb_to_recordset(activity.buttons)
        AS b(id uuid, title text, type text, url text, method text, body text)
)"""
"""Records the new buttons of activities. One CTE, after another one named `activity`, which has them."""

_AS_READ = """id = %(id)s::text AND version = %(read_version)s AND ended_at IS NULL
      AND tags IS NOT DISTINCT FROM %(read_tags)s::text[] AND metadata IS NOT DISTINCT FROM %(read_metadata)s::text"""
"""The SQL condition that the activity is as it was read. Tags and metadata may change without a version."""

ANNOTATE = f"""
UPDATE live_activities SET tags = %(tags)s::text[], metadata = %(metadata)s::text, heard_at = %(now)s
WHERE {_AS_READ}
RETURNING id
"""
"""No phone is told: the version stays."""

HEAR = "UPDATE live_activities SET heard_at = %(now)s WHERE id = %(id)s::text"

# --- an end ---

END_ACTIVITY = f"""
WITH activity AS (
    UPDATE live_activities
    SET version = version + 1, content_state = %(content_state)s::text, action = %(action)s::text,
        secondary_action = %(secondary_action)s::text, tags = %(tags)s::text[], metadata = %(metadata)s::text,
        urgent_version = version + 1,
        alert = COALESCE(%(alert)s::text, alert),
        alert_version = CASE WHEN %(alert)s::text IS NULL THEN alert_version ELSE version + 1 END,
        alert_at = CASE WHEN %(alert)s::text IS NULL THEN alert_at ELSE %(now)s END,
        updated_at = %(now)s, heard_at = %(now)s,
        ended_at = %(now)s, dismiss_at = %(dismiss_at)s, due_at = expires_at + interval '4 hours'
    WHERE {_AS_READ}
    RETURNING id, version, by_broadcast, %(buttons)s::text::jsonb AS buttons, {_TO_KEEP}
), {NEW_BUTTONS}, {kept("end")}
SELECT version, by_broadcast FROM activity
"""

END_DEVICES = f"""
WITH ended AS (
    UPDATE live_activity_devices p
    SET phase = CASE WHEN p.phase = 'requested' AND NOT p.maybe_shown THEN 'ended' ELSE p.phase END,
        -- What is on its way to a browser may come after the successor, and be shown beside it: its end is pushed.
        successor = CASE
            WHEN p.leased AND EXISTS (
                SELECT FROM devices d WHERE d.id = p.device_id AND {IS_BROWSER} AND NOT {STACKS}
            ) THEN NULL
            ELSE successor.activity_id
        END,
        end_after = CASE WHEN successor.device_id IS NOT NULL THEN %(hold_until)s END,
        next_at = CASE
            WHEN p.leased OR p.phase = 'live' AND p.failures > 0 AND p.next_at IS NOT NULL THEN p.next_at
            WHEN p.phase = 'live' AND successor.device_id IS NOT NULL THEN %(look_again)s
            WHEN p.phase = 'live' THEN %(now)s
            -- Nothing will prove that a browser shows it.
            WHEN p.phase = 'requested' AND p.maybe_shown AND p.next_at IS NOT NULL AND EXISTS (
                SELECT FROM devices d WHERE d.id = p.device_id AND {IS_BROWSER}
            ) THEN p.next_at
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
"""The devices due now, and all that are owed the end. If another activity replaces this one, the end waits for its
start: the claim checks whether it must still wait."""

COUNT = """
SELECT count(*) FILTER (WHERE accepted_version >= %(version)s AND (reason IS NULL OR failures > 0)),
       count(DISTINCT user_id) FILTER (WHERE accepted_version >= %(version)s AND (reason IS NULL OR failures > 0)),
       count(*) FILTER (
           WHERE accepted_version < %(version)s
             AND (phase IN ('requested', 'started') OR phase = 'live' AND next_at IS NOT NULL)
       )
FROM live_activity_devices
WHERE activity_id = %(id)s::text
"""
"""A version that APNs will never accept counts as accepted in the rules. A reason without a failure marks it. A live
device without a time is owed no push for it."""

# --- streams ---

LOCK_STREAM = """
SELECT id, account_id, stream_key, activity_id, paused_at, held FROM live_activity_streams
WHERE account_id = %(account_id)s AND stream_key = %(stream_key)s::text
FOR UPDATE
"""

LOCK_ACTIVITY = f"{READ_ACTIVITY} AND a.ended_at IS NULL FOR NO KEY UPDATE"
"""One that has ended changes no more. A lock on it too could deadlock with a settlement, which locks many in one
order."""

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
