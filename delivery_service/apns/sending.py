"""A push on its way to APNs."""

from collections.abc import Callable
from typing import Protocol

from aioapns.common import NotificationResult

from delivery_service.apns.http_request import ApnsRequest
from delivery_service.apns.outcomes import PushFailed
from delivery_service.apns.request import MAX_ANSWER_BYTES, read_error

Answer = NotificationResult | PushFailed
"""What APNs says, or why there is no answer."""


class Holder(Protocol):
    """What has a push at the moment."""

    def give_up(self, sending: "Sending") -> None:
        """Lets go of the push, whose answer is not wanted any more."""


class Sending:
    """One push, from when it is handed over until it has its answer. Times are those of the event loop."""

    __slots__ = (
        "_body",
        "_done",
        "channel_id",
        "deadline",
        "holder",
        "opened_at",
        "renewed",
        "request",
        "send_by",
        "status",
        "stream_id",
        "tries",
    )

    def __init__(self, request: ApnsRequest, done: Callable[[Answer], None]) -> None:
        """`done` is called once, unless the push is cancelled before."""
        self.request = request
        self._done: Callable[[Answer], None] | None = done
        self.holder: Holder | None = None
        self.send_by = 0.0
        self.deadline = 0.0
        """By when it must be answered."""
        self.opened_at = 0.0
        self.stream_id = 0
        self.tries = 0
        self.renewed = False
        """Whether it was sent again with a new provider token."""
        self.status = ""
        self.channel_id = ""
        """Of the broadcast channel that the answer says was made."""
        self._body = b""

    def cancel(self) -> None:
        """The answer is not wanted any more. APNs may have the push all the same."""
        if self._done is not None:
            self._done = None
            if self.holder is not None:
                self.holder.give_up(self)

    def finish(self, answer: Answer) -> None:
        """Hands over the answer."""
        done, self._done = self._done, None
        if done is not None:
            done(answer)

    def begin(self, holder: Holder, stream_id: int, now: float, deadline: float) -> None:
        """It is sent, perhaps again: forgets what an earlier answer said."""
        self.holder, self.stream_id, self.opened_at, self.deadline = holder, stream_id, now, deadline
        self.status, self.channel_id, self._body = "", "", b""

    def take(self, data: bytes) -> None:
        """Adds a piece of the answer's body, up to a limit: APNs' answers are small, a proxy's may not be."""
        if len(self._body) < MAX_ANSWER_BYTES:
            self._body += data

    def result(self) -> NotificationResult:
        """The answer, once it is complete.

        It has the request's own id: the stream identifies the request, not the answer's text. Its description is the
        reason of a refusal, or the id of the broadcast channel that was made.
        """
        if self.status == self.request.success:
            return NotificationResult(self.request.notification_id, self.status, self.channel_id)
        reason, timestamp = read_error(self._body) if self._body else ("", None)
        if not reason:
            reason = f"Http{self.status}" if self.status.isdecimal() else "NoStatus"
        return NotificationResult(self.request.notification_id, self.status, reason, timestamp)
