"""Sign-ins that have begun and are not finished: the secrets that finish them, each once and for some minutes."""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.auth.credentials import CHALLENGE, MAX_LENGTH, hash_secret, mint
from core_service.auth.models import Purpose, SignInChallenge
from core_service.common.orm import now
from core_service.identity.errors import SecondFactorNeeded
from service_kit.errors import NotFound

LIFETIME = dt.timedelta(minutes=10)
MAX_TRIES = 5
"""Codes that may be tried with one challenge."""
MAX_OPEN = 10
"""Challenges of a person at one time. A new one ends the oldest."""
CHALLENGE_BYTES = 32
SWEEP = 1000
"""How many expired challenges a new one deletes at most."""


class UnknownChallenge(NotFound):
    """The challenge was used or has expired, or never was. Which of these is not told."""

    def __init__(self) -> None:
        super().__init__("This sign-in has expired, or was finished or given up. Begin again.")


@dataclass(frozen=True, slots=True)
class Begun:
    """A challenge as the one who has begun holds it."""

    token: str
    """The secret that finishes it. It is stored nowhere."""
    challenge: bytes
    """What a passkey signs."""
    expires_at: dt.datetime

    @property
    def needed(self) -> SecondFactorNeeded:
        """The refusal that hands it out."""
        return SecondFactorNeeded(challenge=self.token, expires_at=self.expires_at)


async def begin_second_factor(session: AsyncSession, user_id: uuid.UUID, account_id: uuid.UUID) -> Begun:
    """Begins what a second factor finishes: a session in this account. The person's row is locked."""
    return await add_challenge(session, Purpose.SECOND_FACTOR, user_id, account_id)


async def add_challenge(
    session: AsyncSession,
    purpose: Purpose,
    user_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
) -> Begun:
    """Adds a challenge in the transaction that is open. A person's newest 10 stay."""
    await _sweep(session)
    if user_id is not None:
        oldest = (
            select(col(SignInChallenge.token_hash))
            .where(col(SignInChallenge.user_id) == user_id)
            .order_by(col(SignInChallenge.created_at).desc())
            .offset(MAX_OPEN - 1)
        )
        await _delete(session, col(SignInChallenge.token_hash).in_(oldest))
    secret = mint(CHALLENGE)
    begun = Begun(secret.text, secrets.token_bytes(CHALLENGE_BYTES), now() + LIFETIME)
    # No object of the session: the audit log would take it for what an audited call has made.
    await session.execute(
        insert(SignInChallenge).values(
            token_hash=secret.hash,
            purpose=purpose.value,
            user_id=user_id,
            account_id=account_id,
            challenge=begun.challenge,
            tries=0,
            created_at=now(),
            expires_at=begun.expires_at,
        )
    )
    return begun


async def find_challenge(session: AsyncSession, token: str, *purposes: Purpose) -> SignInChallenge:
    """Returns the open challenge with this secret. Changes nothing.

    Raises UnknownChallenge.
    """
    found = await session.scalar(select(SignInChallenge).where(*_open(token, purposes)))
    if found is None:
        raise UnknownChallenge
    session.expunge(found)
    return found


async def count_try(session: AsyncSession, token: str) -> None:
    """Counts a code before it is looked at, so that of codes tried at the same time no more than 5 are looked at.

    Raises UnknownChallenge once they are used up.
    """
    counted = (
        update(SignInChallenge)
        .where(*_open(token, (Purpose.SECOND_FACTOR,)), col(SignInChallenge.tries) < MAX_TRIES)
        .values(tries=SignInChallenge.tries + 1)
        .returning(col(SignInChallenge.token_hash))
    )
    if await session.scalar(counted.execution_options(synchronize_session=False)) is None:
        raise UnknownChallenge


async def use_up(session: AsyncSession, challenge: SignInChallenge, user_id: uuid.UUID | None = None) -> None:
    """Ends the challenge: of two that finish it at once, one does. `user_id`: only if it is this person's.

    Raises UnknownChallenge for the other.
    """
    this = [col(SignInChallenge.token_hash) == challenge.token_hash, col(SignInChallenge.expires_at) > func.now()]
    if user_id is not None:
        this.append(col(SignInChallenge.user_id) == user_id)
    used = delete(SignInChallenge).where(*this).returning(col(SignInChallenge.token_hash))
    if await session.scalar(used.execution_options(synchronize_session=False)) is None:
        raise UnknownChallenge


def _open(token: str, purposes: tuple[Purpose, ...]) -> list[ColumnElement[bool]]:
    if len(token) > MAX_LENGTH:
        raise UnknownChallenge
    return [
        col(SignInChallenge.token_hash) == hash_secret(token),
        col(SignInChallenge.purpose).in_([purpose.value for purpose in purposes]),
        col(SignInChallenge.expires_at) > func.now(),
    ]


async def _sweep(session: AsyncSession) -> None:
    expired = (
        select(col(SignInChallenge.token_hash))
        .where(col(SignInChallenge.expires_at) <= func.now())
        .order_by(col(SignInChallenge.expires_at))
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    await _delete(session, col(SignInChallenge.token_hash).in_(expired))


async def _delete(session: AsyncSession, which: ColumnElement[bool]) -> None:
    await session.execute(delete(SignInChallenge).where(which).execution_options(synchronize_session=False))
