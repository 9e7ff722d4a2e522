"""Reads the log of requests. It is written by intake.py."""

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.orm import lowest_id
from core_service.common.paging import DEFAULT_SIZE, Page, read_id_before, write_token
from core_service.common.plans import CUSTOM_PLAN
from core_service.common.reading import LATEST
from core_service.common.validation import missing
from core_service.request_log.queries import BY, FIND, GAPS, list_requests
from service_kit.database import Pool
from service_kit.tracing import REQUEST_ID

EXAMINED = 5000
"""Requests that one page examines if no index fits the filters."""
LOWEST, HIGHEST = uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)
OWN_ID = re.compile(r"[0-9a-f]{32}")
"""Ids that a gateway makes: UUIDs of version 7, as `tracing.new_request_id` writes them."""
QUERIES = {by: list_requests(by) for by in BY}


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A row of the log, in the order of `queries.COLUMNS`."""

    id: uuid.UUID
    chosen_id: str | None
    route: str
    path: str | None
    status: int
    latency_ms: int
    caller: str
    caller_id: uuid.UUID
    client_address: str | None
    reason: str | None
    error: str | None
    message: str | None
    field: str | None
    ignored_fields: str | None
    subject: str | None
    caller_name: str | None
    caller_revoked: bool
    body: str | None

    @property
    def occurred_at(self) -> dt.datetime:
        """When it was made."""
        return _time_of(self.id)


@dataclass(frozen=True, slots=True)
class Gap:
    """Requests of one minute that are missing."""

    minute: dt.datetime
    requests: int


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests to list. A filter that is None matches all."""

    status_class: int | None = None
    status: int | None = None
    api_key_id: uuid.UUID | None = None
    path: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    request_id: str | None = None
    subject: str | None = None

    @property
    def looked_for(self) -> dict[str, Any]:
        """The filters for which there is no index, as the query takes them."""
        return {
            "status_class": self.status_class,
            "status": self.status,
            "api_key_id": self.api_key_id,
            "path": self.path,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A page of requests, and what is missing in its time."""

    page: Page[RequestRow]
    gaps: Sequence[Gap]


class RequestLog:
    """Reads the log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(
        self, account_id: uuid.UUID, filters: RequestFilter, page_size: int | None, page_token: str | None
    ) -> Found:
        """Requests of the account, newest first. A page may be short, or empty, and still have a next one.

        Raises InvalidRequest.
        """
        size, before = page_size or DEFAULT_SIZE, read_id_before(page_token)
        if filters.until is not None:
            before = min(before, lowest_id(filters.until))
        since = LOWEST if filters.since is None else lowest_id(filters.since)
        is_searched = any(one is not None for one in filters.looked_for.values()) or None not in (
            filters.subject,
            filters.request_id,
        )
        most = max(EXAMINED, size + 1) if is_searched else size + 1
        parameters = {
            "account_id": account_id,
            "before": before,
            "since": since,
            "examined": most,
            "limit": size + 1,
            "subject": filters.subject,
            **_ids(filters.request_id),
            **filters.looked_for,
        }
        rows = await self._rows(QUERIES[_index_for(filters)], parameters)
        found = [RequestRow(*row[2:]) for row in rows if row[2] is not None]
        examined, end = rows[0][:2]
        if len(found) > size:
            found = found[:size]
            end, has_more = found[-1].id, True
        else:
            has_more = is_searched and examined == most
        page = Page(found, write_token(str(end)) if has_more else None)
        return Found(page, await self._gaps(account_id, before, end if has_more else since))

    async def get(self, account_id: uuid.UUID, request_id: str) -> RequestRow:
        """The request of this id; of several the newest.

        Raises NotFound.
        """
        if not REQUEST_ID.fullmatch(request_id):
            raise missing("request")
        parameters = {"account_id": account_id, "before": HIGHEST, "since": LOWEST, "examined": 1, **_ids(request_id)}
        rows = await self._rows(FIND, parameters)
        if not rows:
            raise missing("request")
        return RequestRow(*rows[0][2:])

    async def _gaps(self, account_id: uuid.UUID, before: uuid.UUID, since: uuid.UUID) -> Sequence[Gap]:
        """What is missing between two ids."""
        rows = await self._rows(GAPS, {"account_id": account_id, "since": _time_of(since), "until": _time_of(before)})
        return [Gap(*row) for row in rows]

    async def _rows(self, query: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(CUSTOM_PLAN)
            return await (await connection.execute(query, parameters, binary=True)).fetchall()


def _ids(request_id: str | None) -> dict[str, Any]:
    own = uuid.UUID(request_id) if request_id is not None and OWN_ID.fullmatch(request_id) else None
    return {"request_id": request_id, "own_id": own}


def _time_of(row_id: uuid.UUID) -> dt.datetime:
    """The time in an id of version 7: its first 48 bits are UNIX milliseconds. They may be those of a token that a
    client has made up, and mean a year that there is no calendar for."""
    return dt.datetime.fromtimestamp(min((row_id.int >> 80) / 1000, LATEST), dt.UTC)


def _index_for(filters: RequestFilter) -> str:
    if filters.request_id is not None:
        return "request_id"
    return "account" if filters.subject is None else "subject"
