"""Delivers what is owed: at once for a request that waits, from the database for everything else."""

import asyncio
import itertools
import operator
import uuid
from dataclasses import dataclass

from core_service.claim_loop import ClaimLoop
from core_service.courier.port import Courier, Outcome, Push, Target
from core_service.dispatch.models import DeliveryState
from core_service.dispatch.progress import Progress
from core_service.dispatch.queries import CLAIM, COUNT, LEASE_SECONDS, READ_NOTIFICATIONS
from core_service.dispatch.settlement import Settlement, Settler
from service_kit.database import Pool

CLAIM_SIZE = 500
MAX_CLAIMED = 2000
"""Deliveries in progress up to which the dispatcher claims more."""
MAX_IN_PROGRESS = 4000
"""With this many in progress, new requests only record their work and leave it to the dispatcher."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of a notification's deliveries."""

    devices_notified: int
    users_notified: int
    devices_queued: int


class Dispatch:
    """Takes leased work to the courier and settles the outcomes; claims work whose time has come."""

    def __init__(self, pool: Pool, courier: Courier, settler: Settler) -> None:
        self._pool = pool
        self._courier = courier
        self._settler = settler
        self._loop = ClaimLoop("work", self._claim, size=CLAIM_SIZE, most=MAX_CLAIMED)
        self._counting = asyncio.Semaphore(1)

    @property
    def saturated(self) -> bool:
        """True while so much is in progress that new work must be left to the dispatcher."""
        return self._loop.in_progress >= MAX_IN_PROGRESS

    def deliver(self, notification_id: uuid.UUID, push: Push) -> Progress:
        """Sends a push whose deliveries the caller has leased. Outcomes are settled whether anybody waits or not."""
        progress = self._begin(len(push.targets))

        def on_outcome(target: Target, outcome: Outcome) -> None:
            self._settler.settle(notification_id, target, outcome, progress)

        self._courier.submit(push, on_outcome)
        return progress

    def wake(self) -> None:
        """There is work in the table that nobody has leased."""
        self._loop.wake()

    async def count(self, notification_id: uuid.UUID) -> Counts:
        """What has become of a notification's deliveries so far, by the database.

        One at a time: however many wait for numbers, claiming and settling keep their connections.
        """
        async with self._counting, self._pool.connection() as connection:
            cursor = await connection.execute(COUNT, (notification_id,), binary=True)
            row = await cursor.fetchone()
        return Counts(*row) if row else Counts(0, 0, 0)

    async def run(self) -> None:
        """Claims and delivers due work, until cancelled."""
        await self._loop.run()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every outcome is written."""
        await self._loop.drain()

    def _begin(self, count: int) -> Progress:
        self._loop.begin(count)
        return Progress(count, lambda: self._loop.finish(1))

    async def _claim(self) -> int:
        async with self._pool.connection() as connection:
            parameters = {"limit": CLAIM_SIZE, "lease": LEASE_SECONDS}
            cursor = await connection.execute(CLAIM, parameters, binary=True)
            rows = await cursor.fetchall()
            if not rows:
                return 0
            rows.sort(key=operator.itemgetter(0))
            cursor = await connection.execute(READ_NOTIFICATIONS, ([row[0] for row in rows],), binary=True)
            notifications = {row[0]: row[1:] for row in await cursor.fetchall()}
        for notification_id, group in itertools.groupby(rows, key=operator.itemgetter(0)):
            self._resume(notification_id, notifications.get(notification_id), list(group))
        return len(rows)

    def _resume(self, notification_id: uuid.UUID, notification: tuple | None, rows: list[tuple]) -> None:  # type: ignore[type-arg]
        """Delivers claimed rows, or settles those that no delivery can serve any more."""
        payload, expires_at, expired = notification or (b"", None, True)
        push = Push(payload, expires_at, collapse_id=str(notification_id))
        for _, device_id, user_id, apns_id, attempts, token, environment, bundle_id in rows:
            if expired:
                self._drop(notification_id, device_id, user_id, DeliveryState.EXPIRED)
            elif token is None:
                self._drop(notification_id, device_id, user_id, DeliveryState.TOKEN_DEAD)
            else:
                push.targets.append(Target(device_id, user_id, token, environment, bundle_id, apns_id, attempts))
        if push.targets:
            self.deliver(notification_id, push)

    def _drop(self, notification_id: uuid.UUID, device_id: uuid.UUID, user_id: uuid.UUID, state: DeliveryState) -> None:
        self._settler.put(Settlement(notification_id, device_id, user_id, state, self._begin(1)))
