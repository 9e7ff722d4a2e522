"""What people do about their own authenticator app and recovery codes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.auth.failed_sign_ins import failed
from core_service.auth.own_password import OwnPassword
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.auth.session_rows import end_sessions, lock_person
from core_service.common.clock import Clock
from core_service.identity.models import Account, User
from core_service.identity.principal import SessionPrincipal
from core_service.passkeys.models import Passkey
from core_service.passkeys.relying_party import RelyingParty
from core_service.second_factor.codes import new_secret, spelled, uri_of
from core_service.second_factor.factors import (
    has_app,
    replace_recovery_codes,
    turn_off_if_none,
    turn_on,
    use_app_code,
    use_code,
)
from core_service.second_factor.models import AuthenticatorApp, RecoveryCode
from service_kit.errors import AlreadyExists, InvalidRequest, NotFound

WRONG_CODES = RateLimitItemPerMinute(10, 15)
"""Wrong codes of a person who is signed in. Someone at an open browser must not guess on."""
WRONG = "is wrong, or was used before"
NONE = "There is no authenticator app."


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has."""

    authenticator_app: bool
    recovery_codes_left: int
    passkeys: int
    since: dt.datetime | None
    """Since when signing in needs a second factor; None if it does not."""
    required: bool
    """The account requires one."""
    fresh: bool
    """The session proves by itself who the person is."""
    has_password: bool
    """A password opens the person's login."""
    no_passkeys_because: str


class OwnFactors:
    """The second factor of a person who is signed in."""

    def __init__(
        self,
        engine: AsyncEngine,
        own_password: OwnPassword,
        rate_limiter: RateLimiter,
        party: RelyingParty,
        clock: Clock,
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._own_password = own_password
        self._rate_limiter = rate_limiter
        self._party = party
        self._clock = clock

    async def get(self, caller: SessionPrincipal) -> Factors:
        """What the person has."""
        codes = select(func.count()).select_from(RecoveryCode).where(col(RecoveryCode.user_id) == caller.user_id)
        passkeys = select(func.count()).select_from(Passkey).where(col(Passkey.user_id) == caller.user_id)
        requires = select(col(Account.require_second_factor)).where(col(Account.id) == caller.account_id)
        since = select(col(User.second_factor_at)).where(col(User.id) == caller.user_id)
        means = await self._own_password.means(caller)
        async with self._database() as session:
            return Factors(
                authenticator_app=await has_app(session, caller.user_id),
                recovery_codes_left=await session.scalar(codes) or 0,
                passkeys=await session.scalar(passkeys) or 0,
                since=await session.scalar(since),
                required=bool(await session.scalar(requires)),
                fresh=means.is_fresh,
                has_password=means.has_password,
                no_passkeys_because=self._party.because,
            )

    async def begin_app(self, caller: SessionPrincipal, password: str | None, client_address: str) -> tuple[str, str]:
        """Makes a secret for an app, and returns it, spelled and as a URI. It counts once a code was shown.

        Raises AlreadyExists if there is an app; Forbidden; TooManyAttempts.
        """
        await self._own_password.require(caller, password, client_address)
        secret, user_id = new_secret(), caller.user_id
        async with self._database.begin() as session:
            await lock_person(session, user_id, None)
            if await has_app(session, user_id):
                raise AlreadyExists("There is an authenticator app already. Turn it off first.")
            await session.execute(delete(AuthenticatorApp).where(col(AuthenticatorApp.user_id) == user_id))
            email = await session.scalar(select(col(User.email)).where(col(User.id) == user_id))
            session.add(AuthenticatorApp(user_id=user_id, secret=secret))
        return spelled(secret), uri_of(secret, email or "")

    async def confirm_app(self, caller: SessionPrincipal, code: str, client_address: str) -> tuple[Sequence[str], int]:
        """Makes the app count, once a code of it is right. Returns new recovery codes, none if the person has some, and
        how many other sessions it has ended.

        Raises NotFound if no app was begun; InvalidRequest if the code is wrong; TooManyAttempts.
        """
        await self._refuse_guessing(caller)
        async with self._database.begin() as session:
            await lock_person(session, caller.user_id, None)
            begun = select(col(AuthenticatorApp.user_id)).where(
                col(AuthenticatorApp.user_id) == caller.user_id, col(AuthenticatorApp.confirmed_at).is_(None)
            )
            if await session.scalar(begun) is None:
                raise NotFound("No authenticator app was begun. Begin again.")
            if not await use_app_code(session, caller.user_id, code, self._clock(), confirms=True):
                await self._count_wrong(caller, client_address)
                raise InvalidRequest.at("code", "is wrong: type the six digits that the app shows now")
            codes = await turn_on(session, caller.user_id)
            return codes, await end_sessions(session, caller.user_id, kept=caller.session_id)

    async def remove_app(self, caller: SessionPrincipal, password: str | None, code: str, client_address: str) -> None:
        """Turns the app off.

        Raises Forbidden if the password is wrong; NotFound if there is none; InvalidRequest if the code is wrong, or
        the password is missing; TooManyAttempts.
        """
        await self._own_password.require(caller, password, client_address, always=True)
        await self._refuse_guessing(caller)
        async with self._database.begin() as session:
            await lock_person(session, caller.user_id, None)
            if not await has_app(session, caller.user_id):
                raise NotFound(NONE)
            if not await use_code(session, caller.user_id, code, self._clock()):
                await self._count_wrong(caller, client_address)
                raise InvalidRequest.at("code", WRONG)
            await session.execute(delete(AuthenticatorApp).where(col(AuthenticatorApp.user_id) == caller.user_id))
            await turn_off_if_none(session, caller.user_id)

    async def new_recovery_codes(
        self, caller: SessionPrincipal, password: str | None, client_address: str
    ) -> Sequence[str]:
        """Returns new recovery codes. The old ones stop working.

        Raises NotFound if the person has no second factor; Forbidden; TooManyAttempts.
        """
        await self._own_password.require(caller, password, client_address)
        async with self._database.begin() as session:
            if not await lock_person(session, caller.user_id, None):
                raise NotFound("There is no second factor that codes could stand in for.")
            return await replace_recovery_codes(session, caller.user_id)

    async def _refuse_guessing(self, caller: SessionPrincipal) -> None:
        await self._rate_limiter.refuse_guessing(_windows(caller))

    async def _count_wrong(self, caller: SessionPrincipal, client_address: str) -> None:
        failed("code", client_address)
        await self._rate_limiter.count_wrong_guess(_windows(caller))


def _windows(caller: SessionPrincipal) -> Sequence[GuessWindow]:
    return [(WRONG_CODES, "own-code", str(caller.user_id))]
