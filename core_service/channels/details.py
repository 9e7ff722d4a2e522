"""One channel in detail: the people and devices assigned to it, and what uses it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.channels.service import THING
from core_service.common.validation import missing
from service_kit.database import Pool

SELECT_CHANNEL = """
SELECT c.id, c.slug, c.name, c.created_at,
       (SELECT count(*) FROM (
           SELECT device_id FROM channel_devices WHERE channel_id = c.id
           UNION
           SELECT d.id FROM channel_users cu JOIN devices d ON d.user_id = cu.user_id
           WHERE cu.channel_id = c.id AND d.account_id = c.account_id
       ) belonging)
FROM channels c WHERE c.account_id = %(account_id)s AND c.id = %(channel_id)s
"""
SELECT_PEOPLE = """
SELECT u.id, u.name, u.email FROM channel_users cu JOIN users u ON u.id = cu.user_id
WHERE cu.channel_id = %(channel_id)s ORDER BY u.name, u.id LIMIT 1000
"""
SELECT_DEVICES = """
SELECT d.id, d.name, u.name
FROM channel_devices cd JOIN devices d ON d.id = cd.device_id JOIN users u ON u.id = d.user_id
WHERE cd.channel_id = %(channel_id)s ORDER BY d.name, d.id LIMIT 1000
"""
SELECT_KEYS = """
SELECT k.name FROM api_key_channels kc JOIN api_keys k ON k.id = kc.api_key_id
WHERE kc.channel_id = %(channel_id)s AND k.scope = 'channels' AND k.revoked_at IS NULL ORDER BY k.name, k.id LIMIT 100
"""
SELECT_STREAMS = """
SELECT s.stream_key
FROM live_activities a JOIN live_activity_streams s ON s.activity_id = a.id
WHERE a.account_id = %(account_id)s AND a.ended_at IS NULL AND %(channel_id)s = ANY(a.channel_ids)
ORDER BY s.stream_key LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class AssignedPerson:
    """A person who belongs to a channel with all their devices."""

    user_id: uuid.UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class AssignedDevice:
    """A device that belongs to a channel by itself."""

    device_id: uuid.UUID
    name: str
    user_name: str


@dataclass(frozen=True, slots=True)
class ChannelDetails:
    """A channel and who is assigned to it, the first 1000 of each kind by name."""

    row: Sequence[Any]
    """Its id, slug, name, when it was created, and how many devices belong to it."""
    people: Sequence[AssignedPerson]
    devices: Sequence[AssignedDevice]


@dataclass(frozen=True, slots=True)
class ChannelUsage:
    """What uses a channel, 100 of each kind at most."""

    api_key_names: Sequence[str]
    stream_keys: Sequence[str]


class ChannelLookups:
    """Looks at channels of accounts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, account_id: uuid.UUID, channel_id: uuid.UUID) -> ChannelDetails:
        """The channel and who is assigned to it. Raises NotFound."""
        row, people, devices = await self._read(account_id, channel_id, SELECT_PEOPLE, SELECT_DEVICES)
        return ChannelDetails(
            row, [AssignedPerson(*person) for person in people], [AssignedDevice(*device) for device in devices]
        )

    async def usage(self, account_id: uuid.UUID, channel_id: uuid.UUID) -> ChannelUsage:
        """Returns what uses the channel now.

        Raises NotFound.
        """
        _, keys, streams = await self._read(account_id, channel_id, SELECT_KEYS, SELECT_STREAMS)
        return ChannelUsage([name for (name,) in keys], [key for (key,) in streams])

    async def _read(
        self, account_id: uuid.UUID, channel_id: uuid.UUID, *queries: str
    ) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        """The channel's row and the rows of two queries. Raises NotFound."""
        parameters = {"account_id": account_id, "channel_id": channel_id}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(SELECT_CHANNEL, parameters, binary=True)
            row = await cursor.fetchone()
            if row is None:
                raise missing(THING)
            first, second = [
                await (await connection.execute(query, parameters, binary=True)).fetchall() for query in queries
            ]
        return row, first, second
