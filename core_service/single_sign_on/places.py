"""What groups give a person in an account, and what losing a group takes away."""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.audit import act
from core_service.audit.models import AuditEntry
from core_service.auth.models import Session
from core_service.common.orm import now
from core_service.identity.models import Member, Role, User
from core_service.members.leaving import end_ownership, theirs

JOINED = "JoinedBySingleSignOn"
ROLE_CHANGED = "RoleBySingleSignOn"
SHUT_OUT = "ShutOutBySingleSignOn"
LINKED = "LinkedBySingleSignOn"
ENDED = "EndedBySingleSignOn"
"""Names of entries in audit logs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's place after their groups were looked at."""

    has_place: bool
    changed: bool
    """Whether the membership is another than before."""
    joined: bool = False
    """Whether they were no member before."""
    spared: bool = False
    """Whether their groups would have taken away the account's last owner, who stays."""


async def lock_owners(session: AsyncSession, account_id: uuid.UUID) -> set[uuid.UUID]:
    """Locks the account's owners until the transaction ends, and returns them: in the order in which every change of
    roles locks them."""
    query = (
        select(col(Member.user_id))
        .where(col(Member.account_id) == account_id, col(Member.role) == Role.OWNER)
        .order_by(col(Member.user_id))
        .with_for_update()
    )
    return set(await session.scalars(query))


async def put_in_place(
    session: AsyncSession, account_id: uuid.UUID, user: User, role: Role | None, owners: set[uuid.UUID]
) -> Standing:
    """Gives the person the role in the account, or takes their access away if `role` is None. `owners` are those of the
    account, locked. The last owner stays one whatever their groups are. Writes audit entries."""
    member = await session.scalar(
        select(Member)
        .where(*theirs(Member, account_id, user.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if member is None:
        if role is None:
            return Standing(has_place=False, changed=False)
        session.add(Member(account_id=account_id, user_id=user.id, role=role))
        note(session, account_id, user, JOINED, role=role)
        return Standing(has_place=True, changed=True, joined=True)
    if role is not Role.OWNER and owners == {user.id}:
        return Standing(has_place=True, changed=False, spared=True)
    if role is None:
        return await _shut_out(session, member, user)
    if member.role == role and member.suspended_at is None:
        return Standing(has_place=True, changed=False)
    if member.role == Role.OWNER:
        await _end_ownership(session, member)
    member.suspended_at, member.role = None, role
    note(session, account_id, user, ROLE_CHANGED, role=role)
    return Standing(has_place=True, changed=True)


def note(session: AsyncSession, account_id: uuid.UUID, user: User, what: str, **facts: str) -> None:
    """Writes an entry about the person into the account's audit log. It is no act that a caller has asked for."""
    entry = AuditEntry(
        account_id=account_id,
        actor="anonymous",
        actor_name=user.email,
        method=what,
        request=json.dumps({name: str(value) for name, value in facts.items()}),
        subject_id=user.id,
        client_address=act.client_address() or None,
    )
    session.add(entry)


async def _shut_out(session: AsyncSession, member: Member, user: User) -> Standing:
    if member.suspended_at is not None:
        return Standing(has_place=False, changed=False)
    if member.role == Role.OWNER:
        await _end_ownership(session, member)
    member.role, member.suspended_at = Role.MEMBER, now()
    ended = delete(Session).where(*theirs(Session, member.account_id, user.id))
    await session.execute(ended.execution_options(synchronize_session=False))
    note(session, member.account_id, user, SHUT_OUT)
    return Standing(has_place=False, changed=True)


async def _end_ownership(session: AsyncSession, member: Member) -> None:
    await end_ownership(session, member.account_id, member.user_id)
    member.owner_until = now()
