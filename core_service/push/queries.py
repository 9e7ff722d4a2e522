"""The SQL of a push notification: one statement records it with everything that it owes, or nothing."""

from collections.abc import Sequence
from typing import Any

from core_service.channels.audience import IN_CHANNELS
from core_service.common.actions import Action
from core_service.devices.models import REACHABLE

_RECORD = f"""
WITH target AS MATERIALIZED (
    SELECT id, user_id, push_token, environment, bundle_id, row_number() OVER () AS place
    FROM devices
    WHERE account_id = %(account_id)s AND {REACHABLE} {{condition}}
), notification AS (
    INSERT INTO notifications (
        id, account_id, api_key_id, user_id, replay_of, title, message, payload, channel_slugs, device_id, tags,
        metadata, created_at, expires_at
    )
    SELECT %(notification_id)s, %(account_id)s, %(api_key_id)s::uuid, %(user_id)s::uuid, %(replay_of)s::uuid, %(title)s,
           %(message)s::text, %(payload)s, %(channel_slugs)s::text[], %(device_id)s::uuid,
           %(tags)s::text[], %(metadata)s::text, %(created_at)s, %(expires_at)s
    WHERE EXISTS (SELECT FROM target)
    RETURNING id
), action AS (
    INSERT INTO notification_actions (id, notification_id, position, title, type, url, method, body)
    SELECT a.id, notification.id, a.position, a.title, a.type, a.url, a.method, a.body
    FROM notification, unnest(
        %(action_ids)s::uuid[], %(action_titles)s::text[], %(action_types)s::text[], %(action_urls)s::text[],
        %(action_methods)s::text[], %(action_bodies)s::text[]
    ) WITH ORDINALITY AS a(id, title, type, url, method, body, position)
), owed AS (
    -- What this request delivers itself is leased to it; the rest is due at once, for any dispatcher.
    INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
    SELECT %(notification_id)s, id, %(account_id)s, user_id, gen_random_uuid(), 'due',
           CASE WHEN place <= %(leased)s THEN now() + %(lease)s * interval '1 second' ELSE now() END, 0
    FROM target
    RETURNING device_id, apns_id, due_at
)
SELECT target.id, target.user_id, target.push_token, target.environment, target.bundle_id, owed.apns_id,
       (SELECT count(*) FROM target), owed.due_at
FROM target JOIN owed ON owed.device_id = target.id
WHERE target.place <= %(leased)s
"""

RECORD_FOR_ALL = _RECORD.format(condition="")

RECORD_FOR_CHANNELS = _RECORD.format(condition=f"AND {IN_CHANNELS}")

RECORD_FOR_DEVICE = _RECORD.format(condition="AND id = %(device_id)s")

FIND = """
SELECT n.created_at, n.channel_slugs, n.tags, (SELECT count(*) FROM deliveries d WHERE d.notification_id = n.id)
FROM notifications n
WHERE n.id = %s AND n.account_id = %s
"""


def action_columns(actions: Sequence[Action]) -> dict[str, list[Any]]:
    """The parameters of the statements that insert these buttons."""
    return {
        "action_ids": [action.id for action in actions],
        "action_titles": [action.title for action in actions],
        "action_types": [action.type.value for action in actions],
        "action_urls": [action.url for action in actions],
        "action_methods": [action.method for action in actions],
        "action_bodies": [action.body for action in actions],
    }
