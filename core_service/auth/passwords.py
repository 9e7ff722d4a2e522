"""Passwords: argon2id (RFC 9106, whose second choice of parameters is the library's default), off the event loop."""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from enum import IntEnum

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import ARGON2_VERSION

from core_service.auth.password_rules import refuse_easy
from core_service.work_queue.keyed import FairSemaphore, Room

SLOTS = 2
"""How many passwords are hashed at once. Each takes 64 MiB and some hundredths of a second of one core."""

MAX_WAITING = 32
"""How many callers may wait for a turn, a second or two at most. Others are told to try again. Waiting calls take up
places that calls which send pushes need."""
MAX_WAITING_OF_A_PERSON = 16
MAX_WAITING_OF_A_NETWORK = 24
"""How many of the waiting callers may come from one network, so that others find room."""


class Match(IntEnum):
    """The result of comparing a password. Only NO is false."""

    NO = 0
    YES = 1
    OUTDATED = 2
    """The password is right, but its hash should be replaced: by one with today's parameters, or in the form that all
    keyboards agree on."""


def prepared(password: str) -> str:
    """The password in the form that is hashed, whichever keyboard typed it.

    RFC 8265, 4.2 (OpaqueString): every kind of space becomes a plain space, and letters are composed (NFC), because `ü`
    may arrive as one character or as two.
    """
    if password.isascii():
        return password
    spaced = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in password)
    return unicodedata.normalize("NFC", spaced)


def hash_of_no_password(hasher: PasswordHasher) -> str:
    """Returns random bytes in the form of a hash with the hasher's parameters. To verify a password against it takes as
    long as against any other, and it makes none: a start need not hash."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        for length in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v={ARGON2_VERSION}${cost}${salt}${digest}"


class Passwords:
    """Hashes and verifies passwords, with the library's parameters unless told otherwise."""

    def __init__(self, hasher: PasswordHasher | None = None, words_of_server: Sequence[str] = ()) -> None:
        """`words_of_server` are words that everybody knows of it, which are no part of a good password."""
        self._hasher = hasher or PasswordHasher()
        self._words_of_server = tuple(words_of_server)
        self._unused = hash_of_no_password(self._hasher)
        room = Room(MAX_WAITING, MAX_WAITING_OF_A_PERSON, MAX_WAITING_OF_A_NETWORK)
        self._turns = FairSemaphore(SLOTS, room)
        # An executor of its own. Hashing goes on after its caller has left, and still takes one of the few places.
        self._threads = ThreadPoolExecutor(SLOTS, "hashing")

    @asynccontextmanager
    async def slot(self, person: str, network: str = "") -> AsyncIterator[None]:
        """Waits for a turn to hash a password of this person. `verify` and `hash` may be called inside it.

        Raises Unavailable if too many callers wait.
        """
        async with self._turns.turn(person, network):
            yield

    async def hash(self, password: str) -> str:
        """Returns the hash to store, in the PHC string format. Call it inside a `slot`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, prepared(password))

    async def hash_new(self, password: str, words: Sequence[str], *, field: str = "password") -> str:
        """Returns the hash to store of a password that somebody chooses. `words` are those that others would try first.
        Call it inside a `slot`.

        Raises PasswordTooEasy, which names the request's `field`.
        """
        known = (*self._words_of_server, *words)
        await asyncio.get_running_loop().run_in_executor(self._threads, refuse_easy, password, known, field)
        return await self.hash(password)

    async def verify(self, password: str, stored: str | None) -> Match:
        """Returns whether the password is the stored one. Call it inside a `slot`. Without a stored hash, or with an
        empty one, the answer is NO, after as much time as a wrong password takes."""
        match = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._match, password, stored or self._unused
        )
        return match if stored else Match.NO

    def _match(self, password: str, stored: str) -> Match:
        if self._is(prepared(password), stored):
            return Match.OUTDATED if self._hasher.check_needs_rehash(stored) else Match.YES
        # Earlier releases hashed the password exactly as it was typed.
        if prepared(password) != password and self._is(password, stored):
            return Match.OUTDATED
        return Match.NO

    def _is(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False
