"""The one place that turns a webhook's answer, or its lack, into a result."""

import datetime as dt
from dataclasses import dataclass

import httpcore
from smith.delivery.v1.webhook_pb2 import WebhookResult, WebhookResultKind

from delivery_service.retry_after import seconds_of
from delivery_service.tls_failures import is_of_tls
from delivery_service.webhooks.connecting import AddressRefused, HostUnknown

SUCCEEDED = WebhookResultKind.WEBHOOK_RESULT_KIND_SUCCEEDED
RETRY = WebhookResultKind.WEBHOOK_RESULT_KIND_RETRY
FAILED = WebhookResultKind.WEBHOOK_RESULT_KIND_FAILED

FAILURES: dict[type[Exception], tuple["WebhookResultKind.ValueType", str, str]] = {
    AddressRefused: (FAILED, "AddressRefused", "The URL leads to an address that webhooks may not be sent to."),
    HostUnknown: (RETRY, "HostUnknown", "The URL's host cannot be resolved."),
    TimeoutError: (RETRY, "Timeout", "The webhook did not answer in time."),
    httpcore.TimeoutException: (RETRY, "Timeout", "The webhook did not answer in time."),
    httpcore.ConnectError: (RETRY, "ConnectFailed", "The URL's host cannot be reached."),
    httpcore.NetworkError: (RETRY, "AnswerBroken", "The connection broke before a whole answer had come."),
    httpcore.ProtocolError: (RETRY, "AnswerBroken", "The answer is not valid HTTP/1.1."),
}
"""The result for an exception: the first matching line counts."""
REASONS = frozenset(
    {reason for _, reason, _ in FAILURES.values()}
    | {"HttpStatus", "TlsFailed", "UrlRefused", "RedirectRefused", "MethodRefused", "CallerFault"}
)
"""Every reason that a result can have."""
TLS_FAILED = "No TLS connection can be made: is the certificate valid for the host?"


class Refused(Exception):
    """A call that is not made, or not continued. `reason` is for programs, the message for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Reply:
    """A receiver's answer."""

    status: int
    retry_after: str
    """The unchanged header; empty if it is missing."""
    body: bytes
    truncated: bool


def of_reply(reply: Reply, now: dt.datetime) -> WebhookResult:
    """The result of an answer: 2xx is success, 5xx and 429 are tried again, everything else is final."""
    result = WebhookResult(
        kind=SUCCEEDED, status=reply.status, response_body=reply.body, response_truncated=reply.truncated
    )
    if 200 <= reply.status < 300:
        return result
    result.reason, result.message = "HttpStatus", f"The webhook answered {reply.status}."
    result.kind = FAILED
    if reply.status == 429 or reply.status >= 500:
        result.kind = RETRY
        result.retry_after_ms = round((seconds_of(reply.retry_after, now) or 0.0) * 1000)
    return result


def of_failure(error: Exception) -> WebhookResult:
    """The result of a call without an answer. Raises `error` itself if it is not a failure of the receiver."""
    if isinstance(error, Refused):
        return WebhookResult(kind=FAILED, reason=error.reason, message=error.message)
    if isinstance(error, httpcore.ConnectError) and is_of_tls(error):
        return WebhookResult(kind=RETRY, reason="TlsFailed", message=TLS_FAILED)
    for cause, (kind, reason, message) in FAILURES.items():
        if isinstance(error, cause):
            return WebhookResult(kind=kind, reason=reason, message=message)
    raise error
