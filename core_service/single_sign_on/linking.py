"""Who a person is here whom the provider vouches for.

They are known by issuer and subject. By e-mail address only the first time, and only if the provider has verified it.
"""

import logging
import uuid
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.auth.session_rows import end_sessions
from core_service.identity.models import Account, ExternalIdentity, Member, User
from core_service.members.leaving import forget_person
from core_service.password_resets.tokens import end_links
from core_service.second_factor.factors import take_away
from core_service.single_sign_on.claims import ClaimRules, Vouched
from core_service.single_sign_on.errors import NoPlace
from core_service.single_sign_on.places import LINKED, Standing, lock_owners, note, put_in_place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Realm:
    """The provider, and the account that it leads to."""

    issuer: str
    name: str
    """What people call the provider."""
    account_id: uuid.UUID | None
    """The account that the operator has named, if any."""
    rules: ClaimRules


@dataclass(frozen=True, slots=True)
class Admitted:
    """A person who has a place here."""

    account_id: uuid.UUID
    user: User
    identity: ExternalIdentity
    standing: Standing


@dataclass(frozen=True, slots=True)
class ShutOut:
    """A person whose groups have just taken their place here away, which is to be stored."""

    account_id: uuid.UUID
    changed: bool


async def admit(session: AsyncSession, realm: Realm, vouched: Vouched) -> Admitted | ShutOut:
    """Finds or makes the person and their place, in the transaction that is open. Locks the person's row.

    Raises NoPlace if nothing gives them one: nothing is to be stored then.
    """
    # Two sign-ins of one person who is new happen one after the other.
    key = func.hashtextextended(f"{realm.issuer}\n{vouched.subject}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))
    if realm.rules.groups_decide:
        return await _admit_by_groups(session, realm, vouched)
    user, identity = await _find(session, realm, vouched)
    account_id = await _first_account(session, user) if user else None
    if user is None or account_id is None:
        raise NoPlace(_why_no_place(realm, vouched))
    linked = identity or await _link(session, realm, vouched, user, account_id)
    return Admitted(account_id, user, linked, Standing(has_place=True, changed=False))


async def account_of(session: AsyncSession, realm: Realm) -> uuid.UUID:
    """The account that groups lead to.

    Raises NoPlace if it is not clear which.
    """
    query = select(col(Account.id)).limit(2)
    if realm.account_id is not None:
        query = query.where(col(Account.id) == realm.account_id)
    found = list(await session.scalars(query))
    if len(found) == 1:
        return found[0]
    wrong = "names no account of this server" if realm.account_id else "must say which of the server's accounts"
    log.error("single sign-on: SMITH_OIDC_ACCOUNT %s", wrong if found or realm.account_id else "has no account yet")
    raise NoPlace("This server does not know yet which workspace people come to. Its operator must set that.")


async def _admit_by_groups(session: AsyncSession, realm: Realm, vouched: Vouched) -> Admitted | ShutOut:
    account_id = await account_of(session, realm)
    owners = await lock_owners(session, account_id)
    user, identity = await _find(session, realm, vouched)
    if vouched.role is None and identity is None:
        raise NoPlace(f"No group of yours at {realm.name} gives you a place here. Ask who runs {realm.name}.")
    was_here = user is not None
    if user is None:
        user = User(email=vouched.email, name=vouched.name, password_hash="")
        session.add(user)
        await session.flush()
    standing = await put_in_place(session, account_id, user, vouched.role, owners)
    if standing.spared:
        log.warning("single sign-on: %s keeps the role: the account would be without an owner", user.email)
    if not standing.has_place:
        return ShutOut(account_id, standing.changed)
    if standing.joined and was_here:
        await _begin_anew(session, account_id, user)
    linked = identity or await _link(session, realm, vouched, user, account_id)
    return Admitted(account_id, user, linked, standing)


async def _find(session: AsyncSession, realm: Realm, vouched: Vouched) -> tuple[User | None, ExternalIdentity | None]:
    """The person, locked, and their identity if they have been here by it.

    Raises NoPlace for a person who is not linked yet, without a verified address or with one that belongs to somebody
    else at the provider.
    """
    identity = await session.scalar(
        select(ExternalIdentity).where(
            col(ExternalIdentity.issuer) == realm.issuer, col(ExternalIdentity.subject) == vouched.subject
        )
    )
    if identity is None and not vouched.email:
        raise NoPlace(
            f"{realm.name} does not say that your e-mail address is yours. Have it verified there, then sign in again."
        )
    this_one = col(User.id) == identity.user_id if identity else col(User.email) == vouched.email
    user = await session.scalar(select(User).where(this_one).with_for_update())
    if user is not None and identity is None:
        other = exists().where(col(ExternalIdentity.user_id) == user.id, col(ExternalIdentity.issuer) == realm.issuer)
        if await session.scalar(select(other)):
            log.warning("single sign-on: %s belongs to another subject of %s", user.email, realm.issuer)
            raise NoPlace(
                f"{user.email} is linked to another login at {realm.name}. An owner must remove that person first."
            )
    return user, identity


async def _first_account(session: AsyncSession, user: User) -> uuid.UUID | None:
    query = (
        select(col(Member.account_id))
        .where(col(Member.user_id) == user.id, col(Member.suspended_at).is_(None))
        .order_by(col(Member.created_at), col(Member.account_id))
        .limit(1)
    )
    found: uuid.UUID | None = await session.scalar(query)
    return found


async def _begin_anew(session: AsyncSession, account_id: uuid.UUID, user: User) -> None:
    """Ends what could open the login of a person who was on this server before and comes into this account only now: a
    stranger may have taken their address in another account and chosen the password."""
    user.password_hash = ""
    await end_links(session, user.id)
    await take_away(session, user.id)
    await end_sessions(session, user.id)
    await forget_person(session, account_id, user.id)


async def _link(
    session: AsyncSession, realm: Realm, vouched: Vouched, user: User, account_id: uuid.UUID
) -> ExternalIdentity:
    identity = ExternalIdentity(
        issuer=realm.issuer, subject=vouched.subject, user_id=user.id, email=vouched.shown_email, grants=0
    )
    session.add(identity)
    await session.flush()
    note(session, account_id, user, LINKED, name=realm.name)
    return identity


def _why_no_place(realm: Realm, vouched: Vouched) -> str:
    who = f" {vouched.email}" if vouched.email else " this person"
    return f"{realm.name} knows you, but{who} has no place here. Ask an owner for an invite."
