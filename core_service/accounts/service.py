"""Accounts and the people in them."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.models import Session
from core_service.auth.password_rules import own_words
from core_service.auth.passwords import Passwords
from core_service.common.orm import refusing
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id
from core_service.common.validation import missing, require_email, require_name, require_storable
from core_service.field_rules.account import check_account
from core_service.identity.models import Account, Member, Role, User
from service_kit.errors import AlreadyExists, DomainError, InvalidRequest, Kind

MAX_MEMBERSHIPS = 100
"""Most accounts of a person that are listed."""
BOOTSTRAP_LOCK = 0x424F4F54  # "BOOT"


class LastOwner(DomainError):
    """Without this person the account would have no owner."""

    kind, reason, error = Kind.CONFLICT, "LAST_OWNER", "Last owner"

    def __init__(self) -> None:
        super().__init__("The account would be left without an owner. Make somebody else an owner first.")


class AlreadyBootstrapped(AlreadyExists):
    """The server already has an account, and this person does not own it."""

    def __init__(self) -> None:
        super().__init__("This server has an account already, with other people; nothing was changed.")


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with the settings that are in effect."""

    id: uuid.UUID
    name: str
    rate_limit_per_minute: int
    max_live_activities: int
    created_at: dt.datetime
    defaults: "Defaults"
    require_second_factor: bool


@dataclass(frozen=True, slots=True)
class MembershipView:
    """One of the accounts that a person belongs to."""

    account_id: uuid.UUID
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Defaults:
    """The server's settings, in effect for accounts without one of their own."""

    rate_limit_per_minute: int
    max_live_activities: int
    max_rate_limit_per_minute: int
    """The most that an account may choose."""
    max_live_activities_per_device: int
    """The same for all accounts."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member with what is known of the person."""

    member: Member
    user: User


class Accounts:
    """Accounts and their members."""

    def __init__(self, engine: AsyncEngine, passwords: Passwords, defaults: Defaults) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._passwords = passwords
        self._defaults = defaults

    async def get(self, account_id: uuid.UUID, user_id: uuid.UUID) -> tuple[AccountView, Person]:
        """The account and a member's place in it.

        Raises NotFound if the person has left.
        """
        query = (
            select(Account, Member, User)
            .join(Member, col(Member.account_id) == col(Account.id))
            .join(User, col(User.id) == col(Member.user_id))
            .where(col(Account.id) == account_id, col(User.id) == user_id)
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise missing("member")
        account, member, user = row
        return self._view(account), Person(member, user)

    async def list_memberships(self, user_id: uuid.UUID) -> list[MembershipView]:
        """The first 100 accounts that the person has access to, in the order of joining."""
        query = (
            select(col(Account.id), col(Account.name), col(Member.role))
            .join(Member, col(Member.account_id) == col(Account.id))
            .where(col(Member.user_id) == user_id, col(Member.suspended_at).is_(None))
            .order_by(col(Member.created_at), col(Member.account_id))
            .limit(MAX_MEMBERSHIPS)
        )
        async with self._database() as session:
            return [MembershipView(row[0], row[1], Role(row[2])) for row in await session.execute(query)]

    async def rename_person(self, user_id: uuid.UUID, name: str) -> None:
        """Gives the person another name, in all their accounts.

        Raises InvalidRequest.
        """
        changed = update(User).where(col(User.id) == user_id).values(name=require_name(name))
        async with self._database.begin() as session:
            await session.execute(changed)

    async def update(
        self,
        account_id: uuid.UUID,
        *,
        name: str | None = None,
        rate_limit_per_minute: int | None = None,
        max_live_activities: int | None = None,
        require_second_factor: bool | None = None,
    ) -> AccountView:
        """Changes what is given. A limit of 0 returns to the server's default. Whether the caller has a second factor
        themselves is for the caller of this to check.

        Raises InvalidRequest.
        """
        changes: dict[str, Any] = {} if name is None else {"name": require_name(name)}
        if rate_limit_per_minute is not None:
            most = self._defaults.max_rate_limit_per_minute
            if not 0 <= rate_limit_per_minute <= most:
                raise InvalidRequest.at("rate_limit_per_minute", f"must be 1 to {most}, or 0 for the server's default")
            changes["rate_limit_per_minute"] = rate_limit_per_minute or None
        if max_live_activities is not None:
            changes["max_live_activities"] = max_live_activities or None
        if require_second_factor is not None:
            changes["require_second_factor"] = require_second_factor
        chosen = col(Account.id) == account_id
        async with self._database.begin() as session:
            if changes:
                await session.execute(update(Account).where(chosen).values(changes))
            account = await session.scalar(select(Account).where(chosen))
            if account is None:
                raise missing("account")
        return self._view(account)

    async def list_members(
        self, account_id: uuid.UUID, page_size: int | None, page_token: str | None, searched: str = ""
    ) -> Page[Person]:
        """The account's people, oldest first; only those whose name or e-mail address contains `searched`.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        query = (
            select_people()
            .where(col(Member.account_id) == account_id, col(Member.user_id) > read_id(page_token))
            .order_by(col(Member.user_id))
            .limit(size + 1)
        )
        if searched := searched.strip():
            require_storable(searched, "query")
            named = (col(User.name), col(User.email))
            query = query.where(or_(*(column.icontains(searched, autoescape=True) for column in named)))
        async with self._database() as session:
            people = [Person(*row) for row in await session.execute(query)]
        return page_of(people, size, lambda person: str(person.user.id))

    async def has_any(self) -> bool:
        """Whether there is any account on this server."""
        async with self._database() as session:
            return await _has_account(session)

    async def bootstrap(self, *, email: str, password: str, account_name: str) -> bool:
        """Creates the first account and its owner. Returns True if it did, and False if a person with that e-mail
        address exists: nothing changes then.

        Raises InvalidRequest; AlreadyBootstrapped if there are accounts, but no such person.
        """
        # It runs at every start, with a password that may have been good enough when the person was made.
        async with self._database() as session:
            if await session.scalar(select(col(User.id)).where(col(User.email) == require_email(email))):
                return False
        account, user = await self._prepare_account(account_name, email, None, password)
        async with self._database.begin() as session:
            await _lock_first_account(session)
            if await session.scalar(select(col(User.id)).where(col(User.email) == user.email, _belongs_somewhere())):
                return False
            await _add_first_account(session, account, user)
        return True

    async def create_first(self, *, account_name: str, name: str | None, email: str, password: str) -> Person:
        """Creates the server's first account and its owner. The owner is named after the e-mail address if `name` is
        None.

        Raises InvalidRequest; AlreadyBootstrapped if there is an account.
        """
        account, user = await self._prepare_account(account_name, email, name, password)
        async with self._database.begin() as session:
            await _lock_first_account(session)
            return Person(await _add_first_account(session, account, user), user)

    async def create(self, *, account_name: str, name: str | None, email: str, password: str) -> Person:
        """Creates an account and its owner. There may be others already. The owner is named after the e-mail address if
        `name` is None. Only the operator's command calls this; no RPC does.

        Raises InvalidRequest; AlreadyExists if a person has this e-mail address.
        """
        account, user = await self._prepare_account(account_name, email, name, password)
        taken = AlreadyExists(f"a person with the e-mail address {user.email} exists; nothing was changed")
        async with self._database.begin() as session:
            # Two processes must not both find the server empty and make a first account.
            await _lock_first_account(session)
            with refusing("users_email_key", taken):
                return Person(await _add_account(session, account, user), user)

    async def _prepare_account(
        self, account_name: str, email: str, name: str | None, password: str
    ) -> tuple[Account, User]:
        # Operators come here as well, by commands that no call stands before.
        check_account(account_name, name, email, password)
        account = Account(name=require_name(account_name, "account_name"))
        email = require_email(email)
        name = email if name is None else require_name(name)
        require_storable(password, "password")
        async with self._passwords.slot(email):
            words = own_words(email, name, account.name)
            return account, User(email=email, name=name, password_hash=await self._passwords.hash_new(password, words))

    def _view(self, account: Account) -> AccountView:
        return AccountView(
            id=account.id,
            name=account.name,
            rate_limit_per_minute=min(
                account.rate_limit_per_minute or self._defaults.rate_limit_per_minute,
                self._defaults.max_rate_limit_per_minute,
            ),
            max_live_activities=account.max_live_activities or self._defaults.max_live_activities,
            created_at=account.created_at,
            defaults=self._defaults,
            require_second_factor=account.require_second_factor,
        )


def select_people() -> Select[Member, User]:
    """Members with what is known of them."""
    return select(Member, User).join(User, col(User.id) == col(Member.user_id))


async def _lock_first_account(session: AsyncSession) -> None:
    """Takes the lock under which the first account is made, until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(BOOTSTRAP_LOCK)))


async def _has_account(session: AsyncSession) -> bool:
    return await session.scalar(select(col(Account.id)).where(col(Account.closed_at).is_(None)).limit(1)) is not None


async def _add_first_account(session: AsyncSession, account: Account, user: User) -> Member:
    """Raises AlreadyBootstrapped if there is an account."""
    if await _has_account(session):
        raise AlreadyBootstrapped
    return await _add_account(session, account, user)


async def _add_account(session: AsyncSession, account: Account, user: User) -> Member:
    session.add(account)
    await session.flush()
    # A login without an account leads nowhere. The person that the operator names takes it over.
    empty = col(User.email) == user.email, ~_belongs_somewhere()
    left = await session.scalar(select(User).where(*empty).with_for_update())
    if left is None:
        session.add(user)
    else:
        await session.execute(delete(Session).where(col(Session.user_id) == left.id))
        left.name, left.password_hash, left.forget_at = user.name, user.password_hash, None
        user.id = left.id
    await session.flush()
    member = Member(account_id=account.id, user_id=user.id, role=Role.OWNER)
    session.add(member)
    return member


def _belongs_somewhere() -> ColumnElement[bool]:
    return select(Member).where(col(Member.user_id) == col(User.id)).exists()
