"""Asks the provider every few minutes about people whom it has vouched for, and ends what it no longer vouches for."""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.models import Session
from core_service.common.jobs import cancel
from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.models import ExternalIdentity, Member, User
from core_service.members.leaving import theirs
from core_service.single_sign_on.claims import Vouched, read_claims
from core_service.single_sign_on.errors import GrantRefused, NoPlace, ProviderAway
from core_service.single_sign_on.linking import Realm, account_of
from core_service.single_sign_on.models import VouchedSession
from core_service.single_sign_on.places import ENDED, lock_owners, note, put_in_place
from core_service.single_sign_on.provider import Provider
from core_service.single_sign_on.tokens import KeptToken, Vault
from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
BATCH = 20
"""People who are asked about at once."""
LEASE = dt.timedelta(minutes=1)
"""For how long the people of a batch belong to this process. People who could not be asked about are due again then."""
GRACE = dt.timedelta(hours=1)
"""How long sessions stay although the provider cannot be asked."""
CLOSE_SECONDS = 6.0
"""Seconds that a core which stops waits for the provider: one answer, and storing it."""
RETRY_SECONDS = 1.0
RETRIES = 30


class Recheck:
    """The background job."""

    def __init__(self, engine: AsyncEngine, provider: Provider, realm: Realm, vault: Vault, events: EventBus) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._provider = provider
        self._realm = realm
        self._vault = vault
        self._events = events
        self._working: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Asks about the people who are due, until cancelled."""
        while True:
            try:
                asked = await self.step()
            except DATABASE_AWAY as error:
                log.warning("single sign-on: people cannot be checked, the database is away: %s", error)
                asked = 0
            if asked < BATCH:
                await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> int:
        """Asks about people who are due, 20 at most, and stores what comes of it. Returns how many there were."""
        due = await self._claim()
        self._working = {asyncio.create_task(self._check_one(identity)) for identity in due}
        if self._working:
            # They go on if this is cancelled.
            await asyncio.wait(self._working)
        return len(due)

    async def aclose(self) -> None:
        """Waits some seconds for what was asked to be answered and stored: a refresh token that works once may be used
        up. Call it when `run` has ended."""
        if self._working:
            await asyncio.wait(self._working, timeout=CLOSE_SECONDS)
        await cancel(*self._working)

    async def _check_one(self, identity: ExternalIdentity) -> None:
        try:
            await self._check(identity)
        except Exception:
            # Others are checked all the same, and this person again in a minute.
            log.exception("single sign-on: a person cannot be checked: %s", identity.id)

    async def _claim(self) -> Sequence[ExternalIdentity]:
        moment = now()
        leased = (
            update(ExternalIdentity)
            .where(col(ExternalIdentity.id).in_(select_due(moment)))
            .values(due_at=moment + LEASE)
            .returning(ExternalIdentity)
            .execution_options(synchronize_session=False)
        )
        async with self._database.begin() as session:
            return (await session.scalars(leased)).all()

    async def _check(self, identity: ExternalIdentity) -> None:
        if not await self._is_signed_in(identity.user_id):
            await self._forget(identity)
            return
        token = self._vault.open(identity)
        try:
            if token is None or identity.issuer != self._realm.issuer:
                raise GrantRefused("its token was kept with other settings")
            claims, token = await self._ask(token, identity.subject)
        except GrantRefused as error:
            log.info("single sign-on: the provider no longer vouches for %s: %s", identity.id, error)
            await self._insist(lambda: self._end(identity))
        except ProviderAway as error:
            log.warning("single sign-on: a person cannot be checked now: %s", error.message)
            if now() - identity.confirmed_at > GRACE:
                await self._insist(lambda: self._end(identity))
        else:
            vouched = read_claims(claims, self._realm.rules)
            await self._insist(lambda: self._confirm(identity, vouched, token))

    async def _ask(self, token: KeptToken, subject: str) -> tuple[dict[str, Any], KeptToken]:
        """What the provider says of the person now, and the token for the next time."""
        if not token.is_refresh:
            return await self._provider.look(token.text, subject), token
        grant = await self._provider.renew(token.text, subject)
        return grant.claims, KeptToken(True, grant.refresh_token)

    async def _is_signed_in(self, user_id: uuid.UUID) -> bool:
        query = select(exists().where(col(Session.user_id) == user_id, col(Session.expires_at) > now()))
        async with self._database() as session:
            return bool(await session.scalar(query))

    async def _forget(self, identity: ExternalIdentity) -> None:
        """Keeps no token of a person who is signed in nowhere. The next sign-in brings another."""
        async with self._database.begin() as session:
            if (known := await _lock(session, identity)) is not None:
                known.sealed_token = known.due_at = None

    async def _confirm(self, identity: ExternalIdentity, vouched: Vouched | None, token: KeptToken) -> None:
        """Stores what the provider has said, and gives the person the place that follows from it."""
        changed_in = None
        async with self._database.begin() as session:
            account_id, is_clear = await self._account(session)
            owners = await lock_owners(session, account_id) if account_id else set()
            user = await session.scalar(select(User).where(col(User.id) == identity.user_id).with_for_update())
            known = await _lock(session, identity)
            if user is None or known is None:
                return
            has_place = vouched is not None
            if vouched and account_id and await _is_member(session, account_id, user.id):
                standing = await put_in_place(session, account_id, user, vouched.role, owners)
                has_place, changed_in = standing.has_place, account_id if standing.changed else None
            if not is_clear:
                # Groups could not be looked at. The token is kept, and the hour goes on that it may take.
                has_place = now() - identity.confirmed_at <= GRACE
            if has_place:
                self._vault.keep(known, token)
                known.confirmed_at = known.confirmed_at if is_clear else identity.confirmed_at
            else:
                await _end_sessions(session, known, user)
        if changed_in:
            self._events.publish(changed_in, Event(EventType.MEMBERS_CHANGED, now()))

    async def _end(self, identity: ExternalIdentity) -> None:
        """Ends the sessions that the identity has opened."""
        async with self._database.begin() as session:
            user = await session.scalar(select(User).where(col(User.id) == identity.user_id).with_for_update())
            known = await _lock(session, identity)
            accounts = await _end_sessions(session, known, user) if user and known else set()
        for account_id in accounts:
            # Pages of these sessions are told something, which shows that they have ended.
            self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))

    async def _account(self, session: AsyncSession) -> tuple[uuid.UUID | None, bool]:
        """The account in which groups decide, None if they do not; and whether that is clear."""
        if not self._realm.rules.groups_decide:
            return None, True
        try:
            return await account_of(session, self._realm), True
        except NoPlace:
            return None, False

    async def _insist(self, write: Callable[[], Awaitable[None]]) -> None:
        """Writes, and tries again while the database is away: a refresh token that works once is used up by now."""
        for _ in range(RETRIES):
            try:
                return await write()
            except DATABASE_AWAY as error:
                log.warning("single sign-on: not written yet: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        return await write()


def select_due(moment: dt.datetime) -> Select[uuid.UUID]:
    """The people to ask about at this moment, locked, 20 at most."""
    return (
        select(col(ExternalIdentity.id))
        .where(col(ExternalIdentity.due_at) <= moment)
        .order_by(col(ExternalIdentity.due_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )


async def _lock(session: AsyncSession, identity: ExternalIdentity) -> ExternalIdentity | None:
    """The identity as it is now, locked; None if the person has signed in again since, which says more."""
    query = select(ExternalIdentity).where(
        col(ExternalIdentity.id) == identity.id, col(ExternalIdentity.grants) == identity.grants
    )
    found: ExternalIdentity | None = await session.scalar(query.with_for_update())
    return found


async def _is_member(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Whether an owner has not removed them: only a sign-in brings them back."""
    return bool(await session.scalar(select(exists().where(*theirs(Member, account_id, user_id)))))


async def _end_sessions(session: AsyncSession, identity: ExternalIdentity, user: User) -> set[uuid.UUID]:
    """Ends the sessions that the identity has opened, and keeps its token no longer. Returns the accounts that they
    were in."""
    identity.sealed_token = identity.due_at = None
    opened = select(col(VouchedSession.session_id)).where(col(VouchedSession.identity_id) == identity.id)
    ended = delete(Session).where(col(Session.id).in_(opened)).returning(col(Session.account_id))
    accounts = set(await session.scalars(ended.execution_options(synchronize_session=False)))
    for account_id in sorted(accounts):
        note(session, account_id, user, ENDED)
    return accounts
