"""The SQL that deletes old rows.

Each statement deletes a bounded number of rows that an index finds, and no cascade without a bound. Ids are UUIDs of
version 7, which begin with their time: `%(history)s` and the like are the lowest ids that are young enough, so primary
keys serve as indexes by age.
"""

from core_service.retention.request_queries import OF_REQUESTS
from core_service.retention.shared_queries import by_account_and_age, by_age

ATTEMPTS = by_account_and_age("delivery_attempts", key="account_id, id", old="id < %(delivery_log)s", order="id")

DELIVERIES = by_age(
    "deliveries",
    key="notification_id, device_id",
    old="notification_id < %(history)s AND state <> 'due'",
    order="notification_id",
)

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

BADGE_UPDATES = by_age("badge_updates", key="id", old="id < %(history)s", order="id")
"""What is owed is in `badges`."""

SESSIONS = by_age("sessions", key="id", old="expires_at < now()", order="expires_at")

PAIRING_CODES = by_age("pairing_codes", key="code_hash", old="expires_at < now()", order="expires_at")

INVITE_TOKENS = by_age("invite_tokens", key="token_hash", old="expires_at < now()", order="expires_at")

INVITES = by_age("invites", key="id", old="expires_at < %(history_before)s", order="expires_at")
"""With their tokens. An invite has some dozens at most, and by now none."""

PASSWORD_RESET_TOKENS = by_age("password_reset_tokens", key="token_hash", old="expires_at < now()", order="expires_at")

MAILS = by_age("mails", key="id", old="expires_at < now() - interval '1 day'", order="expires_at")
"""Owners see for a day what became of a mail."""

IDEMPOTENT_REQUESTS = by_age(
    "idempotent_requests",
    key="principal_id, key_hash",
    old="created_at < now() - interval '24 hours'",
    order="created_at",
)

WEBHOOK_SECRETS = "DELETE FROM webhook_secrets WHERE expires_at < now()"

ACTION_RUNS = by_age("action_runs", key="id", old="id < %(history)s AND state <> 'running'", order="id")

AUDIT_ENTRIES = by_account_and_age("audit_entries", key="id", old="id < %(audit_log)s", order="id")

HOURLY_COUNTS = by_account_and_age(
    "hourly_counts",
    key="account_id, hour, counted, latency_class",
    old="hour < now() - interval '62 days'",
    order="hour",
)
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
