"""Changes a person's password, and ends what the old one has opened."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from limits import RateLimitItemPerMinute
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.failed_sign_ins import failed
from core_service.auth.models import Session
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.common.validation import require_storable
from core_service.identity.errors import Forbidden
from core_service.identity.models import User
from core_service.password_resets.tokens import end_links, end_mails
from service_kit.addresses import network_of
from service_kit.errors import Unavailable

GUESSES = RateLimitItemPerMinute(10, 15)
"""Wrong current passwords of one person. Someone at an open browser must not guess on."""


class PasswordChanges:
    """What people may do about their own passwords and sessions."""

    def __init__(self, engine: AsyncEngine, passwords: Passwords, rate_limiter: RateLimiter) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._passwords = passwords
        self._rate_limiter = rate_limiter

    async def change(
        self, user_id: uuid.UUID, session_id: uuid.UUID, *, current: str, new: str, client_address: str
    ) -> int:
        """Changes the person's password. Ends all their sessions but this one, all links to a new password, and mails
        with such links that are still to be sent. Returns how many sessions it has ended.

        Raises InvalidRequest; Forbidden if `current` is wrong; TooManyAttempts after 10 wrong ones in 15 minutes;
        Unavailable if another request changed the password meanwhile, or too many passwords are being checked.
        """
        require_storable(current, "current_password")
        require_storable(new, "new_password")
        async with self._proven(user_id, current, "current_password", client_address) as stored:
            hashed = await self._passwords.hash(new)
        unchanged = (col(User.id) == user_id) & (col(User.password_hash) == stored)
        async with self._database.begin() as session:
            await end_mails(session, user_id)
            changed = update(User).where(unchanged).values(password_hash=hashed).returning(col(User.id))
            if await session.scalar(changed) is None:
                raise Unavailable("The password was changed at the same moment. Sign in and try again.")
            await end_links(session, user_id)
            return await _end_others(session, user_id, session_id)

    async def require(self, user_id: uuid.UUID, password: str, client_address: str) -> None:
        """Returns if the password is the person's. For acts that cannot be undone. Wrong ones count as in `change`.

        Raises InvalidRequest; Forbidden; TooManyAttempts; Unavailable if too many passwords are being checked.
        """
        require_storable(password, "password")
        async with self._proven(user_id, password, "password", client_address):
            pass

    @asynccontextmanager
    async def _proven(
        self, user_id: uuid.UUID, password: str, field: str, client_address: str
    ) -> AsyncIterator[str | None]:
        """Yields the stored hash if the password is the person's, within a turn for passwords.

        Raises Forbidden; TooManyAttempts; Unavailable.
        """
        windows: Sequence[GuessWindow] = [(GUESSES, "password-change", str(user_id))]
        await self._rate_limiter.refuse_guessing(windows)
        async with self._passwords.slot(str(user_id), network_of(client_address)):
            await self._rate_limiter.refuse_guessing(windows)
            async with self._database() as session:
                stored = await session.scalar(select(col(User.password_hash)).where(col(User.id) == user_id))
            if not await self._passwords.verify(password, stored):
                failed("password change", client_address)
                await self._rate_limiter.count_wrong_guess(windows)
                raise Forbidden(f"{field} is wrong.")
            yield stored

    async def sign_out_elsewhere(self, user_id: uuid.UUID, session_id: uuid.UUID) -> int:
        """Ends all sessions of the person but this one. Returns how many it has ended."""
        async with self._database.begin() as session:
            return await _end_others(session, user_id, session_id)


async def _end_others(session: AsyncSession, user_id: uuid.UUID, kept: uuid.UUID) -> int:
    others = delete(Session).where(col(Session.user_id) == user_id, col(Session.id) != kept)
    ended = await session.execute(others.returning(col(Session.id)).execution_options(synchronize_session=False))
    return len(ended.all())
