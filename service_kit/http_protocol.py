"""uvicorn's HTTP protocol with limits on what a connection may use.

uvicorn with httptools limits neither the size of a request's head nor the time in which it must arrive. It waits
forever for a client that does not read its answer, and for the rest of a body that was answered early. It holds any
number of connections, and any number of pipelined requests on one. It answers malformed HTTP with plain text, and logs
a traceback for some of it. See `HttpToolsProtocol` in
uvicorn/protocols/http/httptools_impl.py.
"""

import asyncio
import json
import logging
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service_kit import tracing
from service_kit.alarm import Alarm
from service_kit.connections import Connections

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 32 * 1024
"""Most bytes of request line and headers. More than usual clients send, and little enough to do no harm."""
MAX_HEADERS = 128
"""Most headers of one request. A short header takes twenty times its size on the wire in memory."""
MAX_AHEAD = 32
"""Most pipelined requests: those sent before the one in progress is answered. The connection ends after them, and
clients repeat the unanswered ones (RFC 9112 section 9.3.2)."""


@dataclass(frozen=True)
class Refusal:
    """The answer to input that never becomes a request for the application: an HTTP `status`, the short title `error`,
    a `message` in a sentence, and headers."""

    status: int
    error: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


MALFORMED = Refusal(400, "Malformed HTTP", "This is not a valid HTTP/1.1 request.")
NO_HOST = Refusal(400, "Malformed HTTP", "A request must say in one Host header which host it is for.")
HEAD_TOO_LARGE = Refusal(
    431, "Headers too large", f"A request must have at most {MAX_HEADERS} headers, of {MAX_HEAD_BYTES} bytes in all."
)  # fmt: skip
FULL = Refusal(
    503, "Service unavailable", "The server is overloaded. Try again shortly.", {"retry-after": "1"}
)  # fmt: skip


Render = Callable[[Refusal], tuple[str, bytes]]
"""Turns a refusal into a content type and a body."""


def as_json(refusal: Refusal) -> tuple[str, bytes]:
    """For programs."""
    text = json.dumps({"error": refusal.error, "message": refusal.message}, separators=(",", ":"))
    return "application/json", text.encode()


def as_text(refusal: Refusal) -> tuple[str, bytes]:
    """For people."""
    return "text/plain; charset=utf-8", refusal.message.encode()


RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    held: Connections
    """The open connections of this server. Beyond them a new one is answered 503 and closed. Set by `bounded`."""
    head_seconds = 10.0
    """Seconds that a connection may take to send a request's head, or the body of one that is answered already. Set by
    `bounded`."""
    unread_seconds = 30.0
    """Seconds that written data may wait for the client to read on. Set by `bounded`."""

    on_refused: Callable[[int], None] | None = None
    """Called with the status of each answer that this class gives, not the application. Set by `bounded`."""
    render: Callable[[Refusal], tuple[str, bytes]] = staticmethod(as_json)
    """Formats the answers that this class gives. Set by `bounded`."""

    _refusal = MALFORMED
    _is_upgraded = False
    _is_unread = False
    _head_bytes = 0
    _head_is_open = True
    _data = b""
    _unread = b""
    _is_repeating_head = False
    _running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts the connection, unless there are too many."""
        super().connection_made(transport)
        self._late_head = Alarm(self._head_is_late)
        self._late_rest = Alarm(self._close)
        self._stalled = Alarm(self._reset)
        if self.held.enter(self, self.client[0] if self.client else ""):
            self._late_head.set(self.head_seconds)
        else:
            self._refuse(FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection.

        uvicorn notifies the request that came last, but the one being answered may be an earlier one.
        """
        self._leave()
        self.pipeline.clear()
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
            self._refuse(FULL)
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
        if self._head_is_open and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HEAD_TOO_LARGE)
        self._await_next_request()

    def _feed(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except httptools.HttpParserError:
            # Raised by the second parser, after an offer to switch protocols; uvicorn does not expect it there.
            self.send_400_response("")
        except Exception as error:
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
        if len(self.headers) >= MAX_HEADERS:
            self._refusal = HEAD_TOO_LARGE
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
        if size > MAX_HEAD_BYTES:
            self._refusal = HEAD_TOO_LARGE
            raise ValueError("the head is too large")
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            # RFC 9112 section 3.2: if there are two, a proxy may use the other one.
            self._refusal = NO_HOST
            raise ValueError("the head does not name one host")
        if self._switches() and (self._framing() or self._is_busy()):
            raise ValueError("a request with a body, or behind another one, cannot switch protocols")
        if len(self.pipeline) >= MAX_AHEAD:
            raise ValueError("too many requests are ahead of their turn")
        if not self._is_busy():
            self.held.waits(self)
        super().on_headers_complete()

    def _switches(self) -> bool:
        """Whether this request asks for a WebSocket, and the server supports WebSockets."""
        return bool(self.parser.should_upgrade() and self._should_upgrade())

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
        """Goes on in HTTP/1.1 with a client that offered to switch protocols.

        Java's HTTP client and `curl --http2` offer HTTP/2 along with ordinary requests, bodies included. The parser
        takes everything after such a head for the other protocol. So a new parser reads on: first the head's framing
        without the offer, then the data that the old one has left.
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
        self._refuse(HEAD_TOO_LARGE if self._head_bytes > MAX_HEAD_BYTES else self._refusal)

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
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
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
            self._write(refusal)
        self._close()

    def _write(self, refusal: Refusal) -> None:
        if self.on_refused is not None:
            self.on_refused(refusal.status)
        content_type, body = self.render(refusal)
        headers = {
            "x-request-id": tracing.new_request_id(),
            "content-type": content_type,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "connection": "close",
            **refusal.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[refusal.status] + head.encode("ascii") + b"\r\n" + body)


def bounded(
    *,
    held: Connections,
    head_seconds: float,
    unread_seconds: float,
    on_refused: Callable[[int], None] | None = None,
    render: Render = as_json,
) -> type[asyncio.Protocol]:
    """The protocol class with these limits."""
    bounds: dict[str, Any] = {
        "held": held,
        "head_seconds": head_seconds,
        "unread_seconds": unread_seconds,
        "on_refused": None if on_refused is None else staticmethod(on_refused),
        "render": staticmethod(render),
    }
    return type("ConfiguredHttpProtocol", (BoundedHttpProtocol,), bounds)
