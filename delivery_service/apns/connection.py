"""One HTTP/2 connection to APNs: what is in flight on it, whether there is room for more, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import cast

from aioapns.common import NotificationResult
from h2 import events
from h2.errors import ErrorCodes
from h2.exceptions import NoAvailableStreamIDError, ProtocolError
from h2.settings import SettingCodes
from hpack import HeaderTuple

from delivery_service.apns.http2 import ForgivingH2Connection
from delivery_service.apns.outcomes import MaybeSent, NotSent
from delivery_service.apns.provider_token import ProviderToken
from delivery_service.apns.request import MAX_PAYLOAD_BYTES, ApnsRequest, Exchange, status_of

MAX_IN_FLIGHT = 100
"""h2 walks all open streams for each new one; measured, throughput falls beyond this many."""
MAX_STREAMS = 1000
"""Most open streams, slow ones included; as many as APNs allows."""
SLOW_SECONDS = 1.0
"""Seconds after which a push without an answer no longer counts as open, so that tokens that APNs does not answer do
not hold up the others."""
SILENT_IN_A_ROW = 3
"""Pushes that time out in a row, without an answer to any other, until the peer counts as gone."""


class ApnsConnection(asyncio.Protocol):
    """A connection that loses no push, no answer and no permit, whatever the peer does.

    It waits for the server's first SETTINGS, counts streams against the server's limit as it is now, matches answers by
    stream, limits the wait for an answer, and gives a stream back when its caller has gone.
    """

    def __init__(
        self,
        *,
        authority: str,
        provider_token: ProviderToken,
        answer_timeout: float,
        on_change: Callable[[], None],
        on_lost: Callable[["ApnsConnection"], None],
    ) -> None:
        """`on_change` is called when there may be room, `on_lost` once when the connection has ended."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._on_change = on_change
        self._on_lost = on_lost
        self._provider_token = provider_token
        self._authority = HeaderTuple(b":authority", authority.encode())
        self.conn = ForgivingH2Connection()
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
        self._reserved = 0
        self._in_flight: dict[int, Exchange] = {}
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
        """Number of pushes in flight and of reserved places."""
        return len(self._in_flight) + self._reserved

    @property
    def has_room(self) -> bool:
        """Whether a push of any size can be sent at once."""
        return (
            self.usable
            and self.load < self._limit
            and self.load - self._slow < MAX_IN_FLIGHT
            and self.conn.outbound_flow_control_window >= MAX_PAYLOAD_BYTES
        )

    def reserve(self) -> None:
        """Reserves room for one push. Call `send_notification` or `release` afterwards."""
        self._reserved += 1

    def release(self) -> None:
        """Gives reserved room back."""
        self._reserved -= 1
        self._on_change()

    # Sending.

    async def send_notification(self, request: ApnsRequest) -> NotificationResult:
        """Sends over the room that was reserved and returns the answer, whatever it says.

        Raises NotSent or MaybeSent. A cancelled call closes its stream on both sides.
        """
        self._reserved -= 1
        stream_id, exchange = self._open(request)
        try:
            return await exchange.answer
        except asyncio.CancelledError:
            if self._take(stream_id) is not None:
                self._cancel(stream_id)
            self._settle()
            raise

    def _open(self, request: ApnsRequest) -> tuple[int, Exchange]:
        if not self.usable:
            raise NotSent("ConnectionLost")
        now = self._loop.time()
        exchange = Exchange(request.notification_id, self._loop.create_future(), now, now + self._answer_timeout)
        try:
            stream_id = self.conn.get_next_available_stream_id()
            self.conn.send_headers(stream_id, request.head(self._authority, self._provider_token.get_header()))
            if len(request.payload) <= self.conn.local_flow_control_window(stream_id):
                self.conn.send_data(stream_id, request.payload, end_stream=True)
            else:
                self.conn.send_piecewise(stream_id, request.payload)
        except ProtocolError as error:
            self.retire()
            reason = "ConnectionDraining" if isinstance(error, NoAvailableStreamIDError) else "ConnectionLost"
            raise NotSent(reason) from None
        self.used = True
        self._in_flight[stream_id] = exchange
        if self._timer is None:
            self._timer = self._loop.call_at(min(exchange.deadline, now + SLOW_SECONDS), self._look_for_overdue)
        self._flush()
        return stream_id, exchange

    def _flush(self) -> None:
        """Schedules a write of h2's pending data, once per turn of the event loop: many pushes share a TLS record."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._flush_scheduled = False
        data = self.conn.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # Receiving.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is established: sends the HTTP/2 preface."""
        self._transport = cast(asyncio.Transport, transport)
        self.conn.initiate_connection()
        self._flush_now()

    def data_received(self, data: bytes) -> None:
        """Processes data from the peer."""
        # h2 drops its pending data when a GOAWAY comes, although the peer may still want it.
        self._flush_now()
        try:
            for event in self.conn.receive_data(data):
                self._on_event(event)
            if self.conn.unsent:
                self.conn.send_unsent()
        except ProtocolError:
            self._flush_now()
            self.abort()
            return
        self._flush()
        self._settle()

    def _on_event(self, event: events.Event) -> None:
        match event:
            case events.ResponseReceived(stream_id=int(stream_id), headers=headers):
                if exchange := self._in_flight.get(stream_id):
                    exchange.status = status_of(headers)
            case events.DataReceived(stream_id=int(stream_id), data=data, flow_controlled_length=int(length)):
                if exchange := self._in_flight.get(stream_id):
                    exchange.take(data or b"")
                self.conn.acknowledge_received_data(length, stream_id)
            case events.StreamEnded(stream_id=int(stream_id)):
                self._on_answer(stream_id)
            case events.StreamReset(stream_id=int(stream_id), error_code=code):
                refused = code == ErrorCodes.REFUSED_STREAM
                self._answered_at = self._loop.time()
                self._fail(stream_id, NotSent("StreamRefused") if refused else MaybeSent("StreamReset"))
            case events.RemoteSettingsChanged():
                self._on_settings(event)
            case events.ConnectionTerminated(last_stream_id=last_stream_id):
                self.draining = True
                for stream_id in [stream_id for stream_id in self._in_flight if stream_id > (last_stream_id or 0)]:
                    self._fail(stream_id, NotSent("ConnectionDraining"))

    def _on_settings(self, event: events.RemoteSettingsChanged) -> None:
        if changed := event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS):
            self._limit = min(changed.new_value, MAX_STREAMS)
        if not self.ready.done():
            self.ready_at = self._loop.time()
            self.ready.set_result(None)

    def _on_answer(self, stream_id: int) -> None:
        if stream_id in self.conn.unsent:
            self._cancel(stream_id)
        exchange = self._take(stream_id)
        if exchange is None:
            return
        self._answered_at = self._loop.time()
        self.silent = 0
        if exchange.status not in ("", "403"):
            self.proved = True
        if not exchange.answer.done():
            exchange.answer.set_result(exchange.result())

    # Ending.

    def _take(self, stream_id: int) -> Exchange | None:
        """Ends the push on this stream, if there still is one."""
        self.conn.unsent.pop(stream_id, None)
        return self._in_flight.pop(stream_id, None)

    def _fail(self, stream_id: int, failure: NotSent | MaybeSent) -> None:
        exchange = self._take(stream_id)
        if exchange is not None and not exchange.answer.done():
            exchange.answer.set_exception(failure)

    def _cancel(self, stream_id: int) -> None:
        """Tells the peer that this stream's answer is no longer wanted."""
        self.conn.cancel_stream(stream_id)
        self._flush()

    def _look_for_overdue(self) -> None:
        """Fails pushes whose answer is overdue, and counts slow ones, so that each answer does not have to."""
        self._timer = None
        now = self._loop.time()
        for stream_id, exchange in list(self._in_flight.items()):
            if exchange.deadline > now:
                self._timer = self._loop.call_at(min(exchange.deadline, now + SLOW_SECONDS), self._look_for_overdue)
                break
            if self._answered_at < exchange.opened_at:
                self.silent += 1
            if stream_id in self.conn.unsent:  # the server withholds its window: no push would get through any more
                self.draining = True
            self._cancel(stream_id)
            self._fail(stream_id, MaybeSent("AnswerTimeout"))
        if self.silent >= SILENT_IN_A_ROW:
            self.abort()
            return
        self._slow = sum(exchange.opened_at <= now - SLOW_SECONDS for exchange in self._in_flight.values())
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
        for stream_id in list(self._in_flight):
            self._fail(stream_id, MaybeSent("ConnectionLost"))
        self._on_lost(self)
