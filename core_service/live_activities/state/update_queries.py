"""The statement that records new states of activities, and leases the devices to which the requests send them
themselves. How it locks: see queries.py."""

from core_service.live_activities.conditions import OPEN
from core_service.live_activities.state.broadcast_queries import BROADCAST_DUE
from core_service.live_activities.state.pace import IS_SPARED, RESTS_UNTIL
from core_service.live_activities.state.queries import NEW_BUTTONS, kept

_UPDATE = f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(
        %(ids)s::text[], %(read_versions)s::bigint[], %(read_tags)s::text[], %(read_metadata)s::text[],
        %(versions)s::int[], %(version_ids)s::uuid[], %(content_states)s::text[], %(actions)s::text[],
        %(secondary_actions)s::text[], %(buttons)s::text[], %(tags)s::text[], %(metadata)s::text[], %(urgent)s::bool[],
        %(alerts)s::text[], %(dismiss_after_seconds)s::int[], %(is_simpler)s::bool[], %(nows)s::timestamptz[],
        %(most_leased)s::int[]
    ) WITH ORDINALITY AS asked(
        id, read_version, read_tags, read_metadata, versions, version_id, content_state, action, secondary_action,
        buttons, tags, metadata, urgent, alert, dismiss_after_seconds, is_simpler, now, most_leased, place
    )
), unchanged AS MATERIALIZED (
    SELECT asked.*
    FROM asked JOIN live_activities a ON a.id = asked.id
    WHERE a.version = asked.read_version AND a.ended_at IS NULL {{condition}}
      AND a.tags IS NOT DISTINCT FROM asked.read_tags::text[]
      AND a.metadata IS NOT DISTINCT FROM asked.read_metadata
    ORDER BY a.id
    FOR NO KEY UPDATE OF a
), activity AS (
    UPDATE live_activities a
    SET version = a.version + n.versions, content_state = n.content_state, action = n.action,
        secondary_action = n.secondary_action, tags = n.tags::text[], metadata = n.metadata,
        urgent_version = CASE WHEN n.urgent THEN a.version + n.versions ELSE a.urgent_version END,
        alert = COALESCE(n.alert, a.alert),
        alert_version = CASE WHEN n.alert IS NULL THEN a.alert_version ELSE a.version + n.versions END,
        alert_at = CASE WHEN n.alert IS NULL THEN a.alert_at ELSE n.now END,
        dismiss_after_seconds = n.dismiss_after_seconds, updates = a.updates + n.versions,
        updated_at = n.now, heard_at = n.now
    FROM unchanged n
    WHERE a.id = n.id AND a.version = n.read_version
    RETURNING a.id, a.version, a.account_id, n.place, n.buttons::jsonb AS buttons, n.version_id,
              n.content_state AS new_state, n.now AS at, n.urgent, n.alert, n.is_simpler,
              CASE WHEN a.expires_at > %(planned_at)s::timestamptz THEN n.most_leased ELSE 0 END AS most_leased,
              CASE WHEN n.urgent THEN 0 ELSE a.urgent_version END AS step_before
), {NEW_BUTTONS}, {kept("update")}, device AS (
    -- Locking shows each row as it is now, not as it was when this statement began and perhaps waited for the activity.
    -- One that is locked has a time already, or is about to get one: its settlement will see the new version.
    -- A rest after a push may be shorter for this state. The wait after a failure is not.
    SELECT p.activity_id, p.device_id, p.next_at, p.sent_version, p.timestamp,
           p.update_token IS NOT NULL AND p.accepted_version >= activity.step_before AS is_plain, CASE
               WHEN p.phase = 'live'
                   AND (p.next_at IS NULL OR NOT p.leased AND p.failures = 0 AND p.next_at > activity.at)
               THEN {RESTS_UNTIL}
           END AS rests_until
    FROM live_activity_devices p JOIN activity ON p.activity_id = activity.id
    WHERE p.{OPEN} AND p.broadcast_channel_id IS NULL
    FOR UPDATE OF p SKIP LOCKED
){{broadcast}}, waking AS (
    -- One that lacks an earlier step has a push of high priority due for a mere tick. Its budget is the reconciler's.
    SELECT device.*, activity.version,
           device.rests_until <= activity.at AND device.is_plain AND row_number() OVER (
               PARTITION BY device.activity_id ORDER BY device.rests_until
           ) <= activity.most_leased AS is_leased
    FROM device JOIN activity ON activity.id = device.activity_id
    WHERE device.next_at IS NULL AND device.rests_until IS NOT NULL OR device.rests_until < device.next_at
), woken AS (
    -- What is leased here is as `LEASE` of reconciler_queries.py leaves it.
    UPDATE live_activity_devices p
    SET next_at = CASE WHEN w.is_leased THEN %(lease_until)s ELSE w.rests_until END, leased = w.is_leased,
        attempt = p.attempt + w.is_leased::int,
        sent_version = CASE WHEN w.is_leased THEN w.version ELSE p.sent_version END,
        sent_event = CASE WHEN w.is_leased THEN 'update' ELSE p.sent_event END,
        timestamp = CASE
            WHEN w.is_leased THEN GREATEST(floor(extract(epoch FROM %(planned_at)s))::bigint, p.timestamp + 1)
            ELSE p.timestamp
        END,
        apns_id = CASE WHEN w.is_leased THEN gen_random_uuid() ELSE p.apns_id END
    FROM waking w
    WHERE p.activity_id = w.activity_id AND p.device_id = w.device_id
    RETURNING p.activity_id, p.device_id, p.user_id, p.update_token, p.maybe_shown, p.accepted_version,
              w.sent_version AS sent_before, w.timestamp AS timestamp_before, p.timestamp, p.apns_id,
              p.attempt - 1 AS attempts_before, p.failures, p.reason, p.leased, p.next_at
), counted AS MATERIALIZED (
    SELECT w.activity_id, count(*) FILTER (WHERE w.leased OR w.next_at <= activity.at) AS due,
           min(w.next_at) FILTER (WHERE NOT w.leased AND w.next_at > activity.at) AS next_at
    FROM woken w JOIN activity ON activity.id = w.activity_id
    GROUP BY w.activity_id
), told AS MATERIALIZED (
    SELECT activity.id, activity.place, COALESCE(counted.due, 0) AS due,
           (SELECT count(*) FROM live_activity_devices p
            WHERE p.activity_id = activity.id AND p.{OPEN} AND NOT {IS_SPARED}) AS total,
           counted.next_at,
           activity.is_simpler AND EXISTS (
               SELECT FROM devices d JOIN live_activity_devices p ON p.activity_id = activity.id AND p.device_id = d.id
               WHERE d.account_id = activity.account_id AND d.content_version < %(newest)s AND p.{OPEN}
           ) AS is_simpler
    FROM activity LEFT JOIN counted ON counted.activity_id = activity.id
)
SELECT told.place, told.due, told.total, told.next_at, told.is_simpler,
       w.device_id, w.user_id, w.update_token, w.maybe_shown, w.accepted_version, w.sent_before, w.timestamp_before,
       w.timestamp, w.apns_id, w.attempts_before, w.failures, w.reason, d.environment, d.bundle_id,
       COALESCE(d.frequent_pushes_enabled, false), d.content_version
FROM told
LEFT JOIN woken w ON w.activity_id = told.id AND w.leased
LEFT JOIN devices d ON d.id = w.device_id
"""
"""A row for each activity that is as it was read, or for each of its devices that are leased: its place in the arrays;
the devices due now, with those; all that are owed the state; when the first of the others is due; and whether one of
them has an app that gets the state in a simpler form. Then the leased device, as it was before and will be sent to."""

UPDATE_ACTIVITIES = _UPDATE.format(condition="AND NOT a.by_broadcast", broadcast="")
"""Leaves out those that have come to be broadcast since they were read."""

UPDATE_WITH_BROADCASTS = _UPDATE.format(condition="", broadcast=f", {BROADCAST_DUE}")
"""The same, and makes the broadcasts due of those that have some."""
