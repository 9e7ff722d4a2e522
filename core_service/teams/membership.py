"""What owners do about the people of an account."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.errors import Forbidden
from core_service.auth.models import ApiKey, Session
from core_service.channels.models import Channel, ChannelUser
from core_service.devices.models import Device, PairingCode
from core_service.events.service import Event, EventBus, EventType
from core_service.orm import now
from core_service.teams.errors import LastOwner
from core_service.teams.models import Member, Role
from core_service.teams.service import Person, select_people
from core_service.validation import missing
from service_kit.errors import InvalidRequest

MAX_KEYS = 1000
MAX_DEVICES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Holdings:
    """A person and what they hold in the account, but for API keys."""

    person: Person
    devices: Sequence[Device]
    """The oldest, 100 at most."""
    device_count: int
    session_count: int


@dataclass(frozen=True, slots=True)
class Removal:
    """What went with a person."""

    sessions: int
    devices: int
    api_keys: int


class Membership:
    """The people of accounts: their roles, and their leaving."""

    def __init__(self, engine: AsyncEngine, events: EventBus) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._events = events

    async def get(self, account_id: uuid.UUID, user_id: uuid.UUID) -> Holdings:
        """The person and what they hold.

        Raises NotFound.
        """
        theirs = _theirs(Device, account_id, user_id)
        open_sessions = (*_theirs(Session, account_id, user_id), col(Session.expires_at) > func.now())
        async with self._database() as session:
            person = await _find(session, account_id, user_id)
            shown = select(Device).where(*theirs).order_by(col(Device.id)).limit(MAX_DEVICES_SHOWN)
            devices = (await session.scalars(shown)).all()
            device_count = await session.scalar(select(func.count()).select_from(Device).where(*theirs))
            session_count = await session.scalar(select(func.count()).select_from(Session).where(*open_sessions))
        return Holdings(person, devices, device_count or 0, session_count or 0)

    async def change_role(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID, role: Role | None
    ) -> Person:
        """Gives the person the role, if there is one. It counts from their next call on.

        Raises NotFound; LastOwner; Forbidden if the caller has ceased to be an owner.
        """
        async with self._database.begin() as session:
            owners = await _lock_owners(session, account_id, caller_id)
            person = await _find(session, account_id, user_id)
            if role is Role.MEMBER:
                _require_another_owner(owners, user_id)
            if role is not None:
                person.member.role = role
        self._tell(account_id)
        return person

    async def remove(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, user_id: uuid.UUID, api_key_ids: Sequence[uuid.UUID]
    ) -> Removal:
        """Takes the person out of the account with all they hold in it, and revokes these keys of the account. All of
        it happens at once or not at all.

        Raises InvalidRequest for an unknown key; NotFound; LastOwner; Forbidden if the caller has ceased to be an
        owner.
        """
        if len(api_key_ids) > MAX_KEYS:
            raise InvalidRequest.at("api_key_ids", f"must name at most {MAX_KEYS} keys")
        async with self._database.begin() as session:
            owners = await _lock_owners(session, account_id, caller_id)
            leaving = (*_theirs(Member, account_id, user_id),)
            # Locked before anything goes: whoever makes a pairing code for them meanwhile waits, and finds them gone.
            if await session.scalar(select(col(Member.user_id)).where(*leaving).with_for_update()) is None:
                raise missing("member")
            _require_another_owner(owners, user_id)
            revoked = await _revoke_keys(session, account_id, api_key_ids)
            sessions, devices = await forget_person(session, account_id, user_id)
            await session.execute(delete(Member).where(*leaving).execution_options(synchronize_session=False))
        self._tell(account_id)
        return Removal(sessions, devices, revoked)

    def _tell(self, account_id: uuid.UUID) -> None:
        self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))


async def forget_person(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> tuple[int, int]:
    """Ends the person's sessions in the account, unpairs their devices in it, and takes them out of its channels.

    Returns how many sessions and devices there were.
    """
    # Codes before devices: a phone that is trading one in has either made its device by then or finds the code gone.
    for table in (PairingCode, Session):
        gone = delete(table).where(*_theirs(table, account_id, user_id))
        ended = await session.execute(gone.execution_options(synchronize_session=False))
    channels = select(col(Channel.id)).where(col(Channel.account_id) == account_id)
    assigned = delete(ChannelUser).where(col(ChannelUser.user_id) == user_id, col(ChannelUser.channel_id).in_(channels))
    await session.execute(assigned.execution_options(synchronize_session=False))
    # In the order in which everybody locks devices.
    held = select(col(Device.id)).where(*_theirs(Device, account_id, user_id)).order_by(col(Device.id))
    devices = list(await session.scalars(held.with_for_update()))
    unpaired = delete(Device).where(col(Device.id).in_(devices))
    await session.execute(unpaired.execution_options(synchronize_session=False))
    return ended.rowcount, len(devices)  # type: ignore[attr-defined] # of a DELETE


async def _find(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> Person:
    row = (await session.execute(select_people().where(*_theirs(Member, account_id, user_id)))).one_or_none()
    if row is None:
        raise missing("member")
    return Person(*row)


async def _lock_owners(session: AsyncSession, account_id: uuid.UUID, caller_id: uuid.UUID) -> set[uuid.UUID]:
    """The owners of the account, who stay what they are until the transaction ends: of two changes that together would
    leave none, the second sees the first.

    Raises Forbidden if the caller is none of them any more.
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


def _require_another_owner(owners: set[uuid.UUID], user_id: uuid.UUID) -> None:
    if owners == {user_id}:
        raise LastOwner


async def _revoke_keys(session: AsyncSession, account_id: uuid.UUID, api_key_ids: Sequence[uuid.UUID]) -> int:
    """Revokes the keys, and returns how many were not revoked before.

    Raises InvalidRequest naming the first that the account does not have.
    """
    if not api_key_ids:
        return 0
    chosen = (col(ApiKey.account_id) == account_id, col(ApiKey.id).in_(api_key_ids))
    known = set(await session.scalars(select(col(ApiKey.id)).where(*chosen)))
    for position, api_key_id in enumerate(api_key_ids):
        if api_key_id not in known:
            raise InvalidRequest.at(f"api_key_ids[{position}]", "must be the id of an API key of the account")
    query = update(ApiKey).where(*chosen, col(ApiKey.revoked_at).is_(None)).values(revoked_at=now())
    revoked = await session.scalars(query.returning(col(ApiKey.id)).execution_options(synchronize_session=False))
    return len(revoked.all())


def _theirs(
    table: type[Member | Device | Session | PairingCode], account_id: uuid.UUID, user_id: uuid.UUID
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (col(table.account_id) == account_id, col(table.user_id) == user_id)
