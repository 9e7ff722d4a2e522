"""Tells health checks how the core is doing, and has it find the database again as soon as that is back."""

import asyncio
from typing import Protocol

from core_service.status.service import ServerStatus
from service_kit.database import DATABASE_AWAY, Pool

APNS = "smith.apns"
"""The name under which health checks can ask whether APNs takes this server's pushes. Core serves even if not."""
WELL_SECONDS = 1.0
AWAY_SECONDS = 0.2
"""Time between two looks: while the database answers, and while it does not."""
PATIENCE_SECONDS = 2.0
"""How long a look waits for a connection, as long as a request does; while the database is away it waits no longer
than `AWAY_SECONDS`."""


class HealthServer(Protocol):
    """Answers health checks."""

    async def set_serving(self, serving: bool) -> None:
        """Says whether calls can be answered."""

    async def set_well(self, name: str, well: bool) -> None:
        """Says how something stands on which no service depends."""


class HealthReport:
    """Whether requests can be answered, as `pools[0]` shows, and how the lines to APNs are."""

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
                # A pool finds out about each broken connection by a request that fails, and connects anew only while
                # somebody asks for a connection. As long as core does not serve, nobody does.
                await asyncio.gather(*(pool.check() for pool in self._pools))
            await asyncio.sleep(WELL_SECONDS if serving else AWAY_SECONDS)


async def _answers(pool: Pool, seconds: float) -> bool:
    try:
        async with pool.connection(timeout=seconds) as connection:
            await connection.execute("SELECT 1")
    except DATABASE_AWAY:
        return False
    return True
