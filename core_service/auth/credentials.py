"""Secrets that open something: how they are made, what is stored of them, and whose a bearer token is.

Every call looks its credential up with one indexed query, so a revoked or edited one counts at once.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass

from core_service.auth.last_used import LastUsed
from core_service.identity.errors import Unauthenticated
from core_service.identity.models import Role
from core_service.identity.principal import ApiKeyPrincipal, ChannelRef, DevicePrincipal, Principal, SessionPrincipal
from service_kit.database import Pool

API_KEY = "ask_"
DEVICE = "dev_"
SESSION = "ses_"
INVITE = "inv_"
PASSWORD_RESET = "pwr_"  # noqa: S105 - no password

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
        """`admin_url` is the address of the admin app; `prefix` is that of the"""
        self._page = f"{admin_url.rstrip('/')}/{page}"
        self._prefix = prefix

    def new(self) -> tuple[str, Secret]:
        """Returns a link, and the secret in it. Its hash is to be stored."""
        secret = mint(self._prefix)
        return f"{self._page}/{secret.text}", secret


SELECT_API_KEY = """
SELECT k.id, k.account_id, k.scope, a.rate_limit_per_minute,
       CASE WHEN k.scope = 'channels' THEN ARRAY(
           SELECT c.id::text || ' ' || c.slug
           FROM api_key_channels kc JOIN channels c ON c.id = kc.channel_id
           WHERE kc.api_key_id = k.id ORDER BY c.slug
       ) END
FROM api_keys k JOIN accounts a ON a.id = k.account_id
WHERE k.secret_hash = %s AND k.revoked_at IS NULL
"""

SELECT_SESSION = """
SELECT s.id, s.account_id, s.user_id, m.role, a.rate_limit_per_minute
FROM sessions s
JOIN members m ON m.account_id = s.account_id AND m.user_id = s.user_id
JOIN accounts a ON a.id = s.account_id
WHERE s.secret_hash = %s AND s.expires_at > now()
"""

SELECT_DEVICE = "SELECT id, account_id, user_id FROM devices WHERE secret_hash = %s"


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

    def __init__(self, pool: Pool, last_used: LastUsed, default_rate_limit: int, *, ceiling: int) -> None:
        """`ceiling` is the highest number of requests a minute for any account."""
        self._pool = pool
        self._last_used = last_used
        self._default_rate_limit = default_rate_limit
        self._ceiling = ceiling

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
            row = await self._row(SELECT_SESSION, hash_secret(token))
            if row is None:
                return None
            return SessionPrincipal(row[0], row[1], row[2], Role(row[3]), self._rate_limit(row[4]))
        if token.startswith(DEVICE):
            row = await self._row(SELECT_DEVICE, hash_secret(token))
            if row is not None:
                self._last_used.note_device(row[0])
            return row and DevicePrincipal(row[0], row[1], row[2])
        return None

    async def _api_key(self, secret_hash: bytes) -> ApiKeyPrincipal | None:
        row = await self._row(SELECT_API_KEY, secret_hash)
        if row is None:
            return None
        api_key_id, account_id, scope, rate_limit, channels = row
        self._last_used.note(api_key_id)
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
