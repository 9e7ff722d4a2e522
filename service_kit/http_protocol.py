"""uvicorn's HTTP protocol with limits on what a connection may use.

uvicorn with httptools limits neither the size of a request's head nor the time in which it must arrive. It waits
forever for a client that does not read its answer, and for the rest of a body that was answered early. It holds any
number of connections, and any number of pipelined requests on one. It answers malformed HTTP with plain text, and logs
a traceback for some of it. See `HttpToolsProtocol` in uvicorn/protocols/http/httptools_impl.py.
"""

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service_kit import http_refusals as refusals
from service_kit.connections import Alarm, Connections
from service_kit.http_refusals import Refusal, Render
from service_kit.joined_writes import JoinedWrites

log = logging.getLogger(__name__)

MAX_AHEAD = 32
"""Most pipelined requests: those sent before the one in progress is answered. The connection ends after them, and
clients repeat the unanswered ones (RFC 9112 section 9.3.2)."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self, *args: Any, held: Connections, head_seconds: float, unread_seconds: float,
        on_refused: Callable[[int], None] = lambda status: None, render: Render = refusals.as_json, **options: Any,
    ) -> None:  # fmt: skip
        """`held` are the server's open connections. `head_seconds` is the time for a request's head, and again for the
        body of one that is answered already; `unread_seconds` is how long written data may wait for the client to read
        on. `on_refused` is called with the status of each answer that this class gives, `render` formats them."""
        super().__init__(*args, **options)
        self.held = held
        self.head_seconds = head_seconds
        self.unread_seconds = unread_seconds
        self._on_refused = on_refused
        self._render = render
        self._late_head = Alarm(self._head_is_late)
        self._late_rest = Alarm(self._close)
        self._stalled = Alarm(self._reset)
        self._refusal = refusals.MALFORMED
        self._is_upgraded = False
        self._is_unread = False
        self._head_bytes = 0
        self._head_is_open = True
        self._data = self._unread = b""
        self._is_repeating_head = False
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts the connection, unless there are too many."""
        super().connection_made(transport)
        if self.held.enter(self, self.client[0] if self.client else ""):
            self._late_head.set(self.head_seconds)
        else:
            self._refuse(refusals.FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._leave()
        self.pipeline.clear()
        # uvicorn notifies the request that came last, but the one being answered may be an earlier one.
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def _leave(self) -> None:
        self.held.leave(self)
        for alarm in (self._late_head, self._late_rest, self._stalled):
            alarm.retire()
        self._unset_keepalive_if_required()

    def give_up(self) -> None:
        """Closes this connection, which waits for its client, to make room for another one."""
        if self.transport.get_write_buffer_size():
            self._reset()
        elif self._is_busy() or (self._head_is_open and self._head_bytes):
            self._refuse(refusals.FULL)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser. Refuses what it cannot read, and a head that is too long before it is complete."""
        if self._head_is_open:
            self._late_head.set(self.head_seconds)
            self._head_bytes += len(data)
        while data:
            self._data, self._unread = data, b""
            self._feed(data)
            data = self._unread
        if self._is_upgraded:
            return
        if self._head_is_open and self._head_bytes > refusals.MAX_HEAD_BYTES:
            self._refuse(refusals.HEAD_TOO_LARGE)
        self._await_next_request()

    def _feed(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except Exception as error:
            # The second parser, after an offer to switch protocols, raises where uvicorn does not expect it.
            if not isinstance(error, httptools.HttpParserError):
                # It is the client's fault, so one line without traceback is enough.
                log.warning("a request cannot be read: %s", type(error).__name__)
            self.send_400_response("")

    def pause_writing(self) -> None:
        """Starts the timer for a client that reads slower than data is written."""
        super().pause_writing()
        self._stalled.set(self.unread_seconds)
        self._is_unread = True
        self._weigh()

    def resume_writing(self) -> None:
        """The client has read on."""
        if not self.transport.is_closing():
            self._stalled.cancel()
        super().resume_writing()
        self._is_unread = False
        self._weigh()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        cycle.transport = JoinedWrites(self.transport, self.loop, cycle)
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """The answer is written. The rest of the request's body is discarded, for a limited time."""
        super().on_response_complete()
        self._weigh()
        if self.transport.is_closing():
            self._stalled.set(self.unread_seconds)
        elif self.cycle.response_complete and not self._head_is_open:
            self._late_rest.set(self.head_seconds)

    def timeout_keep_alive_handler(self) -> None:
        """Closes the connection: no data has come for the keep-alive time."""
        self._close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head_is_open = True
        if not self._is_repeating_head:
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        if not self._is_repeating_head:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer after a chunked body. Trailers are ignored."""
        if not self._head_is_open or self._is_repeating_head:
            return
        if len(self.headers) >= refusals.MAX_HEADERS:
            self._refusal = refusals.HEAD_TOO_LARGE
            raise ValueError("the head has too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Checks the complete head by its own size: data that came with it may belong to the body."""
        self._late_head.cancel()
        self._head_is_open = False
        self._head_bytes = 0
        if self._is_repeating_head:
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > refusals.MAX_HEAD_BYTES:
            self._refusal = refusals.HEAD_TOO_LARGE
            raise ValueError("the head is too large")
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            # RFC 9112 section 3.2: if there are two, a proxy may use the other one.
            self._refusal = refusals.NO_HOST
            raise ValueError("the head does not name one host")
        switches = self.parser.should_upgrade() and self._should_upgrade()
        if switches and (self._framing() or self._is_busy()):
            raise ValueError("a request with a body, or behind another one, cannot switch protocols")
        if len(self.pipeline) >= MAX_AHEAD:
            raise ValueError("too many requests are ahead of their turn")
        if not self._is_busy():
            self.held.waits(self)
        super().on_headers_complete()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def handle_websocket_upgrade(self) -> None:
        """Hands the connection over to the WebSocket protocol, which has its own limits."""
        self._leave()
        self._is_upgraded = True
        super().handle_websocket_upgrade()

    def on_message_complete(self) -> None:
        """The body is complete; what follows is the next request's head."""
        if self.parser.should_upgrade() and self._framing():
            return
        super().on_message_complete()
        self._late_rest.cancel()
        self._head_is_open = True
        self._weigh()

    def _weigh(self) -> None:
        """Marks the connection as waiting if its client has to send a request, to send the rest of one, or to read."""
        is_whole = self._is_busy() and (bool(self.pipeline) or not self.cycle.more_body)
        if is_whole and not self._is_unread:
            self.held.works(self)
        else:
            self.held.waits(self)

    def _unsupported_upgrade_warning(self) -> None:
        """Goes on in HTTP/1.1 with a client that offered to switch protocols, as Java's and `curl --http2` do.

        The parser takes everything after such a head for the other protocol. So a new parser reads on: first the head's
        framing without the offer, then the data that the old one has left.
        """
        upgrade = sys.exc_info()[1]
        assert isinstance(upgrade, httptools.HttpParserUpgrade)  # noqa: S101 - where uvicorn calls this
        self.parser = httptools.HttpRequestParser(self)
        if framing := self._framing():
            self._is_repeating_head = True
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n\r\n")
            self._is_repeating_head = False
        self._unread = self._data[upgrade.args[0] :]

    def _framing(self) -> bytes:
        """The header that says how long the current request's body is; empty if it has none."""
        for name, value in self.headers:
            if name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0")):
                return name + b": " + value
        return b""

    def send_400_response(self, msg: str) -> None:
        """Answers what the parser cannot read, or what was refused while it read."""
        self._refuse(refusals.HEAD_TOO_LARGE if self._head_bytes > refusals.MAX_HEAD_BYTES else self._refusal)

    def _head_is_late(self) -> None:
        if self._head_bytes == 0:
            self._close()
        else:
            message = f"The request did not arrive within {self.head_seconds:g} seconds."
            self._refuse(Refusal(408, "Request timeout", message))

    def _await_next_request(self) -> None:
        """Makes sure that an idle connection ends.

        uvicorn starts its timer when an answer is written, and stops it when any data comes, such as the rest of a
        body.
        """
        is_idle = self.cycle is not None and self.cycle.response_complete and self._head_is_open
        if is_idle and not self._late_head.is_set and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _close(self) -> None:
        """Closes the connection once the client has read what was written, but does not wait for that without end."""
        self.transport.close()
        self._stalled.set(self.unread_seconds)

    def _reset(self) -> None:
        """Discards the data that the client has not read: the system would keep it for many minutes."""
        zero_seconds = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, zero_seconds)
        self.transport.abort()

    def _refuse(self, refusal: Refusal) -> None:
        """Answers outside the application and closes the connection.

        This answer must not be mixed into one in progress: if that one's request is complete, it is the last answer.
        """
        self._late_head.cancel()
        if self.transport.is_closing():
            return
        is_busy = self._is_busy()
        if is_busy and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if is_busy:
            # The error is in the body of the request in progress.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not is_busy or not (self.cycle.response_started or self.pipeline):
            self._on_refused(refusal.status)
            self.transport.write(refusals.answer_of(refusal, self._render))
        self._close()
