"""The one place that maps errors to gRPC statuses, and back."""

import json
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from service_kit.errors import DomainError, Kind

DOMAIN = "activitysmith"
DETAILS_KEY = "grpc-status-details-bin"

CODES = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.CONFLICT: grpc.StatusCode.ALREADY_EXISTS,
    Kind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}


@dataclass(frozen=True)
class RemoteError:
    """An error as the other side of a call sees it."""

    code: grpc.StatusCode
    reason: str
    """Name of `smith.core.v1.ErrorReason` without its prefix; empty if the answer carried none of our details."""
    error: str
    message: str
    facts: dict[str, Any]


def to_details(error: DomainError) -> tuple[grpc.StatusCode, bytes]:
    """The gRPC code and the serialized `google.rpc.Status` that say the same as `error`."""
    code = CODES[error.kind]
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata={"error": json.dumps(error.error)})
    for name, value in error.facts.items():
        info.metadata[name] = json.dumps(value)
    status = status_pb2.Status(code=code.value[0], message=error.message)
    status.details.add().Pack(info)
    return code, status.SerializeToString()


def from_rpc_error(error: grpc.aio.AioRpcError) -> RemoteError:
    """What a failed call said. Understands any gRPC error, ours or not."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            status = status_pb2.Status.FromString(value)
            info = error_details_pb2.ErrorInfo()
            for detail in status.details:
                if detail.Unpack(info) and info.domain == DOMAIN:
                    facts = {name: json.loads(text) for name, text in info.metadata.items()}
                    title = facts.pop("error", "")
                    return RemoteError(error.code(), info.reason, title, status.message, facts)
    return RemoteError(error.code(), "", "", error.details() or "", {})
