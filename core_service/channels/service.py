"""Channels and who belongs to them."""

import datetime as dt
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, select, text, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.sql.dml import ReturningDelete
from sqlmodel import col

from core_service.channels.models import Channel, ChannelDevice, ChannelUser
from core_service.common.orm import refusing
from core_service.common.paging import DEFAULT_SIZE, Page, read_slug, write_token
from core_service.common.validation import containing, missing, require_name, require_storable
from core_service.devices.models import Device
from core_service.idempotency.service import new_resource
from core_service.identity.models import Member
from service_kit.errors import AlreadyExists, NotFound

THING = "channel"

MAX_IDS_IN_PAGE = 20_000
"""A page with more assigned people and devices than this ends early, so that an answer stays near one megabyte."""

SELECT_PAGE = text("""
WITH page AS (
    SELECT c.id, c.slug, c.name, c.created_at,
           ARRAY(SELECT user_id FROM channel_users WHERE channel_id = c.id ORDER BY user_id LIMIT 1000) AS user_ids,
           ARRAY(SELECT device_id FROM channel_devices WHERE channel_id = c.id ORDER BY device_id LIMIT 1000)
               AS device_ids,
           (SELECT count(*) FROM (
               SELECT device_id FROM channel_devices WHERE channel_id = c.id
               UNION
               SELECT d.id FROM channel_users cu JOIN devices d ON d.user_id = cu.user_id
               WHERE cu.channel_id = c.id AND d.account_id = c.account_id
           ) belonging) AS device_count
    FROM channels c
    WHERE c.account_id = :account_id AND c.slug > :after AND (CAST(:id AS uuid) IS NULL OR c.id = :id)
      AND (:searched = '' OR c.slug ILIKE :searched OR c.name ILIKE :searched)
    ORDER BY c.slug LIMIT :size + 1
), measured AS (
    SELECT *, row_number() OVER by_slug AS place, count(*) OVER () AS found,
           sum(cardinality(user_ids) + cardinality(device_ids)) OVER by_slug AS ids
    FROM page WINDOW by_slug AS (ORDER BY slug)
)
SELECT found, id, slug, name, created_at, user_ids, device_ids, device_count
FROM measured WHERE place = 1 OR (place <= :size AND ids <= :max_ids) ORDER BY slug
""")


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel, and who belongs to it."""

    id: uuid.UUID
    slug: str
    name: str
    created_at: dt.datetime
    user_ids: Sequence[uuid.UUID]
    """People assigned to it, the first 1000."""
    device_ids: Sequence[uuid.UUID]
    """Devices assigned by themselves, the first 1000."""
    device_count: int
    """Devices that belong to it in either way. Each is counted once."""


class Channels:
    """The channels of accounts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def create(self, account_id: uuid.UUID, *, slug: str, name: str | None) -> ChannelView:
        """A new channel, named after its slug if `name` is None.

        Raises InvalidRequest; AlreadyExists if the account has a channel with this slug.
        """
        name, resource = slug if name is None else require_name(name), new_resource()
        with _refusing_taken(slug):
            async with self._database.begin() as session:
                # An earlier run of this request may have made it and could not answer.
                channel = await session.get(Channel, resource.id) if resource.repeated else None
                if channel is None:
                    channel = Channel(id=resource.id, account_id=account_id, slug=slug, name=name)
                    session.add(channel)
        return ChannelView(channel.id, slug, channel.name, channel.created_at, (), (), 0)

    async def list(
        self, account_id: uuid.UUID, page_size: int | None, page_token: str | None, searched: str = ""
    ) -> Page[ChannelView]:
        """The account's channels by slug; only those whose slug or name contains `searched`. A page may hold fewer than
        `page_size` although it is not the last.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        after = read_slug(page_token)
        if searched := searched.strip():
            require_storable(searched, "query")
            searched = containing(searched)
        async with self._database() as session:
            found, views = await _select_page(session, account_id, size=size, after=after, searched=searched)
        return Page(views, write_token(views[-1].slug) if found > len(views) else None)

    async def update(
        self, account_id: uuid.UUID, channel_id: uuid.UUID, *, slug: str | None = None, name: str | None = None
    ) -> ChannelView:
        """Changes what is given.

        Raises InvalidRequest; NotFound; AlreadyExists if the account has another channel with this slug.
        """
        changes: dict[str, Any] = {}
        if slug is not None:
            changes["slug"] = slug
        if name is not None:
            changes["name"] = require_name(name)
        with _refusing_taken(slug):
            async with self._database.begin() as session:
                if changes:
                    await session.execute(
                        update(Channel)
                        .where(col(Channel.id) == channel_id, col(Channel.account_id) == account_id)
                        .values(changes)
                    )
                _, views = await _select_page(session, account_id, channel_id=channel_id)
                if not views:
                    # Inside the transaction: the audit log takes it for an act if it commits.
                    raise missing(THING)
        return views[0]

    async def delete(self, account_id: uuid.UUID, channel_id: uuid.UUID) -> None:
        """Deletes the channel. An API key scoped to it loses it; one that loses its last channel reaches no device.

        Raises NotFound.
        """
        query = (
            delete(Channel)
            .where(col(Channel.id) == channel_id, col(Channel.account_id) == account_id)
            .returning(col(Channel.id))
        )
        async with self._database.begin() as session:
            if await session.scalar(query) is None:
                raise missing(THING)

    async def assign_user(self, account_id: uuid.UUID, channel_id: uuid.UUID, user_id: uuid.UUID) -> None:
        """Makes all devices of the person, present and future, belong to the channel.

        Raises NotFound.
        """
        member = select(col(Member.user_id)).where(col(Member.account_id) == account_id, col(Member.user_id) == user_id)
        assignment = insert(ChannelUser).values(channel_id=channel_id, user_id=user_id)
        await self._assign(account_id, channel_id, member, assignment, "member")

    async def unassign_user(self, account_id: uuid.UUID, channel_id: uuid.UUID, user_id: uuid.UUID) -> None:
        """Takes the person out of the channel.

        Raises NotFound, also if they were not assigned.
        """
        assignment = (col(ChannelUser.channel_id) == channel_id, col(ChannelUser.user_id) == user_id)
        query = delete(ChannelUser).where(*assignment).returning(col(ChannelUser.channel_id))
        await self._unassign(account_id, channel_id, query, "member")

    async def assign_device(self, account_id: uuid.UUID, channel_id: uuid.UUID, device_id: uuid.UUID) -> None:
        """Adds the device to the channel, whichever person it belongs to.

        Raises NotFound.
        """
        device = select(col(Device.id)).where(col(Device.id) == device_id, col(Device.account_id) == account_id)
        assignment = insert(ChannelDevice).values(channel_id=channel_id, device_id=device_id)
        await self._assign(account_id, channel_id, device, assignment, "device")

    async def unassign_device(self, account_id: uuid.UUID, channel_id: uuid.UUID, device_id: uuid.UUID) -> None:
        """Takes the device out of the channel.

        Raises NotFound, also if it was not assigned.
        """
        assignment = (col(ChannelDevice.channel_id) == channel_id, col(ChannelDevice.device_id) == device_id)
        query = delete(ChannelDevice).where(*assignment).returning(col(ChannelDevice.channel_id))
        await self._unassign(account_id, channel_id, query, "device")

    async def _assign(
        self, account_id: uuid.UUID, channel_id: uuid.UUID, who: Select[Any], assignment: Insert, thing: str
    ) -> None:
        """`who` finds the member or device in the account; `thing` says which of the two it is."""
        async with self._database.begin() as session:
            await _require_channel(session, account_id, channel_id)
            # Locked, so that nothing can take it out of the account before the assignment is made.
            if not await session.scalar(who.with_for_update(key_share=True, read=True)):
                raise missing(thing)
            await session.execute(assignment.on_conflict_do_nothing())

    async def _unassign(
        self, account_id: uuid.UUID, channel_id: uuid.UUID, query: ReturningDelete[Any], thing: str
    ) -> None:
        async with self._database.begin() as session:
            if await session.scalar(query.where(_of_account(account_id, channel_id))) is None:
                raise NotFound(f"There is no such channel in the account, or the {thing} is not assigned to it.")


def _refusing_taken(slug: str | None) -> AbstractContextManager[None]:
    return refusing("channels_account_id_slug_key", AlreadyExists(f"slug is taken in the account: {slug}"))


def _of_account(account_id: uuid.UUID, channel_id: uuid.UUID) -> ColumnElement[bool]:
    return exists().where(col(Channel.id) == channel_id, col(Channel.account_id) == account_id)


async def _require_channel(session: AsyncSession, account_id: uuid.UUID, channel_id: uuid.UUID) -> None:
    """Makes sure that the account has the channel, and locks it until the transaction ends.

    Raises NotFound.
    """
    query = (
        select(col(Channel.id))
        .where(col(Channel.id) == channel_id, col(Channel.account_id) == account_id)
        .with_for_update(key_share=True, read=True)
    )
    if await session.scalar(query) is None:
        raise missing(THING)


async def _select_page(
    session: AsyncSession,
    account_id: uuid.UUID,
    *,
    channel_id: uuid.UUID | None = None,
    size: int = 1,
    after: str = "",
    searched: str = "",
) -> tuple[int, list[ChannelView]]:
    """The channels of a page, in one statement whatever their number; and how many there are, up to `size` + 1."""
    arguments = {
        "account_id": account_id,
        "id": channel_id,
        "size": size,
        "after": after,
        "searched": searched,
        "max_ids": MAX_IDS_IN_PAGE,
    }
    rows = (await session.execute(SELECT_PAGE, arguments)).all()
    return (rows[0][0] if rows else 0), [ChannelView(*row[1:]) for row in rows]
