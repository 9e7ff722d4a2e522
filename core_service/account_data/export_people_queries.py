"""The sections of an export about people, channels, phones and keys."""

from typing import LiteralString

from core_service.account_data.export_reading_queries import FIRST_ID, Read, of_account


def _of_channels(table: LiteralString, key: LiteralString) -> Read:
    """What belongs to channels, by its key within each."""
    query: LiteralString = f"""
    SELECT c.id, t.{key}, json_build_object('channel_id', c.id, '{key}', t.{key})::text
    FROM (SELECT id FROM channels WHERE account_id = %(account_id)s AND id >= %(k0)s ORDER BY id) c
    CROSS JOIN LATERAL (
        SELECT {key} FROM {table}
        WHERE channel_id = c.id AND (c.id > %(k0)s OR {key} > %(k1)s)
        ORDER BY {key} LIMIT %(limit)s
    ) t
    ORDER BY c.id, t.{key} LIMIT %(limit)s
    """
    return Read(query, (FIRST_ID, FIRST_ID))


PEOPLE: dict[str, tuple[Read, ...]] = {
    "members": (
        Read(
            """
            SELECT m.user_id, json_build_object(
                'user_id', m.user_id, 'email', u.email, 'name', u.name, 'role', m.role, 'joined_at', m.created_at
            )::text
            FROM members m JOIN users u ON u.id = m.user_id
            WHERE m.account_id = %(account_id)s AND m.user_id > %(k0)s
            ORDER BY m.user_id LIMIT %(limit)s
            """,
            (FIRST_ID,),
        ),
    ),
    "invites": (
        of_account(
            "invites",
            """'id', t.id, 'email', t.email, 'role', t.role, 'invited_by', t.invited_by, 'invited_at', t.invited_at,
            'expires_at', t.expires_at, 'mail_state', t.mail_state, 'mail_sent_at', t.mail_sent_at""",
        ),
    ),
    "channels": (of_account("channels", "'id', t.id, 'slug', t.slug, 'name', t.name, 'created_at', t.created_at"),),
    "channel_people": (_of_channels("channel_users", "user_id"),),
    "channel_devices": (_of_channels("channel_devices", "device_id"),),
    "devices": (
        of_account(
            "devices",
            """'id', t.id, 'user_id', t.user_id, 'name', t.name, 'environment', t.environment,
            'bundle_id', t.bundle_id, 'os_version', t.os_version,
            'frequent_pushes_enabled', t.frequent_pushes_enabled, 'content_version', t.content_version,
            'push_token_registered_at', t.push_token_registered_at,
            'push_token_dead_reason', t.push_token_dead_reason,
            'push_to_start_token_registered_at', t.push_to_start_token_registered_at,
            'push_to_start_token_dead_reason', t.push_to_start_token_dead_reason,
            'tokens_taken_at', t.tokens_taken_at, 'paired_by', t.paired_by, 'created_at', t.created_at,
            'last_seen_at', t.last_seen_at""",
        ),
    ),
    "api_keys": (
        of_account(
            "api_keys",
            """'id', t.id, 'name', t.name, 'scope', t.scope, 'channels', CASE WHEN t.scope = 'channels' THEN ARRAY(
                SELECT c.slug FROM api_key_channels k JOIN channels c ON c.id = k.channel_id
                WHERE k.api_key_id = t.id ORDER BY c.slug
            ) END,
            'created_by', t.created_by, 'created_at', t.created_at, 'last_used_at', t.last_used_at,
            'revoked_at', t.revoked_at""",
        ),
    ),
    "webhook_signing_keys": (
        of_account("webhook_secrets", "'id', t.id, 'created_at', t.created_at, 'expires_at', t.expires_at"),
    ),
}
