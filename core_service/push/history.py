"""Notifications that were sent: found, read, and sent again."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.actions import Action, ActionType
from core_service.common.orm import lowest_id
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id, read_id_before, write_token
from core_service.common.plans import CUSTOM_PLAN
from core_service.common.validation import containing, missing, require_storable
from core_service.identity.principal import SessionPrincipal
from core_service.push.content import Content, read_payload
from core_service.push.history_queries import ACTIONS, DELIVERIES, FIND_LIFE, GET, LIST, list_timeline
from core_service.push.service import PushNotifications, SentNotification
from service_kit.database import Pool

EXAMINED = 5000
"""Notifications that one page examines if no index fits the filters."""
COUNTED = 1000
"""Devices in each state that a list counts at most."""
MOST_OWED = 50_000
"""Owed deliveries that are searched for notifications."""
SHOWN = 100
"""Devices that are shown with a notification."""
EXAMINED_OF_DEVICE = 20_000
"""Attempts of one device that are searched for those of a notification."""
CLOCKS_DIFFER = dt.timedelta(hours=1)
"""How far the clocks of two cores may differ. Ids are made by these clocks."""
STATES = {"accepted": ("accepted",), "owed": ("due",), "failed": ("token_dead", "rejected", "expired")}
"""The states of a delivery, by outcome."""
HIGHEST = uuid.UUID(int=2**128 - 1)
TIMELINES = {of_device: list_timeline(of_device=of_device) for of_device in (False, True)}


LISTED = (
    "id", "created_at", "expires_at", "title", "message", "channel_slugs", "device_id", "api_key_id", "user_id",
    "replay_of", "tags", "version", "replaced_at", "sender_name",
)  # fmt: skip
COLUMNS_OF_ONE = len(LISTED) + 5


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """What has become of a notification's deliveries."""

    devices: int
    accepted: int
    owed: int
    failed: int
    expired: int


@dataclass(frozen=True, slots=True)
class NotificationRecord:
    """A notification as lists show it."""

    id: uuid.UUID
    created_at: dt.datetime
    expires_at: dt.datetime
    title: str
    message: str | None
    channel_slugs: Sequence[str] | None
    device_id: uuid.UUID | None
    api_key_id: uuid.UUID | None
    user_id: uuid.UUID | None
    replay_of: uuid.UUID | None
    tags: Sequence[str] | None
    version: int
    """Of its content: one more than the times that it was replaced."""
    replaced_at: dt.datetime | None
    sender_name: str
    counts: DeliveryCounts

    @classmethod
    def of(cls, row: Sequence[Any]) -> "NotificationRecord":
        """From the columns of `history_queries`."""
        return cls(**dict(zip(LISTED, row, strict=False)), counts=DeliveryCounts(*row[len(LISTED) : COLUMNS_OF_ONE]))


@dataclass(frozen=True, slots=True)
class NotificationDelivery:
    """What has become of a notification on one device."""

    device_id: uuid.UUID
    device_name: str
    user_name: str
    state: str
    attempts: int
    reason: str
    settled_at: dt.datetime | None
    due_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ShownNotification:
    """A notification with its whole content."""

    notification: NotificationRecord
    content: Content
    deliveries: Sequence[NotificationDelivery]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to a notification on a device: an attempt to deliver it, or a tap on one of its buttons.
    In the order of the columns of `history_queries`."""

    id: uuid.UUID
    occurred_at: dt.datetime
    device_id: uuid.UUID
    state: str
    """The attempt's outcome, or the state of the run that the tap began."""
    status_code: int | None
    words: str
    """The attempt's reason, or the button's text."""
    number: int
    """The attempt's milliseconds, or the attempts of the call."""
    apns_id: uuid.UUID | None
    settled_at: dt.datetime | None
    is_tap: bool
    device_name: str


@dataclass(frozen=True, slots=True)
class Search:
    """Which notifications to list. A filter that is None matches all."""

    text: str | None = None
    api_key_id: uuid.UUID | None = None
    channel: str | None = None
    outcome: str | None = None
    """`accepted`, `owed` or `failed`."""
    tags: Sequence[str] | None = None
    has_any_tag: bool = False
    """One of the tags suffices; otherwise all of them must be there."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    device_id: uuid.UUID | None = None
    """With an outcome: the outcome on this device."""


class NotificationHistory:
    """What was sent by `push_notifications`."""

    def __init__(self, pool: Pool, push_notifications: PushNotifications) -> None:
        self._pool = pool
        self._push_notifications = push_notifications

    async def list(
        self, account_id: uuid.UUID, search: Search, page_size: int | None, page_token: str | None
    ) -> Page[NotificationRecord]:
        """Lists notifications of the account, newest first. A page may be short or empty and still have a next one.

        Raises InvalidRequest.
        """
        size, before = page_size or DEFAULT_SIZE, read_id_before(page_token)
        text = None if search.text is None else require_storable(search.text, "search")
        filters = (text, search.api_key_id, search.channel, search.outcome, search.tags, search.device_id)
        is_bounded = any(one is not None for one in filters)
        examined_at_most = max(EXAMINED, size + 1) if is_bounded else size + 1
        parameters = {
            "account_id": account_id,
            "before": before if search.until is None else min(before, lowest_id(search.until)),
            "since": uuid.UUID(int=0) if search.since is None else lowest_id(search.since),
            "search": None if text is None else containing(text),
            "whole": None if text is None else text.strip().lower(),
            "device_id": search.device_id,
            "states": None if search.outcome is None else list(STATES[search.outcome]),
            "api_key_id": search.api_key_id,
            "channel": search.channel,
            "outcome": search.outcome,
            "tags": search.tags,
            "tag_mode": "any" if search.has_any_tag else "all",
            "examined": examined_at_most,
            "most": MOST_OWED,
            "counted": COUNTED,
            "limit": size + 1,
        }
        rows = await self._rows(LIST, parameters)
        found = [NotificationRecord.of(row[2:]) for row in rows if row[2] is not None]
        if len(found) > size:
            return Page(found[:size], write_token(str(found[size - 1].id)))
        examined, last = rows[0][:2]
        return Page(found, write_token(str(last)) if is_bounded and examined == examined_at_most else None)

    async def get(self, account_id: uuid.UUID, notification_id: uuid.UUID) -> ShownNotification:
        """The notification.

        Raises NotFound.
        """
        parameters = {"account_id": account_id, "id": notification_id, "limit": SHOWN}
        rows = await self._rows(GET, parameters)
        if not rows:
            raise missing("push notification")
        notification, (payload, metadata) = NotificationRecord.of(rows[0]), rows[0][COLUMNS_OF_ONE:]
        actions = tuple(
            Action(title, ActionType(kind), url, method, body)
            for title, kind, url, method, body in await self._rows(ACTIONS, parameters)
        )
        deliveries = [NotificationDelivery(*row) for row in await self._rows(DELIVERIES, parameters)]
        return ShownNotification(notification, read_payload(payload, actions, notification.tags, metadata), deliveries)

    async def timeline(
        self,
        account_id: uuid.UUID,
        notification_id: uuid.UUID,
        device_id: uuid.UUID | None,
        page_size: int | None,
        page_token: str | None,
    ) -> Page[TimelineEntry]:
        """What happened to the notification, oldest first: on this device, or on all.

        Raises InvalidRequest, NotFound.
        """
        size, after = page_size or DEFAULT_SIZE, read_id(page_token)
        parameters: dict[str, Any] = {"account_id": account_id, "id": notification_id, "device_id": device_id}
        found = await self._rows(FIND_LIFE, parameters)
        if not found:
            raise missing("push notification")
        created_at, settled_at = found[0]
        more = {
            "subject": str(notification_id),
            "after": max(after, lowest_id(created_at - CLOCKS_DIFFER)),
            "before": HIGHEST if settled_at is None else lowest_id(settled_at + CLOCKS_DIFFER),
            "examined": EXAMINED_OF_DEVICE,
            "limit": size + 1,
        }
        rows = await self._rows(TIMELINES[device_id is not None], parameters | more)
        return page_of([TimelineEntry(*row) for row in rows], size, lambda entry: str(entry.id))

    async def replay(self, person: SessionPrincipal, notification_id: uuid.UUID) -> SentNotification:
        """Sends its content to its target again; see `PushNotifications.send`.

        Raises NotFound as well.
        """
        shown = await self.get(person.account_id, notification_id)
        sent = shown.notification
        return await self._push_notifications.send(
            person, shown.content, sent.channel_slugs, device_id=sent.device_id, replay_of=notification_id
        )

    async def _rows(self, query: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(CUSTOM_PLAN)
            return await (await connection.execute(query, parameters, binary=True)).fetchall()
