"""The file with the signing key. It is read again when it has changed."""

import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from delivery_service.apns.problem_log import ProblemLog
from delivery_service.apns.provider_token import load_provider_key

CHECK_SECONDS = 2.0
"""Seconds between two checks of the file at least."""

Stamp = tuple[int, int, int]


class KeyFile:
    """The key, as soon as the file holds one, without a restart.

    A key in use is only replaced by another key: while the file is missing or is being written, the old key stays in
    use.
    """

    def __init__(self, path: Path, problems: ProblemLog, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._problems = problems
        self._clock = clock
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._stamp: Stamp | None = None
        """The file's time and size when it was last read."""
        self._look_at = 0.0
        self._look()

    @property
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
