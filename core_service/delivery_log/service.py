"""What happened to pushes, and why something is or is not on a device."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.clock import Clock
from core_service.common.orm import lowest_id
from core_service.common.orm import now as wall_clock
from core_service.common.paging import DEFAULT_SIZE, Page, read_id_before, write_token
from core_service.common.plans import CUSTOM_PLAN
from core_service.common.validation import UUID, containing, missing
from core_service.delivery_log.facts import ActivityFacts, DeviceFacts, NotificationFacts, Verdict, VerdictCode
from core_service.delivery_log.queries import (
    EXPLAIN_ACTIVITY,
    EXPLAIN_NOTIFICATION,
    FIND_DEVICE,
    FIND_END,
    FIND_STREAM,
    FIND_STREAM_ACTIVITIES,
    list_attempts,
)
from core_service.delivery_log.verdict import explain_activity, explain_notification
from service_kit.database import Pool

__all__ = ["Attempt", "DeliveryLog", "Explained", "Filters", "Subject", "Verdict", "VerdictCode"]

EXAMINED = 5000
"""Attempts that one page examines if no index fits the filters."""
EXAMINED_OF_MANY = 1000
"""The same for each activity of a stream."""
SHOWN = 20
"""Attempts that are shown with a verdict."""
EXAMINED_FOR_VERDICT = 20_000
"""Attempts of the device that are searched for them."""
CLOCKS_DIFFER = dt.timedelta(hours=1)
"""How far the clocks of two cores may differ. Ids are made by these clocks."""
LOWEST = uuid.UUID(int=0)
QUERIES = {by: list_attempts(by) for by in ("account", "subject", "device")}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of the log, in the order of `queries.COLUMNS`."""

    id: uuid.UUID
    occurred_at: dt.datetime
    device_id: uuid.UUID
    subject: str
    event: str
    priority: int
    apns_id: uuid.UUID
    outcome: str
    status_code: int | None
    reason: str | None
    latency_ms: int
    device_name: str
    subject_title: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: exactly one of the three."""

    notification_id: uuid.UUID | None = None
    activity_id: str | None = None
    stream_key: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which attempts to list. A filter that is None matches all."""

    notification_id: uuid.UUID | None = None
    activity_id: str | None = None
    stream_key: str | None = None
    device_id: uuid.UUID | None = None
    channel: str | None = None
    outcomes: Sequence[str] | None = None
    events: Sequence[str] | None = None
    search: str | None = None
    """Part of the reason, or the whole of the subject's id or of the APNs id."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def looked_for(self) -> dict[str, Any]:
        """The filters for which there is no index, as the query takes them."""
        return {
            "channel": self.channel,
            "outcomes": None if self.outcomes is None else list(self.outcomes),
            "events": None if self.events is None else list(self.events),
            "search": None if self.search is None else containing(self.search),
            "whole": self.search,
        }


@dataclass(frozen=True, slots=True)
class Explained:
    """A verdict, and the last attempts that it is based on."""

    device_id: uuid.UUID
    verdict: Verdict
    attempts: Sequence[Attempt]


class DeliveryLog:
    """Reads the log. DeliveryRecorder writes it."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        """The clock of Live Activities. Notifications go by the database's clock."""

    async def list(
        self, account_id: uuid.UUID, filters: Filters, page_size: int | None, page_token: str | None
    ) -> Page[Attempt]:
        """Attempts of the account, newest first. A page may be short, or empty, and still have a next one.

        Raises InvalidRequest.
        """
        size, before = page_size or DEFAULT_SIZE, read_id_before(page_token)
        subjects = await self._subjects(account_id, filters)
        if subjects is not None and not subjects:
            return Page([], None)
        if subjects is not None and len(subjects) == 1 and filters.device_id is not None:
            before = min(before, await self._end(account_id, filters.device_id, subjects[0]))
        if filters.until is not None:
            before = min(before, lowest_id(filters.until))
        by, looked_for = _index_for(subjects, filters), filters.looked_for
        bounded = any(one is not None for one in looked_for.values()) or (by == "device" and subjects is not None)
        most = EXAMINED_OF_MANY if by == "subject" and len(subjects or ()) > 1 else EXAMINED
        examined_at_most = max(most, size + 1) if bounded else size + 1
        parameters = {
            "account_id": account_id,
            "subjects": subjects,
            "device_id": filters.device_id,
            "before": before,
            "since": LOWEST if filters.since is None else lowest_id(filters.since),
            "examined": examined_at_most,
            "limit": size + 1,
            **looked_for,
        }
        rows = await self._rows(QUERIES[by], parameters)
        attempts = [Attempt(*row[2:]) for row in rows if row[2] is not None]
        if len(attempts) > size:
            return Page(attempts[:size], write_token(str(attempts[size - 1].id)))
        examined, last = rows[0][:2]
        return Page(attempts, write_token(str(last)) if bounded and examined == examined_at_most else None)

    async def explain(self, account_id: uuid.UUID, device_id: uuid.UUID, subject: Subject) -> Explained:
        """Returns why the subject is or is not on the device.

        Raises NotFound.
        """
        found = await self._rows(FIND_DEVICE, (device_id, account_id))
        if not found:
            raise missing("device")
        device = DeviceFacts(*found[0])
        parameters: dict[str, Any] = {"account_id": account_id, "device_id": device_id}
        if subject.notification_id is not None:
            rows = await self._rows(EXPLAIN_NOTIFICATION, parameters | {"notification_id": subject.notification_id})
            if not rows:
                raise missing("push notification")
            verdict = explain_notification(NotificationFacts(*rows[0]), device, wall_clock())
            key = str(subject.notification_id)
        else:
            key = subject.activity_id or await self._present_activity(account_id, subject.stream_key or "")
            rows = await self._rows(EXPLAIN_ACTIVITY, parameters | {"activity_id": key})
            if not rows:
                raise missing("Live Activity")
            verdict = explain_activity(ActivityFacts(*rows[0]), device, self._clock())
        return Explained(device_id, verdict, await self._last_attempts(parameters, key))

    async def _last_attempts(self, parameters: dict[str, Any], subject: str) -> Sequence[Attempt]:
        before = await self._end(parameters["account_id"], parameters["device_id"], subject)
        more = {"subjects": [subject], "before": before, "since": LOWEST, **Filters().looked_for}
        bounds = {"examined": EXAMINED_FOR_VERDICT, "limit": SHOWN}
        rows = await self._rows(QUERIES["device"], parameters | more | bounds)
        return [Attempt(*row[2:]) for row in rows if row[2] is not None]

    async def _end(self, account_id: uuid.UUID, device_id: uuid.UUID, subject: str) -> uuid.UUID:
        """Upper bound of ids: no attempt for this subject is newer, so later ones of a busy device are skipped."""
        parameters = {
            "account_id": account_id,
            "device_id": device_id,
            "subject": subject,
            "notification_id": subject if UUID.fullmatch(subject) else None,
        }
        [(end,)] = await self._rows(FIND_END, parameters)
        return read_id_before(None) if end is None else lowest_id(end + CLOCKS_DIFFER)

    async def _present_activity(self, account_id: uuid.UUID, stream_key: str) -> str:
        rows = await self._rows(FIND_STREAM, (account_id, stream_key))
        if not rows or rows[0][0] is None:
            raise missing("stream that shows a Live Activity")
        return str(rows[0][0])

    async def _subjects(self, account_id: uuid.UUID, filters: Filters) -> Sequence[str] | None:
        """Returns the subjects that match all filters; None for any."""
        left: set[str] | None = None
        if filters.stream_key is not None:
            rows = await self._rows(FIND_STREAM_ACTIVITIES, (account_id, filters.stream_key))
            left = {row[0] for row in rows}
        notification = None if filters.notification_id is None else str(filters.notification_id)
        for one in (notification, filters.activity_id):
            if one is not None:
                left = {one} if left is None else left & {one}
        return None if left is None else sorted(left)

    async def _rows(self, query: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(CUSTOM_PLAN)
            return await (await connection.execute(query, parameters, binary=True)).fetchall()


def _index_for(subjects: Sequence[str] | None, filters: Filters) -> str:
    """Returns the index to use. A device has fewer attempts than a push to a hundred thousand devices."""
    if filters.device_id is not None:
        return "device"
    return "account" if subjects is None else "subject"
