"""Secrets that open something: how they are made, what is stored of them, whose a bearer token is, and when it was last
used.

Every call looks its credential up with an indexed query, so a revoked or edited one counts at once. API keys of calls
that come at the same time share one.
"""

import asyncio
import hashlib
import logging
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, LiteralString

from core_service.common.arrays import byte_strings
from core_service.common.orm import now
from core_service.identity.errors import Unauthenticated
from core_service.identity.models import Role
from core_service.identity.principal import ApiKeyPrincipal, ChannelRef, DevicePrincipal, Principal, SessionPrincipal
from core_service.work_queue.group import Crowd, Group
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

API_KEY = "ask_"
DEVICE = "dev_"
SESSION = "ses_"
INVITE = "inv_"
CHALLENGE = "sic_"
PASSWORD_RESET = "pwr_"  # noqa: S105 - no password
SINGLE_SIGN_ON = "sso_"

MAX_LENGTH = 200
"""Longer credentials are refused without a look-up."""


@dataclass(frozen=True)
class Secret:
    """A new secret. `text` is shown to its owner once and stored nowhere."""

    text: str
    hash: bytes
    hint: str


def mint(prefix: str) -> Secret:
    """A new secret with 256 random bits."""
    text = prefix + secrets.token_urlsafe(32)
    return Secret(text=text, hash=hash_secret(text), hint=text[: len(prefix) + 4])


def hash_secret(text: str) -> bytes:
    """Returns the hash that is stored and looked up. A fast hash is enough, because secrets are random. A look-up by
    hash takes the same time whichever part of a guess is right."""
    return hashlib.sha256(text.encode()).digest()


class SecretLinks:
    """Makes links to one page of the admin app."""

    def __init__(self, admin_url: str, page: str, prefix: str) -> None:
        """`admin_url` is the address of the admin app; `prefix` is that of the secrets."""
        self._page = f"{admin_url.rstrip('/')}/{page}"
        self._prefix = prefix

    def new(self) -> tuple[str, Secret]:
        """Returns a link, and the secret in it. Its hash is to be stored."""
        secret = mint(self._prefix)
        return f"{self._page}/{secret.text}", secret


INTERVAL_SECONDS = 5.0
"""How often last uses are written."""

UPDATE_API_KEYS = """
UPDATE api_keys k SET last_used_at = u.at
FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(id, at)
WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
"""

UPDATE_DEVICES = """
UPDATE devices d SET last_seen_at = u.at
FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(id, at)
WHERE d.id = u.id AND (d.last_seen_at IS NULL OR d.last_seen_at < u.at - interval '1 minute')
"""
"""At most once a minute for each phone. Pushes read this row, and a talkative phone must not change it all the time."""


class LastUsed:
    """Collects uses of API keys and calls of phones. A crash loses the last few seconds, which only people look at."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._keys: set[uuid.UUID] = set()
        self._devices: set[uuid.UUID] = set()

    def note(self, api_key_id: uuid.UUID) -> None:
        """The key was used now."""
        self._keys.add(api_key_id)

    def note_device(self, device_id: uuid.UUID) -> None:
        """The phone has called now."""
        self._devices.add(device_id)

    async def run(self) -> None:
        """Writes what was noted, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes what was noted. If the database is away it is kept for the next time."""
        keys, self._keys = self._keys, set()
        self._keys |= await self._write(UPDATE_API_KEYS, keys, "last use of %d API keys not written yet: %s")
        devices, self._devices = self._devices, set()
        self._devices |= await self._write(UPDATE_DEVICES, devices, "last call of %d phones not written yet: %s")

    async def _write(self, statement: LiteralString, seen: set[uuid.UUID], complaint: str) -> set[uuid.UUID]:
        """Returns the entries that could not be written."""
        if not seen:
            return seen
        # All processes lock rows in this order, so that they cannot deadlock.
        ids = sorted(seen)
        try:
            async with self._pool.connection() as connection:
                await connection.execute(statement, (ids, [now()] * len(ids)))
        except DATABASE_AWAY as error:
            log.warning(complaint, len(ids), error)
            return seen
        return set()


_SELECT_API_KEY = """
SELECT k.secret_hash, k.id, k.account_id, k.scope,
       (SELECT a.rate_limit_per_minute FROM accounts a WHERE a.id = k.account_id),
       CASE WHEN k.scope = 'channels' THEN ARRAY(
           SELECT c.id::text || ' ' || c.slug
           FROM api_key_channels kc JOIN channels c ON c.id = kc.channel_id
           WHERE kc.api_key_id = k.id ORDER BY c.slug
       ) END
FROM api_keys k
WHERE k.secret_hash {condition} AND k.revoked_at IS NULL
"""

SELECT_API_KEY = _SELECT_API_KEY.format(condition="= %s")

SELECT_API_KEYS = _SELECT_API_KEY.format(condition="= ANY(%s::bytea[])")

MAX_KEYS = 500
"""Look-ups in one statement."""
MAX_LOOK_UPS = 100_000
"""Look-ups of one key that may wait: as many as a core may carry out calls at once."""

_SELECT_SESSION = """
SELECT s.secret_hash, s.id, s.account_id, s.user_id, m.role,
       (SELECT a.rate_limit_per_minute FROM accounts a WHERE a.id = s.account_id),
       u.second_factor_at IS NULL AND (SELECT a.require_second_factor FROM accounts a WHERE a.id = s.account_id)
FROM sessions s
JOIN members m ON m.account_id = s.account_id AND m.user_id = s.user_id AND m.suspended_at IS NULL
JOIN users u ON u.id = s.user_id
WHERE s.secret_hash {condition} AND s.expires_at > now()
"""

SELECT_SESSION = _SELECT_SESSION.format(condition="= %s")

SELECT_SESSIONS = _SELECT_SESSION.format(condition="= ANY(%s::bytea[])")

SELECT_DEVICE = """
SELECT d.id, d.account_id, d.user_id
FROM devices d JOIN accounts a ON a.id = d.account_id
WHERE d.secret_hash = %s AND a.closed_at IS NULL
"""
"""A closed account has no members and no keys. Its devices are deleted a few at a time."""


def read_token(authorization: str) -> str:
    """The secret in an `authorization` header, however the header is written.

    Raises Unauthenticated if there is none or it is malformed.
    """
    if not authorization:
        raise Unauthenticated("The Authorization header is missing; send `Authorization: Bearer <secret>`.")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > MAX_LENGTH:
        raise Unauthenticated("The Authorization header must be `Bearer <secret>`.")
    return token


class Credentials:
    """Looks up credentials."""

    def __init__(self, pool: Pool, last_used: LastUsed, default_rate_limit: int, *, ceiling: int, crowd: Crowd) -> None:
        """`ceiling` is the highest number of requests a minute for any account."""
        self._pool = pool
        self._last_used = last_used
        self._default_rate_limit = default_rate_limit
        self._ceiling = ceiling
        self._api_keys: Group[bytes, ApiKeyPrincipal | None] = Group(
            "look-ups",
            self._find_api_key,
            self._find_api_keys,
            most=MAX_KEYS,
            crowd=crowd,
            most_waiting=MAX_LOOK_UPS,
        )
        # Open pages are looked up every second, all at the same moment.
        self._sessions: Group[bytes, SessionPrincipal | None] = Group(
            "look-ups of sessions",
            self._find_session,
            self._find_sessions,
            most=MAX_KEYS,
            crowd=crowd,
            most_waiting=MAX_LOOK_UPS,
        )

    async def principal(self, authorization: str) -> Principal:
        """Returns the principal whose credentials are in this `authorization` header.

        Raises Unauthenticated if there are none, or they are malformed, unknown, revoked or expired.
        """
        principal = await self._look_up(read_token(authorization))
        if principal is None:
            raise Unauthenticated("The secret in the Authorization header is unknown, revoked or expired.")
        return principal

    async def _look_up(self, token: str) -> Principal | None:
        if token.startswith(API_KEY):
            return await self._api_key(hash_secret(token))
        if token.startswith(SESSION):
            secret_hash = hash_secret(token)
            return await self._sessions.ask(secret_hash, secret_hash)
        if token.startswith(DEVICE):
            row = await self._row(SELECT_DEVICE, hash_secret(token))
            if row is not None:
                self._last_used.note_device(row[0])
            return row and DevicePrincipal(row[0], row[1], row[2])
        return None

    async def _api_key(self, secret_hash: bytes) -> ApiKeyPrincipal | None:
        principal = await self._api_keys.ask(secret_hash, secret_hash)
        if principal is not None:
            self._last_used.note(principal.api_key_id)
        return principal

    async def _find_api_key(self, secret_hash: bytes) -> ApiKeyPrincipal | None:
        row = await self._row(SELECT_API_KEY, secret_hash)
        return row and self._read_api_key(row)

    async def _find_api_keys(self, secret_hashes: list[bytes]) -> list[ApiKeyPrincipal | None]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(SELECT_API_KEYS, (byte_strings(set(secret_hashes)),), binary=True)
            found = {row[0]: self._read_api_key(row) for row in await cursor.fetchall()}
        return [found.get(secret_hash) for secret_hash in secret_hashes]

    async def _find_session(self, secret_hash: bytes) -> SessionPrincipal | None:
        row = await self._row(SELECT_SESSION, secret_hash)
        return row and self._read_session(row)

    async def _find_sessions(self, secret_hashes: list[bytes]) -> list[SessionPrincipal | None]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(SELECT_SESSIONS, (byte_strings(set(secret_hashes)),), binary=True)
            found = {row[0]: self._read_session(row) for row in await cursor.fetchall()}
        return [found.get(secret_hash) for secret_hash in secret_hashes]

    def _read_session(self, row: tuple[Any, ...]) -> SessionPrincipal:
        _, session_id, account_id, user_id, role, rate_limit, lacks_second_factor = row
        return SessionPrincipal(
            session_id, account_id, user_id, Role(role), self._rate_limit(rate_limit), lacks_second_factor
        )

    def _read_api_key(self, row: tuple[Any, ...]) -> ApiKeyPrincipal:
        _, api_key_id, account_id, scope, rate_limit, channels = row
        return ApiKeyPrincipal(
            api_key_id,
            account_id,
            tuple(_channel(text) for text in channels) if scope == "channels" else None,
            self._rate_limit(rate_limit),
        )

    def _rate_limit(self, chosen: int | None) -> int:
        return min(chosen or self._default_rate_limit, self._ceiling)

    async def _row(self, query: str, secret_hash: bytes):  # type: ignore[no-untyped-def] # columns differ by query
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, (secret_hash,), binary=True)
            return await cursor.fetchone()


def _channel(text: str) -> ChannelRef:
    identifier, _, slug = text.partition(" ")
    return ChannelRef(uuid.UUID(identifier), slug)
