"""Delivers what is owed: at once for a request that waits, and from the database otherwise."""

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
"""Deliveries in progress up to which the dispatcher claims more. They are ahead of every later push, so they are at
most a fifth of a second of work; and enough to keep APNs busy while it answers."""
MAX_IN_PROGRESS = 4000
"""Beyond this many deliveries in progress, new requests only record their work and leave it to the dispatcher."""
MAX_DIRECT = 400
"""The same for what the requests of one account deliver themselves. The dispatcher is fair between accounts;
requests are not."""


class Dispatcher:
    """Passes leased work to the sender and settles the outcomes. Claims work that is due."""

    def __init__(self, pool: Pool, sender: PushSender, settler: Settler) -> None:
        self._pool = pool
        self._sender = sender
        self._settler = settler
        self._loop = ClaimLoop("work", self._claim, size=CLAIM_SIZE, most=MAX_CLAIMED)
        self._direct: KeyedCounter[uuid.UUID] = KeyedCounter()
        """What requests deliver themselves, by account."""
        self._round = Round()
        self._held = 0
        """Pushes that were not sent because their route is stopped."""
        self._counting = asyncio.Semaphore(1)

    @property
    def in_progress(self) -> int:
        """Deliveries whose outcome is not written yet."""
        return self._loop.in_progress

    def has_room(self, account_id: uuid.UUID) -> bool:
        """Whether a request may deliver now. False if too much is in progress, in all or for this account."""
        return self._loop.in_progress < MAX_IN_PROGRESS and self._direct[account_id] < MAX_DIRECT

    def deliver(self, account_id: uuid.UUID, notification_id: uuid.UUID, push: Push) -> OutcomeWait:
        """Sends a push whose deliveries the caller has leased. Outcomes are settled even if the caller does not wait
        for them."""
        wait = OutcomeWait()
        tell = telling(wait)

        def on_written(written: DeliverySettlement, state: DeliveryState) -> None:
            tell(written, state)
            self._direct.add(account_id, -1)
            self._loop.finish(1, beside=True)

        # Claims do not wait for these. There may always be some, and retries and large pushes must go on beside them.
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
        """The table has work that is not leased."""
        self._loop.wake()

    async def count(self, notification_id: uuid.UUID) -> OutcomeCounts:
        """Counts in the database what has become of a notification's deliveries. One count at a time, so that claims
        and settlements keep their connections."""
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
        # Pushes to few devices go first: they delay those to many devices hardly at all.
        for notification_id, group in sorted(claimed.items(), key=lambda item: len(item[1])):
            self._resume(notification_id, notifications.get(notification_id), group)
        # If everything was held, the rest would be held too, and each row costs two writes.
        return more and self._held - held < len(rows)

    def _resume(
        self, notification_id: uuid.UUID, notification: tuple[Any, ...] | None, rows: list[tuple[Any, ...]]
    ) -> None:
        """Delivers claimed rows, and settles those that cannot be delivered any more."""
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
