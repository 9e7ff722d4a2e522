"""Writes what gateways have answered, a batch in one statement."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from core_service.common.arrays import byte_strings, numbers, texts, timestamps, uuids
from core_service.request_log.queries import TAKE
from service_kit.database import Pool

MOST_STRANGERS = 100
"""Addresses, each with a status, that are told apart within a minute: a hundred rows, however many strangers call."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and its answer."""

    id: uuid.UUID
    request_id: str | None
    caller: int
    """Place in `Batch.callers`."""
    route: str
    address: str
    status: int
    latency_ms: int
    path: str | None
    subject: str | None
    reason: str | None = None
    error: str | None = None
    message: str | None = None
    field: str | None = None
    ignored_fields: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Strangers:
    """Refusals of an address in a minute."""

    minute: dt.datetime
    address: str
    status: int
    requests: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Requests of a caller that are missing in a minute."""

    minute: dt.datetime
    caller: int
    requests: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What a gateway hands over at once."""

    id: uuid.UUID
    callers: Sequence[bytes]
    """SHA-256 of secrets."""
    requests: Sequence[Answered]
    strangers: Sequence[Strangers] = ()
    missing: Sequence[Missing] = ()


class Intake:
    """Takes batches."""

    def __init__(self, pool: Pool, per_day: int) -> None:
        """`per_day` is how many rows an account may have of one day; more are counted only."""
        self._pool = pool
        self._per_day = per_day

    async def take(self, batch: Batch) -> None:
        """Writes the batch; nothing if it was taken before. Whose a request was is found out by its secret's hash."""
        rows, strangers, missing = batch.requests, batch.strangers, batch.missing
        parameters = {
            "batch_id": batch.id,
            "per_day": self._per_day,
            "most_strangers": MOST_STRANGERS,
            "callers": byte_strings(batch.callers),
            "ids": uuids(row.id for row in rows),
            "request_ids": texts(row.request_id for row in rows),
            "places": numbers(row.caller for row in rows),
            "routes": texts(row.route for row in rows),
            "addresses": texts(row.address for row in rows),
            "statuses": numbers(row.status for row in rows),
            "latencies": numbers(row.latency_ms for row in rows),
            "paths": texts(row.path for row in rows),
            "subjects": texts(row.subject for row in rows),
            "reasons": texts(row.reason for row in rows),
            "errors": texts(row.error for row in rows),
            "messages": texts(row.message for row in rows),
            "fields": texts(row.field for row in rows),
            "ignored": texts(row.ignored_fields for row in rows),
            "bodies": texts(row.body for row in rows),
            "stranger_minutes": timestamps(one.minute for one in strangers),
            "stranger_addresses": texts(one.address for one in strangers),
            "stranger_statuses": numbers(one.status for one in strangers),
            "stranger_counts": numbers(one.requests for one in strangers),
            "missing_places": numbers(one.caller for one in missing),
            "missing_minutes": timestamps(one.minute for one in missing),
            "missing_counts": numbers(one.requests for one in missing),
        }
        async with self._pool.connection() as connection:
            await connection.execute(TAKE, parameters)
