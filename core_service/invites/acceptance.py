"""Invites as the invited people handle them. They have a link and nothing else."""

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col

from core_service.audit.act import record_in
from core_service.auth.challenges import Begun, begin_second_factor
from core_service.auth.credentials import hash_secret
from core_service.auth.link_guesses import LinkGuesses
from core_service.auth.password_rules import own_words
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import RateLimiter
from core_service.auth.session_rows import SignIn, add_session, end_sessions, require_same_password
from core_service.auth.sessions import Sessions
from core_service.common.orm import now, refusing
from core_service.common.validation import require_name, require_storable
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.models import Account, ExternalIdentity, Member, Role, User
from core_service.invites.models import Invite, InviteToken
from core_service.second_factor.factors import take_away
from service_kit.addresses import network_of
from service_kit.errors import NotFound, Unavailable

ForgetPerson = Callable[[AsyncSession, uuid.UUID, uuid.UUID], Awaitable[None]]
"""Ends what an earlier membership of the person (second id) in the account (first id) has left behind."""


class UnknownInviteToken(NotFound):
    """No invite can be accepted with this secret. Whether one ever could is not told."""

    def __init__(self) -> None:
        super().__init__("This invite link is wrong, was used or revoked, or has expired. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invite offers."""

    invite_id: uuid.UUID
    account_id: uuid.UUID
    account_name: str
    email: str
    inviter_name: str
    role: Role
    expires_at: dt.datetime
    has_login: bool
    """Whether the person has a password already: they are a member of an account on this server."""
    invited_by: uuid.UUID
    link_made_by: uuid.UUID | None
    """The owner who was shown the link; None if it was mailed to the person."""

    @property
    def vouchers(self) -> set[uuid.UUID]:
        """The owners on whose right to invite this link depends."""
        return {self.invited_by} | ({self.link_made_by} if self.link_made_by else set())


@dataclass(frozen=True, slots=True)
class Joined:
    """A person who has accepted an invite."""

    account_id: uuid.UUID
    user_id: uuid.UUID
    opened: SignIn | Begun
    """Their session; or what their second factor finishes, if they have one."""


class Acceptance:
    """Shows and accepts invites."""

    def __init__(
        self,
        engine: AsyncEngine,
        sessions: Sessions,
        passwords: Passwords,
        rate_limiter: RateLimiter,
        events: EventBus,
        *,
        forget_person: ForgetPerson,
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._sessions = sessions
        self._passwords = passwords
        self._guesses = LinkGuesses(rate_limiter, "invite", "invite link")
        self._events = events
        self._forget_person = forget_person

    async def look(self, token: str, client_address: str) -> Offer:
        """Returns what the invite offers. Changes nothing.

        Raises UnknownInviteToken; TooManyAttempts after 100 wrong links from the network of `client_address` in 15
        minutes.
        """
        offer = await self._guesses.find(token, client_address, self._find)
        if offer is None:
            raise UnknownInviteToken
        return offer

    async def accept(self, token: str, *, name: str | None, password: str, client_address: str) -> Joined:
        """Makes the person a member and signs them in, or says what their second factor finishes. If two people use
        links of one invite at the same time, one succeeds.

        `password` is the person's own if they have a login already. Otherwise it becomes theirs, with `name`, or with
        their e-mail address if that is None. Both values are checked before it is known which case it is: an owner who
        tries a link of their own must not learn whether the address has a login.

        Raises InvalidRequest; UnknownInviteToken; TooManyAttempts; Unauthenticated if the password is wrong;
        Unavailable if the person's login has changed meanwhile, or too many passwords are being checked.
        """
        offer = await self.look(token, client_address)
        name = offer.email if name is None else require_name(name)
        require_storable(password, "password")
        proven = rehashed = None
        if offer.has_login:
            proof = await self._sessions.prove(offer.email, password, client_address)
            proven, rehashed = proof.password_hash, proof.rehashed
        else:
            async with self._passwords.slot(offer.email, network_of(client_address)):
                words = own_words(offer.email, name, offer.account_name)
                rehashed = await self._passwords.hash_new(password, words)
        changed = Unavailable("This person's login has changed at the same moment. Try again.")
        with refusing("users_email_key", changed):
            async with self._database.begin() as session:
                role = await _use_up(session, offer, hash_secret(token))
                user_id, needs_more = await _person(session, offer.email, name, proven, rehashed)
                if await _join(session, offer.account_id, user_id, role):
                    await self._forget_person(session, offer.account_id, user_id)
                opened: SignIn | Begun
                if needs_more:
                    opened = await begin_second_factor(session, user_id, offer.account_id)
                    record_in(session, [offer.account_id], subject_id=user_id, actor_name=offer.email)
                else:
                    opened = await add_session(
                        session, offer.account_id, user_id, client_address, authenticated_at=now()
                    )
        self._events.publish(offer.account_id, Event(EventType.MEMBERS_CHANGED, now()))
        return Joined(offer.account_id, user_id, opened)

    async def _find(self, token_hash: bytes) -> Offer | None:
        inviter, invited = aliased(User), aliased(User)
        has_login = exists().where(col(invited.email) == col(Invite.email), col(Member.user_id) == col(invited.id))
        maker = col(InviteToken.created_by)
        query = (
            select(Invite, col(inviter.id), maker, col(Account.name), col(inviter.name), has_login)
            .join(InviteToken, col(InviteToken.invite_id) == col(Invite.id))
            .join(Account, col(Account.id) == col(Invite.account_id))
            .join(inviter, col(inviter.id) == col(Invite.invited_by))
            .where(
                col(InviteToken.token_hash) == token_hash,
                col(InviteToken.expires_at) > func.now(),
                _owns(col(Invite.invited_by)),
                or_(maker.is_(None), _owns(maker)),
            )
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            return None
        invite, invited_by, link_made_by, account_name, inviter_name, knows_password = row
        return Offer(
            invite_id=invite.id,
            account_id=invite.account_id,
            account_name=account_name,
            email=invite.email,
            inviter_name=inviter_name,
            role=Role(invite.role),
            expires_at=invite.expires_at,
            has_login=knows_password,
            invited_by=invited_by,
            link_made_by=link_made_by,
        )


def _owns(user_id: Mapped[uuid.UUID | None]) -> ColumnElement[bool]:
    """The person is an owner of the invite's account."""
    return exists().where(
        col(Member.account_id) == col(Invite.account_id),
        col(Member.user_id) == user_id,
        col(Member.role) == Role.OWNER,
    )


async def _use_up(session: AsyncSession, offer: Offer, token_hash: bytes) -> str:
    """Ends the invite and returns the role that it gives.

    Raises UnknownInviteToken if another request was faster, or if an owner on whose right it depends has lost it.
    """
    # A change of that right locks the same rows. Either it sees the new member, or this sees that the right is gone.
    vouching = (
        select(col(Member.user_id))
        .where(
            col(Member.account_id) == offer.account_id,
            col(Member.user_id).in_(offer.vouchers),
            col(Member.role) == Role.OWNER,
        )
        .order_by(col(Member.user_id))
        .with_for_update(read=True)
    )
    if set(await session.scalars(vouching)) != offer.vouchers:
        raise UnknownInviteToken
    good = exists().where(
        col(InviteToken.token_hash) == token_hash,
        col(InviteToken.invite_id) == col(Invite.id),
        col(InviteToken.expires_at) > func.now(),
    )
    mine = (col(Invite.id) == offer.invite_id, col(Invite.invited_by) == offer.invited_by)
    query = delete(Invite).where(*mine, good).returning(col(Invite.role))
    role: str | None = await session.scalar(query.execution_options(synchronize_session=False))
    if role is None:
        raise UnknownInviteToken
    return role


async def _join(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID, role: str) -> bool:
    """Makes the person a member. Returns False if they are one already."""
    joining = insert(Member).values(account_id=account_id, user_id=user_id, role=role, created_at=now())
    return await session.scalar(joining.on_conflict_do_nothing().returning(col(Member.user_id))) is not None


async def _person(
    session: AsyncSession, email: str, name: str, proven: str | None, rehashed: str | None
) -> tuple[uuid.UUID, bool]:
    """Returns the person with this address, locked, and whether they have a second factor. If their password was
    `proven`, they keep it; otherwise it becomes `rehashed`.

    Raises Unavailable if the login has changed.
    """
    user = await session.scalar(select(User).where(col(User.email) == email).with_for_update())
    if proven is not None:
        require_same_password(user.password_hash if user else None, proven)
    elif user is not None:
        # The person has left their last account, so the login leads nowhere. The invited person takes it over.
        if await session.scalar(select(exists().where(col(Member.user_id) == user.id))):
            raise Unavailable("This person has got a login at the same moment. Open the link again.")
        await session.execute(delete(ExternalIdentity).where(col(ExternalIdentity.user_id) == user.id))
        await end_sessions(session, user.id)
        await take_away(session, user.id)
        await session.refresh(user)
        user.name = name
    if user is None:
        user = User(email=email, name=name, password_hash=rehashed or "")
        session.add(user)
    elif rehashed is not None:
        user.password_hash = rehashed
    user.forget_at = None
    await session.flush()
    return user.id, user.second_factor_at is not None
