"""Signing in with the login of another service."""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from limits import RateLimitItemPerMinute
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.audit import act
from core_service.auth.credentials import MAX_LENGTH, SINGLE_SIGN_ON, hash_secret, mint
from core_service.auth.failed_sign_ins import failed
from core_service.auth.models import Session
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from core_service.auth.session_rows import SignIn, add_session
from core_service.auth.sessions import SIGN_INS
from core_service.common.orm import now, refusing
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.models import ExternalIdentity
from core_service.single_sign_on.claims import Vouched, read_claims
from core_service.single_sign_on.errors import NoPlace, NotVouchedFor, UnknownAttempt
from core_service.single_sign_on.linking import Admitted, Realm, admit
from core_service.single_sign_on.models import SignInAttempt, VouchedSession
from core_service.single_sign_on.provider import Provider
from core_service.single_sign_on.reauthentication import credible, require_after
from core_service.single_sign_on.tokens import KeptToken, Vault
from core_service.single_sign_on.transport import in_time
from service_kit.addresses import network_of
from service_kit.errors import Unavailable

LIFETIME = dt.timedelta(minutes=10)
"""How long a browser may be at the provider."""
BEGUN_PER_NETWORK = RateLimitItemPerMinute(100, 10)
BEGUN = RateLimitItemPerMinute(10_000, 10)
"""Sign-ins begun from all networks together, in 10 minutes: as many rows as strangers can make at most."""
GUESSES_PER_NETWORK = RateLimitItemPerMinute(100, 15)
"""Wrong states from one network in 15 minutes."""
UNCHECKED = dt.timedelta(hours=12)
"""How long a session lasts if the provider gives nothing to ask it by again."""
SIGN_IN_SECONDS = 9.0
"""Seconds for all answers of the provider that one sign-in needs."""
SWEEP = 1000
"""How many attempts that have ended one new one deletes at most."""
MAX_IDENTITIES = 20


@dataclass(frozen=True, slots=True)
class Redirection:
    """A sign-in whose browser is sent to the provider."""

    authorization_url: str
    browser_secret: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """An identity as its owner sees it."""

    identity: ExternalIdentity
    is_current: bool
    """Whether it has opened the calling session."""


class SingleSignOn:
    """Sign-ins by way of the provider."""

    def __init__(
        self,
        engine: AsyncEngine,
        provider: Provider,
        realm: Realm,
        *,
        vault: Vault,
        rate_limiter: RateLimiter,
        events: EventBus,
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._provider = provider
        self._vault = vault
        self._rate_limiter = rate_limiter
        self._events = events
        self.realm = realm

    async def begin(self, client_address: str, *, reauthenticate: bool = False) -> Redirection:
        """Begins a sign-in, which the same browser must end within 10 minutes. With `reauthenticate` it is to show once
        more who the person is: the provider is to ask them although they have a session there.

        Raises TooManyAttempts after 100 from the network of `client_address` in 10 minutes, or 10,000 in all;
        ProviderAway; Unavailable if they cannot be counted.
        """
        await self._rate_limiter.refuse_flood(BEGUN_PER_NETWORK, "single-sign-on", network_of(client_address))
        await self._rate_limiter.refuse_flood(BEGUN, "single-sign-on")
        state, browser = mint(""), mint(SINGLE_SIGN_ON)
        attempt = SignInAttempt(
            state_hash=state.hash,
            browser_hash=browser.hash,
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(48),
            expires_at=now() + LIFETIME,
            authenticated_after=now() if reauthenticate else None,
        )
        url = await self._provider.authorization_url(
            state=state.text,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            reauthenticate=reauthenticate,
        )
        async with self._database.begin() as session:
            await _sweep(session)
            session.add(attempt)
        return Redirection(url, browser.text, attempt.expires_at)

    async def complete(
        self, *, state: str, code: str, browser_secret: str, issuer: str | None, client_address: str
    ) -> SignIn:
        """Signs the person in whom the provider names for this code. A state works once, in the browser that began.

        Raises UnknownAttempt; NotVouchedFor; NotReauthenticated if the provider was to ask the person again and does
        not say that it did; NoPlace; TooManyAttempts after 100 wrong states from the network of
        `client_address` in 15 minutes, and after 60 sessions of the person in a minute; ProviderAway; Unavailable if
        the same person is being signed in elsewhere at this moment.
        """
        attempt = await self._use_up(state, browser_secret, client_address)
        name = self.realm.name
        async with in_time(name, SIGN_IN_SECONDS):
            known = await self._provider.discover()
            if issuer != self.realm.issuer and (issuer or known.sends_issuer):
                # RFC 9207: the code may be for another provider.
                raise NotVouchedFor(f"This answer is not from {name}. Begin again.")
            grant = await self._provider.redeem(code, code_verifier=attempt.code_verifier, nonce=attempt.nonce)
        vouched = read_claims(grant.claims, self.realm.rules)
        if vouched is None:
            raise NotVouchedFor(f"{name} does not say who you are.")
        if attempt.authenticated_after is not None:
            require_after(grant.auth_time, attempt.authenticated_after, now(), name)
        token = self._vault.choose(grant, known)
        return await self._open(vouched, token, credible(grant.auth_time, now()), client_address)

    async def identities(self, user_id: uuid.UUID, session_id: uuid.UUID) -> Sequence[KnownIdentity]:
        """The person's identities, the oldest first, 20 at most."""
        query = (
            select(ExternalIdentity, col(VouchedSession.session_id))
            .outerjoin(
                VouchedSession,
                (col(VouchedSession.identity_id) == col(ExternalIdentity.id))
                & (col(VouchedSession.session_id) == session_id),
            )
            .where(col(ExternalIdentity.user_id) == user_id)
            .order_by(col(ExternalIdentity.id))
            .limit(MAX_IDENTITIES)
        )
        async with self._database() as session:
            return [KnownIdentity(row[0], row[1] is not None) for row in await session.execute(query)]

    async def _use_up(self, state: str, browser_secret: str, client_address: str) -> SignInAttempt:
        windows: Sequence[GuessWindow] = [(GUESSES_PER_NETWORK, "single-sign-on-state", network_of(client_address))]
        await self._rate_limiter.refuse_guessing(windows)
        attempt = None
        if max(len(state), len(browser_secret)) <= MAX_LENGTH:
            used = delete(SignInAttempt).where(
                col(SignInAttempt.state_hash) == hash_secret(state),
                col(SignInAttempt.browser_hash) == hash_secret(browser_secret),
                col(SignInAttempt.expires_at) > now(),
            )
            async with self._database.begin() as session:
                attempt = await session.scalar(
                    used.returning(SignInAttempt).execution_options(synchronize_session=False)
                )
        if attempt is None:
            failed("single sign-on", client_address)
            await self._rate_limiter.count_wrong_guess(windows)
            raise UnknownAttempt
        return attempt

    async def _open(
        self, vouched: Vouched, token: KeptToken | None, authenticated_at: dt.datetime | None, client_address: str
    ) -> SignIn:
        at_once = Unavailable("This person is being signed in elsewhere at the same moment. Try again.")
        with refusing("users_email_key", at_once), refusing("external_identities_user_id_issuer_key", at_once):
            async with self._database.begin() as session:
                admitted = await admit(session, self.realm, vouched)
                if isinstance(admitted, Admitted):
                    await self._rate_limiter.refuse_haste(SIGN_INS, "sessions", str(admitted.user.id))
                    opened = await self._add_session(
                        session,
                        admitted,
                        vouched,
                        token,
                        authenticated_at=authenticated_at,
                        client_address=client_address,
                    )
                    act.record_in(
                        session,
                        [admitted.account_id],
                        subject_id=admitted.user.id,
                        actor_name=admitted.user.email,
                    )
                    changed = admitted.standing.changed
                else:
                    act.leave_out()
                    opened, changed = None, admitted.changed
        if changed:
            self._events.publish(admitted.account_id, Event(EventType.MEMBERS_CHANGED, now()))
        if opened is None:
            raise NoPlace(f"No group of yours at {self.realm.name} gives you a place here any more.")
        return opened

    async def _add_session(
        self,
        session: AsyncSession,
        admitted: Admitted,
        vouched: Vouched,
        token: KeptToken | None,
        *,
        authenticated_at: dt.datetime | None,
        client_address: str,
    ) -> SignIn:
        identity = admitted.identity
        opened = await add_session(
            session, admitted.account_id, admitted.user.id, client_address, authenticated_at=authenticated_at
        )
        await session.flush()
        this_one = col(Session.secret_hash) == hash_secret(opened.token)
        if token is None:
            opened = replace(opened, expires_at=now() + UNCHECKED)
            shorter = update(Session).where(this_one).values(expires_at=opened.expires_at)
            await session.execute(shorter.execution_options(synchronize_session=False))
        session_id = (await session.scalars(select(col(Session.id)).where(this_one))).one()
        session.add(VouchedSession(session_id=session_id, identity_id=identity.id))
        identity.email, identity.signed_in_at = vouched.shown_email, now()
        identity.grants += 1
        self._vault.keep(identity, token)
        return opened


async def _sweep(session: AsyncSession) -> None:
    ended = (
        select(col(SignInAttempt.state_hash))
        .where(col(SignInAttempt.expires_at) <= now())
        .order_by(col(SignInAttempt.expires_at))
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    await session.execute(
        delete(SignInAttempt)
        .where(col(SignInAttempt.state_hash).in_(ended))
        .execution_options(synchronize_session=False)
    )
