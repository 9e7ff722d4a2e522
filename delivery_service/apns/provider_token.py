"""The JWT that identifies the sender to APNs."""

import json
import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hpack import HeaderTuple
from jwt.utils import base64url_encode, der_to_raw_signature

STEP = 30 * 60
"""Seconds for which a token stays the same. Apple: refresh it every 20 to 60 minutes."""
CLOCK_SKEW = 60
"""Seconds by which this machine's clock may be ahead of Apple's before Apple sees a token from the future."""


class ProviderToken:
    """The `authorization` header, one for all connections.

    `iat` is rounded down to a step of 30 minutes and the ES256 signature is deterministic (RFC 6979), so equal keys and
    clocks give equal tokens: APNs sees one token per half hour for any number of processes.

    `key` returns the current key. `get_header` may be called only once there is one.
    """

    def __init__(
        self,
        key: Callable[[], ec.EllipticCurvePrivateKey | None],
        *,
        key_id: str,
        team_id: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._team_id = team_id
        self._head = base64url_encode(json.dumps({"alg": "ES256", "kid": key_id}, separators=(",", ":")).encode())
        self._clock = clock
        self._signed_with: ec.EllipticCurvePrivateKey | None = None
        self._valid_from = self._valid_until = 0.0
        self._header = HeaderTuple(b"authorization", b"")

    def fault(self) -> str:
        """Reason why nothing can be signed now; empty if it can."""
        return "" if self._key() is not None else "ProviderKeyUnreadable"

    def get_header(self) -> HeaderTuple:
        """`bearer <JWT>`, between 1 and 31 minutes old. Signs only when a new step began, or with another key."""
        now, key = self._clock() - CLOCK_SKEW, self._key()
        if key is not None and (key is not self._signed_with or not self._valid_from <= now < self._valid_until):
            issued_at = int(now // STEP) * STEP
            # Apple's page on token-based connections allows to index an `authorization` that rarely changes. It saves
            # 250 bytes and their Huffman coding on every push.
            self._header = HeaderTuple(b"authorization", b"bearer " + self._sign(key, issued_at))
            self._signed_with, self._valid_from, self._valid_until = key, issued_at, issued_at + STEP
        return self._header

    def _sign(self, key: ec.EllipticCurvePrivateKey, issued_at: int) -> bytes:
        claims = json.dumps({"iss": self._team_id, "iat": issued_at}, separators=(",", ":")).encode()
        signed = self._head + b"." + base64url_encode(claims)
        # jwt.encode cannot ask for a deterministic signature.
        der = key.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return signed + b"." + base64url_encode(der_to_raw_signature(der, key.curve))
