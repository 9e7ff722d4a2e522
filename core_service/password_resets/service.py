"""A way back in for people who have lost their password."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.audit.recording import record_in
from core_service.auth.failed_sign_ins import failed
from core_service.auth.models import Session
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.auth.sessions import MIN_PASSWORD_LENGTH, PASSWORD_LENGTH, Sessions
from core_service.common.orm import now
from core_service.common.validation import missing, require_email, require_text
from core_service.identity.errors import Forbidden
from core_service.identity.links import SecretLinks
from core_service.identity.models import Member, User
from core_service.identity.secrets import MAX_LENGTH, hash_secret
from core_service.mail.mailer import Mailer
from core_service.mail.models import MailKind, WantedMail
from core_service.password_resets.ending import end_links, end_mails
from core_service.password_resets.errors import UnknownToken
from core_service.password_resets.models import PasswordResetToken
from core_service.password_resets.tokens import LIFETIME, MAX_TOKENS, is_good
from service_kit.client_address import network_of

GUESSES_PER_NETWORK = RateLimitItemPerMinute(100, 15)
"""Links that lead nowhere, from one network: as many as passwords."""
REQUESTS_PER_EMAIL = RateLimitItemPerHour(5)
"""Somebody's mail box is not to be flooded by others."""
REQUESTS_PER_NETWORK = RateLimitItemPerHour(20)
SENT_AN_HOUR = RateLimitItemPerHour(10)
"""By the owners of an account, to one person."""
NOTICE_LIFETIME = dt.timedelta(days=3)
"""A notice that comes later than that alarms more than it helps."""

OWN = "This is for others. Change your own password with the present one, or ask for a mail where you sign in."
ELSEWHERE = (
    "This person belongs to other accounts as well, so their link can only go to their own mail box: send it by mail."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """Whose password a link sets."""

    user_id: uuid.UUID
    email: str
    expires_at: dt.datetime
    made_by: uuid.UUID | None
    """The owner who was shown the link, if one was."""
    account_id: uuid.UUID | None
    """That owner's account."""


class PasswordResets:
    """Links to new passwords: asked for, looked at, used."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        sessions: Sessions,
        passwords: Passwords,
        rate_limiter: RateLimiter,
        links: SecretLinks,
        mailer: Mailer,
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._sessions = sessions
        self._passwords = passwords
        self._rate_limiter = rate_limiter
        self._links = links
        self._mailer = mailer

    async def request(self, email: str, client_address: str) -> None:
        """Queues a mail with a link to the person with this address. Does the same work if there is none.

        Raises InvalidRequest; TooManyAttempts after 5 in an hour for an address or 20 from the network of
        `client_address`; Unavailable if that cannot be counted.
        """
        email = require_email(email)
        network = network_of(client_address)
        await self._rate_limiter.refuse_flood(REQUESTS_PER_NETWORK, "password-reset", "network", network)
        await self._rate_limiter.refuse_flood(REQUESTS_PER_EMAIL, "password-reset", "email", email)
        async with self._database.begin() as session:
            session.add(_wanted(MailKind.PASSWORD_RESET, email, LIFETIME))
        self._mailer.wake()

    async def look(self, token: str, client_address: str) -> Opened:
        """Whose password the link sets. Changes nothing.

        Raises UnknownToken; TooManyAttempts after 100 wrong ones from the network of `client_address` in 15 minutes.
        """
        windows: Sequence[GuessWindow] = [(GUESSES_PER_NETWORK, "password-reset", network_of(client_address))]
        await self._rate_limiter.refuse_guessing(windows)
        opened = await self._find(hash_secret(token)) if len(token) <= MAX_LENGTH else None
        if opened is None:
            failed("password link", client_address)
            await self._rate_limiter.count_wrong_guess(windows)
            raise UnknownToken
        return opened

    async def complete(self, token: str, new_password: str, client_address: str) -> tuple[str, int]:
        """Sets the person's password and uses up this link and all others. Ends all sessions of theirs, and tells of
        it in the audit logs of their accounts and in a mail. Returns their address and how many sessions it has ended.

        Raises InvalidRequest; UnknownToken; TooManyAttempts; Unavailable if too many passwords are being checked.
        """
        opened = await self.look(token, client_address)
        require_text(new_password, "new_password", minimum=MIN_PASSWORD_LENGTH, maximum=PASSWORD_LENGTH)
        async with self._passwords.slot(opened.email, network_of(client_address)):
            hashed = await self._passwords.hash(new_password)
        this_person = col(User.id) == opened.user_id
        async with self._database.begin() as session:
            await _keep_voucher(session, opened)
            await end_mails(session, opened.user_id)
            # Who joins another account locks the same row: they come before this, or after it.
            await session.scalar(select(col(User.id)).where(this_person).with_for_update())
            await _use_up(session, hash_secret(token))
            await session.execute(update(User).where(this_person).values(password_hash=hashed))
            await end_links(session, opened.user_id)
            sessions = delete(Session).where(col(Session.user_id) == opened.user_id).returning(col(Session.id))
            ended = len((await session.scalars(sessions.execution_options(synchronize_session=False))).all())
            accounts = await session.scalars(
                select(col(Member.account_id)).where(col(Member.user_id) == opened.user_id)
            )
            record_in(session, accounts.all(), subject_id=opened.user_id, actor_name=opened.email)
            session.add(_wanted(MailKind.PASSWORD_CHANGED, opened.email, NOTICE_LIFETIME))
        self._mailer.wake()
        await self._sessions.forgive(opened.email, client_address)
        return opened.email, ended

    async def send(self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID) -> WantedMail:
        """Queues a mail with a link to a member of the account, for one of its owners.

        Raises NotFound; Forbidden for oneself; TooManyAttempts after 10 in an hour for one person.
        """
        async with self._database.begin() as session:
            email = await _member(session, account_id, caller_id, user_id)
            await self._rate_limiter.refuse_haste(SENT_AN_HOUR, "password-reset", str(account_id), str(user_id))
            mail = _wanted(MailKind.PASSWORD_RESET, email, LIFETIME)
            mail.account_id, mail.requested_by = account_id, caller_id
            session.add(mail)
        self._mailer.wake()
        return mail

    async def make_link(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID
    ) -> tuple[str, dt.datetime]:
        """A link for a member of the account, for one of its owners to pass on, and when it stops working.

        Raises NotFound; Forbidden for oneself, and for somebody who belongs to other accounts, too; TooManyAttempts
        after 10 in an hour for one person.
        """
        async with self._database.begin() as session:
            await _member(session, account_id, caller_id, user_id)
            elsewhere = exists().where(col(Member.user_id) == user_id, col(Member.account_id) != account_id)
            if await session.scalar(select(elsewhere)):
                raise Forbidden(ELSEWHERE)
            await self._rate_limiter.refuse_haste(SENT_AN_HOUR, "password-reset", str(account_id), str(user_id))
            return await add_link(session, self._links, user_id, account_id=account_id, created_by=caller_id)

    async def _find(self, token_hash: bytes) -> Opened | None:
        query = (
            select(
                col(User.id),
                col(User.email),
                col(PasswordResetToken.expires_at),
                col(PasswordResetToken.created_by),
                col(PasswordResetToken.account_id),
            )
            .join(User, col(User.id) == col(PasswordResetToken.user_id))
            .where(col(PasswordResetToken.token_hash) == token_hash, is_good())
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        return row and Opened(*row)


async def add_link(
    session: AsyncSession,
    links: SecretLinks,
    user_id: uuid.UUID,
    *,
    account_id: uuid.UUID | None = None,
    created_by: uuid.UUID | None = None,
) -> tuple[str, dt.datetime]:
    """A new link, and when it stops working, in a transaction that is under way. Of a person's links the last 20
    work."""
    url, secret = links.new()
    # Those who make links for one person take turns, so that the number of links holds.
    await session.scalar(select(col(User.id)).where(col(User.id) == user_id).with_for_update(key_share=True))
    oldest = (
        select(col(PasswordResetToken.token_hash))
        .where(col(PasswordResetToken.user_id) == user_id)
        .order_by(col(PasswordResetToken.created_at).desc())
        .offset(MAX_TOKENS - 1)
    )
    dropped = delete(PasswordResetToken).where(col(PasswordResetToken.token_hash).in_(oldest))
    await session.execute(dropped.execution_options(synchronize_session=False))
    token = PasswordResetToken(
        token_hash=secret.hash,
        user_id=user_id,
        account_id=account_id,
        created_by=created_by,
        expires_at=now() + LIFETIME,
    )
    session.add(token)
    return url, token.expires_at


def _wanted(kind: MailKind, email: str, lifetime: dt.timedelta) -> WantedMail:
    return WantedMail(kind=kind.value, email=email, expires_at=now() + lifetime)


async def _member(session: AsyncSession, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID) -> str:
    """The e-mail address of a member who is not the caller. Raises NotFound or Forbidden."""
    query = (
        select(col(User.email))
        .join(Member, col(Member.user_id) == col(User.id))
        .where(col(Member.account_id) == account_id, col(User.id) == user_id)
    )
    email: str | None = await session.scalar(query)
    if email is None:
        raise missing("member")
    if user_id == caller_id:
        raise Forbidden(OWN)
    return email


async def _keep_voucher(session: AsyncSession, opened: Opened) -> None:
    """Who takes the right of the link's maker away waits until this is done, or else it is found gone below."""
    if opened.made_by is not None:
        await session.scalar(
            select(col(Member.user_id))
            .where(col(Member.account_id) == opened.account_id, col(Member.user_id) == opened.made_by)
            .with_for_update(read=True)
        )


async def _use_up(session: AsyncSession, token_hash: bytes) -> None:
    """Raises UnknownToken if somebody was faster, or if the link is not good any more."""
    used = delete(PasswordResetToken).where(col(PasswordResetToken.token_hash) == token_hash, is_good())
    found = await session.scalar(
        used.returning(col(PasswordResetToken.user_id)).execution_options(synchronize_session=False)
    )
    if found is None:
        raise UnknownToken
