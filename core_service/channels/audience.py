"""Which channels a request reaches: the four documented rules for an API key's scope and `target.channels`.

Scope `all` without a target reaches the whole account; with a target, the named channels. Scope `channels` without a
target reaches the channels assigned to the key; with a target, the named channels, all of which must be assigned to the
key.
"""

import uuid
from collections.abc import Sequence

from core_service.channels.errors import ChannelScopeViolation
from core_service.field_rules.errors import InvalidTarget
from core_service.identity.principal import ChannelRef, DevicePrincipal, Sender
from service_kit.database import Pool


def each_once(slugs: Sequence[str]) -> tuple[str, ...]:
    """Returns the slugs, each once, in the order given."""
    return tuple(dict.fromkeys(slugs))


def within_scope(scope: Sequence[ChannelRef], requested: Sequence[str] | None) -> tuple[ChannelRef, ...]:
    """Returns the channels that a channel-scoped key reaches with this request.

    Raises ChannelScopeViolation if it asks for any other channel. Whether that one exists is not told.
    """
    if requested is None:
        return tuple(scope)
    by_slug = {channel.slug: channel for channel in scope}
    if not by_slug.keys() >= set(requested):
        raise ChannelScopeViolation
    return tuple(by_slug[slug] for slug in requested)


def all_known(
    requested: Sequence[str], found: Sequence[ChannelRef], name: str = "target.channels"
) -> tuple[ChannelRef, ...]:
    """The channels of the account by the requested slugs, in the order requested.

    Raises InvalidTarget naming the first slug that no channel has.
    """
    by_slug = {channel.slug: channel for channel in found}
    for place, slug in enumerate(requested):
        if slug not in by_slug:
            path = f"{name}[{place}]"
            raise InvalidTarget(f"{path}: there is no channel with the slug {slug}").about(path)
    return tuple(by_slug[slug] for slug in requested)


FIND_CHANNELS = "SELECT id, slug FROM channels WHERE account_id = %s AND slug = ANY(%s)"

IN_CHANNELS = """id IN (
          SELECT device_id FROM channel_devices WHERE channel_id = ANY(%(channel_ids)s::uuid[])
          UNION
          SELECT d.id
          FROM channel_users cu JOIN devices d ON d.user_id = cu.user_id
          WHERE cu.channel_id = ANY(%(channel_ids)s::uuid[])
      )"""
"""The SQL condition under which a device belongs to one of the channels."""


class Audience:
    """Resolves targets."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def resolve(
        self, caller: Sender | DevicePrincipal, requested: Sequence[str] | None, name: str = "target.channels"
    ) -> tuple[ChannelRef, ...] | None:
        """The channels that the request reaches; None for the whole account. `name` is what messages call the list.

        Raises InvalidTarget, ChannelScopeViolation.
        """
        slugs = None if requested is None else each_once(requested)
        if caller.channels is not None:
            return within_scope(caller.channels, slugs)
        if slugs is None:
            return None
        return all_known(slugs, await self._find(caller.account_id, slugs), name)

    async def _find(self, account_id: uuid.UUID, slugs: Sequence[str]) -> list[ChannelRef]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(FIND_CHANNELS, (account_id, list(slugs)), binary=True)
            return [ChannelRef(*row) for row in await cursor.fetchall()]
