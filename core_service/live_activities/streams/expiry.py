"""What happens because time has passed: iOS ends activities, streams are renewed, ends that reach no phone are given
up."""

import asyncio
import logging
from typing import Any

from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.live_activities.state.broadcast_queries import EXPIRE_BROADCASTS
from core_service.live_activities.streams import expiry_queries as queries
from core_service.live_activities.streams.control import StreamControl
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
BATCH = 500


class Expiry:
    """Looks every second at what is due."""

    def __init__(self, pool: Pool, streams: StreamControl, events: EventBus, clock: Clock) -> None:
        self._events = events
        self._pool = pool
        self._streams = streams
        self._clock = clock

    async def run(self) -> None:
        """Handles what is due, every second, until cancelled."""
        while True:
            try:
                await self.pass_once()
            except DATABASE_AWAY as error:
                log.warning("cannot see which Live Activities are over: %s", error)
            await asyncio.sleep(EVERY_SECONDS)

    async def pass_once(self) -> None:
        """Handles what is due now. Mostly there is nothing, which one statement finds out."""
        parameters = {"now": self._clock(), "limit": BATCH}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.FIND_DUE, parameters, binary=True)
            due = await cursor.fetchall()
        if any(over for *_, over in due):
            while await self._close() == BATCH:
                pass
        for activity_id, account_id, stream_key, over in due:
            if over:
                continue
            try:
                await self._streams.renew(account_id, stream_key, activity_id)
            except DATABASE_AWAY:
                raise
            except Exception:
                # One activity that cannot be renewed must not stop the others. iOS ends it in a quarter of an hour.
                log.exception("Live Activity %s cannot be renewed", activity_id)

    async def _close(self) -> int:
        parameters: dict[str, Any] = {"now": self._clock(), "limit": BATCH}
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(queries.CLOSE, parameters, binary=True)
            closed = await cursor.fetchall()
            if closed:
                await connection.execute(queries.CLOSE_DEVICES, {"ids": [row[0] for row in closed]})
            if broadcast := [row[0] for row in closed if row[3]]:
                await connection.execute(EXPIRE_BROADCASTS, {"ids": broadcast, "now": parameters["now"]})
        for activity_id, account_id, expired, _ in closed:
            if expired:
                event = Event(EventType.LIVE_ACTIVITY_ENDED, parameters["now"], activity_id=activity_id)
                self._events.publish(account_id, event)
        return len(closed)
