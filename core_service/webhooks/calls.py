"""An account's webhook calls, with what they were about."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.orm import lowest_id
from core_service.common.paging import DEFAULT_SIZE, Page, read_id_before, write_token
from core_service.common.plans import CUSTOM_PLAN
from core_service.common.validation import containing, missing
from core_service.webhooks.models import Run, RunState
from core_service.webhooks.queries import GET_CALL, LIST_CALLS
from service_kit.database import Pool

EXAMINED = 5000
"""Calls that one page examines if no index fits the filters."""
RUN_COLUMNS = 15


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A run, and what it was about."""

    run: Run
    due_at: dt.datetime | None
    """When it is tried next, or the end of the attempt under way; None once it is over."""
    action_title: str
    notification_id: uuid.UUID | None
    activity_id: str | None
    device_name: str
    subject_title: str

    @staticmethod
    def of(row: Sequence[Any]) -> "WebhookCall":
        """From a row of `queries.GET_CALL`."""
        return WebhookCall(Run.of(row[:RUN_COLUMNS]), *row[RUN_COLUMNS:])


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Which calls to list. A filter that is None matches all."""

    state: RunState | None = None
    device_id: uuid.UUID | None = None
    search: str | None = None
    """Part of the URL or of the button's text, or the whole of the id."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class WebhookCallLog:
    """Reads the calls. The outbox makes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(
        self, account_id: uuid.UUID, filters: CallFilters, page_size: int | None, page_token: str | None
    ) -> Page[WebhookCall]:
        """The account's calls, newest first. A page may be short, or empty, and still have a next one.

        Raises InvalidRequest.
        """
        size, before = page_size or DEFAULT_SIZE, read_id_before(page_token)
        is_bounded = any(one is not None for one in (filters.state, filters.device_id, filters.search))
        examined_at_most = max(EXAMINED, size + 1) if is_bounded else size + 1
        parameters = {
            "account_id": account_id,
            "before": before if filters.until is None else min(before, lowest_id(filters.until)),
            "since": uuid.UUID(int=0) if filters.since is None else lowest_id(filters.since),
            "state": filters.state,
            "device_id": filters.device_id,
            "search": None if filters.search is None else containing(filters.search),
            "whole": None if filters.search is None else filters.search.strip().lower(),
            "examined": examined_at_most,
            "limit": size + 1,
        }
        rows = await self._rows(LIST_CALLS, parameters)
        found = [WebhookCall.of(row[2:]) for row in rows if row[2] is not None]
        if len(found) > size:
            return Page(found[:size], write_token(str(found[size - 1].run.id)))
        examined, last = rows[0][:2]
        return Page(found, write_token(str(last)) if is_bounded and examined == examined_at_most else None)

    async def get(self, account_id: uuid.UUID, run_id: uuid.UUID) -> WebhookCall:
        """The call with the receiver's answer. Raises NotFound."""
        rows = await self._rows(GET_CALL, {"account_id": account_id, "id": run_id})
        if not rows:
            raise missing("webhook call")
        return WebhookCall.of(rows[0])

    async def _rows(self, query: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(CUSTOM_PLAN)
            return await (await connection.execute(query, parameters, binary=True)).fetchall()
