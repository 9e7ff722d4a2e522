"""The end of an account, and of a person: what happens at once. What takes longer is left to `erasing.py`."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import CursorResult, Delete, Update, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.accounts.service import LastOwner
from core_service.api_keys.models import ApiKey
from core_service.audit import act
from core_service.auth.models import Session
from core_service.auth.own_password import OwnPassword
from core_service.common.orm import now
from core_service.common.validation import missing
from core_service.devices.models import Device, PairingCode
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.models import Account, Member, Role, User
from core_service.identity.principal import SessionPrincipal
from core_service.members.leaving import Besides, end_membership
from core_service.members.membership import lock_owners
from core_service.password_resets.models import PasswordResetToken
from service_kit.errors import InvalidRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closed:
    """What the end of an account has ended."""

    members: int
    devices: int


class Deletion:
    """Deletes accounts and people who ask for it."""

    def __init__(
        self, engine: AsyncEngine, own_password: OwnPassword, events: EventBus, *, on_closed: Callable[[], None]
    ) -> None:
        """`on_closed` is called once an account is closed and its data may be deleted."""
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._own_password = own_password
        self._events = events
        self._on_closed = on_closed

    async def close(self, caller: SessionPrincipal, *, name: str, password: str | None, client_address: str) -> Closed:
        """Closes the caller's account, in one transaction: its keys are revoked, its people are no members any more,
        their sessions, its pairing codes and links end, and its devices are refused. Deleting what it has comes after
        that.

        Raises InvalidRequest if `name` is not the account's, and what `OwnPassword.require` raises; Forbidden if the
        person is no owner any more; NotFound if somebody else was faster.
        """
        await self._own_password.require(caller, password, client_address, field="password", always=True)
        account_id, user_id = caller.account_id, caller.user_id
        async with self._database.begin() as session:
            await lock_owners(session, account_id, user_id)
            # Sessions that are being opened refer to the account, and are not held up.
            chosen = select(Account).where(col(Account.id) == account_id).with_for_update(key_share=True)
            account = await session.scalar(chosen)
            if account is None or account.closed_at is not None:
                raise missing("account")
            if account.name != name.strip():
                raise InvalidRequest.at("account_name", "must be the name of the account")
            email = await session.scalar(select(col(User.email)).where(col(User.id) == user_id))
            devices = select(func.count()).select_from(Device).where(col(Device.account_id) == account_id)
            device_count = await session.scalar(devices) or 0
            members = await _end_access(session, account_id)
            account.closed_at = now()
            # Its audit log goes too, so the operator's log is what remains. It may say so before the commit, never not.
            log.warning(
                "the account %s (%r) is deleted by %s (%s) from %s: %d people, %d devices",
                account_id, account.name, email, user_id, client_address or "an unknown address", members, device_count,
            )  # fmt: skip
        self._on_closed()
        # Streams look their callers up again before they pass it on.
        self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))
        return Closed(members, device_count)

    async def delete_person(self, caller: SessionPrincipal, *, password: str | None, client_address: str) -> int:
        """Removes the caller from all their accounts and deletes their login, at once or not at all. Each account's
        audit log says so. Returns how many accounts there were.

        Raises what `OwnPassword.require` raises; LastOwner if an account would be left without one.
        """
        await self._own_password.require(caller, password, client_address, field="password", always=True)
        user_id = caller.user_id
        async with self._database.begin() as session:
            await _require_other_owners(session, user_id)
            mine = select(Member).where(col(Member.user_id) == user_id).order_by(col(Member.account_id))
            accounts = [member.account_id for member in await session.scalars(mine.with_for_update())]
            email = await session.scalar(select(col(User.email)).where(col(User.id) == user_id))
            ended = {one: await end_membership(session, one, user_id, Besides()) for one in accounts}
            await session.execute(_quietly(delete(User).where(col(User.id) == user_id)))
            act.record_in(session, accounts, subject_id=user_id, actor_name=email or "")
        for account_id, what in ended.items():
            self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))
            for device_id in what.devices:
                self._events.publish(account_id, Event(EventType.DEVICE_REMOVED, now(), device_id=device_id))
        return len(accounts)


async def _end_access(session: AsyncSession, account_id: uuid.UUID) -> int:
    """Ends all ways into the account but those of devices, which look at the account themselves. Returns how many
    people it had."""
    ending: tuple[Delete | Update, ...] = (
        # Links before sessions: using such a link locks them in this order.
        delete(PasswordResetToken).where(col(PasswordResetToken.account_id) == account_id),
        delete(PairingCode).where(col(PairingCode.account_id) == account_id),
        delete(Session).where(col(Session.account_id) == account_id),
        update(ApiKey)
        .where(col(ApiKey.account_id) == account_id, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=now()),
        # Invites depend on the right of those who made them.
        delete(Member).where(col(Member.account_id) == account_id),
    )
    left = update(User).where(
        col(User.id).in_(select(col(Member.user_id)).where(col(Member.account_id) == account_id)),
        ~select(Member).where(col(Member.user_id) == col(User.id), col(Member.account_id) != account_id).exists(),
    )
    await session.execute(_quietly(left.values(forget_at=now())))
    results = [await session.execute(_quietly(one)) for one in ending]
    last = results[-1]
    assert isinstance(last, CursorResult)  # noqa: S101 - of a DELETE
    return last.rowcount


async def _require_other_owners(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Locks the owners of all accounts that the person owns, until the transaction ends.

    Raises LastOwner if one of them has no other.
    """
    owned = select(col(Member.account_id)).where(col(Member.user_id) == user_id, col(Member.role) == Role.OWNER)
    query = (
        select(col(Member.account_id), col(Member.user_id))
        .where(col(Member.account_id).in_(owned), col(Member.role) == Role.OWNER)
        .order_by(col(Member.account_id), col(Member.user_id))
        .with_for_update()
    )
    others = dict.fromkeys((await session.scalars(owned)).all(), False)
    for account_id, owner_id in (await session.execute(query)).all():
        others[account_id] = others.get(account_id, False) or owner_id != user_id
    if not all(others.values()):
        raise LastOwner


def _quietly(statement: Delete | Update) -> Delete | Update:
    return statement.execution_options(synchronize_session=False)
