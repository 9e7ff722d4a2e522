"""Pairing: a signed-in person gets a code, and a phone exchanges it for a secret."""

import asyncio
import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.credentials import DEVICE, mint
from core_service.auth.failed_sign_ins import failed
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.common.orm import now, refusing
from core_service.common.validation import missing, require_name, require_storable
from core_service.devices.models import Device, PairingCode
from core_service.identity.errors import Forbidden
from core_service.identity.models import Member, Role
from service_kit.addresses import network_of
from service_kit.errors import NotFound, Unavailable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
"""40 random bits: with the limits on guessing, a thousand codes alive at once are found with a probability of about
one in a million a day."""

LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})

LIFETIME = dt.timedelta(minutes=10)
LIVE_CODES = 20
"""Codes of a person that work at the same time. A new one replaces the oldest."""

GUESSES_PER_NETWORK = RateLimitItemPerMinute(10, 10)
GUESSES = RateLimitItemPerMinute(1000, 10)

SWEEP = 1000
"""How many expired codes are deleted when one is made."""


@dataclass(frozen=True, slots=True)
class PairedDevice:
    """A phone that was just paired."""

    id: uuid.UUID
    account_id: uuid.UUID
    token: str
    """The phone's secret. It is stored nowhere."""


class Pairing:
    """Makes and redeems pairing codes."""

    def __init__(self, engine: AsyncEngine, rate_limiter: RateLimiter) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._rate_limiter = rate_limiter
        self._guessing = asyncio.Lock()

    async def issue(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, *, caller_is_owner: bool, user_id: uuid.UUID | None
    ) -> tuple[str, dt.datetime]:
        """Makes a code that pairs one phone, as a device of the person `user_id`, or of the caller if that is None.
        Returns it, and until when it works.

        Raises Forbidden if it is for another person and the caller is no owner; NotFound if the person is no member.
        """
        user_id = user_id or caller_id
        if user_id != caller_id and not caller_is_owner:
            raise Forbidden("Only an owner of the account can create a pairing code for somebody else.")
        code, expires_at = new_code(), now() + LIFETIME
        # Two equal codes are possible, and extremely unlikely.
        with refusing("pairing_codes_pkey", Unavailable("No code could be created. Try again.")):
            async with self._database.begin() as session:
                await _lock_member(session, account_id, user_id)
                await _delete_codes(session, _expired())
                await _delete_codes(session, _oldest_codes(account_id, user_id, kept=LIVE_CODES - 1))
                session.add(
                    PairingCode(
                        code_hash=hash_code(code),
                        account_id=account_id,
                        user_id=user_id,
                        created_by=caller_id,
                        expires_at=expires_at,
                    )
                )
        return code, expires_at

    async def redeem(self, code: str, name: str, client_address: str) -> PairedDevice:
        """Uses up the code, and makes the phone a device of the person for whom the code was made.

        Raises InvalidRequest; NotFound if the code is wrong, used or expired; TooManyAttempts after 10 wrong codes from
        the network of `client_address`, or 1,000 in all, in 10 minutes.
        """
        name = require_name(name)
        require_storable(code, "pairing_code")
        windows: Sequence[GuessWindow] = [
            (GUESSES_PER_NETWORK, "pairing", network_of(client_address)),
            (GUESSES, "pairing", "all"),
        ]
        await self._rate_limiter.refuse_guessing(windows)
        # Guesses are checked one by one. Many at once would otherwise all pass before the first is counted.
        async with self._guessing:
            await self._rate_limiter.refuse_guessing(windows)
            paired = await self._trade(hash_code(code), name)
            if paired is None:
                failed("pairing code", client_address)
                await self._rate_limiter.count_wrong_guess(windows)
                raise NotFound("pairing_code is wrong, used or expired. Ask for a new one.")
        return paired

    async def _trade(self, code_hash: bytes, name: str) -> PairedDevice | None:
        """Deletes the code and inserts the device in one transaction. If two phones use one code, the second finds it
        gone."""
        query = (
            delete(PairingCode)
            .where(
                col(PairingCode.code_hash) == code_hash,
                col(PairingCode.expires_at) > func.now(),
                _is_still_vouched_for(),
            )
            .returning(col(PairingCode.account_id), col(PairingCode.user_id), col(PairingCode.created_by))
        )
        secret = mint(DEVICE)
        async with self._database.begin() as session:
            row = (await session.execute(query)).one_or_none()
            if row is None:
                return None
            device = Device(
                account_id=row.account_id,
                user_id=row.user_id,
                name=name,
                secret_hash=secret.hash,
                last_seen_at=now(),
                paired_by=row.created_by,
            )
            session.add(device)
        return PairedDevice(device.id, row.account_id, secret.text)


def new_code() -> str:
    """Makes a code, in two groups of characters. It is shown once and stored nowhere."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{symbols[: LENGTH // 2]}-{symbols[LENGTH // 2 :]}"


def hash_code(text: str) -> bytes:
    """Returns the hash that is stored and looked up. It is the same for every way to write the code."""
    symbols = "".join(text.split()).replace("-", "").upper().translate(LOOKALIKES)
    return hashlib.sha256(symbols.encode()).digest()


async def _lock_member(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Locks the member, so that codes for one person are made one after the other and their number stays within the
    limit."""
    query = (
        select(col(Member.user_id))
        .where(col(Member.account_id) == account_id, col(Member.user_id) == user_id)
        .with_for_update(key_share=True)
    )
    if await session.scalar(query) is None:
        raise missing("member")


def _is_still_vouched_for() -> ColumnElement[bool]:
    """Whether the person who made the code for another one is still an owner of the account."""
    maker = col(PairingCode.created_by)
    owns = exists().where(
        col(Member.account_id) == col(PairingCode.account_id),
        col(Member.user_id) == maker,
        col(Member.role) == Role.OWNER,
    )
    return or_(maker.is_(None), maker == col(PairingCode.user_id), owns)


def _expired() -> Select[bytes]:
    return (
        select(col(PairingCode.code_hash))
        .where(col(PairingCode.expires_at) <= func.now())
        .order_by(col(PairingCode.expires_at))
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )


def _oldest_codes(account_id: uuid.UUID, user_id: uuid.UUID, *, kept: int) -> Select[bytes]:
    return (
        select(col(PairingCode.code_hash))
        .where(col(PairingCode.account_id) == account_id, col(PairingCode.user_id) == user_id)
        .order_by(col(PairingCode.expires_at).desc())
        .offset(kept)
    )


async def _delete_codes(session: AsyncSession, which: Select[bytes]) -> None:
    query = delete(PairingCode).where(col(PairingCode.code_hash).in_(which))
    await session.execute(query.execution_options(synchronize_session=False))
