"""API keys: the secrets of backends, and whom each may reach."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.api_keys.models import ApiKey, ApiKeyChannel, Scope
from core_service.auth.credentials import API_KEY, mint
from core_service.channels.models import Channel
from core_service.common.orm import now
from core_service.common.paging import DEFAULT_SIZE, MAX_SIZE, Page, page_of, read_id
from core_service.common.validation import missing, require_name
from core_service.idempotency.service import new_resource
from core_service.identity.models import User
from service_kit.errors import InvalidRequest

MAX_CHANNELS = 1000
"""Most channels that one key is restricted to."""

THING = "API key"


@dataclass(frozen=True, slots=True)
class ScopedKey:
    """A key and whom it may reach."""

    key: ApiKey
    channels: Sequence[str]
    """Slugs, in order; empty for scope `all`, and for a key whose channels are all deleted."""
    created_by: str | None
    """E-mail address of who has made it."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key fresh from creation."""

    key: ScopedKey
    secret: str
    """Kept nowhere."""


class ApiKeys:
    """The API keys of accounts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def create(
        self,
        account_id: uuid.UUID,
        user_id: uuid.UUID,
        *,
        name: str,
        scope: Scope = Scope.ALL,
        channels: Sequence[str] = (),
    ) -> NewKey:
        """A new key, made by the person `user_id`. `channels` are slugs: at least one with scope `channels`, none with
        scope `all`.

        Raises InvalidRequest, also for an unknown channel.
        """
        name = require_name(name)
        _require_channels(scope, channels)
        secret, resource = mint(API_KEY), new_resource()
        async with self._database.begin() as session:
            found = await _find_channels(session, account_id, channels)
            # A request that could not answer made it. Its secret is unknown, so it gets another one.
            key = await session.get(ApiKey, resource.id) if resource.repeated else None
            if key is None:
                key = ApiKey(id=resource.id, account_id=account_id, name=name, scope=scope, secret_hash=b"", hint="")
                key.created_by = user_id
            key.secret_hash, key.hint = secret.hash, secret.hint
            session.add(key)
            await session.flush()
            await _restrict(session, key.id, list(found.values()))
            created_by = await session.scalar(select(col(User.email)).where(col(User.id) == key.created_by))
        return NewKey(ScopedKey(key, sorted(found), created_by), secret.text)

    async def list(self, account_id: uuid.UUID, page_size: int | None, page_token: str | None) -> Page[ScopedKey]:
        """The account's keys that are not revoked, oldest first.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        query = (
            _scoped_keys(col(ApiKey.account_id) == account_id, col(ApiKey.id) > read_id(page_token))
            .order_by(col(ApiKey.id))
            .limit(size + 1)
        )
        async with self._database() as session:
            rows = [ScopedKey(*row) for row in await session.execute(query)]
        return page_of(rows, size, lambda row: str(row.key.id))

    async def made_by(self, account_id: uuid.UUID, user_id: uuid.UUID) -> Sequence[ScopedKey]:
        """The account's keys that the person has made and that are not revoked, oldest first, 1000 at most."""
        chosen = (col(ApiKey.account_id) == account_id, col(ApiKey.created_by) == user_id)
        query = _scoped_keys(*chosen).order_by(col(ApiKey.id)).limit(MAX_SIZE)
        async with self._database() as session:
            return [ScopedKey(*row) for row in await session.execute(query)]

    async def update(
        self,
        account_id: uuid.UUID,
        api_key_id: uuid.UUID,
        *,
        name: str | None = None,
        scope: Scope | None = None,
        channels: Sequence[str] = (),
    ) -> ScopedKey:
        """Changes what is given. With scope `channels`, `channels` replaces the key's channels.

        Channels alone are welcome too if the key's scope is `channels` already.
        Raises InvalidRequest; NotFound, also if the key is revoked.
        """
        changes: dict[str, Any] = {} if name is None else {"name": require_name(name)}
        if scope is not None:
            _require_channels(scope, channels)
            changes["scope"] = scope
        chosen = (col(ApiKey.id) == api_key_id, col(ApiKey.account_id) == account_id)
        async with self._database.begin() as session:
            # Channels are locked before the key's rows, as deleting a channel does: no deadlock.
            found = await _find_channels(session, account_id, channels)
            key = await session.scalar(
                select(ApiKey).where(*chosen, col(ApiKey.revoked_at).is_(None)).with_for_update()
            )
            if key is None:
                raise missing(THING)
            if scope is None and channels:
                _require_channels(Scope(key.scope), channels)
            if scope is not None or channels:
                await _restrict(session, key.id, list(found.values()))
            for field, value in changes.items():
                setattr(key, field, value)
            await session.flush()
            row = (await session.execute(_scoped_keys(*chosen))).one()
        return ScopedKey(*row)

    async def revoke(self, account_id: uuid.UUID, api_key_id: uuid.UUID) -> None:
        """Revokes the key for good; it is refused from the next call on.

        Raises NotFound, also if it is revoked already.
        """
        query = (
            update(ApiKey)
            .where(col(ApiKey.id) == api_key_id, col(ApiKey.account_id) == account_id, col(ApiKey.revoked_at).is_(None))
            .values(revoked_at=now())
            .returning(col(ApiKey.id))
        )
        async with self._database.begin() as session:
            if await session.scalar(query) is None:
                raise missing(THING)


def _require_channels(scope: Scope, channels: Sequence[str]) -> None:
    if scope is Scope.ALL and channels:
        raise InvalidRequest.at("channels", "must be empty unless scope is `channels`")
    if scope is Scope.CHANNELS and not channels:
        raise InvalidRequest.at("channels", "must name at least one channel if scope is `channels`")


async def _find_channels(session: AsyncSession, account_id: uuid.UUID, slugs: Sequence[str]) -> dict[str, uuid.UUID]:
    """The channels by slug, kept from being deleted until the transaction ends.

    Raises InvalidRequest if one is unknown.
    """
    if not slugs:
        return {}
    query = (
        select(col(Channel.slug), col(Channel.id))
        .where(
            col(Channel.account_id) == account_id,
            col(Channel.slug).in_(set(slugs)),
        )
        .order_by(col(Channel.id))
        .with_for_update(key_share=True, read=True)
    )
    found = {row.slug: row.id for row in await session.execute(query)}
    for position, slug in enumerate(slugs):
        if slug not in found:
            raise InvalidRequest.at(f"channels[{position}]", "must be the slug of a channel in the account")
    return found


async def _restrict(session: AsyncSession, api_key_id: uuid.UUID, channel_ids: Sequence[uuid.UUID]) -> None:
    """Makes these the key's channels."""
    of_key = col(ApiKeyChannel.api_key_id) == api_key_id
    await session.execute(delete(ApiKeyChannel).where(of_key, col(ApiKeyChannel.channel_id).not_in(channel_ids)))
    if channel_ids:
        rows = [{"api_key_id": api_key_id, "channel_id": channel_id} for channel_id in channel_ids]
        await session.execute(insert(ApiKeyChannel).values(rows).on_conflict_do_nothing())


def _scoped_keys(*conditions: ColumnElement[bool]) -> Select[ApiKey, Sequence[str], str | None]:
    """Keys that are not revoked, each with its slugs and who has made it, in one statement and so at one moment."""
    slugs = (
        select(col(Channel.slug))
        .join(ApiKeyChannel, col(ApiKeyChannel.channel_id) == col(Channel.id))
        .where(col(ApiKeyChannel.api_key_id) == col(ApiKey.id))
        .order_by(col(Channel.slug))
        .correlate(ApiKey)
        .scalar_subquery()
    )
    return (
        select(ApiKey, func.array(slugs, type_=ARRAY(Text)), col(User.email))
        .outerjoin(User, col(User.id) == col(ApiKey.created_by))
        .where(col(ApiKey.revoked_at).is_(None), *conditions)
    )
