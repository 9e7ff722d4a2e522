"""The SQL of the number on the app's icon.

A number is recorded for all phones by one statement. Rows are locked in the order of their devices. So of two numbers
at the same time one comes after the other on every phone that both are for.
"""

from core_service.channels.audience import IN_CHANNELS
from core_service.devices.models import is_browser
from core_service.sending.dying_tokens import DYING_TOKENS
from core_service.work_queue.fair_claim import walk_accounts
from core_service.work_queue.queue import Queue
from core_service.work_queue.retry import LONGEST_PUSH_WAIT_SECONDS

LEASE_SECONDS = 20.0
"""How long an attempt belongs to the process that makes it. Longer than any can take; after it the number that is the
newest then is sent by any process."""

QUEUE = Queue(
    "badges",
    table="badges",
    key="device_id",
    moment="due_at",
    is_owed="state = 'due'",
    longest_wait_seconds=LONGEST_PUSH_WAIT_SECONDS,
    by_account=True,
)

_RECORD = f"""
WITH target AS MATERIALIZED (
    SELECT id, user_id, CASE
        -- A browser would have to show a notification for it.
        WHEN {is_browser("environment")} THEN 'kept'
        WHEN push_token_dead_reason IS NULL THEN 'due'
        ELSE 'token_dead'
    END AS state
    FROM devices
    WHERE account_id = %(account_id)s AND push_token IS NOT NULL {{condition}}
), recorded AS (
    INSERT INTO badge_updates (id, account_id, api_key_id, user_id, number, channel_slugs, created_at)
    SELECT %(update_id)s, %(account_id)s, %(api_key_id)s::uuid, %(user_id)s::uuid, %(number)s,
           %(channel_slugs)s::text[], %(created_at)s
    WHERE EXISTS (SELECT FROM target)
), badge AS (
    INSERT INTO badges AS b (device_id, account_id, user_id, update_id, number, apns_id, state, due_at, attempts)
    SELECT id, %(account_id)s, user_id, %(update_id)s, %(number)s, gen_random_uuid(), state, now(), 0
    FROM target
    ORDER BY id
    ON CONFLICT (device_id) DO UPDATE
    SET update_id = EXCLUDED.update_id, number = EXCLUDED.number, apns_id = EXCLUDED.apns_id, settled_at = NULL,
        -- The outcome of the attempt in progress decides what follows.
        state = CASE WHEN b.lease_id IS NULL THEN EXCLUDED.state ELSE b.state END,
        -- The end of that attempt's lease, or of a wait that APNs asked for.
        due_at = CASE WHEN b.state = 'due' THEN b.due_at ELSE EXCLUDED.due_at END,
        attempts = CASE WHEN b.state = 'due' THEN b.attempts ELSE 0 END,
        reason = CASE WHEN b.state = 'due' THEN b.reason END
    RETURNING b.state, b.due_at, b.lease_id
)
SELECT count(*), count(*) FILTER (WHERE state = 'due'),
       count(*) FILTER (WHERE state = 'due' AND (due_at <= now() OR lease_id IS NOT NULL))
FROM badge
"""
"""How many devices it is for, to how many of them it is owed, and to how many of those it can be sent at once. To a
browser it is not owed."""

RECORD_FOR_ALL = _RECORD.format(condition="")

RECORD_FOR_CHANNELS = _RECORD.format(condition=f"AND {IN_CHANNELS}")

FIND = """
SELECT u.created_at, u.channel_slugs, u.number, count(b.device_id), count(*) FILTER (WHERE b.state = 'due')
FROM badge_updates u LEFT JOIN badges b ON b.update_id = u.id
WHERE u.id = %s AND u.account_id = %s
GROUP BY u.id
"""

COUNT = """
SELECT count(*) FILTER (WHERE state = 'accepted'),
       count(DISTINCT user_id) FILTER (WHERE state = 'accepted'),
       count(*) FILTER (WHERE state = 'due'),
       count(*) FILTER (WHERE state IN ('token_dead', 'rejected'))
FROM badges
WHERE update_id = %s
"""
"""Phones that have a newer number by now are not counted."""

CLAIM = f"""
WITH RECURSIVE {walk_accounts(QUEUE)},
due AS MATERIALIZED (
    SELECT d.device_id
    FROM owing CROSS JOIN walk CROSS JOIN LATERAL (
        SELECT device_id
        FROM badges
        WHERE account_id = owing.account_id AND state = 'due' AND due_at <= now()
        ORDER BY due_at
        LIMIT walk.share
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE owing.at <= now()
    LIMIT %(limit)s
), claimed AS (
    UPDATE badges b
    SET due_at = now() + %(lease)s * interval '1 second', lease_id = gen_random_uuid()
    FROM due
    WHERE b.device_id = due.device_id
    RETURNING b.account_id, b.update_id, b.number, b.lease_id, b.device_id, b.user_id, b.apns_id, b.attempts
)
SELECT w.visited, w.last, w.share, c.account_id,
       c.account_id, c.update_id, c.number, c.lease_id, c.device_id, c.user_id, c.apns_id, c.attempts, v.push_token,
       v.environment, v.bundle_id
FROM walk w
LEFT JOIN claimed c ON true
LEFT JOIN devices v
    ON v.id = c.device_id AND v.push_token IS NOT NULL AND v.push_token_dead_reason IS NULL
    -- The device may have become a browser meanwhile.
    AND NOT {is_browser("v.environment")}
"""

LOCK = "SELECT FROM badges WHERE device_id = ANY(%s) ORDER BY device_id FOR UPDATE"
"""Before `SETTLE`, in the order in which numbers are recorded."""

SETTLE = f"""
WITH s AS (
    SELECT * FROM unnest(
        %(device_ids)s::uuid[], %(lease_ids)s::uuid[], %(update_ids)s::uuid[], %(states)s::text[], %(reasons)s::text[],
        %(delays)s::float8[], %(tokens)s::text[], %(dead_since)s::timestamptz[], %(counts)s::bool[],
        %(configurations)s::text[]
    ) WITH ORDINALITY AS s(
        device_id, lease_id, update_id, state, reason, delay, token, dead_since, counts, configuration, place
    )
), {DYING_TOKENS}, settled AS (
    SELECT s.*, CASE
        WHEN again.place IS NOT NULL THEN 'due'
        -- What became of an older number says nothing of the newer one, but that the phone is out of reach.
        WHEN s.state IN ('accepted', 'rejected') AND b.update_id <> s.update_id THEN 'due'
        ELSE s.state
    END AS new_state
    FROM s JOIN badges b ON b.device_id = s.device_id LEFT JOIN successor again ON again.place = s.place
    WHERE b.lease_id = s.lease_id
)
UPDATE badges b
SET state = s.new_state, lease_id = NULL,
    due_at = now() + s.delay * interval '1 second',
    attempts = CASE WHEN s.state = 'accepted' THEN 0 ELSE b.attempts + s.counts::int END,
    reason = s.reason,
    settled_at = CASE WHEN s.new_state = 'due' THEN NULL ELSE now() END
FROM settled s
WHERE b.device_id = s.device_id
RETURNING s.place, b.state, b.account_id
"""
"""Writes outcomes of attempts whose lease has not passed to another one."""

OWE_NEWEST = """
UPDATE badges SET state = 'due', due_at = now(), attempts = 0
WHERE device_id = %(device_id)s AND state IN ('token_dead', 'kept')
"""
