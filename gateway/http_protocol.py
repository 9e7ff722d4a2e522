"""uvicorn's HTTP protocol with bounds on what a connection may cost.

uvicorn, when it parses with httptools, bounds neither the size of a request's head nor the time it takes to arrive. It
waits without end for a client that does not read its answer, and for the rest of a body that was answered early. It
answers malformed HTTP with plain text. See `HttpToolsProtocol` in uvicorn/protocols/http/httptools_impl.py.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.alarm import Alarm
from gateway.codec import dump
from gateway.problems import Problem, overloaded
from service_kit import request_id

MAX_HEAD_BYTES = 32 * 1024
"""Most bytes of request line and headers. Above what any client of ours sends, below what could hurt."""


RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    max_connections = 4096
    """Open connections beyond which a new one is answered 503 and closed. Set by `bounded`."""
    head_seconds = 10.0
    """How long a connection may take to send a request's head, or the body of one that is answered already. Set by
    `bounded`."""
    unread_seconds = 30.0
    """How long what was written may wait for the client to read on. Set by `bounded`."""

    on_refused: Callable[[int], None] | None = None
    """Hears the status of what is answered here and not by the application. Set by `bounded`."""

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
        if len(self.connections) > self.max_connections:
            self._refuse(overloaded())
        else:
            self._late_head.set(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection.

        uvicorn tells the request that came last, and the one being answered may be an earlier one.
        """
        for alarm in (self._late_head, self._late_rest, self._stalled):
            alarm.retire()
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; refuses a head that goes on for too long without ever being complete."""
        if self._head_is_open:
            self._late_head.set(self.head_seconds)
            self._head_bytes += len(data)
        while data:
            self._data, self._unread = data, b""
            super().data_received(data)
            data = self._unread
        if self._head_is_open and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(head_too_large())
        self._await_next_request()

    def pause_writing(self) -> None:
        """The client does not read as fast as it is written to."""
        super().pause_writing()
        self._stalled.set(self.unread_seconds)

    def resume_writing(self) -> None:
        """The client has read on."""
        if not self.transport.is_closing():
            self._stalled.cancel()
        super().resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """The answer is written. What is left of the request's body is thrown away, for a while."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._stalled.set(self.unread_seconds)
        elif self.cycle.response_complete and not self._head_is_open:
            self._late_rest.set(self.head_seconds)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has come for long enough."""
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
        """A header, or a trailer after a chunked body, for which nobody asks."""
        if self._head_is_open and not self._is_repeating_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete, and judged by its own size: what came with it may belong to the body."""
        self._late_head.cancel()
        self._head_is_open = False
        self._head_bytes = 0
        if self._is_repeating_head:
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEAD_BYTES:
            self._head_bytes = size
            raise ValueError("the head is too large")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is complete; what follows is the next request's head."""
        if self.parser.should_upgrade() and self._framing():
            return
        super().on_message_complete()
        self._late_rest.cancel()
        self._head_is_open = True

    def _unsupported_upgrade_warning(self) -> None:
        """Goes on in HTTP/1.1 with a client that offered to switch protocols.

        Java's HTTP client and `curl --http2` offer HTTP/2 along with ordinary requests, bodies included. The parser
        takes everything after such a head for the other protocol, so a new one reads on: the head's framing again
        without the offer, then what the old one left.
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
        """Answers what the parser cannot read."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(head_too_large())
        else:
            self._refuse(Problem(400, "Malformed HTTP", "This is not a valid HTTP/1.1 request."))

    def _head_is_late(self) -> None:
        if self._head_bytes == 0:
            self._close()
        else:
            message = f"The request did not arrive within {self.head_seconds:g} seconds."
            self._refuse(Problem(408, "Request timeout", message))

    def _await_next_request(self) -> None:
        """Makes sure that a connection on which nothing happens ends.

        uvicorn sets the time when an answer is written and forgets it when anything comes, such as the rest of a body.
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
        """Throws away what the client has not read: the system too would keep it for many minutes."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()

    def _refuse(self, problem: Problem) -> None:
        """Answers outside the application and closes the connection.

        An answer in progress must not be spliced with this one: if its request is complete, it is the last.
        """
        self._late_head.cancel()
        if self.transport.is_closing():
            return
        is_busy = self.cycle is not None and not self.cycle.response_complete
        if is_busy and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if is_busy:
            # What is wrong is the body of the request in progress.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not is_busy or not (self.cycle.response_started or self.pipeline):
            self._write(problem)
        self._close()

    def _write(self, problem: Problem) -> None:
        if self.on_refused is not None:
            self.on_refused(problem.status)
        body = dump(problem.body())
        headers = {
            "x-request-id": request_id.new(),
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            **problem.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[problem.status] + head.encode("ascii") + b"\r\n" + body)


def head_too_large() -> Problem:
    """431: request line and headers are larger than MAX_HEAD_BYTES."""
    return Problem(431, "Headers too large", f"Request line and headers must be at most {MAX_HEAD_BYTES} bytes.")


def bounded(
    *,
    max_connections: int,
    head_seconds: float,
    unread_seconds: float,
    on_refused: Callable[[int], None] | None = None,
) -> type[asyncio.Protocol]:
    """The protocol with these bounds."""
    bounds: dict[str, Any] = {
        "max_connections": max_connections,
        "head_seconds": head_seconds,
        "unread_seconds": unread_seconds,
        "on_refused": None if on_refused is None else staticmethod(on_refused),
    }
    return type("ConfiguredHttpProtocol", (BoundedHttpProtocol,), bounds)
