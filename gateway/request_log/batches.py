"""Batches as core takes them."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import uuid_utils
from smith.internal.v1.request_intake_service_pb2 import (
    AnsweredRequest,
    MissingRequests,
    RecordRequestsRequest,
    RefusedStrangers,
    Remarks,
)

from gateway.problems import Problem
from gateway.request_log.cleaning import Cleaner, clean
from service_kit.connections import share_of

MOST_REQUESTS = 500
MOST_BYTES = 512 * 1024
"""Of bodies and paths. Core takes calls of a megabyte."""
ROWS_IN_A_ROW = 50
"""Rows that are made without letting requests have their turn."""


class Noted(NamedTuple):
    """What is remembered of a request until it is handed over."""

    request_id: str
    is_chosen: bool
    """Whether the client has chosen the id."""
    caller: bytes
    """SHA-256 of the secret."""
    method: str
    route: str
    path: str
    query: bytes
    status: int
    seconds: float
    address: str
    subject: str | None
    problem: Problem | None
    ignored: str | None
    body: bytes | None


class Places(dict[str | bytes, int]):
    """Values by the place that each has in a list."""

    def of(self, value: str | bytes) -> int:
        """The value's place; the next one if it is new."""
        return self.setdefault(value, len(self))


StrangerKey = tuple[int, str, int]
"""Minute, address, status."""
MissingKey = tuple[int, bytes]
"""Minute, SHA-256 of the secret."""


def minute_now() -> int:
    """Begin of the present minute in seconds since 1970."""
    return int(time.time()) // 60 * 60


async def batch_of(
    noted: Sequence[Noted],
    strangers: Mapping[StrangerKey, int],
    missing: Mapping[MissingKey, int],
    cleaner: Cleaner,
) -> tuple[RecordRequestsRequest, int]:
    """A batch, and how many of `noted` it holds: the first ones, as many as may go together."""
    callers, routes, addresses = Places(), Places(), Places()
    requests: list[AnsweredRequest] = []
    room = MOST_BYTES
    for one in noted[:MOST_REQUESTS]:
        row = _row(one, callers, routes, addresses, cleaner)
        room -= row.ByteSize()
        if room < 0 and requests:
            break
        requests.append(row)
        if not len(requests) % ROWS_IN_A_ROW or one.body is not None:
            await asyncio.sleep(0)
    batch = RecordRequestsRequest(
        batch_id=uuid_utils.uuid7().bytes,
        requests=requests,
        strangers=[
            RefusedStrangers(minute=minute, address=share_of(address) if address else "", status=status, requests=count)
            for (minute, address, status), count in strangers.items()
        ],
        missing=[
            MissingRequests(minute=minute, caller=callers.of(caller), requests=count)
            for (minute, caller), count in missing.items()
        ],
    )
    batch.callers.extend(caller for caller in callers if isinstance(caller, bytes))
    batch.routes.extend(route for route in routes if isinstance(route, str))
    batch.addresses.extend(address for address in addresses if isinstance(address, str))
    return batch, len(requests)


def _row(one: Noted, callers: Places, routes: Places, addresses: Places, cleaner: Cleaner) -> AnsweredRequest:
    operation = f"{one.method} {one.route}"
    row = AnsweredRequest(
        id=uuid_utils.uuid7().bytes if one.is_chosen else bytes.fromhex(one.request_id),
        caller=callers.of(one.caller),
        route=routes.of(operation),
        address=addresses.of(one.address),
        status=one.status,
        latency_ms=round(one.seconds * 1000),
        subject=one.subject,
    )
    if one.is_chosen:
        row.request_id = one.request_id
    if one.query or one.path != one.route:
        row.path = cleaner.path(one.route, one.path, one.query)
    if one.problem is not None or one.ignored is not None or one.body is not None:
        row.remarks.CopyFrom(_remarks(one, operation, cleaner))
    return row


def _remarks(one: Noted, operation: str, cleaner: Cleaner) -> Remarks:
    remarks = Remarks(ignored_fields=one.ignored)
    if (problem := one.problem) is not None:
        remarks.error, remarks.message = clean(problem.error), clean(problem.message)
        if problem.reason:
            remarks.reason = problem.reason
        if problem.field:
            remarks.field = clean(problem.field)
    if one.body and (kept := cleaner.body(operation, one.body)) is not None:
        remarks.body = kept
    return remarks
