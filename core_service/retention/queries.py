"""The SQL that deletes old rows.

Each statement deletes a bounded number of rows that an index finds, and no cascade without a bound. Ids are UUIDs of
version 7, which begin with their time: `%(history)s` and the like are the lowest ids that are young enough, so primary
keys serve as indexes by age.
"""

from core_service.retention.request_queries import OF_REQUESTS

ATTEMPTS = """
DELETE FROM delivery_attempts WHERE (account_id, id) IN (
    SELECT old.account_id, old.id
    FROM accounts CROSS JOIN LATERAL (
        SELECT account_id, id FROM delivery_attempts
        WHERE account_id = accounts.id AND id < %(delivery_log)s
        ORDER BY id
        LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""

DELIVERIES = """
DELETE FROM deliveries WHERE (notification_id, device_id) IN (
    SELECT notification_id, device_id FROM deliveries
    WHERE notification_id < %(history)s AND state <> 'due'
    ORDER BY notification_id
    LIMIT %(limit)s
)
"""

NOTIFICATIONS = """
DELETE FROM notifications WHERE id IN (
    SELECT id FROM notifications n
    WHERE id < %(history)s AND expires_at < now()
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.notification_id = n.id)
    ORDER BY id
    LIMIT %(limit)s
)
"""
"""With their actions: four at most for each of ten contents."""

_OLD_ACTIVITIES = """
    SELECT old.id
    FROM accounts CROSS JOIN LATERAL (
        SELECT id FROM live_activities
        WHERE account_id = accounts.id AND dismiss_at < %(history_before)s AND ended_at IS NOT NULL
        ORDER BY dismiss_at
        LIMIT 100
    ) old
    LIMIT 100"""

ACTIVITY_DEVICES = f"""
DELETE FROM live_activity_devices WHERE (activity_id, device_id) IN (
    SELECT p.activity_id, p.device_id
    FROM ({_OLD_ACTIVITIES}) l JOIN live_activity_devices p ON p.activity_id = l.id
    LIMIT %(limit)s
)
"""

ACTIVITY_ACTIONS = f"""
DELETE FROM live_activity_actions WHERE id IN (
    SELECT a.id
    FROM ({_OLD_ACTIVITIES}) l JOIN live_activity_actions a ON a.activity_id = l.id
    LIMIT %(limit)s
)
"""

ACTIVITY_VERSIONS = f"""
DELETE FROM live_activity_versions WHERE (activity_id, slot) IN (
    SELECT v.activity_id, v.slot
    FROM ({_OLD_ACTIVITIES}) l JOIN live_activity_versions v ON v.activity_id = l.id
    LIMIT %(limit)s
)
"""

ACTIVITIES = f"""
DELETE FROM live_activities WHERE id IN (
    SELECT l.id FROM ({_OLD_ACTIVITIES}) l
    WHERE NOT EXISTS (SELECT FROM live_activity_devices p WHERE p.activity_id = l.id)
      AND NOT EXISTS (SELECT FROM live_activity_actions a WHERE a.activity_id = l.id)
      AND NOT EXISTS (SELECT FROM live_activity_versions v WHERE v.activity_id = l.id)
)
"""

PUSH_BUDGETS = """
DELETE FROM live_activity_push_budgets WHERE device_id IN (
    SELECT device_id FROM live_activity_push_budgets b
    WHERE NOT EXISTS (SELECT FROM devices d WHERE d.id = b.device_id)
    LIMIT %(limit)s
)
"""

BADGES = """
DELETE FROM badges WHERE device_id IN (
    SELECT device_id FROM badges b
    WHERE NOT EXISTS (SELECT FROM devices d WHERE d.id = b.device_id)
    LIMIT %(limit)s
)
"""
"""Of devices that are gone. Of others the newest number stays: a phone may be owed it."""

BADGE_UPDATES = """
DELETE FROM badge_updates WHERE id IN (
    SELECT id FROM badge_updates WHERE id < %(history)s ORDER BY id LIMIT %(limit)s
)
"""
"""What is owed is in `badges`."""

SESSIONS = """
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE expires_at < now() ORDER BY expires_at LIMIT %(limit)s
)
"""

PAIRING_CODES = """
DELETE FROM pairing_codes WHERE code_hash IN (
    SELECT code_hash FROM pairing_codes WHERE expires_at < now() ORDER BY expires_at LIMIT %(limit)s
)
"""

INVITE_TOKENS = """
DELETE FROM invite_tokens WHERE token_hash IN (
    SELECT token_hash FROM invite_tokens WHERE expires_at < now() ORDER BY expires_at LIMIT %(limit)s
)
"""

INVITES = """
DELETE FROM invites WHERE id IN (
    SELECT id FROM invites WHERE expires_at < %(history_before)s ORDER BY expires_at LIMIT %(limit)s
)
"""
"""With their tokens. An invite has some dozens at most, and by now none."""

PASSWORD_RESET_TOKENS = """
DELETE FROM password_reset_tokens WHERE token_hash IN (
    SELECT token_hash FROM password_reset_tokens WHERE expires_at < now() ORDER BY expires_at LIMIT %(limit)s
)
"""

MAILS = """
DELETE FROM mails WHERE id IN (
    SELECT id FROM mails WHERE expires_at < now() - interval '1 day' ORDER BY expires_at LIMIT %(limit)s
)
"""
"""Owners see for a day what became of a mail."""

IDEMPOTENT_REQUESTS = """
DELETE FROM idempotent_requests WHERE (principal_id, key_hash) IN (
    SELECT principal_id, key_hash FROM idempotent_requests
    WHERE created_at < now() - interval '24 hours'
    ORDER BY created_at
    LIMIT %(limit)s
)
"""

WEBHOOK_SECRETS = "DELETE FROM webhook_secrets WHERE expires_at < now()"

ACTION_RUNS = """
DELETE FROM action_runs WHERE id IN (
    SELECT id FROM action_runs WHERE id < %(history)s AND state <> 'running' ORDER BY id LIMIT %(limit)s
)
"""

AUDIT_ENTRIES = """
DELETE FROM audit_entries WHERE id IN (
    SELECT old.id
    FROM accounts CROSS JOIN LATERAL (
        SELECT id FROM audit_entries
        WHERE account_id = accounts.id AND id < %(audit_log)s
        ORDER BY id
        LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""

HOURLY_COUNTS = """
DELETE FROM hourly_counts WHERE (account_id, hour, counted, latency_class) IN (
    SELECT old.*
    FROM accounts CROSS JOIN LATERAL (
        SELECT account_id, hour, counted, latency_class FROM hourly_counts
        WHERE account_id = accounts.id AND hour < now() - interval '62 days'
        ORDER BY hour
        LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""
"""Overviews look back 30 days, and compare them with the 30 days before."""

PEOPLE = """
DELETE FROM users WHERE id IN (
    SELECT id FROM users u
    WHERE forget_at < now()
      AND NOT EXISTS (SELECT FROM members m WHERE m.user_id = u.id)
      AND NOT EXISTS (SELECT FROM devices d WHERE d.user_id = u.id)
    ORDER BY forget_at
    LIMIT %(limit)s
    FOR UPDATE
)
"""
"""Who belong to no account. Joining one takes `forget_at` away, so that a person who joins at this moment stays. A
closed account deletes its devices itself, as phones may still show something."""

PURGES = (
    ATTEMPTS,
    DELIVERIES,
    NOTIFICATIONS,
    ACTIVITY_DEVICES,
    ACTIVITY_ACTIONS,
    ACTIVITY_VERSIONS,
    ACTIVITIES,
    PUSH_BUDGETS,
    BADGES,
    BADGE_UPDATES,
    SESSIONS,
    PEOPLE,
    PAIRING_CODES,
    INVITE_TOKENS,
    INVITES,
    PASSWORD_RESET_TOKENS,
    MAILS,
    IDEMPOTENT_REQUESTS,
    WEBHOOK_SECRETS,
    ACTION_RUNS,
    AUDIT_ENTRIES,
    HOURLY_COUNTS,
    *OF_REQUESTS,
)
"""In this order: what belongs to an object is deleted before it."""

TAKE_TURN = "SELECT pg_try_advisory_xact_lock(%s)"
