"""Writes what gateways have answered, a batch in one statement."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from core_service.common.arrays import byte_strings, numbers, texts, timestamps
from core_service.request_log.queries import TAKE
from service_kit.database import Pool

MOST_STRANGERS = 100
"""Addresses, each with a status, that are told apart within a minute: a hundred rows, however many strangers call."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What only some requests have."""

    row: int
    """The request's place in the columns of the batch."""
    request_id: str | None = None
    path: str | None = None
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
    """What a gateway hands over at once: columns, whose values are places in the lists where they repeat."""

    id: uuid.UUID
    callers: Sequence[bytes]
    """SHA-256 of secrets."""
    routes: Sequence[str]
    addresses: Sequence[str]
    ids: Sequence[str]
    """UUIDs, 32 hexadecimal digits each."""
    caller: Sequence[int]
    route: Sequence[int]
    address: Sequence[int]
    status: Sequence[int]
    latency_ms: Sequence[int]
    subject: Sequence[str]
    """Empty for requests that are about nothing."""
    remarks: Sequence[Remarks] = ()
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
        remarks, strangers, missing = batch.remarks, batch.strangers, batch.missing
        parameters = {
            "batch_id": batch.id,
            "per_day": self._per_day,
            "most_strangers": MOST_STRANGERS,
            "callers": byte_strings(batch.callers),
            "routes": texts(batch.routes),
            "addresses": texts(batch.addresses),
            "ids": "{" + ",".join(batch.ids) + "}",
            "caller": numbers(batch.caller),
            "route": numbers(batch.route),
            "address": numbers(batch.address),
            "status": numbers(batch.status),
            "latency": numbers(batch.latency_ms),
            "subject": texts(batch.subject),
            "rows": numbers(one.row for one in remarks),
            "request_ids": texts(one.request_id for one in remarks),
            "paths": texts(one.path for one in remarks),
            "reasons": texts(one.reason for one in remarks),
            "errors": texts(one.error for one in remarks),
            "messages": texts(one.message for one in remarks),
            "fields": texts(one.field for one in remarks),
            "ignored": texts(one.ignored_fields for one in remarks),
            "bodies": texts(one.body for one in remarks),
            "stranger_minutes": timestamps(one.minute for one in strangers),
            "stranger_addresses": texts(one.address for one in strangers),
            "stranger_statuses": numbers(one.status for one in strangers),
            "stranger_counts": numbers(one.requests for one in strangers),
            "missing_callers": numbers(one.caller for one in missing),
            "missing_minutes": timestamps(one.minute for one in missing),
            "missing_counts": numbers(one.requests for one in missing),
        }
        async with self._pool.connection() as connection:
            await connection.execute(TAKE, parameters)
