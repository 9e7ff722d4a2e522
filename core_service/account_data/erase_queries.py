"""The SQL that deletes what a closed account has.

As in `retention`, each statement deletes a bounded number of rows that an index finds, and no cascade without a bound.
Rows that another transaction has locked are left for the next time, so that nothing waits for this.
"""

from dataclasses import dataclass
from typing import LiteralString

CLOSED = "SELECT id, name FROM accounts WHERE closed_at IS NOT NULL ORDER BY closed_at LIMIT 100"


@dataclass(frozen=True, slots=True)
class StepGroup:
    """Statements that are repeated in turn, each until it finds nothing, as long as the last one finds something: rows
    that belong to others go before them."""

    steps: tuple[LiteralString, ...]


def _rows(table: LiteralString, key: LiteralString, *, which: LiteralString = "true") -> LiteralString:
    """Deletes rows of a table that an index finds by account."""
    return f"""
    DELETE FROM {table} WHERE ({key}) IN (
        SELECT {key} FROM {table} WHERE account_id = %(account_id)s AND {which}
        LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    """


ORDER: dict[LiteralString, LiteralString] = {
    "notifications": "account_id, id",
    "live_activities": "account_id, dismiss_at, id",
    "channels": "account_id, slug",
    "api_keys": "account_id, id",
}
"""All steps of a group must look at the same first rows, so their order is that of an index, without ties."""


def _belonging(owners: LiteralString, table: LiteralString, owner: LiteralString, key: LiteralString) -> LiteralString:
    """Deletes rows of a table that belong to the first rows of another one."""
    return f"""
    DELETE FROM {table} WHERE ({owner}, {key}) IN (
        SELECT t.{owner}, t.{key}
        FROM ({_first(owners)}) o JOIN {table} t ON t.{owner} = o.id
        LIMIT %(limit)s FOR UPDATE OF t SKIP LOCKED
    )
    """


def _first(table: LiteralString) -> LiteralString:
    return f"SELECT id FROM {table} WHERE account_id = %(account_id)s ORDER BY {ORDER[table]} LIMIT 100"


OWED = (
    StepGroup((_rows("deliveries", "notification_id, device_id", which="state = 'due'"),)),
    StepGroup((_rows("badges", "device_id"),)),
    StepGroup((_rows("action_runs", "id"),)),
    StepGroup((_rows("invites", "id"),)),
    StepGroup((_rows("mails", "id"),)),
    # Before the devices: a stream starts the next activity by itself.
    StepGroup((_rows("live_activity_streams", "id"),)),
)
"""What would still go out. It goes first."""

CARDS = """
DELETE FROM live_activity_devices WHERE (activity_id, device_id) IN (
    SELECT activity_id, device_id FROM live_activity_devices
    WHERE device_id = ANY(%(device_ids)s)
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
"""
"""Of devices whose cards are withdrawn already."""

REPEATS = """
DELETE FROM idempotent_requests WHERE (principal_id, key_hash) IN (
    SELECT principal_id, key_hash FROM idempotent_requests WHERE principal_id = ANY(%(device_ids)s)
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
"""
"""Answers that are kept for devices."""

NEXT_DEVICES = """
SELECT id FROM devices WHERE account_id = %(account_id)s ORDER BY account_id, id LIMIT %(devices)s
"""

KEPT = (
    StepGroup(
        (
            _belonging("notifications", "deliveries", "notification_id", "device_id"),
            _belonging("notifications", "notification_actions", "notification_id", "id"),
            f"""
            DELETE FROM notifications WHERE id IN (
                SELECT n.id FROM ({_first("notifications")}) n
                WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.notification_id = n.id)
            )
            """,
        )
    ),
    StepGroup(
        (
            _belonging("live_activities", "live_activity_devices", "activity_id", "device_id"),
            _belonging("live_activities", "live_activity_actions", "activity_id", "id"),
            _belonging("live_activities", "live_activity_versions", "activity_id", "slot"),
            f"""
            DELETE FROM live_activities WHERE id IN (
                SELECT a.id FROM ({_first("live_activities")}) a
                WHERE NOT EXISTS (SELECT FROM live_activity_devices p WHERE p.activity_id = a.id)
                  AND NOT EXISTS (SELECT FROM live_activity_versions v WHERE v.activity_id = a.id)
            )
            """,
        )
    ),
    StepGroup(
        (
            _belonging("channels", "channel_users", "channel_id", "user_id"),
            _belonging("channels", "channel_devices", "channel_id", "device_id"),
            _belonging("channels", "api_key_channels", "channel_id", "api_key_id"),
            f"DELETE FROM channels WHERE id IN ({_first('channels')})",
        )
    ),
    StepGroup(
        (
            _belonging("api_keys", "idempotent_requests", "principal_id", "key_hash"),
            f"DELETE FROM api_keys WHERE id IN ({_first('api_keys')})",
        )
    ),
    # The channels themselves are deleted at Apple in their own time.
    StepGroup(
        (
            """
            UPDATE live_activity_broadcasts
            SET account_id = NULL, state = 'deleting',
                next_at = CASE WHEN state = 'deleting' THEN next_at ELSE now() END
            WHERE id IN (
                SELECT id FROM live_activity_broadcasts WHERE account_id = %(account_id)s AND state <> 'closing'
                LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            )
            """,
        )
    ),
    StepGroup((_rows("badge_updates", "id"),)),
    StepGroup((_rows("saved_messages", "id"),)),
    StepGroup((_rows("metrics", "id"),)),
    StepGroup((_rows("webhook_secrets", "id"),)),
    StepGroup((_rows("hourly_counts", "account_id, hour, counted, latency_class"),)),
    StepGroup((_rows("audit_entries", "id"),)),
    StepGroup((_rows("delivery_attempts", "account_id, id"),)),
    StepGroup((_rows("requests", "account_id, id"),)),
    StepGroup((_rows("request_days", "account_id, day"),)),
    StepGroup((_rows("request_gaps", "account_id, minute"),)),
)
"""What was kept."""

OWES_CARDS = """
SELECT FROM live_activity_withdrawals WHERE account_id = %(account_id)s
UNION ALL
SELECT FROM live_activity_broadcasts WHERE account_id = %(account_id)s
LIMIT 1
"""

LAST = """
DELETE FROM accounts a
WHERE a.id = %(account_id)s AND a.closed_at < now() - %(quiet)s * interval '1 second'
  AND NOT EXISTS (SELECT FROM live_activity_withdrawals w WHERE w.account_id = a.id)
  AND NOT EXISTS (SELECT FROM live_activity_broadcasts b WHERE b.account_id = a.id)
  AND NOT EXISTS (SELECT FROM devices d WHERE d.account_id = a.id)
  AND NOT EXISTS (SELECT FROM notifications n WHERE n.account_id = a.id)
  AND NOT EXISTS (SELECT FROM live_activities l WHERE l.account_id = a.id)
  AND NOT EXISTS (SELECT FROM delivery_attempts t WHERE t.account_id = a.id)
  AND NOT EXISTS (SELECT FROM requests r WHERE r.account_id = a.id)
"""
"""The account itself, once no card of its phones is left to be taken away."""

TAKE_TURN = "SELECT pg_try_advisory_xact_lock(%s)"
