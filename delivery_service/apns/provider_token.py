"""The JWT that identifies the sender to APNs, and the file of the key that signs it."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hpack import HeaderTuple
from jwt.utils import base64url_encode, der_to_raw_signature

from delivery_service.apns.problem_log import ProblemLog

STEP = 30 * 60
"""Seconds for which a token stays the same. Apple: refresh it every 20 to 60 minutes."""
CLOCK_SKEW = 60
"""Seconds by which this machine's clock may be ahead of Apple's before Apple sees a token from the future."""
CHECK_SECONDS = 2.0
"""Seconds between two checks of the key's file at least."""


class InvalidProviderKey(ValueError):
    """The text is not a P-256 private key in PEM, as Apple hands them out in `.p8` files."""


def load_provider_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """The key in the text of a `.p8` file. Raises InvalidProviderKey."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidProviderKey("not an unencrypted private key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InvalidProviderKey("not a P-256 key")
    return key


class KeyFile:
    """The signing key, as soon as its file holds one, without a restart.

    A key in use is only replaced by another key: while the file is missing or is being written, the old key stays in
    use.
    """

    def __init__(self, path: Path, problems: ProblemLog, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._problems = problems
        self._clock = clock
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._stamp: tuple[int, int, int] | None = None
        """The file's time and size when it was last read."""
        self._look_at = 0.0
        self._look()

    def key(self) -> ec.EllipticCurvePrivateKey | None:
        """The key; None if the file has not held one yet. Checks the file every two seconds at most."""
        if self._clock() >= self._look_at:
            self._look()
        return self._key

    def _look(self) -> None:
        self._look_at = self._clock() + CHECK_SECONDS
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return
            self._key = load_provider_key(self._path.read_text())
            self._stamp = stamp
        except (OSError, ValueError) as error:
            state = "the key read before serves on" if self._key else "no pushes can be sent"
            self._problems.report("key", f"{state}: SMITH_APNS_KEY_FILE={self._path}: {error}")


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
