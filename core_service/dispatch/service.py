"""Delivers what is owed: at once for a request that waits, from the database for everything else."""

import asyncio
import itertools
import logging
import operator
import uuid
from dataclasses import dataclass

from core_service.courier.port import Courier, Outcome, Push, Target
from core_service.dispatch.models import DeliveryState
from core_service.dispatch.progress import Progress
from core_service.dispatch.queries import CLAIM, COUNT, LEASE_SECONDS, READ_NOTIFICATIONS
from core_service.dispatch.settlement import Settlement, Settler
from service_kit.database import Pool
from service_kit.interceptors import DATABASE_AWAY

log = logging.getLogger(__name__)

CLAIM_SIZE = 500
MAX_CLAIMED = 2000
"""Deliveries in progress up to which the dispatcher claims more. In progress is what is not written yet: while
outcomes cannot be written nothing new is begun."""
MAX_IN_PROGRESS = 4000
"""With this many in progress, new requests only record their work and leave it to the dispatcher."""
POLL_SECONDS = 0.5
RECOVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of a notification's deliveries."""

    devices_notified: int
    users_notified: int
    devices_queued: int


class Dispatch:
    """Takes leased work to the courier and settles the outcomes; claims work whose time has come.

    Being woken makes it quick, polling makes it certain: a claim that nobody asked for finds whatever a crash, a
    lost wake-up or a due retry has left in the table.
    """

    def __init__(self, pool: Pool, courier: Courier, settler: Settler) -> None:
        self._pool = pool
        self._courier = courier
        self._settler = settler
        self._in_progress = 0
        self._wake = asyncio.Event()
        self._wants_room = False
        """True while the dispatcher has left work in the table because too much is in progress."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._counting = asyncio.Semaphore(1)

    @property
    def saturated(self) -> bool:
        """True while so much is in progress that new work must be left to the dispatcher."""
        return self._in_progress >= MAX_IN_PROGRESS

    def deliver(self, notification_id: uuid.UUID, push: Push) -> Progress:
        """Sends a push whose deliveries the caller has leased. Outcomes are settled whether anybody waits or not."""
        progress = self._begin(len(push.targets))

        def on_outcome(target: Target, outcome: Outcome) -> None:
            self._settler.settle(notification_id, target, outcome, progress)

        self._courier.submit(push, on_outcome)
        return progress

    def wake(self) -> None:
        """There is work in the table that nobody has leased."""
        self._wake.set()

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
        while True:
            self._wake.clear()
            self._wants_room = self._in_progress > MAX_CLAIMED - CLAIM_SIZE
            try:
                claimed = 0 if self._wants_room else await self._claim(CLAIM_SIZE)
            except DATABASE_AWAY as error:
                log.warning("cannot claim work: %s", error)
                await asyncio.sleep(RECOVERY_SECONDS)
                continue
            if claimed < CLAIM_SIZE:
                await self._pause()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every outcome is written."""
        await self._empty.wait()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    def _begin(self, count: int) -> Progress:
        self._in_progress += count
        self._empty.clear()
        return Progress(count, self._finish_one)

    def _finish_one(self) -> None:
        self._in_progress -= 1
        if self._in_progress == 0:
            self._empty.set()
        if self._wants_room and self._in_progress <= MAX_CLAIMED - CLAIM_SIZE:
            self._wake.set()

    async def _claim(self, limit: int) -> int:
        async with self._pool.connection() as connection:
            parameters = {"limit": limit, "lease": LEASE_SECONDS}
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
