"""Signing in and out."""

import uuid
from dataclasses import dataclass, replace
from typing import Protocol

from limits import RateLimitItemPerMinute
from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.audit import act
from core_service.auth.challenges import Begun, begin_second_factor
from core_service.auth.failed_sign_ins import FailedSignIns
from core_service.auth.guesses import Guess, SignInGuesses
from core_service.auth.models import Session
from core_service.auth.passwords import Match, Passwords
from core_service.auth.rate_limit import RateLimiter
from core_service.auth.session_rows import SignIn, add_session, lock_person
from core_service.common.orm import now
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id_before
from core_service.common.validation import missing, require_email, require_storable
from core_service.identity.errors import Forbidden, Unauthenticated
from core_service.identity.models import Member, User
from service_kit.errors import NotFound

THING = "session"
SIGN_INS = RateLimitItemPerMinute(60)
"""Sessions that a person may begin in a minute. A program that signs in for each call needs many."""


class LocalRule(Protocol):
    """Who may come in without single sign-on. Both raise Forbidden for others."""

    async def require(self, user_id: uuid.UUID) -> None:
        """The person signs in."""

    async def require_switch(self, user_id: uuid.UUID, session_id: uuid.UUID, account_id: uuid.UUID) -> None:
        """The person's session moves to this account."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not expired."""

    session: Session
    email: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A person who has proven that they know their password."""

    account_id: uuid.UUID
    """The first account that they joined, of those that they have access to."""
    user_id: uuid.UUID
    password_hash: str
    rehashed: str | None = None
    """The hash to store instead of the present one; None if that may stay."""


class Sessions:
    """Sessions of people."""

    def __init__(
        self,
        engine: AsyncEngine,
        passwords: Passwords,
        rate_limiter: RateLimiter,
        failures: FailedSignIns,
        *,
        local_sign_in: LocalRule | None = None,
    ) -> None:
        """`local_sign_in` says who may not come in without single sign-on, if there is that."""
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._passwords = passwords
        self._rate_limiter = rate_limiter
        self._local_sign_in = local_sign_in
        self.guesses = SignInGuesses(engine, rate_limiter, failures)

    async def sign_in(self, email: str, password: str, client_address: str) -> SignIn:
        """Begins a session for the person with this e-mail address and password, in the first account that they joined.

        Raises InvalidRequest; Unauthenticated, the same for an unknown address and a wrong password; TooManyAttempts
        after 10 failures for the e-mail address from the network of `client_address`, 100 from that network, or 100 for
        the e-mail address in all (unless the person is signed in from that network), each in 15 minutes, and after 60
        sessions in a minute; Forbidden if the person is to sign in by single sign-on; Unavailable if too many sign in
        at once; SecondFactorNeeded, with what finishes the sign-in, if the password is not enough.
        """
        proof = await self.prove(email, password, client_address)
        await self.require_local_sign_in(proof.user_id)
        opened = await self._open(proof, client_address)
        if isinstance(opened, Begun):
            raise opened.needed
        return opened

    async def require_local_sign_in(self, user_id: uuid.UUID) -> None:
        """Raises Forbidden for a person who has proven who they are and may not sign in here: single sign-on is for
        them, or has taken their access to every account away."""
        has_access = exists().where(col(Member.user_id) == user_id, col(Member.suspended_at).is_(None))
        async with self._database() as session:
            if not await session.scalar(select(has_access)):
                raise Forbidden("You have no access any more. Ask who runs your single sign-on, or an owner.")
        if self._local_sign_in is not None:
            await self._local_sign_in.require(user_id)

    async def prove(self, email: str, password: str, client_address: str) -> Proof:
        """Returns the person with this e-mail address if they are a member of an account and the password is theirs. It
        is limited and counted like an attempt to sign in.

        Raises what `sign_in` raises, but for SecondFactorNeeded.
        """
        email = require_email(email)
        require_storable(password, "password")
        guess = Guess(email, client_address)
        # A caller who is blocked must not take a turn. A caller who waited for a turn may be blocked by now.
        await self.guesses.refuse(guess)
        async with self._passwords.slot(email, guess.network):
            await self.guesses.refuse(guess)
            person = await self._find(email)
            match = await self._passwords.verify(password, person.password_hash if person else None)
            if person is None or not match:
                await self.guesses.count(guess)
                raise Unauthenticated("The e-mail address or the password is wrong.")
            await self._rate_limiter.refuse_haste(SIGN_INS, "sessions", str(person.user_id))
            rehashed = await self._passwords.hash(password) if match is Match.OUTDATED else None
        return replace(person, rehashed=rehashed)

    async def open_for(self, member: Member, user: User, client_address: str) -> SignIn:
        """Begins a session in this account for a person who has proven who they are in a way that needs no second
        factor.

        Raises Unavailable if their password was changed meanwhile.
        """
        async with self._database.begin() as session:
            await lock_person(session, user.id, user.password_hash)
            return await add_session(session, member.account_id, user.id, client_address, authenticated_at=now())

    async def forgive(self, email: str, client_address: str) -> None:
        """Forgets the failures for the address, in all and from this network: the person has proven in another way who
        they are."""
        await self.guesses.forgive(Guess(email, client_address))

    async def switch(self, session_id: uuid.UUID, user_id: uuid.UUID, account_id: uuid.UUID) -> None:
        """Moves the person's session to another of their accounts, and writes that into the audit log of the new one.

        Raises NotFound if they do not belong to it, and Forbidden if single sign-on alone leads there.
        """
        if self._local_sign_in is not None:
            await self._local_sign_in.require_switch(user_id, session_id, account_id)
        belongs = (
            select(Member)
            .where(
                col(Member.account_id) == account_id,
                col(Member.user_id) == user_id,
                col(Member.suspended_at).is_(None),
            )
            .exists()
        )
        moved = update(Session).where(col(Session.id) == session_id, col(Session.user_id) == user_id, belongs)
        act.belongs_to(account_id)
        async with self._database.begin() as session:
            changed = moved.values(account_id=account_id).returning(col(Session.id))
            if await session.scalar(changed.execution_options(synchronize_session=False)) is None:
                raise NotFound("You belong to no such account.")

    async def sign_out(self, session_id: uuid.UUID) -> None:
        """Ends the session. The next call with it is refused."""
        async with self._database.begin() as session:
            await session.execute(delete(Session).where(col(Session.id) == session_id))

    async def list(
        self, account_id: uuid.UUID, user_id: uuid.UUID | None, page_size: int | None, page_token: str | None
    ) -> Page[OpenSession]:
        """Lists the account's sessions that have not expired, newest first; those of one person if one is given.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        query = (
            select(Session, col(User.email))
            .join(User, col(User.id) == col(Session.user_id))
            .where(
                col(Session.account_id) == account_id,
                col(Session.id) < read_id_before(page_token),
                col(Session.expires_at) > now(),
            )
            .order_by(col(Session.id).desc())
            .limit(size + 1)
        )
        if user_id is not None:
            query = query.where(col(Session.user_id) == user_id)
        async with self._database() as session:
            rows = [OpenSession(*row) for row in await session.execute(query)]
        return page_of(rows, size, lambda row: str(row.session.id))

    async def revoke(self, account_id: uuid.UUID, user_id: uuid.UUID | None, session_id: uuid.UUID) -> None:
        """Ends a session of the account, and only if it is this person's if one is given. The next call with it is
        refused.

        Raises NotFound.
        """
        chosen = [col(Session.id) == session_id, col(Session.account_id) == account_id]
        if user_id is not None:
            chosen.append(col(Session.user_id) == user_id)
        async with self._database.begin() as session:
            if await session.scalar(delete(Session).where(*chosen).returning(col(Session.id))) is None:
                raise missing(THING)

    async def _find(self, email: str) -> Proof | None:
        """The person with this address, in the first account that they joined. Nothing is proven yet."""
        query = (
            select(col(Member.account_id), col(User.id), col(User.password_hash))
            .join(Member, col(Member.user_id) == col(User.id))
            .where(col(User.email) == email)
            .order_by(col(Member.suspended_at).is_not(None), col(Member.created_at), col(Member.account_id))
            .limit(1)
        )
        async with self._database() as session:
            row = (await session.execute(query)).first()
        return row and Proof(*row)

    async def _open(self, person: Proof, client_address: str) -> SignIn | Begun:
        this_person = col(User.id) == person.user_id
        async with self._database.begin() as session:
            needs_more = await lock_person(session, person.user_id, person.password_hash)
            if person.rehashed is not None:
                await session.execute(update(User).where(this_person).values(password_hash=person.rehashed))
            if needs_more:
                return await begin_second_factor(session, person.user_id, person.account_id)
            return await add_session(session, person.account_id, person.user_id, client_address, authenticated_at=now())
