"""Apple's rules for provider tokens (JSON Web Tokens signed with ES256).

Source: "Establishing a token-based connection to APNs" in Apple's UserNotifications documentation.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

LIFETIME = 3600
"""Seconds after `iat` during which a token is valid."""
FUTURE = 60
"""Seconds by which `iat` may be ahead of APNs' clock. Apple gives no number."""
UPDATE_INTERVAL = 20 * 60
"""Seconds between the `iat` of two successive tokens of a connection at least."""
CACHE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class ProviderToken:
    """A token whose signature and claims are right. Its age is checked for every request."""

    key_id: str
    team_id: str
    issued_at: int
    digest: bytes


class ProviderTokens:
    """Verifies tokens; each text is verified once."""

    def __init__(self, keys: Mapping[str, EllipticCurvePublicKey], team_id: str) -> None:
        self._keys = keys
        self._team_id = team_id
        self._verified: dict[bytes, ProviderToken | None] = {}

    def verify(self, text: bytes) -> ProviderToken | None:
        """The token, or None if it is malformed, by an unknown key, wrongly signed or of another team."""
        if text in self._verified:
            return self._verified[text]
        if len(self._verified) >= CACHE_SIZE:
            self._verified.clear()
        token = self._verified[text] = self._decode(text)
        return token

    def _decode(self, text: bytes) -> ProviderToken | None:
        try:
            key_id = jwt.get_unverified_header(text).get("kid")
            key = self._keys.get(key_id) if isinstance(key_id, str) else None
            if key is None or not isinstance(key_id, str):
                return None
            # Age is checked for each request, by APNs' own clock, which tests move.
            claims = jwt.decode(
                text, key, algorithms=["ES256"], options={"verify_iat": False, "verify_exp": False, "verify_nbf": False}
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        issued_at, team_id = claims.get("iat"), claims.get("iss")
        if type(issued_at) is not int or team_id != self._team_id:
            return None
        return ProviderToken(key_id, self._team_id, issued_at, hashlib.sha256(text).digest())


class ConnectionAuthority:
    """What one connection remembers about the tokens it has seen: a connection belongs to one key."""

    def __init__(self, tokens: ProviderTokens) -> None:
        self._tokens = tokens
        self._header = b""
        self.current: ProviderToken | None = None
        """The newest token accepted on this connection."""
        self._previous: bytes = b""
        self.expired = False
        """An expired token was seen here."""

    def problem(self, header: bytes | None, now: float) -> tuple[int, str] | None:
        """Why the `authorization` header is refused at `now` (UNIX seconds) as status and reason, or None."""
        if self.current is not None and header == self._header:
            return self._age_problem(self.current, now)
        if header is None or header[:7].lower() != b"bearer ":
            return 403, "MissingProviderToken"
        token = self._tokens.verify(header[7:])
        if token is None:
            return 403, "InvalidProviderToken"
        return self._age_problem(token, now) or self._succession_problem(header, token)

    def _age_problem(self, token: ProviderToken, now: float) -> tuple[int, str] | None:
        if token.issued_at > now + FUTURE:
            return 403, "InvalidProviderToken"
        if now - token.issued_at <= LIFETIME:
            return None
        self.expired = True
        return 403, "ExpiredProviderToken"

    def _succession_problem(self, header: bytes, token: ProviderToken) -> tuple[int, str] | None:
        current = self.current
        if current is not None:
            if token.key_id != current.key_id:
                return 403, "UnrelatedKeyIdInToken"
            # A request signed just before a refresh may arrive just after it.
            if header == self._previous:
                return None
            if abs(token.issued_at - current.issued_at) < UPDATE_INTERVAL:
                return 429, "TooManyProviderTokenUpdates"
        self._previous, self._header, self.current = self._header, header, token
        return None
