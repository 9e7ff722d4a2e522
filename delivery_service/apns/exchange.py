"""One push on a stream, and the parsing of its answer."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from aioapns.common import NotificationResult

from delivery_service.apns.request import ApnsRequest

MAX_ANSWER_BYTES = 4096
MAX_REASON_CHARACTERS = 64


class Exchange:
    """A push that was sent, and its answer so far."""

    __slots__ = ("_body", "answer", "apns_id", "deadline", "opened_at", "status", "unsent")

    def __init__(
        self,
        request: ApnsRequest,
        *,
        answer: "asyncio.Future[NotificationResult]",
        opened_at: float,
        deadline: float,
    ) -> None:
        self.answer = answer
        self.apns_id = request.notification_id
        self.unsent = memoryview(request.payload)
        """The part of the body that flow control has not let through yet."""
        self.opened_at = opened_at
        self.deadline = deadline
        self.status = ""
        self._body = b""

    def take(self, data: bytes) -> None:
        """Adds a piece of the answer's body, up to a limit: APNs' answers are small, a proxy's may not be."""
        if len(self._body) < MAX_ANSWER_BYTES:
            self._body += data

    def result(self) -> NotificationResult:
        """The answer, once it is complete.

        It has the request's own id: the stream identifies the request, not the answer's text.
        """
        reason, timestamp = _read_error(self._body)
        if self.status != "200" and not reason:
            reason = f"Http{self.status}" if self.status.isdecimal() else "NoStatus"
        return NotificationResult(self.apns_id, self.status, reason, timestamp)


def status_of(headers: Iterable[tuple[Any, ...]] | None) -> str:
    """The three digits of `:status`; empty if there are none."""
    for name, value in headers or ():
        if name == b":status":
            text = bytes(value).decode("latin-1")
            return text if len(text) == 3 and text.isascii() and text.isdecimal() else ""
    return ""


def _read_error(body: bytes) -> tuple[str, int | None]:
    """Reason and timestamp (UNIX milliseconds) of an error's body; each is empty if APNs did not write it."""
    try:
        said = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(said, dict):
        return "", None
    reason, timestamp = said.get("reason"), said.get("timestamp")
    if not (isinstance(reason, str) and reason.isascii() and reason.isprintable()):
        reason = ""
    return (
        reason[:MAX_REASON_CHARACTERS],
        timestamp if isinstance(timestamp, int) and not isinstance(timestamp, bool) else None,
    )
