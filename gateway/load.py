"""Limits for all requests together, and for one caller. Beyond them the answer is an immediate 503.

A client may be slow to send its request and to read the answer. So neither counts: the limits apply to calls of core,
and to the memory of bodies that are larger than usual.

A client can make up other credentials with each request. So credentials identify a caller only once core has accepted
them. Until then, and for requests without credentials, the address does.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.types import Scope

from gateway.problems import overloaded
from service_kit.connections import share_of

REMEMBERED = 10_000
"""Most accepted credentials that are remembered. The least recently used is forgotten for a new one."""
REMEMBERED_SECONDS = 600.0
"""Seconds for which credentials are remembered since core last accepted them."""

USUAL_BODY_BYTES = 16 * 1024
"""Bytes. A body up to this length is always read; the limit of connections limits their sum. A push that fits APNs'
4096 bytes is far shorter."""

LARGE_BODIES_BYTES = 64 * 1024 * 1024
"""Bytes that all bodies together may hold beyond their first `USUAL_BODY_BYTES` while they are being read."""


OnRefused = Callable[[str], None]
"""Called with the name of the limit that a request was refused by."""


class Caller(NamedTuple):
    """A number that most likely no other caller has, and whether core has accepted the credentials recently."""

    number: int
    is_known: bool


class Callers:
    """Tells callers apart, and remembers whose credentials core has accepted.

    It keeps a hash of the credentials (Python's own, with another key in every process), not the credentials.
    """

    def __init__(
        self,
        remembered: int = REMEMBERED,
        seconds: float = REMEMBERED_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remembered = remembered
        self._seconds = seconds
        self._clock = clock
        self._accepted: OrderedDict[int, float] = OrderedDict()
        """The time at which each is forgotten, the earliest first."""

    def of(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Caller:
        """The caller of the request."""
        credentials = headers.get(b"authorization")
        if credentials is not None:
            number = hash(credentials)
            if self._accepted.get(number, 0.0) > self._clock():
                return Caller(number, is_known=True)
        client = scope.get("client")
        return Caller(hash(share_of(client[0] if client else "")), is_known=False)

    def accept(self, headers: Mapping[bytes, bytes]) -> None:
        """Remembers that core has accepted the credentials of a request."""
        if credentials := headers.get(b"authorization"):
            number = hash(credentials)
            self._accepted[number] = self._clock() + self._seconds
            self._accepted.move_to_end(number)
            if len(self._accepted) > self._remembered:
                self._accepted.popitem(last=False)

    def forget(self, headers: Mapping[bytes, bytes]) -> None:
        """Forgets credentials that core has refused: they may have been revoked."""
        if credentials := headers.get(b"authorization"):
            self._accepted.pop(hash(credentials), None)


class Calls:
    """Limits the calls of core in progress to `limit`.

    A caller with accepted credentials may have half of them. All callers without share the other half, and one of them
    may have half of that. So made-up credentials do not stop a caller with real ones.
    """

    def __init__(self, limit: int, on_refused: OnRefused = lambda bound: None) -> None:
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

    def begin(self, caller: Caller) -> None:
        """Counts a call, until `end` is called with the same caller.

        Raises Problem 503, and does not count it, if there are too many, or too many of `caller`.
        """
        active = self._by_caller.get(caller, 0)
        if bound := self._bound_reached(caller, active):
            self._on_refused(bound)
            raise overloaded()
        self.active += 1
        self._of_strangers += not caller.is_known
        self._by_caller[caller] = active + 1

    def end(self, caller: Caller) -> None:
        """The call is over."""
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

    def __init__(self, limit: int = LARGE_BODIES_BYTES, on_refused: OnRefused = lambda bound: None) -> None:
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
