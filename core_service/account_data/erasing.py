"""Deletes what closed accounts have, in small steps with pauses between them. One core does it at a time.

Where it stopped is in the database alone: what is still there. So a core that was killed, or another one, goes on.
"""

import asyncio
import logging
import uuid
from typing import Any, LiteralString

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.account_data.erase_queries import (
    CARDS,
    CLOSED,
    KEPT,
    LAST,
    NEXT_DEVICES,
    OWED,
    OWES_CARDS,
    REPEATS,
    TAKE_TURN,
    StepGroup,
)
from core_service.devices.models import Device
from core_service.members.leaving import unpair, withdraw
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
"""Seconds until closed accounts are looked for again. One that this core has closed is begun at once."""
BATCH = 1000
DEVICES = 50
"""Devices that are unpaired in one transaction."""
PAUSE_SECONDS = 0.05
"""Seconds after each step, so that callers do not wait for this."""
QUIET_SECONDS = 60.0
"""Seconds after the closing before which the account's own row stays: until then, requests and pushes that had begun
may still write."""
LOCK = 0x4552415345  # "ERASE"


class NotOurTurn(Exception):
    """Another core deletes."""


class Eraser:
    """The background job."""

    def __init__(
        self,
        pool: Pool,
        engine: AsyncEngine,
        *,
        batch: int = BATCH,
        pause_seconds: float = PAUSE_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._pool = pool
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._batch = batch
        self._pause_seconds = pause_seconds
        self._quiet_seconds = quiet_seconds
        self._closed = asyncio.Event()
        self._over: set[uuid.UUID] = set()
        """Accounts for which the last round had nothing to do."""

    def wake(self) -> None:
        """An account was closed."""
        self._closed.set()

    async def run(self) -> None:
        """Deletes, until cancelled."""
        while True:
            self._closed.clear()
            try:
                await self.erase()
            except NotOurTurn:
                log.debug("another core deletes closed accounts")
            except DATABASE_AWAY as error:
                log.info("what closed accounts have stays for now: %s", error)
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._closed.wait()
            except TimeoutError:
                continue

    async def erase(self) -> None:
        """Deletes what can be deleted of all closed accounts.

        Raises NotOurTurn, and one of DATABASE_AWAY. What is deleted by then stays so.
        """
        async with self._pool.connection() as connection:
            closed = await (await connection.execute(CLOSED)).fetchall()
        for account_id, name in closed:
            try:
                await self._erase(account_id, name)
            except (NotOurTurn, *DATABASE_AWAY):
                raise
            except Exception:
                # If one account cannot be deleted, the others still are.
                log.exception("the closed account %s stays for now", account_id)

    async def _erase(self, account_id: uuid.UUID, name: str) -> None:
        total = 0
        for group in OWED:
            total += await self._repeat(group, account_id)
        total += await self._unpair_all(account_id)
        for group in KEPT:
            total += await self._repeat(group, account_id)
        if total:
            log.info("deleted %d rows of the closed account %s", total, account_id)
        was_over, is_over = account_id in self._over, total == 0 and await self._is_over(account_id)
        (self._over.add if is_over else self._over.discard)(account_id)
        # The outcome of the last push is recorded a moment after the push is settled: one round later nothing comes.
        if was_over and is_over and await self._step(LAST, {"account_id": account_id, "quiet": self._quiet_seconds}):
            self._over.discard(account_id)
            log.warning("the account %s (%r) is deleted with all that it had", account_id, name)

    async def _is_over(self, account_id: uuid.UUID) -> bool:
        """Whether no card of its phones is left to be taken away."""
        async with self._pool.connection() as connection:
            found = await (await connection.execute(OWES_CARDS, {"account_id": account_id})).fetchone()
        return found is None

    async def _repeat(self, group: StepGroup, account_id: uuid.UUID) -> int:
        total, parameters = 0, {"account_id": account_id, "limit": self._batch}
        while True:
            for step in group.steps:
                total += (deleted := await self._exhaust(step, parameters))
            if len(group.steps) == 1 or not deleted:
                return total

    async def _unpair_all(self, account_id: uuid.UUID) -> int:
        """Withdraws what the devices show, and deletes them."""
        total = 0
        while devices := await self._next_devices(account_id):
            # In a transaction of its own: a card that is owed its end does not wait for what follows.
            async with self._database.begin() as session:
                await self._take_turn(session)
                await withdraw(session, account_id, col(Device.id).in_(devices))
            parameters = {"device_ids": devices, "limit": self._batch}
            for step in (CARDS, REPEATS):
                total += await self._exhaust(step, parameters)
            async with self._database.begin() as session:
                await self._take_turn(session)
                total += len(await unpair(session, account_id, col(Device.id).in_(devices)))
            await asyncio.sleep(self._pause_seconds)
        return total

    async def _next_devices(self, account_id: uuid.UUID) -> list[uuid.UUID]:
        async with self._pool.connection() as connection:
            found = await connection.execute(NEXT_DEVICES, {"account_id": account_id, "devices": DEVICES})
            return [row[0] for row in await found.fetchall()]

    async def _take_turn(self, session: AsyncSession) -> None:
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
            raise NotOurTurn

    async def _exhaust(self, step: LiteralString, parameters: dict[str, Any]) -> int:
        """Repeats the step until it deletes nothing."""
        total = 0
        while deleted := await self._step(step, parameters):
            total += deleted
            await asyncio.sleep(self._pause_seconds)
        return total

    async def _step(self, step: LiteralString, parameters: dict[str, Any]) -> int:
        async with self._pool.connection() as connection, connection.transaction():
            row = await (await connection.execute(TAKE_TURN, (LOCK,))).fetchone()
            if row is None or not row[0]:
                raise NotOurTurn
            return (await connection.execute(step, parameters)).rowcount
