"""One HTTP/2 connection to APNs."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from aioapns.common import NotificationResult
from aioapns.connection import AuthorizationHeaderProvider
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import NoAvailableStreamIDError, ProtocolError
from h2.settings import SettingCodes
from hpack import HeaderTuple, NeverIndexedHeaderTuple

from delivery_service.apns.exchange import Exchange, status_of
from delivery_service.apns.failures import MaybeSent, NotSent
from delivery_service.apns.http2 import ForgivingH2Connection
from delivery_service.apns.request import MAX_PAYLOAD_BYTES, ApnsRequest

MAX_IN_FLIGHT = 100
"""h2 walks all open streams for each new one; measured, throughput falls beyond this many."""
MAX_STREAMS = 1000
"""Most open streams, slow ones included; as many as APNs allows."""
SLOW_SECONDS = 1.0
"""Seconds after which a push without an answer no longer counts as open, so that tokens that APNs does not answer do
not hold up the others."""
SILENT_IN_A_ROW = 3
"""Pushes that time out in a row, without an answer to any other, until the peer counts as gone."""

METHOD = HeaderTuple(b":method", b"POST")
SCHEME = HeaderTuple(b":scheme", b"https")

KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""TCP keep-alive: finds within 90 seconds that the network has dropped an idle connection, before a push is lost."""


class ApnsConnection(asyncio.Protocol):
    """A connection that loses no push, no answer and no permit, whatever the peer does.

    It waits for the server's first SETTINGS; counts streams in flight against the server's limit as it is now; matches
    answers by stream; hears RST_STREAM and GOAWAY; obeys flow control; limits the wait for an answer; and gives a
    stream back when its caller has gone.
    """

    def __init__(
        self,
        *,
        authority: str,
        loop: asyncio.AbstractEventLoop,
        auth_provider: AuthorizationHeaderProvider,
        answer_timeout: float,
        on_change: Callable[[], None],
        on_lost: Callable[["ApnsConnection"], None],
    ) -> None:
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self._on_lost = on_lost
        self._provider_token = auth_provider
        self.conn = ForgivingH2Connection()
        self.ready: asyncio.Future[None] = loop.create_future()
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
        self._slow = 0
        self._slow_timer: asyncio.TimerHandle | None = None
        self._reserved = 0
        self._in_flight: dict[int, Exchange] = {}
        self._blocked: set[int] = set()
        self._answered_at = 0.0
        self._answer_timeout = answer_timeout
        self._timer: asyncio.TimerHandle | None = None
        self._flush_scheduled = False
        self._on_change = on_change
        self._authority = HeaderTuple(b":authority", authority.encode())
        self._auth_text = ""
        self._auth_header = HeaderTuple(b"authorization", b"")

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
            self._abandon(stream_id)
            self._settle()
            raise

    def _open(self, request: ApnsRequest) -> tuple[int, Exchange]:
        if not self.usable:
            raise NotSent("ConnectionLost")
        now = self.loop.time()
        exchange = Exchange(
            request, answer=self.loop.create_future(), opened_at=now, deadline=now + self._answer_timeout
        )
        try:
            stream_id = self.conn.get_next_available_stream_id()
            self.conn.send_headers(stream_id, self._headers(request))
        except NoAvailableStreamIDError:
            self.retire()
            raise NotSent("ConnectionDraining") from None
        except ProtocolError:
            self.retire()
            raise NotSent("ConnectionLost") from None
        self.used = True
        self._in_flight[stream_id] = exchange
        self._pump(stream_id, exchange)
        if self._timer is None:
            self._timer = self.loop.call_at(exchange.deadline, self._expire)
        if self._slow_timer is None:
            self._slow_timer = self.loop.call_later(SLOW_SECONDS, self._count_slow)
        self.flush()
        return stream_id, exchange

    def _headers(self, request: ApnsRequest) -> list[HeaderTuple]:
        text = self._provider_token.get_header()
        if text is not self._auth_text:
            self._auth_text = text
            # Apple's page on token-based connections allows to index an `authorization` that rarely changes. It saves
            # 250 bytes and their Huffman coding on every push.
            self._auth_header = HeaderTuple(b"authorization", text.encode())
        return [
            METHOD,
            SCHEME,
            NeverIndexedHeaderTuple(b":path", b"/3/device/" + request.device_token.encode()),
            self._authority,
            self._auth_header,
            NeverIndexedHeaderTuple(b"apns-id", request.notification_id.encode()),
            *request.headers,
        ]

    def _pump(self, stream_id: int, exchange: Exchange) -> None:
        """Sends as much of the body as the flow-control windows allow; the rest goes when they open."""
        while exchange.unsent:
            size = min(
                len(exchange.unsent), self.conn.local_flow_control_window(stream_id), self.conn.max_outbound_frame_size
            )
            if size <= 0:
                self._blocked.add(stream_id)
                return
            piece, exchange.unsent = exchange.unsent[:size], exchange.unsent[size:]
            self.conn.send_data(stream_id, bytes(piece), end_stream=not exchange.unsent)
        self._blocked.discard(stream_id)

    def flush(self) -> None:
        """Schedules a write of h2's pending data, once per turn of the event loop: many pushes share a TLS record."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self.loop.call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._flush_scheduled = False
        data = self.conn.data_to_send()
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    # Receiving.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is established: sends the HTTP/2 preface."""
        self.transport = cast(asyncio.Transport, transport)
        _keep_alive(transport)
        self.conn.initiate_connection()
        self._flush_now()

    def data_received(self, data: bytes) -> None:
        """Processes data from the peer."""
        # h2 drops its pending data when a GOAWAY comes, although the peer may still want it.
        self._flush_now()
        try:
            for event in self.conn.receive_data(data):
                self._on_event(event)
            for stream_id in list(self._blocked):
                self._pump(stream_id, self._in_flight[stream_id])
        except ProtocolError:
            self._flush_now()
            self.abort()
            return
        self.flush()
        self._settle()

    def _on_event(self, event: Event) -> None:
        match event:
            case ResponseReceived(stream_id=int(stream_id), headers=headers):
                if exchange := self._in_flight.get(stream_id):
                    exchange.status = status_of(headers)
            case DataReceived(stream_id=int(stream_id), data=data, flow_controlled_length=int(length)):
                if exchange := self._in_flight.get(stream_id):
                    exchange.take(data or b"")
                self.conn.acknowledge_received_data(length, stream_id)
            case StreamEnded(stream_id=int(stream_id)):
                self._on_answer(stream_id)
            case StreamReset(stream_id=int(stream_id), error_code=code):
                refused = code == ErrorCodes.REFUSED_STREAM
                self._answered_at = self.loop.time()
                self._fail(stream_id, NotSent("StreamRefused") if refused else MaybeSent("StreamReset"))
            case RemoteSettingsChanged():
                self._on_settings(event)
            case ConnectionTerminated(last_stream_id=last_stream_id):
                self._on_goaway(last_stream_id or 0)
            case WindowUpdated() | _:
                pass

    def _on_settings(self, event: RemoteSettingsChanged) -> None:
        changed = event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS)
        if changed is not None:
            self._limit = min(changed.new_value, MAX_STREAMS)
        if not self.ready.done():
            self.ready_at = self.loop.time()
            self.ready.set_result(None)

    def _on_answer(self, stream_id: int) -> None:
        self._blocked.discard(stream_id)
        exchange = self._in_flight.pop(stream_id, None)
        if exchange is None:
            return
        self._answered_at = self.loop.time()
        self.silent = 0
        if exchange.status not in ("", "403"):
            self.proved = True
        if exchange.unsent:
            self._reset(stream_id)
        if not exchange.answer.done():
            exchange.answer.set_result(exchange.result())

    def _on_goaway(self, last_stream_id: int) -> None:
        self.draining = True
        for stream_id in [stream_id for stream_id in self._in_flight if stream_id > last_stream_id]:
            self._fail(stream_id, NotSent("ConnectionDraining"))

    def _fail(self, stream_id: int, failure: NotSent | MaybeSent) -> None:
        self._blocked.discard(stream_id)
        exchange = self._in_flight.pop(stream_id, None)
        if exchange is not None and not exchange.answer.done():
            exchange.answer.set_exception(failure)

    # Ending.

    def _expire(self) -> None:
        """Fails pushes whose answer is overdue. They are in the order of their deadlines."""
        self._timer = None
        now = self.loop.time()
        while self._in_flight:
            stream_id, exchange = next(iter(self._in_flight.items()))
            if exchange.deadline > now:
                self._timer = self.loop.call_at(exchange.deadline, self._expire)
                break
            if self._answered_at < exchange.opened_at:
                self.silent += 1
            if exchange.unsent:  # the server withholds its window: no push would get through any more
                self.draining = True
            self._reset(stream_id)
            self._fail(stream_id, MaybeSent("AnswerTimeout"))
        if self.silent >= SILENT_IN_A_ROW:
            self.abort()
        else:
            self._settle()

    def _count_slow(self) -> None:
        """Counts slow pushes once a second, so that each answer does not have to."""
        before = self.loop.time() - SLOW_SECONDS
        self._slow = sum(exchange.opened_at <= before for exchange in self._in_flight.values())
        self._slow_timer = self.loop.call_later(SLOW_SECONDS, self._count_slow) if self._in_flight else None
        self._on_change()

    def _abandon(self, stream_id: int) -> None:
        self._blocked.discard(stream_id)
        if self._in_flight.pop(stream_id, None) is not None:
            self._reset(stream_id)

    def _reset(self, stream_id: int) -> None:
        """Tells the peer that this stream's answer is no longer wanted."""
        if self._dead:
            return
        try:
            self.conn.reset_stream(stream_id, ErrorCodes.CANCEL)
        except ProtocolError:  # it ended by itself
            return
        self.flush()

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
        if self.transport is not None and not self.transport.is_closing():
            self._flush_now()
            self.transport.close()

    def abort(self) -> None:
        """Cuts the connection; pushes in flight fail as MaybeSent."""
        if self.transport is not None:
            self.transport.abort()
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
        if self._slow_timer is not None:
            self._slow_timer.cancel()
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"no SETTINGS: {why}"))
            self.ready.exception()  # marks the exception as handled: a waiter is optional
        for stream_id in list(self._in_flight):
            self._fail(stream_id, MaybeSent("ConnectionLost"))
        self._on_lost(self)


def _keep_alive(transport: asyncio.BaseTransport) -> None:
    peer: Any = transport.get_extra_info("socket")
    if peer is None:
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in KEEPALIVE.items():
        if hasattr(socket, name):  # not every system has them
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
