"""The SQL that brings broadcasts to the state that is wanted, and their channels to an end. How it locks: see
state/broadcast_queries.py. A claim locks broadcasts only, and waits for no lock."""

from core_service.live_activities.conditions import OPEN
from core_service.live_activities.state.broadcast_queries import LISTENS
from core_service.live_activities.state.queries import READ_ACTIVITY
from core_service.work_queue.fair_claim import due_of_oldest
from core_service.work_queue.queue import Queue

LONGEST_WAIT_SECONDS = 13 * 3600.0
"""Longer than a channel is kept after the end of its activity."""

QUEUE = Queue(
    "broadcasts",
    table="live_activity_broadcasts",
    key="id",
    moment="next_at",
    is_owed="next_at IS NOT NULL",
    longest_wait_seconds=LONGEST_WAIT_SECONDS,
    now="%(now)s::timestamptz",
)

CLAIM = f"""
WITH {due_of_oldest(QUEUE)}
UPDATE live_activity_broadcasts b
SET leased = true, next_at = %(lease_until)s, attempt = b.attempt + 1
FROM due JOIN live_activity_broadcasts before ON before.id = due.id
WHERE b.id = due.id
RETURNING b.id, b.account_id, b.activity_id, b.environment, b.bundle_id, b.channel_id, b.state, b.accepted_version,
          b.sent_version, b.sent_event, b.timestamp, b.request_id, b.attempt, b.failures, before.leased, b.paced_until,
          b.urgent_sent_at, b.gone_at, b.reason,
          b.end_after > %(now)s AND EXISTS (
              SELECT FROM live_activity_devices n JOIN live_activities a ON a.id = n.activity_id
              JOIN live_activity_devices p ON p.activity_id = b.activity_id AND p.device_id = n.device_id
              WHERE n.activity_id = b.successor AND n.phase = 'requested' AND a.ended_at IS NULL
                AND p.broadcast_channel_id = b.channel_id AND p.phase = 'started'
          ),
          b.state = 'closing' AND EXISTS (
              SELECT FROM live_activity_devices p
              WHERE p.activity_id = b.activity_id AND p.broadcast_channel_id = b.channel_id AND p.leased
          )
"""

LEASE = """
UPDATE live_activity_broadcasts
SET sent_version = %(version)s, sent_event = %(event)s, timestamp = %(timestamp)s, request_id = %(request_id)s,
    urgent_sent_at = %(urgent_sent_at)s::bigint[]
WHERE id = %(id)s
"""
"""What a claimed broadcast is about to send."""

REST = "UPDATE live_activity_broadcasts SET leased = false, next_at = %(next_at)s WHERE id = %(id)s"

LOCK_ACTIVITY = f"{READ_ACTIVITY} FOR NO KEY UPDATE"

LOCK = """
SELECT state, channel_id, accepted_version, sent_version, attempt, failures, leased, next_at, paced_until, reason,
       repeats
FROM live_activity_broadcasts WHERE id = %(id)s FOR UPDATE
"""

WRITE = """
UPDATE live_activity_broadcasts
SET accepted_version = %(accepted_version)s, failures = %(failures)s, leased = %(leased)s, next_at = %(next_at)s,
    paced_until = %(paced_until)s, reason = %(reason)s, repeats = false
WHERE id = %(id)s
"""

RETRY = """
UPDATE live_activity_broadcasts
SET leased = false, failures = failures + 1, next_at = %(next_at)s, reason = %(reason)s
WHERE id = %(id)s
"""

BEGIN_DELETION = """
UPDATE live_activity_broadcasts
SET state = 'deleting', channel_id = COALESCE(%(channel_id)s::text, channel_id), leased = false, failures = 0,
    next_at = %(next_at)s
WHERE id = %(id)s
"""

FORGET = "DELETE FROM live_activity_broadcasts WHERE id = %(id)s"

OPEN_CHANNEL = """
UPDATE live_activity_broadcasts
SET state = 'open', channel_id = %(channel_id)s::text, accepted_version = %(version)s, leased = false, next_at = NULL
WHERE id = %(id)s
"""

MARK_BROADCAST = "UPDATE live_activities SET by_broadcast = true WHERE id = %(activity_id)s::text"

NAME_CHANNEL = f"""
UPDATE live_activity_devices p
SET broadcast_channel_id = %(channel_id)s::text,
    next_at = CASE WHEN p.next_at = %(held_until)s THEN %(now)s ELSE p.next_at END
FROM devices d
WHERE p.activity_id = %(activity_id)s::text AND d.id = p.device_id AND p.phase = 'requested' AND p.attempt = 0
  AND d.environment = %(environment)s::text AND d.bundle_id IS NOT DISTINCT FROM %(bundle_id)s::text AND {LISTENS}
"""
"""The starts that have waited for the channel name it, and are due. Those that were sent meanwhile keep to tokens."""

RELEASE_STARTS = """
UPDATE live_activity_devices p SET next_at = %(now)s
WHERE p.activity_id = %(activity_id)s::text AND p.phase = 'requested' AND p.attempt = 0
  AND p.next_at = %(held_until)s
"""
"""The starts that have waited for a channel go with tokens."""

END_LISTENERS = f"""
UPDATE live_activity_devices p
SET phase = 'ended', accepted_version = GREATEST(p.accepted_version, %(version)s), next_at = NULL
WHERE p.activity_id = %(activity_id)s::text AND p.broadcast_channel_id = %(channel_id)s::text AND p.{OPEN}
  AND NOT p.leased
"""

LOSE_CHANNEL = f"""
UPDATE live_activity_devices p
SET broadcast_channel_id = NULL, reason = %(reason)s::text, failures = 0
WHERE p.activity_id = %(activity_id)s::text AND p.broadcast_channel_id = %(channel_id)s::text AND p.{OPEN}
"""
"""What phones show stays as it is until they report an update token, or their app asks what should be seen."""

START_AGAIN = f"""
UPDATE live_activity_devices p
SET broadcast_channel_id = NULL, phase = 'requested', maybe_shown = false, accepted_version = 0, sent_version = 0,
    sent_event = NULL, failures = 0, leased = false, started_at = NULL, reason = NULL, next_at = %(start_at)s
WHERE p.activity_id = %(activity_id)s::text AND p.broadcast_channel_id = %(channel_id)s::text AND p.{OPEN}
"""
"""Phones whose cards were taken off by the last message of their channel get them back, without one."""

QUIETEN = """
UPDATE live_activities
SET quiet_start = true, alert = CASE WHEN alert_at > %(alerts_since)s THEN alert END
WHERE id = %(activity_id)s::text
"""
"""What is started again makes no sound for what was announced."""

UNMARK_BROADCAST = """
UPDATE live_activities a SET by_broadcast = false
WHERE a.id = %(activity_id)s::text AND NOT EXISTS (
    SELECT FROM live_activity_broadcasts b WHERE b.activity_id = a.id AND b.state = 'open'
)
"""
