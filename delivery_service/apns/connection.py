"""One HTTP/2 connection to APNs: what is in flight on it, whether there is room for more, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import cast

from hpack import HeaderTuple

from delivery_service.apns.http2 import REFUSED_STREAM, Http2Client
from delivery_service.apns.http2_events import NoStreamsLeft, ProtocolError
from delivery_service.apns.outcomes import MaybeSent, NotSent
from delivery_service.apns.provider_token import ProviderToken
from delivery_service.apns.request import MAX_PAYLOAD_BYTES
from delivery_service.apns.sending import Answer, Sending

MAX_IN_FLIGHT = 250
"""Pushes in flight, slow ones not counted: enough for 5,000 a second with answers that take 50 ms. A broken connection
leaves as many in doubt."""
MAX_STREAMS = 1000
"""Most open streams, slow ones included; as many as APNs allows."""
SLOW_SECONDS = 1.0
"""Seconds after which a push without an answer no longer counts as open, so that tokens that APNs does not answer do
not hold up the others."""
SILENT_IN_A_ROW = 3
"""Pushes that time out in a row, without an answer to any other, until the peer counts as gone."""


class ApnsConnection(asyncio.Protocol):
    """A connection that loses no push and no answer, whatever the peer does.

    It waits for the server's first SETTINGS, counts streams against the server's limit as it is now, matches answers by
    stream, limits the wait for an answer, and gives a stream back when its answer is not wanted any more.
    """

    def __init__(
        self,
        *,
        authority: str,
        provider_token: ProviderToken,
        answer_timeout: float,
        on_answer: Callable[["ApnsConnection", Sending, Answer], None],
        on_change: Callable[[], None],
        on_lost: Callable[["ApnsConnection"], None],
    ) -> None:
        """`on_answer` is called for each push that was sent, unless it was cancelled; `on_change` when there may be
        room, `on_lost` once when the connection has ended."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._on_answer = on_answer
        self._on_change = on_change
        self._on_lost = on_lost
        self._provider_token = provider_token
        self._authority = HeaderTuple(b":authority", authority.encode())
        self._http2 = Http2Client(self)
        self.ready: asyncio.Future[None] = self._loop.create_future()
        """Done once the server's first SETTINGS have arrived; before that nothing may be sent."""
        self.ready_at = 0.0
        self.draining = False
        """Whether it takes no more pushes, and closes once those in flight are answered."""
        self.used = False
        """Whether a push was sent over it."""
        self.proved = False
        """Whether APNs has answered a push that came over it without refusing the sender."""
        self.silent = 0
        """Pushes in a row that had no answer in time."""
        self._dead = False
        self._limit = MAX_IN_FLIGHT
        self._in_flight: dict[int, Sending] = {}
        """By stream, in the order of their deadlines."""
        self._slow = 0
        self._answered_at = 0.0
        self._answer_timeout = answer_timeout
        self._timer: asyncio.TimerHandle | None = None
        self._flush_scheduled = False

    # State for the pool.

    @property
    def usable(self) -> bool:
        """Whether new pushes may be sent over it, now or once there is room."""
        return self.ready.done() and not (self.draining or self._dead)

    @property
    def load(self) -> int:
        """Number of pushes in flight."""
        return len(self._in_flight)

    @property
    def has_room(self) -> bool:
        """Whether a push of any size can be sent at once."""
        load = len(self._in_flight)
        return (
            load < self._limit
            and load - self._slow < MAX_IN_FLIGHT
            and self._http2.window >= MAX_PAYLOAD_BYTES
            and self.usable
        )

    # Sending.

    def send(self, sending: Sending) -> None:
        """Sends the push; `on_answer` gets what comes of it. Raises NotSent."""
        if not self.usable:
            raise NotSent("ConnectionLost")
        request = sending.request
        headers = (self._authority, self._provider_token.get_header())
        try:
            stream_id = self._http2.request(
                request.path, headers, request.shared, request.own, request.payload, method=request.method
            )
        except NoStreamsLeft:
            self.retire()
            raise NotSent("ConnectionDraining") from None
        now = self._loop.time()
        sending.begin(self, stream_id, now, now + self._answer_timeout)
        self.used = True
        self._in_flight[stream_id] = sending
        if self._timer is None:
            self._timer = self._loop.call_at(min(sending.deadline, now + SLOW_SECONDS), self._look_for_overdue)
        self._flush()

    def give_up(self, sending: Sending) -> None:
        """Closes the stream of this push on both sides. Its answer is not wanted any more."""
        if self._take(sending.stream_id) is not None:
            self._cancel(sending.stream_id)
            self._settle()

    def _flush(self) -> None:
        """Schedules a write of what is to be sent, once per turn of the event loop: many pushes share a TLS record."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._flush_scheduled = False
        data = self._http2.take_output()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # Receiving.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is established: sends the HTTP/2 preface."""
        self._transport = cast(asyncio.Transport, transport)
        self._flush_now()

    def data_received(self, data: bytes) -> None:
        """Processes data from the peer."""
        try:
            self._http2.receive(data)
        except ProtocolError:
            self._http2.say_broken()
            self._flush_now()
            self.abort()
            return
        self._settle()
        self._flush()

    def on_status(self, stream_id: int, status: str) -> None:
        """See Events."""
        sending = self._in_flight.get(stream_id)
        if sending is not None and not sending.status and not status.startswith("1"):
            sending.status = status

    def on_channel(self, stream_id: int, channel_id: str) -> None:
        """See Events."""
        if sending := self._in_flight.get(stream_id):
            sending.channel_id = channel_id

    def on_body(self, stream_id: int, data: bytes) -> None:
        """See Events."""
        if sending := self._in_flight.get(stream_id):
            sending.take(data)

    def on_end(self, stream_id: int) -> None:
        """See Events."""
        sending = self._take(stream_id)
        if sending is None:
            return
        self._answered_at = self._loop.time()
        self.silent = 0
        if sending.status not in ("", "403"):
            self.proved = True
        self._on_answer(self, sending, sending.result())

    def on_reset(self, stream_id: int, code: int) -> None:
        """See Events."""
        self._answered_at = self._loop.time()
        self._fail(stream_id, NotSent("StreamRefused") if code == REFUSED_STREAM else MaybeSent("StreamReset"))

    def on_settings(self, max_streams: int | None) -> None:
        """See Events."""
        if max_streams is not None:
            self._limit = min(max_streams, MAX_STREAMS)
        if not self.ready.done():
            self.ready_at = self._loop.time()
            self.ready.set_result(None)

    def on_goaway(self, last_stream_id: int) -> None:
        """See Events."""
        self.draining = True
        for stream_id in [stream_id for stream_id in self._in_flight if stream_id > last_stream_id]:
            self._fail(stream_id, NotSent("ConnectionDraining"))

    # Ending.

    def _take(self, stream_id: int) -> Sending | None:
        """Ends the push on this stream, if there still is one."""
        return self._in_flight.pop(stream_id, None)

    def _fail(self, stream_id: int, failure: NotSent | MaybeSent) -> None:
        sending = self._take(stream_id)
        if sending is not None:
            self._http2.forget(stream_id)
            self._on_answer(self, sending, failure)

    def _cancel(self, stream_id: int) -> None:
        """Tells the peer that this stream's answer is no longer wanted."""
        self._http2.cancel(stream_id)
        self._flush()

    def _look_for_overdue(self) -> None:
        """Fails pushes whose answer is overdue, and counts slow ones, so that each answer does not have to."""
        self._timer = None
        now = self._loop.time()
        overdue = []
        for sending in self._in_flight.values():
            if sending.deadline > now:
                self._timer = self._loop.call_at(min(sending.deadline, now + SLOW_SECONDS), self._look_for_overdue)
                break
            overdue.append(sending)
        for sending in overdue:
            if sending.stream_id not in self._in_flight:  # it was cancelled because of the one before
                continue
            if self._answered_at < sending.opened_at:
                self.silent += 1
            if self._http2.is_unsent(sending.stream_id):  # the server withholds its window: no push would get through
                self.draining = True
            self._cancel(sending.stream_id)
            self._fail(sending.stream_id, MaybeSent("AnswerTimeout"))
        if self.silent >= SILENT_IN_A_ROW:
            self.abort()
            return
        self._slow = 0
        for sending in self._in_flight.values():
            if sending.opened_at > now - SLOW_SECONDS:
                break
            self._slow += 1
        self._settle()

    def _settle(self) -> None:
        if self.draining and not self._in_flight:
            self.close()
        self._on_change()

    def retire(self) -> None:
        """Takes no more pushes; closes once those in flight are answered or overdue."""
        self.draining = True
        self._settle()

    def close(self) -> None:
        """Closes the connection properly by TLS. Pushes in flight are lost."""
        if self._transport is not None and not self._transport.is_closing():
            self._flush_now()
            self._transport.close()

    def abort(self) -> None:
        """Cuts the connection; pushes in flight fail as MaybeSent."""
        if self._transport is not None:
            self._transport.abort()
        self._mark_lost("the connection was given up")

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._mark_lost(str(exc or "closed by the peer"))

    def _mark_lost(self, why: str) -> None:
        if self._dead:
            return
        self._dead = True
        if self._timer is not None:
            self._timer.cancel()
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"no SETTINGS: {why}"))
            self.ready.exception()  # marks the exception as handled: a waiter is optional
        # First, so that what is sent instead of a push that failed goes over another connection.
        self._on_lost(self)
        for stream_id in list(self._in_flight):
            self._fail(stream_id, MaybeSent("ConnectionLost"))
