"""Sends push notifications: records them, delivers them, answers with what happened."""

import datetime as dt
import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from core_service.audit.act import record
from core_service.channels.audience import Audience
from core_service.channels.errors import NoRecipients
from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.idempotency.service import new_resource
from core_service.identity.principal import ApiKeyPrincipal, ChannelRef, DevicePrincipal, Sender, SessionPrincipal
from core_service.push.content import Content, build_payload
from core_service.push.errors import DeviceUnreachable
from core_service.push.queries import (
    FIND,
    RECORD_FOR_ALL,
    RECORD_FOR_CHANNELS,
    RECORD_FOR_DEVICE,
    action_columns,
)
from core_service.sending.dispatcher import Dispatcher
from core_service.sending.port import About, Lease, Push, PushEvent, Target
from core_service.sending.queries import LEASE_SECONDS
from core_service.sending.web_form import notification_for_browsers
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import OutcomeCounts, count_by
from service_kit import tracing
from service_kit.database import Pool

LEASED_DEVICES = 200
"""Devices to which the request itself delivers. The dispatcher delivers to the others."""


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
        delivery_wait: float,
        time_to_live: dt.timedelta,
    ) -> None:
        self._events = events
        self._pool = pool
        self._audience = audience
        self._dispatch = dispatch
        self._account_limit = account_limit
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
        deadline = time.monotonic() + self._delivery_wait
        resource = new_resource()
        if resource.repeated and (before := await self._find(caller, resource.id, deadline)) is not None:
            return before
        notification_id, created_at = resource.id, now()
        payload = build_payload(notification_id, content)
        channels = await self._audience.resolve(caller, requested)
        about = About(caller.account_id, str(notification_id), PushEvent.ALERT)
        expires_at = created_at + self._time_to_live
        push = Push(
            payload,
            expires_at,
            collapse_id=str(notification_id),
            about=about,
            origin=tracing.origin(),
            web=partial(notification_for_browsers, payload, 1),
        )
        total, lease = await self._record(
            notification_id, caller, content, push, channels, device_id=device_id, replay_of=replay_of
        )
        slugs = None if channels is None else tuple(channel.slug for channel in channels)
        if not total:
            raise NoRecipients(slugs) if device_id is None else DeviceUnreachable
        sent = Event(EventType.PUSH_NOTIFICATION_SENT, created_at, notification_id=notification_id)
        self._events.publish(caller.account_id, sent)
        push = replace(push, lease=lease)
        counts = await self._deliver(caller.account_id, notification_id, push, total, deadline)
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

    async def _record(
        self,
        notification_id: uuid.UUID,
        caller: Sender | DevicePrincipal,
        content: Content,
        push: Push,
        channels: tuple[ChannelRef, ...] | None,
        *,
        device_id: uuid.UUID | None,
        replay_of: uuid.UUID | None,
    ) -> tuple[int, Lease | None]:
        """Records everything in one transaction and puts the leased devices into `push.targets`. Returns how many
        devices are owed the push, and the lease."""
        parameters: dict[str, Any] = {
            "notification_id": notification_id,
            "account_id": caller.account_id,
            "api_key_id": caller.api_key_id if isinstance(caller, ApiKeyPrincipal) else None,
            "user_id": None if isinstance(caller, ApiKeyPrincipal) else caller.user_id,
            "replay_of": replay_of,
            "title": content.title,
            "message": content.message,
            "payload": push.payload,
            "channel_slugs": None if channels is None else [channel.slug for channel in channels],
            "channel_ids": None if channels is None else [channel.id for channel in channels],
            "device_id": device_id,
            "tags": list(content.tags) if content.tags else None,
            "metadata": content.metadata,
            "created_at": push.expires_at - self._time_to_live,
            "expires_at": push.expires_at,
            **action_columns(content.actions),
        }
        if device_id is not None:
            query = RECORD_FOR_DEVICE
        else:
            query = RECORD_FOR_ALL if channels is None else RECORD_FOR_CHANNELS
        async with self._account_limit.place(caller.account_id), self._pool.connection() as connection:
            # Read only now, because many requests may have waited for the connection.
            leased = LEASED_DEVICES if self._dispatch.has_room(caller.account_id) else 0
            parameters |= {"leased": max(leased, 1), "lease": LEASE_SECONDS if leased else 0}
            # One statement is a transaction by itself. The act of a person has its audit entry in the same transaction.
            is_person, ends = isinstance(caller, SessionPrincipal), time.monotonic() + LEASE_SECONDS
            async with connection.transaction() if is_person else nullcontext():
                cursor = await connection.execute(query, parameters, binary=True)
                rows = await cursor.fetchall()
                if rows and is_person:
                    await record(connection, caller.account_id, notification_id)
        if leased:
            push.targets.extend(Target(*row[:6]) for row in rows)
        return (int(rows[0][6]), Lease(rows[0][7], ends)) if rows else (0, None)

    async def _deliver(
        self, account_id: uuid.UUID, notification_id: uuid.UUID, push: Push, total: int, deadline: float
    ) -> OutcomeCounts:
        wait = self._dispatch.deliver(account_id, notification_id, push) if push.targets else None
        if wait is not None and len(push.targets) == total:
            await wait.wait(total, deadline - time.monotonic())
            return wait.counts(total)
        self._dispatch.wake()
        return await self._count(notification_id, total, deadline)

    async def _count(self, notification_id: uuid.UUID, total: int, deadline: float) -> OutcomeCounts:
        return await count_by(deadline, OutcomeCounts(0, 0, total), lambda: self._dispatch.count(notification_id))
