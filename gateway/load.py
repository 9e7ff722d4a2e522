"""Limits for all requests together. Beyond them the answer is an immediate 503.

A client may be slow to send its request and to read the answer. So neither counts: the limits apply to calls of core,
and to the memory of bodies that are larger than usual.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.callers import Caller
from gateway.problems import overloaded

USUAL_BODY_BYTES = 16 * 1024
"""Bytes. A body up to this length is always read; the limit of connections limits their sum. A push that fits APNs'
4096 bytes is far shorter."""

LARGE_BODIES_BYTES = 64 * 1024 * 1024
"""Bytes that all bodies together may hold beyond their first `USUAL_BODY_BYTES` while they are being read."""


OnRefused = Callable[[str], None]
"""Called with the name of the limit that a request was refused by."""


def _unheard(bound: str) -> None:
    return


class Calls:
    """Limits the calls of core in progress to `limit`.

    A caller with accepted credentials may have half of them. All callers without share the other half, and one of them
    may have half of that. So made-up credentials do not stop a caller with real ones.
    """

    def __init__(self, limit: int, on_refused: OnRefused = _unheard) -> None:
        self.limit = limit
        self._on_refused = on_refused
        self._share = max(1, limit // 2)
        self._share_of_stranger = max(1, limit // 4)
        self.active = 0
        self._of_strangers = 0
        self._by_caller: dict[Caller, int] = {}

    def refused_by_core(self) -> None:
        """Counts a refusal by core, whose own limit of calls was reached."""
        self._on_refused("core")

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """Counts a call for as long as it takes. Raises Problem 503 if there are too many, or too many of `caller`."""
        active = self._by_caller.get(caller, 0)
        if bound := self._bound_reached(caller, active):
            self._on_refused(bound)
            raise overloaded()
        self.active += 1
        self._of_strangers += not caller.is_known
        self._by_caller[caller] = active + 1
        try:
            yield
        finally:
            self.active -= 1
            self._of_strangers -= not caller.is_known
            self._by_caller[caller] -= 1
            if not self._by_caller[caller]:
                del self._by_caller[caller]

    def _bound_reached(self, caller: Caller, active: int) -> str:
        if self.active >= self.limit:
            return "calls"
        if active >= (self._share if caller.is_known else self._share_of_stranger):
            return "calls_of_one_caller"
        if not caller.is_known and self._of_strangers >= self._share:
            return "calls_of_strangers"
        return ""


class BodyMemory:
    """Memory for bodies that are being read: `limit` bytes beyond the usual length of each."""

    def __init__(self, limit: int = LARGE_BODIES_BYTES, on_refused: OnRefused = _unheard) -> None:
        self._limit = limit
        self._on_refused = on_refused
        self._held = 0

    def grow(self, held: int, length: int) -> int:
        """The bytes that a body of `length` counts for, after `held` before. Raises Problem 503 if they do not fit."""
        wanted = max(0, length - USUAL_BODY_BYTES)
        if self._held + wanted - held > self._limit:
            self._on_refused("memory")
            raise overloaded()
        self._held += wanted - held
        return wanted

    def release(self, held: int) -> None:
        """Gives back the `held` bytes of a body that was read or given up."""
        self._held -= held
