"""Tells callers apart, for the limits on what one caller may hold.

A client can make up other credentials with each request. So credentials identify a caller only once core has accepted
them. Until then, and for requests without credentials, the address does.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.types import Scope

from service_kit.connections import share_of

REMEMBERED = 10_000
"""Most accepted credentials that are remembered. The least recently used is forgotten for a new one."""
REMEMBERED_SECONDS = 600.0
"""Seconds for which credentials are remembered since core last accepted them."""


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
