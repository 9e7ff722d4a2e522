"""The first account of a server. Anyone who knows the server's setup code can make it in the browser."""

import asyncio
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItemPerMinute

from core_service.accounts.service import Accounts, AlreadyBootstrapped
from core_service.auth.failed_sign_ins import failed
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.auth.session_rows import SignIn
from core_service.auth.sessions import Sessions
from core_service.identity.errors import Forbidden
from service_kit.addresses import network_of

GUESSES_PER_NETWORK = RateLimitItemPerMinute(10, 15)
GUESSES = RateLimitItemPerMinute(100, 15)
"""Wrong setup codes from all networks together, in 15 minutes. An operator who is locked out by strangers' guesses can
still use `smith account create`."""

NO_CODE = (
    "This server has no setup code. Set SMITH_SETUP_CODE for core and start it again, or make the account with "
    "`smith account create`."
)


@dataclass(frozen=True, slots=True)
class SetupState:
    """How far the server is set up."""

    needs_account: bool
    has_code: bool
    """Whether the account can be made with a code. False once there is an account."""


@dataclass(frozen=True, slots=True)
class NewOwner:
    """The owner of an account to be made."""

    name: str | None
    """The e-mail address if None."""
    email: str
    password: str


class Setup:
    """The way from an empty server to its first account."""

    def __init__(self, accounts: Accounts, sessions: Sessions, rate_limiter: RateLimiter, code: str | None) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._rate_limiter = rate_limiter
        self._code = code
        self._guessing = asyncio.Lock()

    async def state(self) -> SetupState:
        """What is still to be done."""
        needs_account = not await self._accounts.has_any()
        return SetupState(needs_account, needs_account and self._code is not None)

    async def create_account(self, code: str, account_name: str, owner: NewOwner, client_address: str) -> SignIn:
        """Makes the server's first account, with its owner, and signs the owner in. If the process dies before it
        answers, the account exists and the owner can sign in.

        Raises AlreadyBootstrapped if there is an account; Forbidden if the code is wrong or the server has none;
        TooManyAttempts after 10 wrong codes from one network or 100 in all in 15 minutes; InvalidRequest; Unavailable
        if too many passwords are being checked.
        """
        if await self._accounts.has_any():
            raise AlreadyBootstrapped
        await self._require_code(code, client_address)
        person = await self._accounts.create_first(
            account_name=account_name, name=owner.name, email=owner.email, password=owner.password
        )
        return await self._sessions.open_for(person.member, person.user, client_address)

    async def _require_code(self, code: str, client_address: str) -> None:
        if self._code is None:
            raise Forbidden(NO_CODE)
        network = network_of(client_address)
        windows: Sequence[GuessWindow] = [(GUESSES_PER_NETWORK, "setup", "network", network), (GUESSES, "setup")]
        # One by one: each guess counts before the next is looked at.
        async with self._guessing:
            await self._rate_limiter.refuse_guessing(windows)
            if not hmac.compare_digest(code.encode(), self._code.encode()):
                failed("setup code", client_address)
                await self._rate_limiter.count_wrong_guess(windows)
                raise Forbidden("setup_code is wrong.")
