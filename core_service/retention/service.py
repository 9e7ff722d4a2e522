"""Deletes what is too old, in small steps with pauses between them. One core does it at a time."""

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from core_service.common.clock import Clock
from core_service.common.orm import lowest_id
from core_service.retention.queries import PURGES, TAKE_TURN
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

ROUND_SECONDS = 600.0
"""Seconds between two rounds."""
BATCH = 1000
PAUSE_SECONDS = 0.05
"""Seconds after each step, so that callers do not wait for this."""
LOCK = 0x464F52474554  # "FORGET"


@dataclass(frozen=True, slots=True)
class Ages:
    """How long each kind of data is kept."""

    delivery_log: dt.timedelta
    history: dt.timedelta
    """Notifications, ended Live Activities and webhook calls."""
    audit_log: dt.timedelta
    request_log: dt.timedelta


class Retention:
    """The background job."""

    def __init__(self, pool: Pool, ages: Ages, clock: Clock) -> None:
        self._pool = pool
        self._ages = ages
        self._clock = clock

    async def run(self) -> None:
        """Deletes old data, round after round, until cancelled."""
        while True:
            await self.forget()
            await asyncio.sleep(ROUND_SECONDS)

    async def forget(self) -> int:
        """Deletes everything that is too old now. Returns the number of rows."""
        total = 0
        for purge in PURGES:
            try:
                total += await self._purge(purge)
            except DATABASE_AWAY as error:
                log.info("some old data stays for now, the database is away or slow: %s", error)
            except Exception:
                # If one kind of data cannot be deleted, the others still are.
                log.exception("some old data stays")
        if total:
            log.info("forgot %d rows of old data", total)
        return total

    async def _purge(self, purge: str) -> int:
        total, deleted = 0, None
        while deleted != 0:
            deleted = await self._step(purge)
            total += deleted or 0
            await asyncio.sleep(PAUSE_SECONDS)
        return total

    async def _step(self, purge: str) -> int | None:
        """Deletes some rows and returns their number; None if another core is at it."""
        async with self._pool.connection() as connection, connection.transaction():
            row = await (await connection.execute(TAKE_TURN, (LOCK,))).fetchone()
            if row is None or not row[0]:
                return None
            return (await connection.execute(purge, self._parameters())).rowcount

    def _parameters(self) -> dict[str, Any]:
        now = self._clock()
        return {
            "limit": BATCH,
            "delivery_log": lowest_id(now - self._ages.delivery_log),
            "history": lowest_id(now - self._ages.history),
            "history_before": now - self._ages.history,
            "audit_log": lowest_id(now - self._ages.audit_log),
            "request_log": lowest_id(now - self._ages.request_log),
            "request_log_before": now - self._ages.request_log,
        }
