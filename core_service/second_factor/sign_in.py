"""Signing in with more than a password, or with a passkey instead of one."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.audit.act import record_in
from core_service.auth.challenges import UnknownChallenge, add_challenge, count_try, find_challenge, use_up
from core_service.auth.failed_sign_ins import failed
from core_service.auth.guesses import Guess
from core_service.auth.models import Purpose, SignInChallenge
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.auth.session_rows import SignIn, add_session, lock_person
from core_service.auth.sessions import SIGN_INS, Sessions
from core_service.common.clock import Clock
from core_service.common.orm import now
from core_service.identity.errors import Unauthenticated
from core_service.identity.models import Member, User
from core_service.passkeys.ceremony import WrongPasskey, check_answer, read_answer, request_options
from core_service.passkeys.models import Passkey
from core_service.passkeys.relying_party import RelyingParty
from core_service.second_factor.factors import use_code
from service_kit.addresses import network_of
from service_kit.errors import NotFound

log = logging.getLogger(__name__)

WRONG_CODES = RateLimitItemPerHour(20)
"""Wrong codes of one person, from everywhere. Only one who knows the password gets to guess, and the chance of a guess
is three in a million. Passkeys go on working."""
WRONG_PASSKEYS = RateLimitItemPerMinute(100, 15)
"""Wrong passkeys from one network."""
BEGUN_PER_NETWORK = RateLimitItemPerMinute(30)
BEGUN = RateLimitItemPerMinute(3000)
"""Sign-ins with a passkey that are begun in a minute, from one network and on the whole server. Each is a row for ten
minutes. A server that is flooded with them still takes passwords."""

WRONG_CODE = "The code is wrong, or was used before."
WRONG_PASSKEY = "This passkey is not known here, or its answer is wrong."


@dataclass(frozen=True, slots=True)
class _Known:
    """A passkey, as the server knows it."""

    id: uuid.UUID
    user_id: uuid.UUID
    email: str
    public_key: bytes
    sign_count: int


class SignIns:
    """Begins what a passkey finishes, and finishes what was begun."""

    def __init__(
        self,
        engine: AsyncEngine,
        sessions: Sessions,
        rate_limiter: RateLimiter,
        party: RelyingParty,
        clock: Clock,
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._sessions = sessions
        self._guesses = sessions.guesses
        self._rate_limiter = rate_limiter
        self._party = party
        self._clock = clock

    async def begin_passkey(self, token: str | None, client_address: str) -> tuple[str, str]:
        """Begins to use a passkey: one of the person's whose password was right, with the secret `token` of that, or
        else anybody's. Returns the secret that finishes it, and the options for the browser.

        Raises UnknownChallenge; Forbidden if passkeys cannot work at this server's address; TooManyAttempts.
        """
        self._party.require_usable()
        network = network_of(client_address)
        await self._rate_limiter.refuse_flood(BEGUN_PER_NETWORK, "passkey", "network", network)
        if token is None:
            await self._rate_limiter.refuse_flood(BEGUN, "passkey", "all")
            async with self._database.begin() as session:
                begun = await add_challenge(session, Purpose.PASSKEY)
            return begun.token, await asyncio.to_thread(request_options, self._party, begun.challenge, ())
        async with self._database() as session:
            challenge = await find_challenge(session, token, Purpose.SECOND_FACTOR)
            theirs = select(col(Passkey.credential_id)).where(col(Passkey.user_id) == challenge.user_id)
            allowed = (await session.scalars(theirs)).all()
        if not allowed:
            raise NotFound("You have no passkey on this server. Type a code.")
        return token, await asyncio.to_thread(request_options, self._party, challenge.challenge, allowed)

    async def complete_with_code(self, token: str, code: str, client_address: str) -> SignIn:
        """Begins the session that the password has asked for, once a code of the app or a recovery code is right.

        Raises UnknownChallenge; Unauthenticated if the code is wrong; TooManyAttempts.
        """
        async with self._database() as session:
            challenge = await find_challenge(session, token, Purpose.SECOND_FACTOR)
            email = await session.scalar(select(col(User.email)).where(col(User.id) == challenge.user_id))
        user_id = challenge.user_id
        if user_id is None or email is None:
            raise UnknownChallenge
        guess, windows = Guess(email, client_address), _windows(user_id)
        await self._guesses.refuse(guess)
        await self._rate_limiter.refuse_guessing(windows)
        async with self._database.begin() as session:
            await count_try(session, token)
        async with self._database.begin() as session:
            await lock_person(session, user_id, None)
            if await use_code(session, user_id, code, self._clock()):
                await use_up(session, challenge)
                return await _open(session, user_id, email, challenge.account_id, client_address)
        await self._guesses.count(guess, "code")
        await self._rate_limiter.count_wrong_guess(windows)
        raise Unauthenticated(WRONG_CODE)

    async def complete_with_passkey(self, token: str, answer: str, client_address: str) -> SignIn:
        """Begins a session for the person whose passkey has answered. The answer is looked at once: then another
        sign-in has to be begun, or another try counts.

        Raises UnknownChallenge; Unauthenticated if the passkey is unknown, another person's than the password's, or not
        what it says; TooManyAttempts after 100 of these from one network in 15 minutes.
        """
        windows: Sequence[GuessWindow] = [(WRONG_PASSKEYS, "passkey-answer", network_of(client_address))]
        await self._rate_limiter.refuse_guessing(windows)
        async with self._database.begin() as session:
            challenge = await find_challenge(session, token, Purpose.SECOND_FACTOR, Purpose.PASSKEY)
            if challenge.user_id is None:
                await use_up(session, challenge)
            else:
                await count_try(session, token)
        try:
            known = await self._find(answer, challenge)
            sign_count = await asyncio.to_thread(
                check_answer,
                self._party,
                challenge.challenge,
                answer,
                public_key=known.public_key,
                sign_count=known.sign_count,
                verified=challenge.user_id is None,
            )
            await self._rate_limiter.refuse_haste(SIGN_INS, "sessions", str(known.user_id))
            await self._sessions.require_local_sign_in(known.user_id)
            async with self._database.begin() as session:
                await lock_person(session, known.user_id, None)
                if challenge.user_id is not None:
                    await use_up(session, challenge)
                await _count_signature(session, known, sign_count)
                return await _open(session, known.user_id, known.email, challenge.account_id, client_address)
        except WrongPasskey as error:
            log.warning("a passkey was refused: %s", error)
            failed("passkey", client_address)
            await self._rate_limiter.count_wrong_guess(windows)
            raise Unauthenticated(WRONG_PASSKEY) from None

    async def _find(self, answer: str, challenge: SignInChallenge) -> _Known:
        """Raises WrongPasskey."""
        presented = await asyncio.to_thread(read_answer, answer)
        query = (
            select(col(Passkey.id), col(User.id), col(User.email), col(Passkey.public_key), col(Passkey.sign_count))
            .join(User, col(User.id) == col(Passkey.user_id))
            .where(col(Passkey.credential_id) == presented.credential_id)
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise WrongPasskey("it is not known here")
        known = _Known(*row)
        if challenge.user_id not in (None, known.user_id):
            raise WrongPasskey("it is another person's than the password")
        if presented.user_handle not in (None, known.user_id.bytes):
            raise WrongPasskey("it was made for another person")
        return known


async def _open(
    session: AsyncSession, user_id: uuid.UUID, email: str, account_id: uuid.UUID | None, client_address: str
) -> SignIn:
    """Opens a session in this account, or else in the first that the person joined. The person's row is locked.

    Raises UnknownChallenge if they have left.
    """
    query = (
        select(col(Member.account_id))
        .where(col(Member.user_id) == user_id, col(Member.suspended_at).is_(None))
        .order_by(col(Member.created_at), col(Member.account_id))
        .limit(1)
    )
    if account_id is not None:
        query = query.where(col(Member.account_id) == account_id)
    joined = await session.scalar(query)
    if joined is None:
        raise UnknownChallenge
    opened = await add_session(session, joined, user_id, client_address, authenticated_at=now())
    record_in(session, [joined], subject_id=user_id, actor_name=email)
    return opened


async def _count_signature(session: AsyncSession, known: _Known, sign_count: int) -> None:
    """Notes how often the passkey has signed. Compared in the statement that sets it: of two answers with one count,
    two cores do not both take one.

    Raises WrongPasskey.
    """
    # Keys that do not count say 0.
    newer = col(Passkey.sign_count) < sign_count if sign_count else col(Passkey.sign_count) == 0
    counted = update(Passkey).where(col(Passkey.id) == known.id, newer)
    changed = counted.values(sign_count=sign_count, last_used_at=now()).returning(col(Passkey.id))
    if await session.scalar(changed.execution_options(synchronize_session=False)) is None:
        raise WrongPasskey("it was removed, or has signed no more often than before: there may be a copy of it")


def _windows(user_id: uuid.UUID) -> Sequence[GuessWindow]:
    return [(WRONG_CODES, "code", str(user_id))]
