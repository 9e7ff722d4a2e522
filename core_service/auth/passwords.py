"""Passwords: argon2id (RFC 9106, whose second choice of parameters is the library's default), off the event loop."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from enum import IntEnum

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from core_service.work_queue.auth_turns import FairTurns, Room

SLOTS = 2
"""Hashings at once: each takes 64 MiB and a core for some hundredths of a second."""

MAX_WAITING = 32
"""Callers that wait for a turn, a second or two at most. Whoever comes then is told to come again: waiting calls take
the places of others, of those that send pushes too."""
MAX_WAITING_OF_A_PERSON = 16
MAX_WAITING_OF_A_NETWORK = 24
"""Less than all of them, so that there is room for others."""


class Match(IntEnum):
    """Whether a password is the stored one. Only NO is false."""

    NO = 0
    YES = 1
    OUTDATED = 2
    """It is, but the hash is to be replaced: with today's parameters, and in the form that all keyboards agree on."""


def prepared(password: str) -> str:
    """The password in the one form that is hashed, whatever keyboard it was typed on.

    RFC 8265, 4.2 (OpaqueString): a space is a space, and letters are composed (NFC): `ü` may come as one character or
    as two.
    """
    if password.isascii():
        return password
    spaced = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in password)
    return unicodedata.normalize("NFC", spaced)


class Passwords:
    """Hashes and verifies passwords, with the library's parameters unless told otherwise."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash("nobody has this password")
        room = Room(MAX_WAITING, MAX_WAITING_OF_A_PERSON, MAX_WAITING_OF_A_NETWORK)
        self._turns = FairTurns(SLOTS, room)
        # Of its own: a hashing goes on when its caller has gone, and still counts as one of the few at once.
        self._threads = ThreadPoolExecutor(SLOTS, "hashing")

    @asynccontextmanager
    async def slot(self, person: str, network: str = "") -> AsyncIterator[None]:
        """A turn to hash for this person, whose name is up to the caller. What `verify` and `hash` cost is bounded by
        the number of turns.

        Raises Unavailable if too many wait for one.
        """
        async with self._turns.one(person, network):
            yield

    async def hash(self, password: str) -> str:
        """The hash to store, in the PHC string format. To be called inside a `slot`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, prepared(password))

    async def verify(self, password: str, stored: str | None) -> Match:
        """Whether the password is the stored one. To be called inside a `slot`.

        Without a stored hash the answer is no, after the same time as for a wrong password.
        """
        match = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._match, password, stored or self._nobodys
        )
        return match if stored is not None else Match.NO

    def _match(self, password: str, stored: str) -> Match:
        if self._is(prepared(password), stored):
            return Match.OUTDATED if self._hasher.check_needs_rehash(stored) else Match.YES
        # Releases before this one have hashed what was typed as it came.
        if prepared(password) != password and self._is(password, stored):
            return Match.OUTDATED
        return Match.NO

    def _is(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False
