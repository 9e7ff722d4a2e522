"""Sets the number on the app's icon: records it for every phone, and answers with what has become of it."""

import datetime as dt
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.badges.dispatcher import FIRST_VERSION, BadgeDispatcher
from core_service.badges.errors import BadgeDeviceDisconnected
from core_service.badges.queries import COUNT, FIND, RECORD_FOR_ALL, RECORD_FOR_CHANNELS
from core_service.channels.audience import Audience
from core_service.channels.errors import NoRecipients
from core_service.common.orm import now
from core_service.events.service import EventBus
from core_service.idempotency.service import new_resource
from core_service.identity.principal import ApiKeyPrincipal, ChannelRef, Sender, SessionPrincipal
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import COUNT_SECONDS, OutcomeCounts, OutcomeWait, count_in_time
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class BadgeAnswer:
    """What has become of a number by the time of the answer."""

    number: int
    created_at: dt.datetime
    effective_channel_slugs: tuple[str, ...]
    """Empty for the whole account."""
    devices_targeted: int
    counts: OutcomeCounts


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A number that is in the database."""

    update_id: uuid.UUID
    number: int
    created_at: dt.datetime
    slugs: tuple[str, ...] | None
    devices: int
    owed: int
    """How many of the devices can be reached, as far as is known."""
    due: int
    """To how many of those it can be sent at once."""


class Badges:
    """The use case."""

    def __init__(
        self,
        pool: Pool,
        audience: Audience,
        dispatch: BadgeDispatcher,
        events: EventBus,
        account_limit: KeyedLimiter[uuid.UUID],
        *,
        delivery_wait: float,
    ) -> None:
        self._pool = pool
        self._audience = audience
        self._dispatch = dispatch
        self._events = events
        self._account_limit = account_limit
        self._delivery_wait = delivery_wait

    async def set(self, caller: Sender, number: int, requested: Sequence[str] | None) -> BadgeAnswer:
        """Sets the number on every device that the caller's scope and the `requested` channel slugs select.

        Once it is recorded, each of them gets it or a newer one, even if this process dies. The answer waits for
        outcomes, at most for the configured delivery wait.

        Raises InvalidTarget, ChannelScopeViolation, NoRecipients, Unavailable; BadgeDeviceDisconnected if no device can
        be reached, although the number is recorded then.
        """
        deadline = time.monotonic() + self._delivery_wait
        resource = new_resource()
        with self._dispatch.waits.expecting(str(resource.id), FIRST_VERSION) as wait:
            # An earlier run of this request may have recorded it. By now a newer number may be on the phones.
            recorded = await self._find(caller, resource.id) if resource.repeated else None
            if recorded is None:
                recorded = await self._record(caller, resource.id, number, requested)
            self._dispatch.origins.note(str(resource.id))
            self._dispatch.wake()
            self._events.ring(caller.account_id)
            counts = await self._outcome(recorded, wait, deadline)
        slugs = recorded.slugs or ()
        if not counts.devices_notified and not counts.devices_queued and await self._reached_none(recorded):
            raise BadgeDeviceDisconnected(recorded.number, recorded.devices, slugs)
        return BadgeAnswer(recorded.number, recorded.created_at, slugs, recorded.devices, counts)

    async def _find(self, caller: Sender, update_id: uuid.UUID) -> _Recorded | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(FIND, (update_id, caller.account_id), binary=True)
            row = await cursor.fetchone()
        if row is None:
            return None
        created_at, slugs, number, devices, owed = row
        return _Recorded(update_id, number, created_at, None if slugs is None else tuple(slugs), devices, owed, owed)

    async def _record(
        self, caller: Sender, update_id: uuid.UUID, number: int, requested: Sequence[str] | None
    ) -> _Recorded:
        channels = await self._audience.resolve(caller, requested)
        slugs = _slugs(channels)
        created_at = now()
        parameters: dict[str, Any] = {
            "update_id": update_id,
            "account_id": caller.account_id,
            "api_key_id": caller.api_key_id if isinstance(caller, ApiKeyPrincipal) else None,
            "user_id": caller.user_id if isinstance(caller, SessionPrincipal) else None,
            "number": number,
            "channel_slugs": None if slugs is None else list(slugs),
            "channel_ids": None if channels is None else [channel.id for channel in channels],
            "created_at": created_at,
        }
        query = RECORD_FOR_ALL if channels is None else RECORD_FOR_CHANNELS
        async with self._account_limit.place(caller.account_id), self._pool.connection() as connection:
            cursor = await connection.execute(query, parameters, binary=True)
            devices, owed, due = await cursor.fetchone() or (0, 0, 0)
        if not devices:
            raise NoRecipients(slugs)
        return _Recorded(update_id, number, created_at, slugs, devices, owed, due)

    async def _outcome(self, recorded: _Recorded, wait: OutcomeWait, deadline: float) -> OutcomeCounts:
        """Returns the counts by the deadline. Another core may send to some of the devices, and a newer number may
        take the place of this one, so the database is asked, too."""
        counts = wait.counts(recorded.owed)
        while recorded.due and (left := deadline - time.monotonic()) > 0:
            if await wait.wait(recorded.due, min(COUNT_SECONDS, left)):
                return wait.counts(recorded.owed)
            newest = await count_in_time(lambda: self._count(recorded.update_id))
            # What this process had sent before a newer number came is not counted in the database any more.
            known = [one for one in (wait.counts(recorded.owed), newest) if one is not None]
            counts = min(known, key=lambda one: (one.devices_queued, -one.devices_notified))
            if counts.devices_queued <= recorded.owed - recorded.due:
                break
        return counts

    async def _count(self, update_id: uuid.UUID) -> OutcomeCounts:
        notified, users, queued, _ = await self._states(update_id)
        return OutcomeCounts(notified, users, queued)

    async def _reached_none(self, recorded: _Recorded) -> bool:
        """Whether each device has this number and cannot be reached. If a newer number has taken its place, that one
        has an answer of its own."""
        *_, failed = await self._states(recorded.update_id)
        return bool(failed) and failed == recorded.devices

    async def _states(self, update_id: uuid.UUID) -> tuple[int, int, int, int]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(COUNT, (update_id,), binary=True)
            row = await cursor.fetchone()
        accepted, users, due, failed = row or (0, 0, 0, 0)
        return accepted, users, due, failed


def _slugs(channels: Sequence[ChannelRef] | None) -> tuple[str, ...] | None:
    return None if channels is None else tuple(channel.slug for channel in channels)
