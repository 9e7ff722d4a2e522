"""Answers health checks, and makes the pool notice at once that the database is back."""

import asyncio
from typing import Protocol

from core_service.status.service import ServerStatus
from service_kit.database import DATABASE_AWAY, Pool

APNS = "smith.apns"
"""The name under which health checks can ask whether APNs accepts this server's pushes. Core serves even if it does
not."""
WELL_SECONDS = 1.0
AWAY_SECONDS = 0.2
"""Seconds between two checks: while the database answers, and while it does not."""
PATIENCE_SECONDS = 2.0
"""Seconds that a check waits for a connection, as long as a request does. While the database is away, it waits
`AWAY_SECONDS` only."""


class HealthServer(Protocol):
    """Answers health checks."""

    async def set_serving(self, serving: bool) -> None:
        """Sets whether calls can be answered."""

    async def set_well(self, name: str, well: bool) -> None:
        """Sets the health of an optional dependency."""


class HealthReport:
    """Reports whether requests can be answered, going by `pools[0]`, and whether APNs accepts pushes."""

    def __init__(self, server: HealthServer, pools: list[Pool], status: ServerStatus) -> None:
        self._server = server
        self._pools = pools
        self._status = status

    async def run(self) -> None:
        """Reports until cancelled."""
        serving = False
        while True:
            self._status.review()
            await self._server.set_well(APNS, self._status.is_well)
            serving = await _answers(self._pools[0], PATIENCE_SECONDS if serving else AWAY_SECONDS)
            await self._server.set_serving(serving)
            if not serving:
                # A pool notices a broken connection by a request that fails, and connects again only while a connection
                # is asked for. Nothing asks for one while core does not serve.
                await asyncio.gather(*(pool.check() for pool in self._pools))
            await asyncio.sleep(WELL_SECONDS if serving else AWAY_SECONDS)


async def _answers(pool: Pool, seconds: float) -> bool:
    try:
        async with pool.connection(timeout=seconds) as connection:
            await connection.execute("SELECT 1")
    except DATABASE_AWAY:
        return False
    return True
