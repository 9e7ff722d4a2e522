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

RECORD_FOR_PERSON = _RECORD.format(condition="AND user_id = %(person_id)s")

RECORD_TOGETHER = f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(account_ids)s::uuid[], %(api_key_ids)s::uuid[], %(titles)s::text[], %(messages)s::text[],
        %(payloads)s::bytea[], %(channel_slugs)s::text[], %(channel_ids)s::text[], %(tags)s::text[],
        %(metadata)s::text[], %(created_at)s::timestamptz[], %(expires_at)s::timestamptz[], %(leases)s::float8[]
    ) WITH ORDINALITY AS asked(
        notification_id, account_id, api_key_id, title, message, payload, channel_slugs, channel_ids, tags, metadata,
        created_at, expires_at, lease, place
    )
), found AS MATERIALIZED (
    SELECT asked.place, target.*, gen_random_uuid() AS apns_id
    FROM asked CROSS JOIN LATERAL (
        SELECT id, user_id, push_token, environment, bundle_id
        FROM devices
        WHERE asked.channel_ids IS NULL AND account_id = asked.account_id AND {REACHABLE}
        UNION ALL
        SELECT id, user_id, push_token, environment, bundle_id
        FROM devices
        WHERE asked.channel_ids IS NOT NULL AND account_id = asked.account_id AND {REACHABLE}
          AND {IN_CHANNELS.replace("%(channel_ids)s", "asked.channel_ids")}
        LIMIT %(most)s + 1
    ) target
), audience AS MATERIALIZED (
    SELECT place, count(*) AS size FROM found GROUP BY place
), notification AS (
    INSERT INTO notifications (
        id, account_id, api_key_id, title, message, payload, channel_slugs, tags, metadata, created_at, expires_at
    )
    SELECT notification_id, account_id, api_key_id, title, message, payload, channel_slugs::text[], tags::text[],
           metadata, created_at, expires_at
    FROM asked JOIN audience USING (place)
    WHERE audience.size <= %(most)s
    ORDER BY place
), action AS (
    INSERT INTO notification_actions (id, notification_id, position, title, type, url, method, body)
    SELECT a.id, asked.notification_id, a.position, a.title, a.type, a.url, a.method, a.body
    FROM unnest(
        %(action_places)s::bigint[], %(action_positions)s::int[], %(action_ids)s::uuid[], %(action_titles)s::text[],
        %(action_types)s::text[], %(action_urls)s::text[], %(action_methods)s::text[], %(action_bodies)s::text[]
    ) AS a(place, position, id, title, type, url, method, body)
    JOIN asked USING (place)
    JOIN audience USING (place)
    WHERE audience.size <= %(most)s
), owed AS (
    INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
    SELECT asked.notification_id, found.id, asked.account_id, found.user_id, found.apns_id, 'due',
           now() + asked.lease * interval '1 second', 0
    FROM found JOIN audience USING (place) JOIN asked USING (place)
    WHERE audience.size <= %(most)s
)
SELECT audience.place, audience.size, found.id, found.user_id, found.push_token, found.environment, found.bundle_id,
       found.apns_id, now() + asked.lease * interval '1 second'
FROM audience JOIN asked USING (place) LEFT JOIN found ON found.place = audience.place AND audience.size <= %(most)s
ORDER BY audience.place
"""
"""Several notifications of API keys. One for more than `most` devices is not recorded, and has one row without a
device: it would hold up the others."""

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
