"""Requests with an `Idempotency-Key`: carried out once, and answered the same for 24 hours.

Only successes are stored. A refused request has changed nothing, so it is decided again, and a corrected request may
use the same key.
"""

import asyncio
import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core_service.common.orm import new_id
from core_service.idempotency.errors import KeyReused
from core_service.idempotency.queries import CLAIM, COMPLETE, FORGET, READ, RELEASE, RENEW
from service_kit.database import DATABASE_AWAY, Pool
from service_kit.errors import DomainError, InvalidRequest, Kind, Unavailable

log = logging.getLogger(__name__)

KEY = re.compile(r"[\x21-\x7e]{1,255}")
LEASE_SECONDS = 10.0
"""How long a claim lasts without renewal. Afterwards the request may be run again: the process that claimed it is
dead, or has hung for longer than the gateway waits for a call."""
RENEW_SECONDS = 3.0
WAIT_SECONDS = 8.0
"""Seconds that a copy waits for the answer to the first request. The gateway waits 10 seconds for a call."""
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Resource:
    """What a request is about to make."""

    id: uuid.UUID
    repeated: bool = False
    """The request was begun before, and how far it came is unknown: look whether the object exists."""


kept: ContextVar[Resource | None] = ContextVar("resource", default=None)


def new_resource() -> Resource:
    """Returns the one object that this request makes, usually a new one. A request with an `Idempotency-Key` gets the
    id that is stored with the key: if it runs again after a crash, it finds what it has made. A request that makes
    several objects gets new ids for the others."""
    resource = kept.get()
    if resource is None:
        return Resource(new_id())
    kept.set(None)
    return resource


@dataclass(frozen=True, slots=True)
class IdempotentCall:
    """A request under a key."""

    principal_id: uuid.UUID
    """The credential that sent it."""
    secret: str
    """The credential itself; it encrypts the answer."""
    key: str
    fingerprint: bytes
    """A hash of the method and of everything that was asked for."""

    @property
    def key_hash(self) -> bytes:
        """What is stored of the key."""
        return hashlib.sha256(self.key.encode()).digest()


class IdempotentRequests:
    """Requests by their keys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._working: dict[Resource, tuple[IdempotentCall, float]] = {}
        """What is being worked on, and the monotonic time when its lease was last renewed."""
        self._releasing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Renews leases, until cancelled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._renew()
            except DATABASE_AWAY as error:
                # No other process can claim them either.
                log.warning("the leases of idempotent requests cannot be renewed: %s", error)

    async def once(self, attempt: IdempotentCall, work: Callable[[], Awaitable[bytes]]) -> tuple[bytes, bool]:
        """Returns the answer of `work`, and whether it was given before.

        Copies that arrive at the same time, at any process, wait for the first. If a process dies in the middle, the
        request is run again when its lease is over, with the same resource.

        Raises InvalidRequest for a malformed key; KeyReused; Unavailable if the first copy takes too long; and what
        `work` raises.
        """
        if not KEY.fullmatch(attempt.key):
            raise InvalidRequest("Idempotency-Key must be 1 to 255 printable ASCII characters without spaces")
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            claimed = await self._claim(attempt)
            if claimed is not None:
                return await self._work(attempt, claimed, work), False
            answer = await self._read(attempt)
            if answer is not None:
                return answer, True
            if time.monotonic() >= deadline:
                raise Unavailable("A request with this Idempotency-Key is being answered. Try again shortly.")
            await asyncio.sleep(POLL_SECONDS)

    async def _work(self, attempt: IdempotentCall, resource: Resource, work: Callable[[], Awaitable[bytes]]) -> bytes:
        kept.set(resource)
        self._working[resource] = (attempt, time.monotonic())
        try:
            answer = await work()
            await self._write(COMPLETE, attempt, resource, answer=seal(answer, attempt.secret, attempt.key_hash))
        except DomainError as error:
            # A refused request may be corrected. One that could not be answered may have been carried out.
            await self._write(RELEASE if error.kind is Kind.UNAVAILABLE else FORGET, attempt, resource)
            raise
        except Exception:
            await self._write(RELEASE, attempt, resource)
            raise
        except asyncio.CancelledError:
            # The caller has gone, for example because its gateway was killed. A copy may follow at once.
            self._release(attempt, resource)
            raise
        finally:
            del self._working[resource]
        return answer

    def _release(self, attempt: IdempotentCall, resource: Resource) -> None:
        releasing = asyncio.create_task(self._try_to_release(attempt, resource))
        self._releasing.add(releasing)
        releasing.add_done_callback(self._releasing.discard)

    async def _try_to_release(self, attempt: IdempotentCall, resource: Resource) -> None:
        try:
            await self._write(RELEASE, attempt, resource)
        except DATABASE_AWAY as error:
            log.info("an idempotent request stays leased: %s", error)

    async def _renew(self) -> None:
        """Renews the leases. Most requests are done long before that."""
        now = time.monotonic()
        old = {resource: attempt for resource, (attempt, made) in self._working.items() if now - made >= RENEW_SECONDS}
        if not old:
            return
        parameters = {
            "principal_ids": [attempt.principal_id for attempt in old.values()],
            "key_hashes": [attempt.key_hash for attempt in old.values()],
            "resource_ids": [resource.id for resource in old],
            "lease": LEASE_SECONDS,
        }
        async with self._pool.connection() as connection:
            await connection.execute(RENEW, parameters)

    async def _claim(self, attempt: IdempotentCall) -> Resource | None:
        fresh = new_id()
        parameters = {
            "principal_id": attempt.principal_id,
            "key_hash": attempt.key_hash,
            "fingerprint": attempt.fingerprint,
            "resource_id": fresh,
            "lease": LEASE_SECONDS,
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(CLAIM, parameters, binary=True)
            row = await cursor.fetchone()
        return None if row is None else Resource(row[0], repeated=row[0] != fresh)

    async def _read(self, attempt: IdempotentCall) -> bytes | None:
        """Returns the stored answer; None if there is none yet.

        Raises KeyReused.
        """
        async with self._pool.connection() as connection:
            cursor = await connection.execute(READ, (attempt.principal_id, attempt.key_hash), binary=True)
            row = await cursor.fetchone()
        if row is None:
            return None
        if row[0] != attempt.fingerprint:
            raise KeyReused
        return None if row[1] is None else unseal(row[1], attempt.secret, attempt.key_hash)

    async def _write(self, query: str, attempt: IdempotentCall, resource: Resource, **more: bytes) -> None:
        parameters = {"principal_id": attempt.principal_id, "key_hash": attempt.key_hash, "resource_id": resource.id}
        async with self._pool.connection() as connection:
            await connection.execute(query, parameters | more)


NONCE_BYTES = 12


def seal(answer: bytes, secret: str, key_hash: bytes) -> bytes:
    """Encrypts the answer. The caller's secret and the key's hash are needed to read it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(secret, key_hash).encrypt(nonce, answer, None)


def unseal(sealed: bytes, secret: str, key_hash: bytes) -> bytes:
    """Decrypts what `seal` returned.

    Raises cryptography.exceptions.InvalidTag for anything else.
    """
    return _cipher(secret, key_hash).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)


def _cipher(secret: str, key_hash: bytes) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=key_hash, info=b"activitysmith idempotent answer")
    return AESGCM(derived.derive(secret.encode()))
