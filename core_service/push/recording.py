"""Records notifications, those that come at the same time together, and hands what they lease to the dispatcher."""

import time
import uuid
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter

from core_service.audit.act import record
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.principal import ChannelRef, SessionPrincipal
from core_service.push.order import Order, parameters, parameters_together
from core_service.push.queries import (
    RECORD_FOR_ALL,
    RECORD_FOR_CHANNELS,
    RECORD_FOR_DEVICE,
    RECORD_FOR_PERSON,
    RECORD_TOGETHER,
)
from core_service.sending.dispatcher import Dispatcher
from core_service.sending.port import About, Lease, Push, PushEvent, Target
from core_service.sending.queries import LEASE_SECONDS
from core_service.sending.web_form import notification_for_browsers
from core_service.work_queue.group import Crowd, Group
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import OutcomeWait
from service_kit.database import Pool

LEASED_DEVICES = 200
"""Devices to which the request itself delivers. The dispatcher delivers to the others."""
MAX_TOGETHER = 64
"""Notifications in one statement."""
MAX_DEVICES_TOGETHER = 16
"""Devices of each of them. One for more has a statement of its own, and is no delay for the others."""
MAX_KNOWN_LARGE = 1000
KNOWN_LARGE_SECONDS = 60.0
"""How long an audience is taken to be large without looking."""


@dataclass(frozen=True, slots=True)
class RecordedPush:
    """What a notification owes."""

    total: int
    """Devices. If there are none, nothing is recorded."""
    wait: OutcomeWait | None = None
    """Hears of all of them; None if some of them are left to the dispatcher."""


NOTHING = RecordedPush(0)
TOO_LARGE = RecordedPush(-1)
"""It is not recorded, because it is for too many devices to be recorded with others."""


class Recording:
    """Records each notification with all that it owes, in one transaction, and then begins to deliver. What is recorded
    together is delivered whether its caller is still there or not."""

    def __init__(
        self,
        pool: Pool,
        dispatch: Dispatcher,
        events: EventBus,
        account_limit: KeyedLimiter[uuid.UUID],
        crowd: Crowd,
    ) -> None:
        self._pool = pool
        self._dispatch = dispatch
        self._events = events
        self._account_limit = account_limit
        self._group: Group[Order, RecordedPush] = Group(
            "requests", self._alone, self._together, most=MAX_TOGETHER, crowd=crowd
        )
        self._large: OrderedDict[tuple[uuid.UUID, tuple[ChannelRef, ...] | None], float] = OrderedDict()
        """Audiences that were large, and until when they are taken to be (monotonic time)."""

    async def record(self, order: Order) -> RecordedPush:
        """Records the notification and begins to deliver it.

        Raises Unavailable, and one of DATABASE_AWAY. It is unknown then whether it is recorded.
        """
        if order.is_usual and self._large.get(order.audience, 0.0) <= time.monotonic():
            recorded = await self._group.ask(order.account_id, order)
            if recorded is not TOO_LARGE:
                return recorded
        return await self._alone(order)

    async def _alone(self, order: Order) -> RecordedPush:
        account_id, is_person = order.account_id, isinstance(order.caller, SessionPrincipal)
        values = parameters(order)
        if order.device_id is not None:
            query = RECORD_FOR_DEVICE
        elif order.person_id is not None:
            query = RECORD_FOR_PERSON
        else:
            query = RECORD_FOR_ALL if order.channels is None else RECORD_FOR_CHANNELS
        async with self._account_limit.place(account_id), self._pool.connection() as connection:
            # Read only now, because many requests may have waited for the connection.
            leased = LEASED_DEVICES if self._dispatch.has_room(account_id) else 0
            values |= {"leased": max(leased, 1), "lease": LEASE_SECONDS if leased else 0}
            ends = time.monotonic() + LEASE_SECONDS
            # One statement is a transaction by itself. The act of a person has its audit entry in the same transaction.
            async with connection.transaction() if is_person else nullcontext():
                cursor = await connection.execute(query, values, binary=True)
                rows = await cursor.fetchall()
                if rows and is_person:
                    await record(connection, account_id, order.id)
        if not rows:
            return NOTHING
        total, targets = int(rows[0][6]), [Target(*row[:6]) for row in rows] if leased else []
        if total > MAX_DEVICES_TOGETHER:
            self._note_large(order)
        return self._begin(order, total, targets, Lease(rows[0][7], ends))

    async def _together(self, orders: list[Order]) -> list[RecordedPush]:
        # Rows of accounts are locked in this order, as the counters of statistics lock them.
        places = sorted(range(len(orders)), key=lambda place: orders[place].account_id.int)
        values = parameters_together([orders[place] for place in places])
        async with self._pool.connection() as connection:
            leased = [self._dispatch.has_room(orders[place].account_id) for place in places]
            values |= {"leases": [LEASE_SECONDS if one else 0.0 for one in leased], "most": MAX_DEVICES_TOGETHER}
            ends = time.monotonic() + LEASE_SECONDS
            cursor = await connection.execute(RECORD_TOGETHER, values, binary=True)
            rows = await cursor.fetchall()
        answers = [NOTHING] * len(orders)
        for number, group in groupby(rows, key=itemgetter(0)):
            of_one = list(group)
            _, total, device_id, *_, lease_ends = of_one[0]
            place = places[number - 1]
            if device_id is None:
                answers[place] = TOO_LARGE
                self._note_large(orders[place])
            else:
                targets = [Target(*row[2:8]) for row in of_one] if leased[number - 1] else []
                answers[place] = self._begin(orders[place], total, targets, Lease(lease_ends, ends))
        return answers

    def _begin(self, order: Order, total: int, targets: list[Target], lease: Lease) -> RecordedPush:
        """Delivers to the leased devices, and has the dispatcher deliver to the others."""
        account_id = order.account_id
        sent = Event(EventType.PUSH_NOTIFICATION_SENT, order.created_at, notification_id=order.id)
        self._events.publish(account_id, sent)
        wait = None
        if targets:
            push = Push(
                order.payload,
                order.expires_at,
                collapse_id=str(order.id),
                about=About(account_id, str(order.id), PushEvent.ALERT),
                origin=order.origin,
                targets=targets,
                web=partial(notification_for_browsers, order.payload, 1),
                lease=lease,
            )
            wait = self._dispatch.deliver(account_id, order.id, push)
        if len(targets) < total:
            self._dispatch.wake()
            return RecordedPush(total)
        return RecordedPush(total, wait)

    def _note_large(self, order: Order) -> None:
        self._large[order.audience] = time.monotonic() + KNOWN_LARGE_SECONDS
        self._large.move_to_end(order.audience)
        if len(self._large) > MAX_KNOWN_LARGE:
            self._large.popitem(last=False)
