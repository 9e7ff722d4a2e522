"""Replaces the content of a notification on the devices that it was for.

A device has one attempt on its way at a time: the newer content waits for the outcome of what is under way, or for the
end of its lease. So no older content is sent after a newer one.
"""

import datetime as dt
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import AsyncConnection

from core_service.audit.act import record
from core_service.channels.errors import NoRecipients
from core_service.common.orm import now
from core_service.common.validation import missing
from core_service.events.service import Event, EventBus, EventType
from core_service.idempotency.service import Resource, new_resource
from core_service.identity.principal import Sender, SessionPrincipal
from core_service.push.content import Content, build_payload, read_payload
from core_service.push.errors import BeyondScope, DeviceUnreachable, TooOld
from core_service.push.queries import FIND, action_columns
from core_service.push.replacement_queries import LOCK, READ, REPLACE
from core_service.push.service import SentNotification
from core_service.sending.dispatcher import Dispatcher
from core_service.sending.later_versions import REPLACEABLE
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import OutcomeCounts, count_by
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class NewContent:
    """What a notification is to say from now on. Its sound and its interruption level are not used."""

    content: Content
    keeps_tags: bool
    """The notification's own tags stay, and those of `content` are not used."""
    keeps_metadata: bool


class Replacements:
    """The use case."""

    def __init__(
        self,
        pool: Pool,
        dispatch: Dispatcher,
        events: EventBus,
        account_limit: KeyedLimiter[uuid.UUID],
        *,
        delivery_wait: float,
        time_to_live: dt.timedelta,
        history: dt.timedelta,
    ) -> None:
        """Notifications are kept for `history`."""
        self._pool = pool
        self._dispatch = dispatch
        self._events = events
        self._account_limit = account_limit
        self._delivery_wait = delivery_wait
        self._time_to_live = time_to_live
        self._replaceable = min(REPLACEABLE, history)

    async def replace(self, caller: Sender, notification_id: uuid.UUID, new: NewContent) -> SentNotification:
        """Records the new content for every device of the notification that can be reached, and waits for outcomes, at
        most for the configured delivery wait. A request that is repeated changes nothing if it was recorded before, or
        if another that began later was.

        Raises NotFound, BeyondScope, TooOld, NoRecipients, DeviceUnreachable, PayloadTooLarge, Unavailable.
        """
        deadline, resource = time.monotonic() + self._delivery_wait, new_resource()
        async with (
            self._account_limit.place(caller.account_id),
            self._pool.connection() as connection,
            connection.transaction(),
        ):
            result, version, total = await self._record(connection, caller, notification_id, new, resource)
        replaced = Event(EventType.PUSH_NOTIFICATION_REPLACED, result.created_at, notification_id=notification_id)
        self._events.publish(caller.account_id, replaced)
        self._dispatch.wake()
        waiting = OutcomeCounts(0, 0, total)
        counts = await count_by(deadline, waiting, lambda: self._dispatch.count(notification_id, version))
        return replace(result, counts=counts)

    async def _record(
        self,
        connection: AsyncConnection[Any],
        caller: Sender,
        notification_id: uuid.UUID,
        new: NewContent,
        resource: Resource,
    ) -> tuple[SentNotification, int, int]:
        """Records the new content in the open transaction. Returns the answer without its counts, the version of the
        content, and to how many devices it is owed."""
        named: dict[str, Any] = {"notification_id": notification_id, "account_id": caller.account_id}
        row = await (await connection.execute(READ, named, binary=True)).fetchone()
        if row is None:
            raise missing("push notification")
        created_at, slugs, device_id, payload, last_id, last_at, last_tags, last_version = row
        _require_reach(caller, slugs)
        effective, moment = None if slugs is None else tuple(slugs), now()
        if resource.repeated and last_id is not None and resource.id <= last_id:
            found = await (await connection.execute(FIND, (notification_id, caller.account_id), binary=True)).fetchone()
            before = SentNotification(notification_id, last_at, effective, tuple(last_tags or ()), NOTHING_YET)
            return before, last_version, found[3] if found else 0
        if created_at <= moment - self._replaceable:
            raise TooOld(self._replaceable.days)
        original = read_payload(payload, (), None, None)
        content = replace(new.content, sound=original.sound, interruption_level=original.interruption_level)
        parameters = named | {
            "title": content.title,
            "message": content.message,
            "payload": build_payload(notification_id, content, replaces=True),
            "keeps_tags": new.keeps_tags,
            "tags": list(content.tags) or None,
            "keeps_metadata": new.keeps_metadata,
            "metadata": content.metadata,
            "expires_at": moment + self._time_to_live,
            "replaced_at": moment,
            "replacement_id": resource.id,
            **action_columns(content.actions),
        }
        await connection.execute(LOCK, named)
        written = await (await connection.execute(REPLACE, parameters, binary=True)).fetchone()
        if written is None:
            raise NoRecipients(effective) if device_id is None else DeviceUnreachable
        if isinstance(caller, SessionPrincipal):
            await record(connection, caller.account_id, notification_id)
        version, tags, total = written
        return SentNotification(notification_id, moment, effective, tuple(tags or ()), NOTHING_YET), version, total


NOTHING_YET = OutcomeCounts(0, 0, 0)


def _require_reach(caller: Sender, slugs: Sequence[str] | None) -> None:
    """Raises BeyondScope unless the caller reaches all channels that the notification was sent to."""
    if caller.channels is not None and (slugs is None or not {one.slug for one in caller.channels} >= set(slugs)):
        raise BeyondScope
