"""Fills the database with accounts, people, phones and history beyond those of the account under test."""

import re
import uuid

import psycopg
from psycopg import sql

from core_service.auth.credentials import API_KEY, mint

DEVICES_PER_USER = 5
USERS_PER_ACCOUNT = 10
DEVICES_PER_NOTIFICATION = 2
TABLE = re.compile(r"INSERT INTO (\w+)")

# Identifiers made from a number. They sort by time of creation, like the server's own (UUID version 7).
_NUMBERED_ID = """
CREATE FUNCTION pg_temp.id(kind text, batch int, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || lpad(to_hex(ascii(kind)), 3, '0')
            || '8' || lpad(to_hex(batch), 3, '0') || lpad(to_hex(n), 12, '0'))::uuid
$$
"""

_ACCOUNTS = """
INSERT INTO accounts (id, name, created_at)
SELECT pg_temp.id('a', %(batch)s, n), 'Team ' || n, now() FROM generate_series(0, %(accounts)s - 1) n
"""

_USERS = """
INSERT INTO users (id, email, name, password_hash, created_at)
SELECT pg_temp.id('u', %(batch)s, n), 'person' || n || '@team' || %(batch)s || '.example', 'Person ' || n,
       '$argon2id$v=19$m=65536,t=3,p=4$' || encode(sha256(n::text::bytea), 'base64'), now()
FROM generate_series(0, %(users)s - 1) n
"""

_MEMBERS = """
INSERT INTO members (account_id, user_id, role, created_at)
SELECT pg_temp.id('a', %(batch)s, n / %(users_per_account)s), pg_temp.id('u', %(batch)s, n), 'member', now()
FROM generate_series(0, %(users)s - 1) n
"""

_DEVICES = """
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, os_version, frequent_pushes_enabled,
                     push_token, push_token_registered_at, push_to_start_token, push_to_start_token_registered_at,
                     created_at)
SELECT pg_temp.id('d', %(batch)s, n),
       pg_temp.id('a', %(batch)s, n / %(devices_per_user)s / %(users_per_account)s),
       pg_temp.id('u', %(batch)s, n / %(devices_per_user)s),
       'iPhone ' || n, sha256(('secret ' || %(batch)s || ' ' || n)::bytea), 'production', '18.2', true,
       encode(sha256(('push ' || %(batch)s || ' ' || n)::bytea), 'hex'), now(),
       encode(sha256(('start ' || %(batch)s || ' ' || n)::bytea), 'hex'), now(), now()
FROM generate_series(0, %(devices)s - 1) n
"""

_NOTIFICATIONS = """
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
SELECT pg_temp.id('n', %(batch)s, n),
       pg_temp.id('a', %(batch)s, n * %(devices_per_notification)s %% %(devices)s
                                  / %(devices_per_user)s / %(users_per_account)s),
       'Build ' || n || ' finished', convert_to('{"aps":{"alert":{"title":"' || repeat('x', 250) || '"}}}', 'UTF8'),
       now() - interval '1 day', now() + interval '2 days'
FROM generate_series(0, %(deliveries)s / %(devices_per_notification)s - 1) n
"""

_DELIVERIES = """
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts, settled_at)
SELECT pg_temp.id('n', %(batch)s, n / %(devices_per_notification)s),
       pg_temp.id('d', %(batch)s, n %% %(devices)s),
       pg_temp.id('a', %(batch)s, n %% %(devices)s / %(devices_per_user)s / %(users_per_account)s),
       pg_temp.id('u', %(batch)s, n %% %(devices)s / %(devices_per_user)s),
       gen_random_uuid(), 'accepted', now() - interval '1 day', 1, now() - interval '1 day'
FROM generate_series(0, %(deliveries)s - 1) n
"""

_OWN_NOTIFICATIONS = """
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
SELECT pg_temp.id('o', %(batch)s, n), d.account_id,
       'Build ' || n || ' finished', convert_to('{"aps":{"alert":{"title":"' || repeat('x', 250) || '"}}}', 'UTF8'),
       now() - interval '1 day', now() + interval '2 days'
FROM generate_series(0, %(deliveries)s - 1) n, devices d WHERE d.id = %(device_id)s
"""

_OWN_DELIVERIES = """
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts, settled_at)
SELECT pg_temp.id('o', %(batch)s, n), d.id, d.account_id, d.user_id, gen_random_uuid(), 'accepted',
       now() - interval '1 day', 1, now() - interval '1 day'
FROM generate_series(0, %(deliveries)s - 1) n, devices d WHERE d.id = %(device_id)s
"""

_API_KEYS = """
INSERT INTO api_keys (id, account_id, name, scope, secret_hash, hint, created_at)
SELECT pg_temp.id('k', %(batch)s, n - 1), pg_temp.id('a', %(batch)s, n - 1), 'benchmark', 'all', hash, %(hint)s, now()
FROM unnest(%(hashes)s::bytea[]) WITH ORDINALITY AS key(hash, n)
"""

_STREAMS = """
INSERT INTO live_activity_streams (id, account_id, stream_key, activity_id, created_at)
SELECT pg_temp.id('s', %(batch)s, n), pg_temp.id('a', %(batch)s, n), %(stream_key)s,
       md5('activity ' || %(batch)s || ' ' || n), now()
FROM generate_series(0, %(accounts)s - 1) n
"""

# They started at different minutes of the last 6 hours, and their backends sent a state just now.
_LIVE_ACTIVITIES = """
INSERT INTO live_activities (id, account_id, stream_id, version, content_state, alert_version, urgent_version, updates,
                             quiet_start, created_at, updated_at, heard_at, expires_at, due_at)
SELECT md5('activity ' || %(batch)s || ' ' || n), pg_temp.id('a', %(batch)s, n), pg_temp.id('s', %(batch)s, n),
       1, %(content_state)s, 0, 1, 0, false, started_at, now(), now(),
       started_at + interval '8 hours', started_at + interval '7 hours 45 minutes'
FROM generate_series(0, %(accounts)s - 1) n, LATERAL (SELECT now() - n %% 360 * interval '1 minute' AS started_at) s
"""

_LIVE_ACTIVITY_DEVICES = """
INSERT INTO live_activity_devices (activity_id, device_id, account_id, user_id, phase, update_token,
                                   update_token_registered_at, maybe_shown, accepted_version, sent_version,
                                   sent_event, timestamp, apns_id, attempt, failures, leased, started_at)
SELECT a.id, pg_temp.id('d', %(batch)s, n), a.account_id, pg_temp.id('u', %(batch)s, n / %(devices_per_user)s), 'live',
       encode(sha256(('update ' || %(batch)s || ' ' || n)::bytea), 'hex'), a.created_at, true, 1, 1, 'start',
       extract(epoch FROM a.created_at)::bigint, gen_random_uuid(), 1, 0, false, a.created_at
FROM generate_series(0, %(devices)s - 1) n
JOIN live_activities a
    ON a.id = md5('activity ' || %(batch)s || ' ' || n / %(devices_per_user)s / %(users_per_account)s)
"""


class Population:
    """Fills a server's database. Every batch of rows has a number of its own."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._batches = 0
        self._filled: set[str] = set()

    def add_strangers(self, devices: int, settled_deliveries: int = 0) -> None:
        """Adds phones of many other accounts and people, and past deliveries to them."""
        self._add(
            [_ACCOUNTS, _USERS, _MEMBERS, _DEVICES, *([_NOTIFICATIONS, _DELIVERIES] if settled_deliveries else [])],
            devices=devices,
            users_per_account=USERS_PER_ACCOUNT,
            deliveries=settled_deliveries,
        )

    def add_audience(self, devices: int) -> str:
        """Adds one account with this number of phones, and returns the secret of its API key."""
        secret = mint(API_KEY)
        self._add(
            [_ACCOUNTS, _USERS, _MEMBERS, _DEVICES, _API_KEYS],
            devices=devices,
            users_per_account=devices // DEVICES_PER_USER,
            hashes=[secret.hash],
            hint=API_KEY,
        )
        return secret.text

    def add_senders(self, accounts: int, *, devices_each: int = 1) -> list[str]:
        """Adds accounts of one person with `devices_each` phones. Returns the secrets of their API keys."""
        keys = [mint(API_KEY) for _ in range(accounts)]
        self._add(
            [_ACCOUNTS, _USERS, _MEMBERS, _DEVICES, _API_KEYS],
            devices=accounts * devices_each,
            devices_per_user=devices_each,
            hashes=[key.hash for key in keys],
            hint=API_KEY,
        )
        return [key.text for key in keys]

    def add_streams(self, accounts: int, stream_key: str, content_state: str, *, devices_each: int = 1) -> list[str]:
        """Adds accounts with `devices_each` phones, on all of which a stream with this key shows this content state
        (JSON text). Returns the secrets of the accounts' API keys.
        """
        keys = [mint(API_KEY) for _ in range(accounts)]
        self._add(
            [
                *(_ACCOUNTS, _USERS, _MEMBERS, _DEVICES, _API_KEYS),
                *(_STREAMS, _LIVE_ACTIVITIES, _LIVE_ACTIVITY_DEVICES),
            ],
            devices=accounts * devices_each,
            devices_per_user=1,
            users_per_account=devices_each,
            hashes=[key.hash for key in keys],
            hint=API_KEY,
            stream_key=stream_key,
            content_state=content_state,
        )
        return [key.text for key in keys]

    def add_history(self, device_id: uuid.UUID, settled_deliveries: int) -> None:
        """Adds past deliveries to one phone, each of a notification of its account."""
        self._add([_OWN_NOTIFICATIONS, _OWN_DELIVERIES], device_id=device_id, deliveries=settled_deliveries)

    def tidy(self) -> None:
        """Vacuums and analyzes the filled tables. Otherwise PostgreSQL would do it during a measurement."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            for table in sorted(self._filled):
                connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
            connection.execute("CHECKPOINT")

    def _add(
        self,
        statements: list[str],
        *,
        devices: int = 0,
        devices_per_user: int = DEVICES_PER_USER,
        users_per_account: int = 1,
        **more: object,
    ) -> None:
        users = devices // devices_per_user
        parameters = {
            "batch": self._batches,
            "accounts": users // users_per_account,
            "users": users,
            "users_per_account": users_per_account,
            "devices": devices,
            "devices_per_user": devices_per_user,
            "devices_per_notification": DEVICES_PER_NOTIFICATION,
            **more,
        }
        self._batches += 1
        # Parameters are inserted on the client side: the server would have to guess their types.
        with psycopg.connect(self._url, cursor_factory=psycopg.ClientCursor) as connection:
            # The references are right by construction; checking three million of them would take minutes.
            connection.execute("SET session_replication_role = replica")
            connection.execute(_NUMBERED_ID)
            for statement in statements:
                connection.execute(statement, parameters)
                self._filled.update(TABLE.findall(statement))
