"""The documented errors, and the one place that maps gRPC statuses to them."""

import logging
import math
import re
import uuid
from typing import Any

import grpc

from service_kit.logs import OnceASecond
from service_kit.status import RemoteError

log = logging.getLogger(__name__)
outages = log.getChild("outages")
# When core is away, every request of every client fails.
outages.addFilter(OnceASecond())

INCIDENT = re.compile(r"\bincident ([0-9a-f]{8,32})\b")
CHALLENGE = 'Bearer realm="ActivitySmith"'
RETRY_SOON = {"retry-after": "1"}

STATUS_BY_REASON = {"PAYLOAD_TOO_LARGE": 413, "BADGE_DEVICE_DISCONNECTED": 422}
"""HTTP status by `ErrorReason`, where the gRPC code does not decide it."""

HEADER_FACTS = {
    "RATE_LIMITED": frozenset({"limit", "retry_after_seconds"}),
    "TOO_MANY_ATTEMPTS": frozenset({"retry_after_seconds"}),
}
"""Facts that are sent in headers only: the documented body of these errors has no further members."""

BEYOND_CONTRACT = frozenset({"blocked_devices", "code", "targeted_devices"})
"""Facts that the documented contract does not have in errors that it closes to others."""

GENERIC = {
    grpc.StatusCode.INVALID_ARGUMENT: (400, "Invalid request", "The request is not valid."),
    grpc.StatusCode.OUT_OF_RANGE: (400, "Invalid request", "The request is not valid."),
    grpc.StatusCode.UNAUTHENTICATED: (401, "Unauthorized", "Valid credentials are required."),
    grpc.StatusCode.PERMISSION_DENIED: (403, "Forbidden", "The credentials do not allow this."),
    grpc.StatusCode.NOT_FOUND: (404, "Not found", "There is no such thing."),
    grpc.StatusCode.ALREADY_EXISTS: (409, "Already exists", "It exists already."),
    grpc.StatusCode.FAILED_PRECONDITION: (409, "Conflict", "Its present state does not allow this."),
    grpc.StatusCode.ABORTED: (409, "Conflict", "Something else changed it at the same time. Try again."),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "Rate limit exceeded", "Too many requests, please try again later."),
    grpc.StatusCode.UNAVAILABLE: (503, "Service unavailable", "The server cannot answer now. Try again shortly."),
    grpc.StatusCode.DEADLINE_EXCEEDED: (503, "Service unavailable", "The server did not answer in time."),
    grpc.StatusCode.CANCELLED: (503, "Service unavailable", "The server stopped answering. Try again shortly."),
    # Core is older than this gateway, while an upgrade replaces both.
    grpc.StatusCode.UNIMPLEMENTED: (503, "Service unavailable", "The server cannot do this yet. Try again shortly."),
}
"""Status, `error` and `message` by gRPC code. The texts are for errors that gRPC makes, not core."""


class Problem(Exception):
    """A refusal: HTTP `status`, the short title `error`, a `message` in a sentence, facts for programs, headers.

    `field` is the path of the wrong field; empty if the error is not about a field. `reason` is the name of core's
    `ErrorReason`; empty for a refusal of the gateway.
    """

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        *,
        field: str = "",
        facts: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.field = field
        self.facts = facts or {}
        self.headers = headers or {}
        self.reason = reason

    def keep_to_contract(self) -> None:
        """Leaves out what the documented contract does not have: for clients that take such a member for an error."""
        self.field = ""
        self.facts = {name: value for name, value in self.facts.items() if name not in BEYOND_CONTRACT}

    def body(self) -> dict[str, Any]:
        """The documented JSON of the error."""
        field = {"field": self.field} if self.field else {}
        return {"error": self.error, "message": self.message, **field, **self.facts}


def invalid(message: str, *, error: str | None = None, field: str = "") -> Problem:
    """400: the request is malformed, as `message` says."""
    return Problem(400, error or "Invalid request", message, field=field)


def overloaded() -> Problem:
    """503: this process has as many requests in progress as it may hold."""
    return Problem(503, "Service unavailable", "The server is overloaded. Try again shortly.", headers=dict(RETRY_SOON))


def internal(incident: str | None = None) -> Problem:
    """500: a fault of the server. The caller gets only an id; the log has the details under the same id."""
    incident = incident or uuid.uuid4().hex[:12]
    return Problem(500, "Internal error", f"Something went wrong on the server. Its incident id is {incident}.")


def from_remote(remote: RemoteError) -> Problem:
    """The documented error for a failed call of core."""
    if not remote.reason:
        return _from_foreign(remote)
    default = GENERIC.get(remote.code)
    if default is None:
        log.error("core answered %s with reason %s: %s", remote.code, remote.reason, remote.message)
        return internal()
    status = STATUS_BY_REASON.get(remote.reason, default[0])
    in_headers = HEADER_FACTS.get(remote.reason, frozenset())
    facts = {name: value for name, value in remote.facts.items() if name not in in_headers}
    if remote.reason == "RATE_LIMITED":
        facts["code"] = "rate_limited"
    headers = _headers(status)
    if isinstance(seconds := remote.facts.get("retry_after_seconds"), int | float):
        headers["retry-after"] = str(max(1, math.ceil(seconds)))
    return Problem(
        status,
        remote.error or default[1],
        remote.message or default[2],
        field=remote.field,
        facts=facts,
        headers=headers,
        reason=remote.reason,
    )


def _from_foreign(remote: RemoteError) -> Problem:
    # gRPC's own messages may name hosts and files: they go to the log, never to the caller.
    if remote.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return overloaded()
    known = GENERIC.get(remote.code)
    if known is None:
        incident = INCIDENT.search(remote.message)
        problem = internal(incident.group(1) if incident else None)
        log.error("a call failed with %s: %s; answered: %s", remote.code, remote.message, problem.message)
        return problem
    if known[0] == 503:
        outages.warning("a call failed with %s: %s", remote.code, remote.message)
    return Problem(*known, headers=_headers(known[0]))


def _headers(status: int) -> dict[str, str]:
    if status == 401:
        # RFC 6750, 3: at least one parameter follows. Foundation on Linux crashes without one.
        return {"www-authenticate": CHALLENGE}
    if status == 503:
        return dict(RETRY_SOON)
    return {}
