"""A signed-in person proves once more who they are: for changes that somebody at their open browser must not make."""

import datetime as dt
import uuid
from collections.abc import Sequence

from limits import RateLimitItemPerMinute
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.auth.failed_sign_ins import failed
from core_service.auth.models import Session
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.common.orm import now
from core_service.common.validation import require_storable
from core_service.identity.errors import Forbidden
from core_service.identity.models import User
from service_kit.addresses import network_of

GUESSES = RateLimitItemPerMinute(10, 15)
"""Wrong current passwords of one person. Someone at an open browser must not guess on."""
FRESH = dt.timedelta(minutes=10)
"""How old a session may be that proves by itself who the person is."""


class OwnPassword:
    """Checks the password of a person who is signed in."""

    def __init__(self, engine: AsyncEngine, passwords: Passwords, rate_limiter: RateLimiter) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._passwords = passwords
        self._rate_limiter = rate_limiter

    async def check(
        self, user_id: uuid.UUID, password: str, client_address: str, *, field: str = "current_password"
    ) -> str:
        """Returns the stored hash of the person's password, once `password` is known to be it. `field` names it in
        refusals.

        Raises InvalidRequest; Forbidden if it is wrong; TooManyAttempts after 10 wrong ones in 15 minutes; Unavailable
        if too many passwords are being checked.
        """
        require_storable(password, field)
        windows: Sequence[GuessWindow] = [(GUESSES, "password-change", str(user_id))]
        await self._rate_limiter.refuse_guessing(windows)
        async with self._passwords.slot(str(user_id), network_of(client_address)):
            await self._rate_limiter.refuse_guessing(windows)
            async with self._database() as session:
                stored = await session.scalar(select(col(User.password_hash)).where(col(User.id) == user_id))
            if stored is None or not await self._passwords.verify(password, stored):
                failed("password change", client_address)
                await self._rate_limiter.count_wrong_guess(windows)
                raise Forbidden(f"{field} is wrong.")
        return stored

    async def is_fresh(self, session_id: uuid.UUID) -> bool:
        """Whether the person has signed in within the last 10 minutes with this session."""
        async with self._database() as session:
            since = await session.scalar(select(col(Session.created_at)).where(col(Session.id) == session_id))
        return since is not None and since > now() - FRESH

    async def require(
        self, user_id: uuid.UUID, session_id: uuid.UUID, password: str | None, client_address: str
    ) -> None:
        """Lets pass who has given their password, or has just signed in and gives none.

        Raises Forbidden otherwise, and what `check` raises.
        """
        if password is not None:
            await self.check(user_id, password, client_address)
        elif not await self.is_fresh(session_id):
            raise Forbidden("current_password is missing: this session is older than 10 minutes.")
