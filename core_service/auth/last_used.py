"""When each API key was last used: noted in memory, written every few seconds in one statement."""

import asyncio
import logging
import uuid

from core_service.orm import now
from service_kit.database import Pool
from service_kit.interceptors import DATABASE_AWAY

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0

UPDATE = """
UPDATE api_keys k SET last_used_at = u.at
FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(id, at)
WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
"""


class LastUsed:
    """Collects uses of API keys. A crash forgets at most the last few seconds, which only people look at."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._seen: set[uuid.UUID] = set()

    def note(self, api_key_id: uuid.UUID) -> None:
        """The key was used now."""
        self._seen.add(api_key_id)

    async def run(self) -> None:
        """Writes what was noted, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes what was noted. If the database is away it is kept for the next time."""
        if not self._seen:
            return
        seen, self._seen = self._seen, set()
        try:
            async with self._pool.connection() as connection:
                # In one order, so that two processes never wait for each other's rows.
                keys = sorted(seen)
                await connection.execute(UPDATE, (keys, [now()] * len(keys)))
        except DATABASE_AWAY as error:
            self._seen |= seen
            log.warning("last use of %d API keys not written yet: %s", len(seen), error)
