"""Live Activities and streams as they are now, and what happened to them."""

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from core_service.common.actions import from_json, phone_form
from core_service.common.clock import Clock
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id, read_id_before
from core_service.common.plans import CUSTOM_PLAN
from core_service.common.validation import containing
from core_service.delivery_log.facts import ActivityFacts, DeviceFacts, Verdict
from core_service.delivery_log.verdict import explain_activity
from core_service.live_activities.errors import ActivityNotFound, StreamNotFound
from core_service.live_activities.history import pages, queries
from core_service.live_activities.reconcile.planning import WINDOW_SECONDS
from core_service.live_activities.state.activity import ACTIVITY_ID
from core_service.live_activities.streams.rules import check_key
from service_kit.database import Pool

EXAMINED = 5000
"""Activities that one page searches if no index fits the filters."""
COUNTED = 1000
"""Devices of an activity that a list counts at most."""


class Status(StrEnum):
    """Which activities to list."""

    ACTIVE = "active"
    ENDED = "ended"


LISTS = {
    Status.ACTIVE: queries.list_activities(queries.ACTIVE),
    Status.ENDED: queries.list_activities(queries.ENDED),
    None: queries.list_activities(queries.EITHER),
}


@dataclass(frozen=True, slots=True)
class Record:
    """An activity, in the order of the columns in queries.py."""

    id: str
    is_over: bool
    stream_key: str | None
    content_state: str
    action: str | None
    secondary_action: str | None
    tags: Sequence[str] | None
    metadata: str | None
    dismiss_after_seconds: int | None
    channel_slugs: Sequence[str] | None
    version: int
    updates: int
    created_at: dt.datetime
    updated_at: dt.datetime
    heard_at: dt.datetime
    expires_at: dt.datetime
    ended_at: dt.datetime | None
    dismiss_at: dt.datetime | None
    started_by: str
    phases: Mapping[str, int] | None = None
    """Its devices by phase, of `COUNTED` at most; None if there are none, or they were not asked for."""

    @property
    def shown(self) -> dict[str, Any]:
        """The content state as the documentation writes it."""
        return as_documented(json.loads(self.content_state), self.dismiss_after_seconds)


@dataclass(frozen=True, slots=True)
class Details:
    """An activity, and its devices by phase."""

    record: Record
    has_stream: bool
    phases: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OnDevice:
    """An activity on a device."""

    facts: ActivityFacts
    verdict: Verdict
    device_id: uuid.UUID
    device_name: str
    user_id: uuid.UUID
    user_name: str
    has_update_token: bool
    budget_spent: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A version, which has a `content_state`, or an attempt, which has the other fields."""

    id: uuid.UUID
    occurred_at: dt.datetime
    version: int | None
    event: str
    content_state: str | None
    device_id: uuid.UUID | None
    outcome: str | None
    priority: int | None
    status_code: int | None
    reason: str | None
    latency_ms: int | None
    device_name: str


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream, in the order of the columns in queries.py."""

    stream_key: str
    paused_at: dt.datetime | None
    held: str | None
    content_state: str | None
    action: str | None
    secondary_action: str | None
    activity_id: str | None
    last_activity_id: str | None
    channel_slugs: Sequence[str] | None
    created_at: dt.datetime
    last_put_at: dt.datetime | None

    @property
    def latest(self) -> tuple[dict[str, Any] | None, Sequence[str | None], Sequence[str]]:
        """Its content state, its two buttons as stored, and its channels. A paused stream has those that it will be
        resumed with."""
        if self.held is not None:
            kept = json.loads(self.held)
            slugs = [slug for _, slug in kept["channels"] or ()]
            buttons = kept["action"], kept.get("secondary_action")
            return as_documented(kept["fields"], kept["dismiss_after_seconds"]), buttons, slugs
        state = None if self.content_state is None else json.loads(self.content_state)
        return state, (self.action, self.secondary_action), self.channel_slugs or ()


def as_documented(fields: dict[str, Any], dismiss_after_seconds: int | None) -> dict[str, Any]:
    """A content state with all that a backend may have sent."""
    return fields if dismiss_after_seconds is None else fields | {"auto_dismiss_seconds": dismiss_after_seconds}


def button(action: str | None) -> dict[str, str] | None:
    """A stored button as phones get it, without the details of its webhook."""
    return None if action is None else phone_form(from_json(action))


class ActivityHistory:
    """Reads Live Activities. Others write them."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def list(
        self,
        account_id: uuid.UUID,
        *,
        status: Status | None = None,
        stream_key: str | None = None,
        search: str | None = None,
        tags: Sequence[str] | None = None,
        has_any_tag: bool = False,
        device_id: uuid.UUID | None = None,
        channel: str | None = None,
        api_key_id: uuid.UUID | None = None,
        phase: str | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        with_phases: bool = False,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> Page[Record]:
        """The account's activities, the last to change first. A page may be short, or empty, and still have a next one.

        `phase` is that on the device, if one is named, and otherwise on any.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        before, before_id = pages.read_moment(page_token)
        if until is not None and until <= before:
            # No id sorts before the empty one: what changed at this very moment is left out.
            before, before_id = until, ""
        is_bounded = any(one is not None for one in (search, tags, device_id, channel, api_key_id, phase))
        examined_at_most = max(EXAMINED, size + 1) if is_bounded else size + 1
        rows = await self._rows(
            LISTS[status],
            {
                "account_id": account_id,
                "now": self._clock(),
                "stream_key": stream_key,
                "search": None if search is None else containing(search),
                "exactly": search,
                "tags": tags,
                "tag_mode": "any" if has_any_tag else "all",
                "device_id": device_id,
                "channel": channel,
                "started_by": api_key_id,
                "phase": phase,
                "since": since,
                "counted": COUNTED if with_phases else 0,
                "before": before,
                "before_id": before_id,
                "examined": examined_at_most,
                "limit": size + 1,
            },
        )
        found = [row for row in rows if row[5] is not None]
        records = [replace(Record(*row[5:]), phases=row[3]) for row in found[:size]]
        if len(found) > size:
            return Page(records, pages.write_moment(found[size - 1][4], records[-1].id))
        examined, changed, last_id = rows[0][:3]
        more = is_bounded and examined == examined_at_most
        return Page(records, pages.write_moment(changed, last_id) if more else None)

    async def get(self, account_id: uuid.UUID, activity_id: str) -> Details:
        """An activity. Raises ActivityNotFound."""
        parameters = self._about(account_id, activity_id)
        rows = await self._rows(queries.GET, parameters)
        if not rows:
            raise ActivityNotFound
        *record, has_stream = rows[0]
        return Details(Record(*record), has_stream, dict(await self._rows(queries.COUNT_PHASES, parameters)))

    async def devices(
        self, account_id: uuid.UUID, activity_id: str, page_size: int | None, page_token: str | None
    ) -> Page[OnDevice]:
        """The activity's devices by their ids. Raises InvalidRequest, ActivityNotFound."""
        size, after, now = page_size or DEFAULT_SIZE, read_id(page_token), self._clock()
        await self._require(account_id, activity_id)
        parameters = self._about(account_id, activity_id) | {
            "after": after,
            "limit": size + 1,
            "hour_ago": int(now.timestamp()) - WINDOW_SECONDS,
        }
        rows = await self._rows(queries.LIST_DEVICES, parameters)
        return page_of([_on_device(row, now) for row in rows], size, lambda one: str(one.device_id))

    async def timeline(
        self, account_id: uuid.UUID, activity_id: str, page_size: int | None, page_token: str | None
    ) -> Page[Entry]:
        """What happened to the activity, newest first. Raises InvalidRequest, ActivityNotFound."""
        size, before = page_size or DEFAULT_SIZE, read_id_before(page_token)
        await self._require(account_id, activity_id)
        parameters = self._about(account_id, activity_id) | {"before": before, "limit": size + 1}
        rows = await self._rows(queries.LIST_TIMELINE, parameters)
        return page_of([Entry(*row) for row in rows], size, lambda one: str(one.id))

    async def streams(
        self,
        account_id: uuid.UUID,
        *,
        paused: bool | None = None,
        search: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> Page[StreamRow]:
        """The account's streams by their keys. Raises InvalidRequest."""
        size = page_size or DEFAULT_SIZE
        parameters = {
            "account_id": account_id,
            "now": self._clock(),
            "after": pages.read_stream_key(page_token),
            "paused": paused,
            "search": None if search is None else containing(search),
            "limit": size + 1,
        }
        rows = [StreamRow(*row) for row in await self._rows(queries.LIST_STREAMS, parameters)]
        return page_of(rows, size, lambda one: one.stream_key)

    async def stream(self, account_id: uuid.UUID, stream_key: str) -> StreamRow:
        """A stream. Raises InvalidStreamKey, StreamNotFound."""
        parameters = {"account_id": account_id, "now": self._clock(), "stream_key": check_key(stream_key)}
        rows = await self._rows(queries.GET_STREAM, parameters)
        if not rows:
            raise StreamNotFound(stream_key)
        return StreamRow(*rows[0])

    def _about(self, account_id: uuid.UUID, activity_id: str) -> dict[str, Any]:
        if not ACTIVITY_ID.fullmatch(activity_id):
            raise ActivityNotFound
        return {"account_id": account_id, "id": activity_id, "now": self._clock()}

    async def _require(self, account_id: uuid.UUID, activity_id: str) -> None:
        if not await self._rows(queries.EXISTS, self._about(account_id, activity_id)):
            raise ActivityNotFound

    async def _rows(self, query: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(CUSTOM_PLAN)
            return await (await connection.execute(query, parameters, binary=True)).fetchall()


def _on_device(row: Sequence[Any], now: dt.datetime) -> OnDevice:
    facts, tokens = ActivityFacts(*row[:13]), DeviceFacts(*row[13:19])
    return OnDevice(facts, explain_activity(facts, tokens, now), *row[19:])
