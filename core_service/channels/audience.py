"""Which channels a request reaches, by its key's scope and the channels it names."""

import uuid
from collections.abc import Sequence

from core_service.channels import targeting
from core_service.identity.principal import ChannelRef, Sender
from service_kit.database import Pool

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
        self, caller: Sender, requested: Sequence[str] | None, name: str = "target.channels"
    ) -> tuple[ChannelRef, ...] | None:
        """The channels that the request reaches; None for the whole account. `name` is what messages call the list.

        Raises InvalidTarget, ChannelScopeViolation.
        """
        slugs = None if requested is None else targeting.check_slugs(requested, name)
        if caller.channels is not None:
            return targeting.within_scope(caller.channels, slugs)
        if slugs is None:
            return None
        return targeting.all_known(slugs, await self._find(caller.account_id, slugs), name)

    async def _find(self, account_id: uuid.UUID, slugs: Sequence[str]) -> list[ChannelRef]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(FIND_CHANNELS, (account_id, list(slugs)), binary=True)
            return [ChannelRef(*row) for row in await cursor.fetchall()]
