"""A signed-in person proves once more who they are: for changes that somebody at their open browser must not make."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

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
from core_service.identity.principal import SessionPrincipal
from service_kit.addresses import network_of
from service_kit.errors import InvalidRequest

GUESSES = RateLimitItemPerMinute(10, 15)
"""Wrong current passwords of one person. Someone at an open browser must not guess on."""
FRESH = dt.timedelta(minutes=10)
"""How long ago a person may have proven who they are to open a session that proves it by itself."""
SIGN_IN_AGAIN = "No password opens this login. Sign in again, then do this within 10 minutes."


@dataclass(frozen=True, slots=True)
class Means:
    """By what a person who is signed in can prove who they are."""

    has_password: bool
    """A password opens their login."""
    is_fresh: bool
    """They have proven who they are, to open this session, within the last 10 minutes."""


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

    async def means(self, caller: SessionPrincipal) -> Means:
        """What the person can prove by who they are."""
        query = (
            select(col(User.password_hash), col(Session.authenticated_at))
            .outerjoin(Session, (col(Session.user_id) == col(User.id)) & (col(Session.id) == caller.session_id))
            .where(col(User.id) == caller.user_id)
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        stored, since = row or ("", None)
        return Means(bool(stored), since is not None and since > now() - FRESH)

    async def require(
        self,
        caller: SessionPrincipal,
        password: str | None,
        client_address: str,
        *,
        field: str = "current_password",
        always: bool = False,
    ) -> None:
        """Lets pass who has given their password, or has just signed in and gives none. With `always`, the latter is
        enough only for a person whose login no password opens. `field` names the password in refusals.

        Raises InvalidRequest; Forbidden if neither is so, and what `check` raises.
        """
        means = await self.means(caller)
        if password is not None:
            if not means.has_password:
                raise InvalidRequest.at(field, "must be left out: no password opens this login")
            await self.check(caller.user_id, password, client_address, field=field)
        elif not means.has_password:
            if not means.is_fresh:
                raise Forbidden(SIGN_IN_AGAIN)
        elif always:
            raise InvalidRequest.at(field, "is required")
        elif not means.is_fresh:
            raise Forbidden(f"{field} is missing: it may be left out only within 10 minutes of showing who you are.")
