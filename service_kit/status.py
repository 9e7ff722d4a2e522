"""The one place that maps errors to gRPC statuses, and back."""

import json
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from service_kit.errors import DomainError, Kind

DOMAIN = "activitysmith"
DETAILS_KEY = "grpc-status-details-bin"
TITLE_KEY = "error"
"""Key of the short title of REST answers in the metadata of `ErrorInfo`."""

CODES = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.CONFLICT: grpc.StatusCode.ALREADY_EXISTS,
    Kind.PRECONDITION: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}
NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


@dataclass(frozen=True)
class RemoteError:
    """An error as the other side of a call sees it."""

    code: grpc.StatusCode
    reason: str
    """Name of `smith.core.v1.ErrorReason` without its prefix; empty if the error is not one of this server's."""
    error: str
    message: str
    facts: dict[str, Any]
    field: str = ""
    """Path of the wrong field, the first if there are several; empty if the error is not about a field."""


def to_details(error: DomainError) -> tuple[grpc.StatusCode, bytes]:
    """The gRPC code and the serialized `google.rpc.Status` of `error`."""
    code = CODES[error.kind]
    # The title is for people, in plain words; facts are for programs, in JSON.
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata={TITLE_KEY: error.error})
    for name, value in error.facts.items():
        info.metadata[name] = json.dumps(value)
    status = status_pb2.Status(code=code.value[0], message=error.message)
    status.details.add().Pack(info)
    if error.fields and error.kind is Kind.INVALID:
        request = error_details_pb2.BadRequest()
        for field in error.fields:
            request.field_violations.add(field=field, description=error.message)
        status.details.add().Pack(request)
    return code, status.SerializeToString()


def from_rpc_error(error: grpc.aio.AioRpcError) -> RemoteError:
    """The error of a failed call. Understands any gRPC error, this server's or not."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            status = status_pb2.Status.FromString(value)
            info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            ours = any(detail.Unpack(info) and info.domain == DOMAIN for detail in status.details)
            if not ours:
                continue
            field = next((request.field_violations[0].field for detail in status.details
                          if detail.Unpack(request) and request.field_violations), "")  # fmt: skip
            facts = {name: _said(text) for name, text in info.metadata.items()}
            # A core of the previous release writes the title as JSON, and may still run during an upgrade.
            title = str(facts.pop(TITLE_KEY, ""))
            return RemoteError(error.code(), info.reason, title, status.message, facts, field)
    return RemoteError(error.code(), "", "", error.details() or "", {})


def _said(text: str) -> Any:
    """The value of the JSON text; the text itself if it is not JSON, as titles and facts of newer releases may be."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def code_of(context: Any) -> str:
    """The name of the gRPC code that the call was ended with."""
    code = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else NAMES.get(code, "UNKNOWN")


async def abort(context: Any, error: DomainError) -> None:
    """Ends the call with the status of `error`, keeping trailing metadata that was set before."""
    code, details = to_details(error)
    metadata = tuple(context.trailing_metadata() or ())
    await context.abort(code, error.message, (*metadata, (DETAILS_KEY, details)))
