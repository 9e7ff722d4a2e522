"""Notes in memory when each API key was last used and each phone last seen, and writes it every few seconds."""

import asyncio
import logging
import uuid
from typing import LiteralString

from core_service.common.orm import now
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0

UPDATE = """
UPDATE api_keys k SET last_used_at = u.at
FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(id, at)
WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
"""

UPDATE_DEVICES = """
UPDATE devices d SET last_seen_at = u.at
FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(id, at)
WHERE d.id = u.id AND (d.last_seen_at IS NULL OR d.last_seen_at < u.at - interval '1 minute')
"""
"""At most once a minute for each phone. Pushes read this row, and a talkative phone must not change it all the time."""


class LastUsed:
    """Collects uses of API keys and calls of phones. A crash loses the last few seconds, which only people look at."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._keys: set[uuid.UUID] = set()
        self._devices: set[uuid.UUID] = set()

    def note(self, api_key_id: uuid.UUID) -> None:
        """The key was used now."""
        self._keys.add(api_key_id)

    def note_device(self, device_id: uuid.UUID) -> None:
        """The phone has called now."""
        self._devices.add(device_id)

    async def run(self) -> None:
        """Writes what was noted, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes what was noted. If the database is away it is kept for the next time."""
        keys, self._keys = self._keys, set()
        self._keys |= await self._write(UPDATE, keys, "last use of %d API keys not written yet: %s")
        devices, self._devices = self._devices, set()
        self._devices |= await self._write(UPDATE_DEVICES, devices, "last call of %d phones not written yet: %s")

    async def _write(self, statement: LiteralString, seen: set[uuid.UUID], complaint: str) -> set[uuid.UUID]:
        """Returns the entries that could not be written."""
        if not seen:
            return seen
        # All processes lock rows in this order, so that they cannot deadlock.
        ids = sorted(seen)
        try:
            async with self._pool.connection() as connection:
                await connection.execute(statement, (ids, [now()] * len(ids)))
        except DATABASE_AWAY as error:
            log.warning(complaint, len(ids), error)
            return seen
        return set()
