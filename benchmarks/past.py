"""Fills the database with a month of settled notifications, their deliveries and their attempts."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
from psycopg import sql

from core_service.auth.credentials import hash_secret

SPAN = dt.timedelta(days=30) - dt.timedelta(hours=4)
"""The rows are spread over this time before now. The server forgets what is older than 30 days, and a run takes less
than 4 hours."""
DEVICES_PER_NOTIFICATION = 2
TABLES = ("notifications", "deliveries", "delivery_attempts")

# Rows are inserted in the order of time, as the server does it, so that indexes get the form that they have there.
_TIMED_ID = """
CREATE FUNCTION pg_temp.id(ms bigint, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$
"""

_NOTIFICATIONS = """
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
SELECT pg_temp.id(ms, n), (%(accounts)s::uuid[])[1 + n %% %(count)s],
       'Build ' || n || ' finished', convert_to('{"aps":{"alert":{"title":"' || repeat('x', 250) || '"}}}', 'UTF8'),
       to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0) + interval '3 days'
FROM (SELECT n, %(oldest)s + (n * %(step)s::float8)::bigint AS ms
      FROM generate_series(0, %(rows)s / %(each)s - 1) n) moment
"""

_DELIVERIES = """
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts, settled_at)
SELECT pg_temp.id(ms, n / %(each)s), (%(devices)s::uuid[])[device],
       (%(accounts)s::uuid[])[1 + n / %(each)s %% %(count)s], (%(users)s::uuid[])[device], gen_random_uuid(),
       'accepted', to_timestamp(ms / 1000.0), 1, to_timestamp(ms / 1000.0)
FROM (SELECT n, %(oldest)s + (n / %(each)s * %(step)s::float8)::bigint AS ms,
             1 + n / %(each)s %% %(count)s * %(each)s + n %% %(each)s AS device
      FROM generate_series(0, %(rows)s - 1) n) moment
"""

_ATTEMPTS = """
INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome,
                               status_code, latency_ms)
SELECT pg_temp.id(ms + 40, n), (%(accounts)s::uuid[])[1 + n / %(each)s %% %(count)s], to_timestamp(ms / 1000.0),
       (%(devices)s::uuid[])[device], pg_temp.id(ms, n / %(each)s)::text, 'alert', 10, gen_random_uuid(), 'accepted',
       200, 40
FROM (SELECT n, %(oldest)s + (n / %(each)s * %(step)s::float8)::bigint AS ms,
             1 + n / %(each)s %% %(count)s * %(each)s + n %% %(each)s AS device
      FROM generate_series(0, %(rows)s - 1) n) moment
"""

_PHONES = """
SELECT d.id, d.account_id, d.user_id
FROM api_keys k JOIN devices d ON d.account_id = k.account_id
WHERE k.secret_hash = ANY(%s)
ORDER BY d.account_id, d.id
"""


@dataclass(frozen=True)
class Sizes:
    """Bytes on disk of a table."""

    table: int
    indexes: int


class Past:
    """What one server's database remembers."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self.oldest = dt.datetime.now(dt.UTC) - SPAN

    def add(self, rows: int, api_keys: list[str]) -> None:
        """Adds `rows` deliveries and as many attempts, of half as many notifications, which went to the two phones of
        each of these keys' accounts in turns. A key must have an account of its own with exactly two phones."""
        phones = self._phones(api_keys)
        parameters = {
            "accounts": [account for _, account, _ in phones[::DEVICES_PER_NOTIFICATION]],
            "devices": [device for device, _, _ in phones],
            "users": [user for _, _, user in phones],
            "count": len(api_keys),
            "each": DEVICES_PER_NOTIFICATION,
            "rows": rows,
            "oldest": int(self.oldest.timestamp() * 1000),
            "step": SPAN.total_seconds() * 1000 / (rows / DEVICES_PER_NOTIFICATION),
        }
        with ThreadPoolExecutor(2) as workers:
            loads = [
                workers.submit(self._load, (_NOTIFICATIONS, _DELIVERIES), parameters),
                workers.submit(self._load, (_ATTEMPTS,), parameters),
            ]
            for load in loads:
                load.result()

    def vacuum(self, *, analyze: bool = False) -> None:
        """Vacuums the three tables, and writes a checkpoint if they are also analyzed."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            for table in TABLES:
                options = sql.SQL("(ANALYZE) " if analyze else "")
                connection.execute(sql.SQL("VACUUM {}{}").format(options, sql.Identifier(table)))
            if analyze:
                connection.execute("CHECKPOINT")

    def sizes(self) -> dict[str, Sizes]:
        """By table."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute(
                "SELECT t, pg_table_size(t::regclass), pg_indexes_size(t::regclass) FROM unnest(%s::text[]) t",
                (list(TABLES),),
            ).fetchall()
        return {table: Sizes(of_table, of_indexes) for table, of_table, of_indexes in found}

    def _phones(self, api_keys: list[str]) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]:
        with psycopg.connect(self._url) as connection:
            found = connection.execute(_PHONES, ([hash_secret(key) for key in api_keys],)).fetchall()
        assert len(found) == len(api_keys) * DEVICES_PER_NOTIFICATION
        return [(device, account, user) for device, account, user in found]

    def _load(self, statements: tuple[str, ...], parameters: dict[str, object]) -> None:
        with psycopg.connect(self._url, cursor_factory=psycopg.ClientCursor) as connection:
            # The references are right by construction; checking millions of them would take minutes.
            connection.execute("SET session_replication_role = replica")
            connection.execute(_TIMED_ID)
            for statement in statements:
                connection.execute(statement, parameters)
