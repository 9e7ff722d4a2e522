"""Bounds on what all requests together may hold. Beyond them the answer is a quick 503.

A client may be slow at sending a request and at reading the answer, so neither holds what others need:
only calls of core are counted, and only bodies larger than usual compete for memory.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.callers import Caller
from gateway.problems import overloaded

USUAL_BODY_BYTES = 16 * 1024
"""A body up to this length is always read; with the bound on connections, that bounds them all. A push that fits APNs'
4096 bytes is far shorter."""

LARGE_BODIES_BYTES = 64 * 1024 * 1024
"""What all bodies together may hold above their first `USUAL_BODY_BYTES` while they are being read."""


OnRefused = Callable[[str], None]
"""Hears which bound a request was refused by."""


def _unheard(bound: str) -> None:
    return


class Calls:
    """At most `limit` calls of core in progress; half of them for one caller whom core knows, and half for all others
    together, of which one has half again. So made-up credentials do not stop a caller who has real ones."""

    def __init__(self, limit: int, on_refused: OnRefused = _unheard) -> None:
        self.limit = limit
        self._on_refused = on_refused
        self._share = max(1, limit // 2)
        self._share_of_stranger = max(1, limit // 4)
        self.active = 0
        self._of_strangers = 0
        self._by_caller: dict[Caller, int] = {}

    def refused_by_core(self) -> None:
        """Core has as many calls in progress as it takes."""
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
        """What a body of now `length` bytes holds, after it `held` this. Raises Problem 503 if there is no room."""
        wanted = max(0, length - USUAL_BODY_BYTES)
        if self._held + wanted - held > self._limit:
            self._on_refused("memory")
            raise overloaded()
        self._held += wanted - held
        return wanted

    def release(self, held: int) -> None:
        """The body that `held` this is read, or given up."""
        self._held -= held
