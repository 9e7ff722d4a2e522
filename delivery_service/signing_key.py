"""A P-256 key that signs, and its file: Apple's key for APNs, and this server's own for browsers."""

import time
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from delivery_service.problem_log import ProblemLog

CHECK_SECONDS = 2.0
"""Seconds between two checks of the key's file at least."""


class InvalidKey(ValueError):
    """The text is not an unencrypted P-256 private key in PEM."""


def load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 private key in the text, as Apple's `.p8` files have it. Raises InvalidKey."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidKey("not an unencrypted private key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InvalidKey("not a P-256 key")
    return key


class KeyFile:
    """The signing key, as soon as its file holds one, without a restart.

    A key in use is only replaced by another key: while the file is missing or is being written, the old key stays in
    use.
    """

    def __init__(
        self,
        path: Path,
        problems: ProblemLog,
        *,
        variable: str,
        without: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """For the log: `variable` is the setting that names the file, `without` what cannot be done without a key."""
        self._path = path
        self._problems = problems
        self._variable = variable
        self._without = without
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
            self._key = load_key(self._path.read_text())
            self._stamp = stamp
        except (OSError, ValueError) as error:
            state = "the key read before serves on" if self._key else self._without
            self._problems.report(f"key {self._variable}", f"{state}: {self._variable}={self._path}: {error}")
