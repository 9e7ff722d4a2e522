"""How this server identifies itself to push services: VAPID (RFC 8292), a JWT for each of them."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.utils import base64url_encode, der_to_raw_signature

from delivery_service.web_push.encryption import point_of

LIFETIME = 12 * 3600
"""Seconds until a token expires. Push services refuse more than a day."""
RENEW_AFTER = 6 * 3600
"""Seconds after which a new one is signed, so that a push service's clock may be wrong by hours."""
MAX_TOKENS = 100
"""Push services whose tokens are kept."""

HEAD = base64url_encode(json.dumps({"typ": "JWT", "alg": "ES256"}, separators=(",", ":")).encode())


class Vapid:
    """Signs for each push service, by its origin, and keeps what it has signed."""

    def __init__(
        self, key: Callable[[], ec.EllipticCurvePrivateKey | None], subject: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`key` returns the current key, None as long as there is none. `subject`: a mailto: or https: address."""
        self._current = key
        self._subject = subject
        self._clock = clock
        self._key: ec.EllipticCurvePrivateKey | None = None
        """The key that all below belongs to."""
        self._public_key = b""
        self._headers: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        """When each was signed, and what it is, by origin; the one used last is the last."""

    @property
    def public_key(self) -> str:
        """The key that browsers subscribe with: an uncompressed point in base64url. Empty if there is none."""
        return self._public_key.decode() if self._look() else ""

    def fault(self) -> str:
        """Reason why nothing can be signed now; empty if it can."""
        return "" if self._look() else "WebPushKeyUnreadable"

    def header_for(self, origin: str) -> bytes:
        """The value of `authorization` for a push service. Call it only if there is no fault."""
        key, now = self._look(), self._clock()
        signed_at, header = self._headers.get(origin, (0.0, b""))
        # A token that seems to be of the future was signed before the clock was set back: it would live too long.
        if key is not None and not (header and signed_at <= now < signed_at + RENEW_AFTER):
            signed_at, header = now, self._sign(key, origin, int(now) + LIFETIME)
        self._headers[origin] = signed_at, header
        self._headers.move_to_end(origin)
        if len(self._headers) > MAX_TOKENS:
            self._headers.popitem(last=False)
        return header

    def _look(self) -> ec.EllipticCurvePrivateKey | None:
        key = self._current()
        if key is not None and key is not self._key:
            self._key, self._public_key = key, base64url_encode(point_of(key))
            self._headers.clear()
        return key

    def _sign(self, key: ec.EllipticCurvePrivateKey, origin: str, expires_at: int) -> bytes:
        claims = json.dumps({"aud": origin, "exp": expires_at, "sub": self._subject}, separators=(",", ":")).encode()
        signed = HEAD + b"." + base64url_encode(claims)
        signature = der_to_raw_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())), key.curve)
        return b"vapid t=%s.%s,k=%s" % (signed, base64url_encode(signature), self._public_key)
