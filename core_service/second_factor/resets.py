"""For people who have lost their second factor: an owner, or the operator, takes it away."""

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.audit.models import AuditEntry
from core_service.auth.session_rows import end_sessions, lock_person
from core_service.common.orm import now
from core_service.common.validation import missing, require_email
from core_service.identity.errors import Forbidden
from core_service.identity.models import Member, User
from core_service.mail.models import MailKind, WantedMail
from core_service.mail.outbox import DueMail
from core_service.second_factor.factors import take_away
from core_service.work_queue.outbox import Outbox
from service_kit.errors import NotFound

NOTICE_LIFETIME = dt.timedelta(days=3)
"""A notice that comes later than this alarms more than it helps."""
OPERATOR = "the server's operator"

OWN = "This is for others. Turn your own second factor off on your own page, with the password and a code."
ELSEWHERE = (
    "This person belongs to other accounts as well, so an owner of one cannot do it. Who runs the server can: "
    "`smith account reset-second-factor`."
)
NONE = "This person has no second factor."


@dataclass(frozen=True, slots=True)
class Taken:
    """What has ended."""

    email: str
    name: str
    sessions: int
    passkeys: int


class FactorResets:
    """What owners do."""

    def __init__(self, engine: AsyncEngine, mailer: Outbox[DueMail]) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._mailer = mailer

    async def reset(self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID) -> Taken:
        """Takes away a member's second factor, ends all their sessions and queues a mail that says so.

        Raises NotFound; Forbidden for the owner's own, and for a person who belongs to other accounts too.
        """
        theirs = (col(Member.account_id) == account_id, col(Member.user_id) == user_id)
        async with self._database.begin() as session:
            # Joining another account locks the same row, so it happens before this or after it.
            has_one = await lock_person(session, user_id, None)
            if await session.scalar(select(col(Member.user_id)).where(*theirs)) is None:
                raise missing("member")
            if user_id == caller_id:
                raise Forbidden(OWN)
            elsewhere = exists().where(col(Member.user_id) == user_id, col(Member.account_id) != account_id)
            if await session.scalar(select(elsewhere)):
                raise Forbidden(ELSEWHERE)
            if not has_one:
                raise NotFound(NONE)
            taken = await _take(session, user_id)
        self._mailer.wake()
        return taken


class OperatorFactorResets:
    """What the operator's command does. No RPC calls this."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def reset(self, email: str) -> Taken:
        """Takes away the second factor of the person with this e-mail address, ends all their sessions, writes it into
        the audit logs of their accounts and queues a mail that says so.

        Raises InvalidRequest; NotFound if no person signs in with this address, or they have no second factor.
        """
        email = require_email(email)
        async with self._database.begin() as session:
            user_id = await session.scalar(select(col(User.id)).where(col(User.email) == email))
            if user_id is None:
                raise NotFound(f"no person signs in with the e-mail address {email}; nothing was changed")
            if not await lock_person(session, user_id, None):
                raise NotFound(f"{email} has no second factor; nothing was changed")
            accounts = await session.scalars(select(col(Member.account_id)).where(col(Member.user_id) == user_id))
            session.add_all(_entry(account_id, user_id) for account_id in accounts.all())
            return await _take(session, user_id)


async def _take(session: AsyncSession, user_id: uuid.UUID) -> Taken:
    passkeys = await take_away(session, user_id)
    ended = await end_sessions(session, user_id)
    email, name = (await session.execute(select(col(User.email), col(User.name)).where(col(User.id) == user_id))).one()
    session.add(WantedMail(kind=MailKind.SECOND_FACTOR_RESET.value, email=email, expires_at=now() + NOTICE_LIFETIME))
    return Taken(email, name, ended, passkeys)


def _entry(account_id: uuid.UUID, user_id: uuid.UUID) -> AuditEntry:
    return AuditEntry(
        account_id=account_id,
        actor="anonymous",
        actor_name=OPERATOR,
        method="ResetSecondFactor",
        request="{}",
        subject_id=user_id,
        request_id="",
    )
