"""Sends push notifications: records them, delivers them, answers with what happened."""

import datetime as dt
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from core_service.channels.audience import Audience
from core_service.channels.errors import NoRecipients
from core_service.common.orm import now
from core_service.events.service import EventBus
from core_service.idempotency.service import new_resource
from core_service.identity.principal import DevicePrincipal, Sender
from core_service.push.content import Content, build_payload
from core_service.push.errors import DeviceUnreachable
from core_service.push.order import Order
from core_service.push.queries import FIND
from core_service.push.recording import RecordedPush, Recording
from core_service.sending.dispatcher import Dispatcher
from core_service.work_queue.group import Crowd
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import OutcomeCounts, count_by
from service_kit import tracing
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class SentNotification:
    """What happened to a notification by the time of the answer."""

    notification_id: uuid.UUID
    created_at: dt.datetime
    effective_channel_slugs: tuple[str, ...] | None
    tags: tuple[str, ...]
    counts: OutcomeCounts


class PushNotifications:
    """The use cases of push notifications."""

    def __init__(
        self,
        pool: Pool,
        audience: Audience,
        dispatch: Dispatcher,
        events: EventBus,
        account_limit: KeyedLimiter[uuid.UUID],
        *,
        crowd: Crowd,
        delivery_wait: float,
        time_to_live: dt.timedelta,
    ) -> None:
        self._pool = pool
        self._audience = audience
        self._dispatch = dispatch
        self._crowd = crowd
        self._recording = Recording(pool, dispatch, events, account_limit, crowd)
        self._delivery_wait = delivery_wait
        self._time_to_live = time_to_live

    async def send(
        self,
        caller: Sender | DevicePrincipal,
        content: Content,
        requested: Sequence[str] | None,
        *,
        device_id: uuid.UUID | None = None,
        replay_of: uuid.UUID | None = None,
    ) -> SentNotification:
        """Sends `content` to every device that the caller's scope and the `requested` channel slugs select, or to one
        device of the account. `replay_of` is the notification that is sent again.

        Once the notification is recorded, it will be delivered, even if this process dies. The answer waits for
        outcomes, at most for the configured delivery wait.

        Raises InvalidTarget, ChannelScopeViolation, NoRecipients, DeviceUnreachable, PayloadTooLarge, Unavailable.
        """
        with self._crowd:
            return await self._send(caller, content, requested, device_id, replay_of)

    async def _send(
        self,
        caller: Sender | DevicePrincipal,
        content: Content,
        requested: Sequence[str] | None,
        device_id: uuid.UUID | None,
        replay_of: uuid.UUID | None,
    ) -> SentNotification:
        deadline = time.monotonic() + self._delivery_wait
        resource = new_resource()
        if resource.repeated and (before := await self._find(caller, resource.id, deadline)) is not None:
            return before
        notification_id, created_at = resource.id, now()
        payload = build_payload(notification_id, content)
        channels = await self._audience.resolve(caller, requested)
        order = Order(
            notification_id,
            created_at,
            created_at + self._time_to_live,
            caller,
            content,
            payload,
            channels,
            device_id,
            replay_of,
            tracing.origin(),
        )
        recorded = await self._recording.record(order)
        slugs = None if channels is None else tuple(channel.slug for channel in channels)
        if not recorded.total:
            raise NoRecipients(slugs) if device_id is None else DeviceUnreachable
        counts = await self._outcome(notification_id, recorded, deadline)
        return SentNotification(notification_id, created_at, slugs, content.tags, counts)

    async def _find(
        self, caller: Sender | DevicePrincipal, notification_id: uuid.UUID, deadline: float
    ) -> SentNotification | None:
        """Returns what an earlier run of this request has recorded, if it could not answer."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(FIND, (notification_id, caller.account_id), binary=True)
            row = await cursor.fetchone()
        if row is None:
            return None
        created_at, slugs, tags, total = row
        self._dispatch.wake()
        counts = await self._count(notification_id, total, deadline)
        effective = None if slugs is None else tuple(slugs)
        return SentNotification(notification_id, created_at, effective, tuple(tags or ()), counts)

    async def _outcome(self, notification_id: uuid.UUID, recorded: RecordedPush, deadline: float) -> OutcomeCounts:
        if recorded.wait is None:
            return await self._count(notification_id, recorded.total, deadline)
        await recorded.wait.wait(recorded.total, deadline - time.monotonic())
        return recorded.wait.counts(recorded.total)

    async def _count(self, notification_id: uuid.UUID, total: int, deadline: float) -> OutcomeCounts:
        return await count_by(deadline, OutcomeCounts(0, 0, total), lambda: self._dispatch.count(notification_id))
