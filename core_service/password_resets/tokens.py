"""Secrets that set a new password: how long they work, which of them still do, and how they end."""

import datetime as dt
import uuid

from sqlalchemy import ColumnElement, Delete, and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core_service.identity.models import Member, Role, User
from core_service.mail.models import MailKind, MailState, WantedMail
from core_service.password_resets.models import PasswordResetToken
from service_kit.errors import NotFound

LIFETIME = dt.timedelta(hours=1)
MAX_TOKENS = 20
"""Secrets of one person that work at the same time. A new one replaces the oldest."""


class UnknownResetToken(NotFound):
    """No password can be set with this secret. Whether one ever could is not told."""

    def __init__(self) -> None:
        super().__init__("This link is wrong, was used or revoked, or has expired. Ask for a new one.")


def is_good() -> ColumnElement[bool]:
    """The SQL condition for a secret that works: it has not expired, and the owner who was shown it may still have it.

    A secret that was mailed to the person, or given to the operator, needs no owner. One that an owner was shown works
    while they are an owner of that account and the person belongs to it and to no other.
    """
    member, maker, elsewhere = aliased(Member), aliased(Member), aliased(Member)
    account_id, user_id = col(PasswordResetToken.account_id), col(PasswordResetToken.user_id)
    vouched_for = and_(
        exists().where(
            col(maker.account_id) == account_id,
            col(maker.user_id) == col(PasswordResetToken.created_by),
            col(maker.role) == Role.OWNER,
        ),
        exists().where(col(member.account_id) == account_id, col(member.user_id) == user_id),
        ~exists().where(col(elsewhere.account_id) != account_id, col(elsewhere.user_id) == user_id),
    )
    return and_(col(PasswordResetToken.expires_at) > func.now(), or_(account_id.is_(None), vouched_for))


async def end_mails(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Ends the mails with links that are still to be sent to the person.

    Call it before the person's row is locked. A mailer that is just sending a link has locked the mail and will refer
    to the person. This waits for it, so that `end_links` sees the link.
    """
    email = select(col(User.email)).where(col(User.id) == user_id).scalar_subquery()
    owed = delete(WantedMail).where(
        col(WantedMail.email) == email,
        col(WantedMail.kind) == MailKind.PASSWORD_RESET,
        col(WantedMail.state) == MailState.QUEUED,
    )
    await _end(session, owed)


async def end_links(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Ends the person's links. Call it once the person's row is locked."""
    await _end(session, delete(PasswordResetToken).where(col(PasswordResetToken.user_id) == user_id))


async def _end(session: AsyncSession, query: Delete) -> None:
    await session.execute(query.execution_options(synchronize_session=False))
