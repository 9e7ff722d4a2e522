"""Who sends a request, as far as bounds on what one caller may hold depend on it.

Credentials can be made up, another one with each request. So they tell callers apart once core has accepted them; until
then the address does, as it does for requests without any.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.types import Scope

from service_kit.connections import share_of

REMEMBERED = 10_000
"""Credentials whose acceptance is remembered. The one that was used least lately is forgotten for a new one."""
REMEMBERED_SECONDS = 600.0
"""Since they were last accepted."""


class Caller(NamedTuple):
    """A number that is most likely one caller's own, and whether core has accepted the credentials lately."""

    number: int
    is_known: bool


class Callers:
    """Tells callers apart, and remembers whom core has accepted: by a hash of the credentials (Python's own, with
    another key in every process). The credentials themselves are not kept."""

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
        """When each is forgotten, the next first."""

    def of(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Caller:
        """Who sends the request."""
        credentials = headers.get(b"authorization")
        if credentials is not None:
            number = hash(credentials)
            if self._accepted.get(number, 0.0) > self._clock():
                return Caller(number, is_known=True)
        client = scope.get("client")
        return Caller(hash(share_of(client[0] if client else "")), is_known=False)

    def accept(self, headers: Mapping[bytes, bytes]) -> None:
        """Core has accepted the credentials of a request."""
        if credentials := headers.get(b"authorization"):
            number = hash(credentials)
            self._accepted[number] = self._clock() + self._seconds
            self._accepted.move_to_end(number)
            if len(self._accepted) > self._remembered:
                self._accepted.popitem(last=False)

    def forget(self, headers: Mapping[bytes, bytes]) -> None:
        """Core has refused the credentials of a request: they may have been revoked."""
        if credentials := headers.get(b"authorization"):
            self._accepted.pop(hash(credentials), None)
