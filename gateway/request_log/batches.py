"""Batches as core takes them."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

import uuid_utils
from smith.internal.v1.request_intake_service_pb2 import (
    MissingRequests,
    RecordRequestsRequest,
    RefusedStrangers,
    Remarks,
)

from gateway.problems import Problem
from gateway.request_log.cleaning import Cleaner, clean, clean_names, clean_told
from service_kit.connections import share_of

MOST_REQUESTS = 500
MOST_BYTES = 512 * 1024
"""Of bodies and paths. Core takes calls of a megabyte."""

T = TypeVar("T")


class Details(NamedTuple):
    """What only some requests have, as it came."""

    chosen_id: str | None
    """The id, if the client has chosen it."""
    path: str
    query: bytes
    problem: Problem | None
    ignored: str | None
    body: bytes | None


Noted = tuple[str, bytes, str, str, str, int, float, str, Details | None]
"""A request: 32 hexadecimal digits of the row's id, the secret's SHA-256, method, route, address, status, seconds,
subject (empty for none), details. Most requests have no details; a plain tuple costs a third of an object."""
STATUS: Final = 5
DETAILS: Final = 8
"""Places in it."""

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
    remarks, count = await _remarks(noted[:MOST_REQUESTS], cleaner)
    columns = list(zip(*noted[:count], strict=True)) or [()] * (DETAILS + 1)
    ids, secrets, methods, routes, addresses, statuses, seconds, subjects, _ = columns
    operations = list(zip(methods, routes, strict=True))
    callers = places_of([*secrets, *(caller for _, caller in missing)])
    of_operations, of_addresses = places_of(operations), places_of(addresses)
    batch = RecordRequestsRequest(
        batch_id=uuid_utils.uuid7().bytes,
        callers=list(callers),
        routes=[f"{method} {route}" for method, route in of_operations],
        addresses=list(of_addresses),
        ids=bytes.fromhex("".join(ids)),
        caller=[callers[one] for one in secrets],
        route=[of_operations[one] for one in operations],
        address=[of_addresses[one] for one in addresses],
        status=statuses,
        latency_ms=[round(one * 1000) for one in seconds],
        subject=subjects,
        remarks=remarks,
        strangers=[
            RefusedStrangers(
                minute=minute, address=share_of(address) if address else "", status=status, requests=number
            )
            for (minute, address, status), number in strangers.items()
        ],
        missing=[
            MissingRequests(minute=minute, caller=callers[caller], requests=number)
            for (minute, caller), number in missing.items()
        ],
    )
    return batch, count


def places_of(values: Iterable[T]) -> dict[T, int]:
    """The distinct values, each with its place among them."""
    return {value: place for place, value in enumerate(dict.fromkeys(values))}


async def _remarks(noted: Sequence[Noted], cleaner: Cleaner) -> tuple[list[Remarks], int]:
    """What some of the requests have, and how many requests go together."""
    remarks: list[Remarks] = []
    room = MOST_BYTES
    for row, one in enumerate(noted):
        details = one[DETAILS]
        if details is None:
            continue
        made = _remark(row, one[2], one[3], details, cleaner)
        room -= made.ByteSize()
        if room < 0 and row:
            return remarks, row
        remarks.append(made)
        # Requests have their turn meanwhile.
        await asyncio.sleep(0)
    return remarks, len(noted)


def _remark(row: int, method: str, route: str, details: Details, cleaner: Cleaner) -> Remarks:
    remarks = Remarks(row=row)
    # Clients choose these, and may put anything there.
    if details.chosen_id is not None and clean(details.chosen_id) == details.chosen_id:
        remarks.request_id = details.chosen_id
    if details.ignored is not None:
        remarks.ignored_fields = ", ".join(map(clean_names, details.ignored.split(", ")))
    if details.query or details.path != route:
        remarks.path = cleaner.path(route, details.path, details.query)
    if (problem := details.problem) is not None:
        remarks.error = clean(problem.error)
        remarks.message, named = clean_told(problem.message, problem.field)
        if problem.reason:
            remarks.reason = problem.reason
        if problem.field:
            remarks.field = named
    if details.body and (kept := cleaner.body(f"{method} {route}", details.body)) is not None:
        remarks.body = kept
    return remarks
