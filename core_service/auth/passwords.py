"""Passwords: argon2id (RFC 9106, whose second choice of parameters is the library's default), off the event loop."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from service_kit.errors import Unavailable

SLOTS = 2
"""Hashings at once: each takes 64 MiB and a core for some hundredths of a second."""

MAX_WAITING = 16
"""Callers that wait for a turn, a second or two at most. Whoever comes then is told to come again: waiting calls take
the places of others, of those that send pushes too."""


class Passwords:
    """Hashes and verifies passwords, with the library's parameters unless told otherwise."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash("nobody has this password")
        self._free = asyncio.Semaphore(SLOTS)
        self._waiting = 0
        # Of its own: a hashing goes on when its caller has gone, and still counts as one of the few at once.
        self._threads = ThreadPoolExecutor(SLOTS, "hashing")

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A turn to hash. What `verify` and `hash` cost is bounded by the number of turns.

        Raises Unavailable if too many wait for one.
        """
        await self._take_turn()
        try:
            yield
        finally:
            self._free.release()

    async def _take_turn(self) -> None:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many passwords are being checked. Try again shortly.")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        """The hash to store, in the PHC string format. To be called inside a `slot`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one. To be called inside a `slot`.

        Without a stored hash the answer is no, after the same time as for a wrong password.
        """
        matches = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._matches, password, stored or self._nobodys
        )
        return matches and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False
