"""Rows of sessions: opened and ended within a transaction that has locked the person."""

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.auth.credentials import SESSION, mint
from core_service.auth.models import Session, SignInChallenge
from core_service.common.orm import now
from core_service.identity.models import User
from service_kit.errors import Unavailable

LIFETIME = dt.timedelta(days=30)
MAX_SESSIONS = 50
"""Sessions of a person at one time. A new one ends the oldest."""
SWEEP = 1000
"""How many expired sessions one sign-in deletes at most."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A new session."""

    token: str
    """The session's secret. It is stored nowhere."""
    expires_at: dt.datetime
    account_id: uuid.UUID
    user_id: uuid.UUID


async def lock_person(session: AsyncSession, user_id: uuid.UUID, proven_hash: str | None) -> bool:
    """Locks the person's row, which comes before any session of theirs. Returns whether they have a second factor.

    Raises Unavailable if their password is no longer the one that was proven, if one was.
    """
    # A change of the password ends the sessions that the old one has opened. None may be opened after that.
    query = select(col(User.password_hash), col(User.second_factor_at)).where(col(User.id) == user_id)
    row = (await session.execute(query.with_for_update())).one_or_none()
    if proven_hash is not None:
        require_same_password(row[0] if row else None, proven_hash)
    return row is not None and row[1] is not None


async def add_session(
    session: AsyncSession,
    account_id: uuid.UUID,
    user_id: uuid.UUID,
    client_address: str,
    *,
    authenticated_at: dt.datetime | None,
) -> SignIn:
    """Opens a session in a transaction that has locked the person's row (`lock_person`). Every way of signing in ends
    here. The person's newest 50 sessions stay. `authenticated_at` is when the person has proven who they are; None if
    that is not known."""
    await _sweep(session)
    oldest = (
        select(col(Session.id))
        .where(col(Session.user_id) == user_id)
        .order_by(col(Session.created_at).desc(), col(Session.id).desc())
        .offset(MAX_SESSIONS - 1)
    )
    ended = delete(Session).where(col(Session.id).in_(oldest))
    await session.execute(ended.execution_options(synchronize_session=False))
    secret = mint(SESSION)
    opened = Session(
        account_id=account_id,
        user_id=user_id,
        secret_hash=secret.hash,
        expires_at=now() + LIFETIME,
        client_address=client_address or None,
        authenticated_at=authenticated_at,
    )
    session.add(opened)
    return SignIn(secret.text, opened.expires_at, account_id, user_id)


async def end_sessions(session: AsyncSession, user_id: uuid.UUID, *, kept: uuid.UUID | None = None) -> int:
    """Ends the person's sessions but the one that is kept, and what they have begun to sign in with. Returns how many
    sessions it has ended. Call it once the person's row is locked."""
    begun = delete(SignInChallenge).where(col(SignInChallenge.user_id) == user_id)
    await session.execute(begun.execution_options(synchronize_session=False))
    theirs = delete(Session).where(col(Session.user_id) == user_id)
    if kept is not None:
        theirs = theirs.where(col(Session.id) != kept)
    ended = await session.execute(theirs.returning(col(Session.id)).execution_options(synchronize_session=False))
    return len(ended.all())


def require_same_password(present: str | None, proven: str) -> None:
    """Raises Unavailable if the stored hash is no longer the one that the password was compared with."""
    if present != proven:
        raise Unavailable("The password was changed at the same moment. Sign in again.")


async def _sweep(session: AsyncSession) -> None:
    expired = (
        select(col(Session.id))
        .where(col(Session.expires_at) <= now())
        .order_by(col(Session.expires_at))
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    await session.execute(
        delete(Session).where(col(Session.id).in_(expired)).execution_options(synchronize_session=False)
    )
