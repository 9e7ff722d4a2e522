"""Delivers what is owed: at once for a request that waits, from the database for everything else."""

import asyncio
import uuid
from collections import defaultdict
from typing import Any

from core_service.sending.models import DeliveryState
from core_service.sending.port import About, Outcome, OutcomeKind, Push, PushEvent, PushSender, Target
from core_service.sending.queries import CLAIM, COUNT, LEASE_SECONDS, READ_NOTIFICATIONS
from core_service.sending.settlement import DeliverySettlement, OnWritten, Settler, telling
from core_service.work_queue.claim_loop import ClaimLoop
from core_service.work_queue.fair_claim import Round
from core_service.work_queue.keyed import KeyedCounter
from core_service.work_queue.outcome_wait import OutcomeCounts, OutcomeWait
from service_kit.database import Pool

CLAIM_SIZE = 250
MAX_CLAIMED = 1000
"""Claimed deliveries in progress up to which the dispatcher claims more. They are ahead of everybody's next push, so
they must be no more than a fifth of a second's work; and no fewer than keep APNs busy while it answers."""
MAX_IN_PROGRESS = 4000
"""With this many in progress, new requests only record their work and leave it to the dispatcher."""
MAX_DIRECT = 400
"""The same for the requests of one account, by what they deliver themselves: the dispatcher is fair, they are not."""


class Dispatcher:
    """Takes leased work to the sender and settles the outcomes; claims work whose time has come."""

    def __init__(self, pool: Pool, sender: PushSender, settler: Settler) -> None:
        self._pool = pool
        self._sender = sender
        self._settler = settler
        self._loop = ClaimLoop("work", self._claim, size=CLAIM_SIZE, most=MAX_CLAIMED)
        self._direct: KeyedCounter[uuid.UUID] = KeyedCounter()
        """What requests deliver themselves, by account."""
        self._round = Round()
        self._held = 0
        """Counts what was not sent because its route is stopped."""
        self._counting = asyncio.Semaphore(1)

    @property
    def in_progress(self) -> int:
        """Deliveries that are on their way, until their outcomes are written."""
        return self._loop.in_progress

    def has_room(self, account_id: uuid.UUID) -> bool:
        """False while so much is in progress, of all or of this account, that new work must be left to the
        dispatcher."""
        return self._loop.in_progress < MAX_IN_PROGRESS and self._direct[account_id] < MAX_DIRECT

    def deliver(self, account_id: uuid.UUID, notification_id: uuid.UUID, push: Push) -> OutcomeWait:
        """Sends a push whose deliveries the caller has leased. Outcomes are settled whether the caller waits for them
        or not."""
        wait = OutcomeWait()
        tell = telling(wait)

        def on_written(written: DeliverySettlement, state: DeliveryState) -> None:
            tell(written, state)
            self._direct.add(account_id, -1)
            self._loop.finish(1, beside=True)

        # Were claims to wait for these, they would wait for ever while there are always some: what is tried again, and
        # what is too much for a request, must go on beside them.
        self._loop.begin(len(push.targets), beside=True)
        self._direct.add(account_id, len(push.targets))
        self._send(notification_id, push, on_written)
        return wait

    def _send(self, notification_id: uuid.UUID, push: Push, on_written: OnWritten) -> None:
        def on_outcome(target: Target, outcome: Outcome) -> None:
            if outcome.verdict is OutcomeKind.HELD:
                self._held += 1
            self._settler.settle(notification_id, target, outcome, on_written)

        self._sender.submit(push, on_outcome)

    def wake(self) -> None:
        """There is work in the table that nobody has leased."""
        self._loop.wake()

    async def count(self, notification_id: uuid.UUID) -> OutcomeCounts:
        """What has become of a notification's deliveries so far, by the database.

        One at a time: however many wait for numbers, claiming and settling keep their connections.
        """
        async with self._counting, self._pool.connection() as connection:
            cursor = await connection.execute(COUNT, (notification_id,), binary=True)
            row = await cursor.fetchone()
        return OutcomeCounts(*row) if row else OutcomeCounts(0, 0, 0)

    async def run(self) -> None:
        """Claims and delivers due work, until cancelled."""
        await self._loop.run()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every outcome is written."""
        await self._loop.drain()

    def _finish(self, _: DeliverySettlement, __: DeliveryState) -> None:
        self._loop.finish(1)

    async def _claim(self) -> bool:
        async with self._pool.connection() as connection:
            parameters = self._round.parameters(CLAIM_SIZE) | {"lease": LEASE_SECONDS}
            cursor = await connection.execute(CLAIM, parameters, binary=True)
            rows, more = self._round.read(await cursor.fetchall())
            if not rows:
                return more
            claimed: dict[uuid.UUID, list[tuple[Any, ...]]] = defaultdict(list)
            for row in rows:
                claimed[row[0]].append(row)
            cursor = await connection.execute(READ_NOTIFICATIONS, (list(claimed),), binary=True)
            notifications = {row[0]: row[1:] for row in await cursor.fetchall()}
        held = self._held
        # Few devices before many: the few are hardly noticed by the many.
        for notification_id, group in sorted(claimed.items(), key=lambda item: len(item[1])):
            self._resume(notification_id, notifications.get(notification_id), group)
        # If everything was held, the rest would be too, and each row costs two writes.
        return more and self._held - held < len(rows)

    def _resume(
        self, notification_id: uuid.UUID, notification: tuple[Any, ...] | None, rows: list[tuple[Any, ...]]
    ) -> None:
        """Delivers claimed rows, or settles those that no delivery can serve any more."""
        payload, expires_at, expired, account_id = notification or (b"", None, True, None)
        about = About(account_id, str(notification_id), PushEvent.ALERT) if account_id else None
        push = Push(payload, expires_at, collapse_id=str(notification_id), about=about)
        for _, device_id, user_id, apns_id, attempts, token, environment, bundle_id in rows:
            if expired:
                self._drop(notification_id, device_id, user_id, DeliveryState.EXPIRED)
            elif token is None:
                self._drop(notification_id, device_id, user_id, DeliveryState.TOKEN_DEAD)
            else:
                push.targets.append(Target(device_id, user_id, token, environment, bundle_id, apns_id, attempts))
        if push.targets:
            self._loop.begin(len(push.targets))
            self._send(notification_id, push, self._finish)

    def _drop(self, notification_id: uuid.UUID, device_id: uuid.UUID, user_id: uuid.UUID, state: DeliveryState) -> None:
        self._loop.begin(1)
        self._settler.put(DeliverySettlement(notification_id, device_id, user_id, state, self._finish))
