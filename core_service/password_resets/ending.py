"""Ends a person's links to a new password, and the mails with such links that are still to be sent."""

import uuid

from sqlalchemy import Delete, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.identity.models import User
from core_service.mail.models import MailKind, MailState, WantedMail
from core_service.password_resets.models import PasswordResetToken


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
