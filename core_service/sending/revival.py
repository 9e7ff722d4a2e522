"""Revives tokens that died by the server's fault.

In the wrong environment APNs calls every token bad. A token that is declared dead for such a reason therefore remembers
the configuration of the delivery service at that time. It is revived when the configuration has changed, or when APNs
accepts a token that it had refused. The app may not report its tokens again for a long time.
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from core_service.common.clock import Clock
from core_service.common.orm import lowest_id, now
from core_service.events.service import Event, EventBus, EventType
from core_service.sending.circuit_breaker import Route
from core_service.sending.later_versions import REPLACEABLE
from core_service.sending.revival_queries import REVIVE
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""Seconds between two requests for the delivery service's configuration."""
BATCH = 500
"""Devices that one statement revives."""
MAX_ROUTES = 1000
"""Routes that wait to be looked at."""

AskConfiguration = Callable[[], Awaitable[str]]


class Revival:
    """Revives tokens in the background."""

    def __init__(
        self,
        pool: Pool,
        events: EventBus,
        ask: AskConfiguration,
        clock: Clock,
        *,
        time_to_live: dt.timedelta,
    ) -> None:
        """`ask` returns the fingerprint of the delivery service's configuration, empty if unknown. A notification is
        worth delivering for `time_to_live` at most, since it was sent or replaced."""
        self._pool = pool
        self._events = events
        self._ask = ask
        self._clock = clock
        self._time_to_live = time_to_live
        self._wakes: list[Callable[[], None]] = []
        self._wronged: dict[Route, None] = {}
        self._woken = asyncio.Event()

    def wakes(self, *wake: Callable[[], None]) -> None:
        """Calls each `wake` when something is owed to revived tokens."""
        self._wakes.extend(wake)

    def is_proven(self, route: Route) -> None:
        """Notes that APNs accepted a token of the route that it had refused."""
        if len(self._wronged) < MAX_ROUTES:
            self._wronged[route] = None
            self._woken.set()

    async def run(self) -> None:
        """Looks for tokens to revive, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.look()
            except DATABASE_AWAY as error:
                log.warning("tokens that may have died by the server's fault are not revived yet: %s", error)

    async def look(self) -> None:
        """Revives the tokens that are known to have died by the server's fault."""
        while self._wronged:
            route = next(iter(self._wronged))
            await self._revive(account_id=route.account_id, environment=route.environment, bundle_id=route.bundle_id)
            del self._wronged[route]
        # Every time, and not only after a change: an outcome for the earlier configuration may be written late.
        if configuration := await self._ask():
            await self._revive(configuration=configuration)

    async def _revive(
        self,
        *,
        configuration: str | None = None,
        account_id: uuid.UUID | None = None,
        environment: str | None = None,
        bundle_id: str | None = None,
    ) -> None:
        moment, revived = self._clock(), 0
        parameters: dict[str, Any] = {
            "configuration": configuration,
            "account_id": account_id,
            "environment": environment,
            "bundle_id": bundle_id,
            "oldest": lowest_id(now() - REPLACEABLE - self._time_to_live),
            "now": moment,
            "limit": BATCH,
        }
        found = BATCH
        while found == BATCH:
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(REVIVE, parameters)).fetchall()
            for of_account, device_id in rows:
                self._events.publish(of_account, Event(EventType.DEVICE_CHANGED, moment, device_id=device_id))
            found = len(rows)
            revived += found
        if revived:
            why = "its settings have changed" if configuration else "APNs accepts tokens that it had refused"
            log.warning("%d devices can be reached again: the server was at fault, as %s", revived, why)
            for wake in self._wakes:
                wake()
