"""Guesses at sign-ins: how many may fail for an e-mail address, from a network, and in all."""

import hashlib
from collections.abc import Sequence

from limits import RateLimitItemPerMinute
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.auth.failed_sign_ins import FailedSignIns, failed, locked
from core_service.auth.models import Session
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.common.orm import now
from core_service.identity.errors import TooManyAttempts
from core_service.identity.models import User
from service_kit.addresses import network_of

FAILURES_PER_PAIR = RateLimitItemPerMinute(10, 15)
"""Failures for one e-mail address from one network."""
FAILURES_PER_NETWORK = RateLimitItemPerMinute(100, 15)
"""Failures from one network, for all e-mail addresses."""
FAILURES_PER_EMAIL = RateLimitItemPerMinute(100, 15)
"""Failures for one e-mail address from all networks. It does not count for a network from which the person is signed
in, so that strangers cannot lock them out."""
FAMILIAR = 1000
"""How many of a person's newest sessions are searched for known networks."""


class Guess:
    """Someone who claims to be the person with this e-mail address: the failures that count for them."""

    def __init__(self, email: str, client_address: str) -> None:
        self.email = email
        self.client_address = client_address
        self.network = network_of(client_address)
        """Empty if unknown."""
        self.pair: GuessWindow = (FAILURES_PER_PAIR, "sign-in", "pair", _digest(f"{email} {self.network}"))
        of_network: GuessWindow = (FAILURES_PER_NETWORK, "sign-in", "network", _digest(self.network))
        self.from_here: Sequence[GuessWindow] = [self.pair, of_network]
        self.from_everywhere: GuessWindow = (FAILURES_PER_EMAIL, "sign-in", "email", _digest(email))


class SignInGuesses:
    """Counts what fails, whatever was guessed at: the password, or a code of the second factor."""

    def __init__(self, engine: AsyncEngine, rate_limiter: RateLimiter, failures: FailedSignIns) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._rate_limiter = rate_limiter
        self._failures = failures

    async def refuse(self, guess: Guess) -> None:
        """Raises TooManyAttempts if too many guesses have failed; Unavailable if they cannot be counted."""
        await self._rate_limiter.refuse_guessing(guess.from_here)
        try:
            await self._rate_limiter.refuse_guessing([guess.from_everywhere])
        except TooManyAttempts:
            if not await self._is_signed_in_from(guess):
                raise

    async def count(self, guess: Guess, what: str = "sign-in") -> None:
        """Counts a guess that has failed. `what` names it in the log."""
        failed(what, guess.client_address)
        await self._rate_limiter.count_wrong_guess([*guess.from_here, guess.from_everywhere])
        locks = await self._rate_limiter.is_full([guess.pair, guess.from_everywhere])
        if locks:
            locked(what, guess.client_address)
        self._failures.note(guess.email, guess.client_address, locks=locks)

    async def forgive(self, guess: Guess) -> None:
        """Forgets the failures for the address, in all and from this network: the person has proven in another way who
        they are."""
        await self._rate_limiter.forgive([guess.pair, guess.from_everywhere])

    async def _is_signed_in_from(self, guess: Guess) -> bool:
        query = (
            select(col(Session.client_address))
            .join(User, col(User.id) == col(Session.user_id))
            .where(col(User.email) == guess.email, col(Session.expires_at) > now())
            .order_by(col(Session.id).desc())
            .limit(FAMILIAR)
        )
        async with self._database() as session:
            known = {network_of(address or "") for address in await session.scalars(query)}
        return guess.network != "" and guess.network in known


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
