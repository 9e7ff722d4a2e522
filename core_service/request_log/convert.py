"""Requests and batches as protobuf carries them."""

import dataclasses
import datetime as dt
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

from smith.core.v1 import logged_request_pb2 as nouns
from smith.core.v1 import request_log_service_pb2 as messages
from smith.internal.v1 import request_intake_service_pb2 as internal

from core_service.common.reading import given, read_time, to_timestamp
from core_service.common.validation import UUID, require_storable, require_uuid
from core_service.request_log.intake import Batch, Missing, Remarks, Strangers
from core_service.request_log.service import Gap, RequestFilter, RequestRow
from service_kit.errors import InvalidRequest

CALLERS = {name: nouns.RequestCaller.Value(f"REQUEST_CALLER_{name.upper()}") for name in ("api_key", "user", "device")}
STREAM = "/api/live-activity/stream/{stream_key}"
ID_BYTES = 16
REMARKS = [field.name for field in dataclasses.fields(Remarks)][1:]


def read_filters(request: messages.ListRequestsRequest) -> RequestFilter:
    """Which requests are asked for.

    Raises InvalidRequest.
    """
    notification_id = given(request, "notification_id", require_uuid)
    activity_id = given(request, "activity_id", require_storable)
    if notification_id is not None and activity_id is not None:
        raise InvalidRequest("give only one of notification_id and activity_id").about("notification_id", "activity_id")
    return RequestFilter(
        status_class=given(request, "status_class"),
        status=given(request, "status"),
        api_key_id=given(request, "api_key_id", require_uuid),
        path=given(request, "path", require_storable),
        since=read_time(request, "since"),
        until=read_time(request, "until"),
        request_id=given(request, "request_id", require_storable),
        subject=activity_id if notification_id is None else str(notification_id),
    )


def to_request(request: RequestRow) -> nouns.LoggedRequest:
    """The message."""
    method, _, route = request.route.partition(" ")
    message = nouns.LoggedRequest(
        id=request.id.hex,
        request_id=request.chosen_id or request.id.hex,
        occurred_at=to_timestamp(request.occurred_at),
        method=method,
        route=route,
        path=request.path or route,
        status=request.status,
        latency_ms=request.latency_ms,
        caller=CALLERS[request.caller],
        caller_id=str(request.caller_id),
        caller_name=request.caller_name,
        caller_revoked=request.caller_revoked,
        client_address=request.client_address,
        reason=request.reason,
        error=request.error,
        message=request.message,
        field=request.field,
        ignored_fields=request.ignored_fields,
        body=request.body,
    )
    if request.subject is not None:
        if UUID.fullmatch(request.subject):
            message.notification_id = request.subject
        else:
            message.activity_id = request.subject
    if route.startswith(STREAM) and request.path:
        path = urlsplit(request.path).path.split("/")
        message.stream_key = unquote(path[STREAM.count("/")])
    return message


def to_gap(gap: Gap) -> nouns.RequestLogGap:
    """The message."""
    return nouns.RequestLogGap(minute=to_timestamp(gap.minute), requests=gap.requests)


def read_batch(request: internal.RecordRequestsRequest) -> Batch:
    """The batch. It comes from a process of this installation, so its form is not in doubt."""
    ids = request.ids
    return Batch(
        uuid.UUID(bytes=request.batch_id),
        request.callers,
        request.routes,
        request.addresses,
        [ids[place : place + ID_BYTES].hex() for place in range(0, len(ids), ID_BYTES)],
        request.caller,
        request.route,
        request.address,
        request.status,
        request.latency_ms,
        request.subject,
        [Remarks(one.row, *(_remark(one, name) for name in REMARKS)) for one in request.remarks],
        [Strangers(_minute(one.minute), one.address, one.status, one.requests) for one in request.strangers],
        [Missing(_minute(one.minute), one.caller, one.requests) for one in request.missing],
    )


def _remark(remarks: Any, name: str) -> str | None:
    return getattr(remarks, name) if remarks.HasField(name) else None


def _minute(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
