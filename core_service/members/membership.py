"""What owners do about the people of an account."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.accounts.service import LastOwner, Person, select_people
from core_service.auth.models import Session
from core_service.common.orm import now
from core_service.common.validation import missing
from core_service.devices.listing import DeviceView, devices_paired_for_others
from core_service.devices.models import Device
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.errors import Forbidden
from core_service.identity.models import ExternalIdentity, Member, Role, User
from core_service.invites.models import Invite
from core_service.mail.models import MailKind, WantedMail
from core_service.members.leaving import Besides, Ended, end_besides, end_membership, end_ownership, theirs
from core_service.webhooks.models import WebhookSecret

MAX_SHOWN = 100
"""Devices and invites of each kind that are shown."""
LOGIN_KEPT = dt.timedelta(days=30)
"""How long the login of a person stays who has left their last account."""
MAIL_SHOWN = dt.timedelta(days=1)
"""How long an owner is told of a mail with a link to a new password."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """A person and what they have in the account, without API keys."""

    person: Person
    devices: Sequence[Device]
    """The oldest, 100 at most."""
    device_count: int
    session_count: int
    invites: Sequence[Invite]
    """Invites of theirs that can still be accepted: the newest, 100 at most."""
    invite_count: int
    paired_for_others: Sequence[DeviceView]
    """The oldest, 100 at most."""
    paired_for_others_count: int
    may_know_webhook_secret: bool
    """Whether they are an owner, or were one since the present signing key was made."""
    reset_mail: WantedMail | None
    """The newest mail with a link to a new password that an owner has sent them."""


class Members:
    """The people of an account: their roles, and how they leave."""

    def __init__(self, engine: AsyncEngine, events: EventBus) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._events = events

    async def get(self, account_id: uuid.UUID, user_id: uuid.UUID) -> Holdings:
        """The person and what they hold.

        Raises NotFound.
        """
        their_devices = theirs(Device, account_id, user_id)
        open_sessions = (*theirs(Session, account_id, user_id), col(Session.expires_at) > func.now())
        invites = (
            col(Invite.account_id) == account_id,
            col(Invite.invited_by) == user_id,
            col(Invite.expires_at) > func.now(),
        )
        async with self._database() as session:
            person = await _find(session, account_id, user_id)
            shown = select(Device).where(*their_devices).order_by(col(Device.id)).limit(MAX_SHOWN)
            devices = (await session.scalars(shown)).all()
            pending = select(Invite).where(*invites).order_by(col(Invite.id).desc()).limit(MAX_SHOWN)
            paired, paired_count = await devices_paired_for_others(session, account_id, user_id, limit=MAX_SHOWN)
            return Holdings(
                person=person,
                devices=devices,
                device_count=await _count(session, Device, *their_devices),
                session_count=await _count(session, Session, *open_sessions),
                invites=(await session.scalars(pending)).all(),
                invite_count=await _count(session, Invite, *invites),
                paired_for_others=paired,
                paired_for_others_count=paired_count,
                may_know_webhook_secret=await _may_know(session, person.member),
                reset_mail=await session.scalar(_reset_mail(account_id, person.user.email)),
            )

    async def change_role(
        self,
        account_id: uuid.UUID,
        caller_id: uuid.UUID,
        user_id: uuid.UUID,
        role: Role | None,
        besides: Besides,
    ) -> tuple[Person, Ended]:
        """Gives the person the role, if one is given, and access if single sign-on has taken it away. It counts from
        their next call on. A person who is no longer an owner can no longer invite: what they made for others ends.
        What `besides` names ends in the same transaction, or nothing changes.

        Raises InvalidRequest for a key or device that the account does not have; NotFound; LastOwner; Forbidden if the
        caller is no longer an owner.
        """
        async with self._database.begin() as session:
            owners = await lock_owners(session, account_id, caller_id)
            person = await _find(session, account_id, user_id)
            made = Ended()
            if role is Role.MEMBER:
                _require_another_owner(owners, user_id)
                made = await end_ownership(session, account_id, user_id)
                if person.member.role == Role.OWNER:
                    person.member.owner_until = now()
            if role is not None:
                person.member.suspended_at, person.member.role = None, role
            named = await end_besides(session, account_id, besides)
            ended = Ended(0, made.invites, made.pairing_codes, named.api_keys, named.devices)
        self._tell(account_id, ended)
        return person, ended

    async def remove(self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID, besides: Besides) -> Ended:
        """Removes the person from the account, with all that they have in it, what they made for others, and what
        `besides` names. All of it happens at once or not at all.

        Raises InvalidRequest for a key or device that the account does not have; NotFound; LastOwner; Forbidden if the
        caller is no longer an owner.
        """
        async with self._database.begin() as session:
            owners = await lock_owners(session, account_id, caller_id)
            leaving = theirs(Member, account_id, user_id)
            # The row is locked first. A request that makes a pairing code for this person meanwhile waits, and then
            # finds them gone.
            member = await session.scalar(select(Member).where(*leaving).with_for_update())
            if member is None:
                raise missing("member")
            _require_another_owner(owners, user_id)
            ended = await end_membership(session, account_id, user_id, besides)
            await session.delete(member)
            await session.flush()
            await _forget_identities(session, user_id)
            await forget_without_account(session, user_id)
        self._tell(account_id, ended)
        return ended

    def _tell(self, account_id: uuid.UUID, ended: Ended) -> None:
        self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))
        for device_id in ended.devices:
            self._events.publish(account_id, Event(EventType.DEVICE_REMOVED, now(), device_id=device_id))


async def forget_without_account(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Has the person's login deleted in 30 days if they belong to no account. Until then keys and messages show who has
    made them, and an invite brings the person back."""
    elsewhere = select(Member).where(col(Member.user_id) == user_id).exists()
    left = update(User).where(col(User.id) == user_id, ~elsewhere).values(forget_at=now() + LOGIN_KEPT)
    await session.execute(left.execution_options(synchronize_session=False))


async def _find(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> Person:
    row = (await session.execute(select_people().where(*theirs(Member, account_id, user_id)))).one_or_none()
    if row is None:
        raise missing("member")
    return Person(*row)


async def lock_owners(session: AsyncSession, account_id: uuid.UUID, caller_id: uuid.UUID) -> set[uuid.UUID]:
    """Locks the account's owners until the transaction ends, and returns them. Of two changes that together would leave
    no owner, the second one sees the first.

    Raises Forbidden if the caller is no longer an owner.
    """
    query = (
        select(col(Member.user_id))
        .where(col(Member.account_id) == account_id, col(Member.role) == Role.OWNER)
        .order_by(col(Member.user_id))
        .with_for_update()
    )
    owners = set(await session.scalars(query))
    if caller_id not in owners:
        raise Forbidden("This is for owners of the account.")
    return owners


async def _forget_identities(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Unlinks the logins elsewhere of a person who belongs to no account any more: the address may go to another
    person."""
    belongs = exists().where(col(Member.user_id) == user_id)
    unlinked = delete(ExternalIdentity).where(col(ExternalIdentity.user_id) == user_id, ~belongs)
    await session.execute(unlinked.execution_options(synchronize_session=False))


def _require_another_owner(owners: set[uuid.UUID], user_id: uuid.UUID) -> None:
    if owners == {user_id}:
        raise LastOwner


async def _count(session: AsyncSession, table: type[Device | Session | Invite], *which: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).select_from(table).where(*which)) or 0


async def _may_know(session: AsyncSession, member: Member) -> bool:
    if member.role == Role.OWNER or member.owner_until is None:
        return member.role == Role.OWNER
    known = (
        select(col(WebhookSecret.id))
        .where(
            col(WebhookSecret.account_id) == member.account_id,
            col(WebhookSecret.expires_at).is_(None),
            col(WebhookSecret.created_at) < member.owner_until,
        )
        .limit(1)
    )
    return await session.scalar(known) is not None


def _reset_mail(account_id: uuid.UUID, email: str) -> Select[WantedMail]:
    """The newest mail with a link to a new password that an owner had sent. Mails that the person asked for themselves
    are not shown."""
    return (
        select(WantedMail)
        .where(
            col(WantedMail.account_id) == account_id,
            col(WantedMail.email) == email,
            col(WantedMail.kind) == MailKind.PASSWORD_RESET,
            col(WantedMail.queued_at) > func.now() - MAIL_SHOWN,
        )
        .order_by(col(WantedMail.id).desc())
        .limit(1)
    )
