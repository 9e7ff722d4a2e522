"""Links to a new password for people who have lost theirs."""

import datetime as dt
import uuid
from dataclasses import dataclass

from limits import RateLimitItemPerHour
from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.audit.act import record_in
from core_service.auth.credentials import SecretLinks, hash_secret
from core_service.auth.link_guesses import LinkGuesses
from core_service.auth.password_rules import own_words
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import RateLimiter
from core_service.auth.session_rows import end_sessions
from core_service.auth.sessions import Sessions
from core_service.common.orm import now
from core_service.common.validation import missing, require_email, require_storable
from core_service.identity.errors import Forbidden
from core_service.identity.models import Member, User
from core_service.mail.models import MailKind, WantedMail
from core_service.mail.outbox import DueMail
from core_service.password_resets.models import PasswordResetToken
from core_service.password_resets.tokens import LIFETIME, MAX_TOKENS, UnknownResetToken, end_links, end_mails, is_good
from core_service.work_queue.outbox import Outbox
from service_kit.addresses import network_of
from service_kit.errors import NotFound

REQUESTS_PER_EMAIL = RateLimitItemPerHour(5)
"""Requests for one e-mail address in an hour, so that a mail box is not flooded."""
REQUESTS_PER_NETWORK = RateLimitItemPerHour(20)
SENT_AN_HOUR = RateLimitItemPerHour(10)
"""Mails and links that the owners of an account may have made for one person, in an hour."""
NOTICE_LIFETIME = dt.timedelta(days=3)
"""A notice that comes later than this alarms more than it helps."""

OWN = "This is for others. Change your own password with the present one, or ask for a mail where you sign in."
ELSEWHERE = (
    "This person belongs to other accounts as well, so their link can only go to their own mail box: send it by mail."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The person whose password a link sets."""

    user_id: uuid.UUID
    email: str
    name: str
    expires_at: dt.datetime
    made_by: uuid.UUID | None
    """The owner who was shown the link; None if it was mailed."""
    account_id: uuid.UUID | None
    """That owner's account."""


class PasswordResets:
    """Links to new passwords: requests, looks, uses."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        sessions: Sessions,
        passwords: Passwords,
        rate_limiter: RateLimiter,
        links: SecretLinks,
        mailer: Outbox[DueMail],
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._sessions = sessions
        self._passwords = passwords
        self._rate_limiter = rate_limiter
        self._guesses = LinkGuesses(rate_limiter, "password-reset", "password link")
        self._links = links
        self._mailer = mailer

    async def request(self, email: str, client_address: str) -> None:
        """Queues a mail with a link to the person with this address. If there is none, it does the same amount of work.

        Raises InvalidRequest; TooManyAttempts after 5 requests for an address or 20 from the network of
        `client_address` in an hour; Unavailable if they cannot be counted.
        """
        email = require_email(email)
        network = network_of(client_address)
        await self._rate_limiter.refuse_flood(REQUESTS_PER_NETWORK, "password-reset", "network", network)
        await self._rate_limiter.refuse_flood(REQUESTS_PER_EMAIL, "password-reset", "email", email)
        async with self._database.begin() as session:
            session.add(_wanted(MailKind.PASSWORD_RESET, email, LIFETIME))
        self._mailer.wake()

    async def look(self, token: str, client_address: str) -> Opened:
        """Returns whose password the link sets. Changes nothing.

        Raises UnknownResetToken; TooManyAttempts after 100 wrong links from the network of `client_address` in 15
        minutes.
        """
        opened = await self._guesses.find(token, client_address, self._find)
        if opened is None:
            raise UnknownResetToken
        return opened

    async def complete(self, token: str, new_password: str, client_address: str) -> tuple[str, int]:
        """Sets the person's password, and uses up this link and all others. Ends all their sessions, and writes it into
        the audit logs of their accounts and a mail to them. Returns their address and how many sessions it has ended.

        Raises InvalidRequest; UnknownResetToken; TooManyAttempts; Unavailable if too many passwords are being checked.
        """
        opened = await self.look(token, client_address)
        require_storable(new_password, "new_password")
        async with self._passwords.slot(opened.email, network_of(client_address)):
            words = own_words(opened.email, opened.name)
            hashed = await self._passwords.hash_new(new_password, words, field="new_password")
        this_person = col(User.id) == opened.user_id
        async with self._database.begin() as session:
            await _keep_voucher(session, opened)
            await end_mails(session, opened.user_id)
            # Joining another account locks the same row, so it happens before this or after it.
            await session.scalar(select(col(User.id)).where(this_person).with_for_update())
            await _use_up(session, hash_secret(token))
            await session.execute(update(User).where(this_person).values(password_hash=hashed))
            await end_links(session, opened.user_id)
            ended = await end_sessions(session, opened.user_id)
            accounts = await session.scalars(
                select(col(Member.account_id)).where(col(Member.user_id) == opened.user_id)
            )
            record_in(session, accounts.all(), subject_id=opened.user_id, actor_name=opened.email)
            session.add(_wanted(MailKind.PASSWORD_CHANGED, opened.email, NOTICE_LIFETIME))
        self._mailer.wake()
        await self._sessions.forgive(opened.email, client_address)
        return opened.email, ended

    async def send(self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID) -> WantedMail:
        """Queues a mail with a link to a member of the account, on behalf of one of its owners.

        Raises NotFound; Forbidden for the owner's own password; TooManyAttempts after 10 in an hour for one person.
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
        """Returns a link for a member of the account, which one of its owners passes on, and when it stops working.

        Raises NotFound; Forbidden for the owner's own password, and for a person who belongs to other accounts too;
        TooManyAttempts after 10 in an hour for one person.
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
                col(User.name),
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


class OperatorResets:
    """Makes links for the operator's command. No RPC calls this."""

    def __init__(self, engine: AsyncEngine, links: SecretLinks) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._links = links

    async def make(self, email: str) -> tuple[str, User, dt.datetime]:
        """Returns a link for the person with this e-mail address, the person, and when the link stops working.

        Raises InvalidRequest; NotFound if no person signs in with this address.
        """
        email = require_email(email)
        belongs = exists().where(col(Member.user_id) == col(User.id))
        async with self._database.begin() as session:
            person = await session.scalar(select(User).where(col(User.email) == email, belongs))
            if person is None:
                raise NotFound(f"no person signs in with the e-mail address {email}; nothing was changed")
            url, expires_at = await add_link(session, self._links, person.id)
        return url, person, expires_at


async def add_link(
    session: AsyncSession,
    links: SecretLinks,
    user_id: uuid.UUID,
    *,
    account_id: uuid.UUID | None = None,
    created_by: uuid.UUID | None = None,
) -> tuple[str, dt.datetime]:
    """Adds a link in the transaction that is open, and returns when it stops working. A person's last 20 links work."""
    url, secret = links.new()
    # Links for one person are made one after the other, so that their number stays within the limit.
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
    """Returns the e-mail address of a member who is not the caller.

    Raises NotFound or Forbidden.
    """
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
    """Locks the right of the owner who made the link until this transaction ends. If it was taken away before,
    `_use_up` finds that out."""
    if opened.made_by is not None:
        await session.scalar(
            select(col(Member.user_id))
            .where(col(Member.account_id) == opened.account_id, col(Member.user_id) == opened.made_by)
            .with_for_update(read=True)
        )


async def _use_up(session: AsyncSession, token_hash: bytes) -> None:
    """Uses up the link.

    Raises UnknownResetToken if another request was faster, or if the link no longer works.
    """
    used = delete(PasswordResetToken).where(col(PasswordResetToken.token_hash) == token_hash, is_good())
    found = await session.scalar(
        used.returning(col(PasswordResetToken.user_id)).execution_options(synchronize_session=False)
    )
    if found is None:
        raise UnknownResetToken
