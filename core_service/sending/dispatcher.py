"""Delivers the notifications that are owed, and writes what became of them.

Each delivery takes four steps. It is leased: when it is recorded, or by `_claim`. `_send` hands it to the sender.
`_settle` takes its outcome. `_write` writes all outcomes that wait in one statement; `_finish` tells the request.
"""

import asyncio
import datetime as dt
import random
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from core_service.common.arrays import uuids
from core_service.common.orm import now
from core_service.devices.models import STACKING
from core_service.events.service import Event, EventBus, EventType
from core_service.sending.later_versions import apns_id_of, silent_form
from core_service.sending.models import DeliveryState
from core_service.sending.outcomes import STATES, next_delay_seconds
from core_service.sending.port import About, Lease, Outcome, OutcomeKind, Push, PushEvent, PushSender, Target
from core_service.sending.queries import CLAIM, COUNT, LEASE_SECONDS, READ_NOTIFICATIONS, SETTLE, SETTLE_ACCEPTED
from core_service.sending.web_form import notification_for_browsers
from core_service.work_queue.fair_claim import Round
from core_service.work_queue.gathering import APART, Gathering
from core_service.work_queue.keyed import KeyedCounter
from core_service.work_queue.loops import BatchWriter, ClaimLoop
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

GONE = 2**31 - 1
"""The version of a notification that is not kept any more: above every other, so that its outcome is final."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that delivers by itself."""

    account_id: uuid.UUID
    wait: OutcomeWait


@dataclass(frozen=True, slots=True)
class _Settlement:
    """The new state of one delivery."""

    notification_id: uuid.UUID
    device_id: uuid.UUID
    user_id: uuid.UUID
    state: DeliveryState
    request: _Request | None = None
    """None if the dispatcher has claimed it."""
    reason: str | None = None
    delay_seconds: float = 0.0
    token: str = ""
    dead_since: dt.datetime | None = None
    counts: bool = True
    """Whether the attempt makes the next wait longer."""
    configuration: str | None = None
    """See Outcome."""
    version: int = 1
    """The version that was sent."""
    stacks: bool = False
    """Whether the device shows a later version beside this one (`devices.models.STACKING`)."""
    lease: Lease | None = None
    """See Push."""

    @property
    def is_usual(self) -> bool:
        """Whether it is the outcome of nearly all pushes."""
        return self.state is DeliveryState.ACCEPTED and self.version == 1

    @property
    def row(self) -> tuple[int, int]:
        """The key of its row. Batches are written in this order, as replacements lock rows, so that neither waits for
        the other in a circle."""
        return self.notification_id.int, self.device_id.int


class Dispatcher:
    """Passes leased work to the sender and settles the outcomes. Claims work that is due.

    The number of outcomes that can wait is bounded by the deliveries in progress.
    """

    def __init__(self, pool: Pool, sender: PushSender, events: EventBus, *, gathering: Gathering = APART) -> None:
        self._pool = pool
        self._sender = sender
        self._events = events
        self._loop = ClaimLoop("work", self._claim, size=CLAIM_SIZE, most=MAX_CLAIMED)
        self._writer: BatchWriter[_Settlement] = BatchWriter(
            "outcomes", self._write, self._give_up, gather_seconds=gathering.outcomes
        )
        self._direct: KeyedCounter[uuid.UUID] = KeyedCounter()
        """What requests deliver themselves, by account."""
        self._round = Round()
        self._held = 0
        """Pushes that were not sent because their route is stopped."""
        self._counting = asyncio.Semaphore(1)
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

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
        request = _Request(account_id, OutcomeWait())
        # Claims do not wait for these. There may always be some, and retries and large pushes must go on beside them.
        self._loop.begin(len(push.targets), beside=True)
        self._direct.add(account_id, len(push.targets))
        self._send(notification_id, push, request)
        return request.wait

    def wake(self) -> None:
        """The table has work that is not leased."""
        self._loop.wake()

    async def count(self, notification_id: uuid.UUID, version: int = 1) -> OutcomeCounts:
        """Counts in the database what has become of a notification's deliveries, as far as they are of this version or
        a later one. One count at a time, so that claims and settlements keep their connections."""
        async with self._counting, self._pool.connection() as connection:
            cursor = await connection.execute(COUNT, (notification_id, version), binary=True)
            row = await cursor.fetchone()
        return OutcomeCounts(*row) if row else OutcomeCounts(0, 0, 0)

    async def run(self) -> None:
        """Claims and delivers due work, until cancelled."""
        await self._loop.run()

    async def write(self) -> None:
        """Writes outcomes, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every outcome is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        async with self._pool.connection() as connection:
            parameters = self._round.parameters(CLAIM_SIZE) | {"lease": LEASE_SECONDS}
            ends = time.monotonic() + LEASE_SECONDS
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
            self._resume(notification_id, notifications.get(notification_id), group, Lease(group[0][6], ends))
        # If everything was held, the rest would be held too, and each row costs two writes.
        return more and self._held - held < len(rows)

    def _resume(
        self,
        notification_id: uuid.UUID,
        notification: tuple[Any, ...] | None,
        rows: list[tuple[Any, ...]],
        lease: Lease,
    ) -> None:
        """Delivers claimed rows, and settles those that cannot be delivered any more."""
        self._loop.begin(len(rows))
        payload, expires_at, expired, account_id, version = notification or (b"", None, True, None, GONE)
        about = About(account_id, str(notification_id), PushEvent.ALERT) if account_id else None
        push = Push(
            payload,
            expires_at,
            collapse_id=str(notification_id),
            about=about,
            web=partial(notification_for_browsers, payload, version),
            version=version,
            lease=lease,
        )
        silent: list[Target] = []
        for _, device_id, user_id, apns_id, attempts, alerted, _, token, environment, bundle_id in rows:
            if expired or token is None:
                state = DeliveryState.EXPIRED if expired else DeliveryState.TOKEN_DEAD
                self._writer.put(_Settlement(notification_id, device_id, user_id, state, version=version, lease=lease))
            else:
                own_id = apns_id_of(apns_id, version)
                target = Target(device_id, user_id, token, environment, bundle_id, own_id, attempts)
                (silent if alerted else push.targets).append(target)
        if push.targets:
            self._send(notification_id, push, None)
        if silent:
            payload = silent_form(payload)
            web = partial(notification_for_browsers, payload, version)
            self._send(notification_id, replace(push, payload=payload, targets=silent, web=web), None)

    def _send(self, notification_id: uuid.UUID, push: Push, request: _Request | None) -> None:
        self._sender.submit(push, lambda target, outcome: self._settle(notification_id, push, target, outcome, request))

    def _settle(
        self, notification_id: uuid.UUID, push: Push, target: Target, outcome: Outcome, request: _Request | None
    ) -> None:
        """Takes the outcome of a delivery."""
        if outcome.verdict is OutcomeKind.HELD:
            self._held += 1
        self._writer.put(
            _Settlement(
                notification_id,
                target.device_id,
                target.user_id,
                STATES[outcome.verdict],
                request,
                outcome.reason or None,
                next_delay_seconds(outcome, target.attempts, self._jitter),
                target.token,
                outcome.dead_since,
                outcome.counts,
                outcome.configuration or None,
                push.version,
                target.environment == STACKING,
                push.lease,
            )
        )

    async def _write(self, batch: list[_Settlement]) -> None:
        for one, state in zip(batch, await self._states(batch), strict=True):
            self._finish(one, state)

    async def _states(self, batch: list[_Settlement]) -> list[DeliveryState]:
        """Writes the batch and returns each delivery's state now. Writing the same twice does no harm."""
        states = [DeliveryState.ACCEPTED] * len(batch)
        places = sorted(range(len(batch)), key=lambda place: batch[place].row)
        accepted = [batch[place] for place in places if batch[place].is_usual]
        others = [place for place in places if not batch[place].is_usual]
        dead: list[tuple[uuid.UUID, _Settlement]] = []
        async with self._pool.connection() as connection:
            if accepted:
                rows = uuids(one.notification_id for one in accepted), uuids(one.device_id for one in accepted)
                written = await connection.execute(SETTLE_ACCEPTED, rows)
                if written.rowcount < len(accepted):
                    # Some were accepted before, under another process's lease; or their content was replaced.
                    await connection.execute(SETTLE, _columns(accepted))
                    self._loop.wake()
            if others:
                cursor = await connection.execute(SETTLE, _columns([batch[place] for place in others]))
                # The statement did not change a delivery that was accepted before, under another process's lease.
                for place, state, account_id in await cursor.fetchall():
                    states[others[place - 1]] = DeliveryState(state)
                    one = batch[others[place - 1]]
                    if state == DeliveryState.TOKEN_DEAD and one.token:
                        dead.append((account_id, one))
                    elif state == DeliveryState.DUE and one.state is not DeliveryState.DUE:
                        self._loop.wake()
        for account_id, one in dead:
            event = Event(EventType.PUSH_TOKEN_DEAD, now(), device_id=one.device_id, reason=one.reason or "")
            self._events.publish(account_id, event)
        return states

    def _give_up(self, settlement: _Settlement) -> None:
        """The delivery is due again when its lease ends."""
        self._finish(settlement, DeliveryState.DUE)

    def _finish(self, settlement: _Settlement, state: DeliveryState) -> None:
        """The settlement is written and the delivery is in this state."""
        if (request := settlement.request) is not None:
            accepted, gone = state is DeliveryState.ACCEPTED, state is not DeliveryState.DUE
            request.wait.hear(settlement.device_id, settlement.user_id, accepted=accepted, gone=gone)
            self._direct.add(request.account_id, -1)
        self._loop.finish(1, beside=request is not None)


def _columns(batch: list[_Settlement]) -> dict[str, list[Any]]:
    return {
        "notification_ids": [one.notification_id for one in batch],
        "device_ids": [one.device_id for one in batch],
        "states": [one.state.value for one in batch],
        "reasons": [one.reason for one in batch],
        "delays": [one.delay_seconds for one in batch],
        "tokens": [one.token for one in batch],
        "dead_since": [one.dead_since for one in batch],
        "counts": [one.counts for one in batch],
        "configurations": [one.configuration for one in batch],
        "versions": [one.version for one in batch],
        "stacks": [one.stacks for one in batch],
        "leases": [one.lease.ends_at if one.lease else None for one in batch],
    }
