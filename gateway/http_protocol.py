"""uvicorn's HTTP protocol with bounds on what a connection may cost before its request reaches the application.

uvicorn bounds neither the size of a request's head nor the time it takes to arrive when it parses with httptools, and
answers malformed HTTP with plain text. See `HttpToolsProtocol` in uvicorn/protocols/http/httptools_impl.py.
"""

import asyncio
import sys
import uuid
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.codec import dump
from gateway.problems import Problem, overloaded

MAX_HEAD_BYTES = 32 * 1024
"""Most bytes of request line and headers. Above what any client of ours sends, below what could hurt."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    max_connections = 4096
    """Open connections beyond which a new one is answered 503 and closed. Set by `bounded`."""
    head_seconds = 10.0
    """How long a connection may take to send a request's head. Set by `bounded`."""

    _head_bytes = 0
    _head_is_open = True
    _head_timer: asyncio.TimerHandle | None = None
    _data = b""
    _unread = b""
    _is_repeating_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse(overloaded())
        else:
            self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; refuses a head that goes on for too long without ever being complete."""
        if self._head_is_open:
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)
            self._head_bytes += len(data)
        while data:
            self._data, self._unread = data, b""
            super().data_received(data)
            data = self._unread
        if self._head_is_open and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(head_too_large())

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
        self._stop_timer()
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
        self._head_timer = None
        if self._head_bytes == 0:
            self.transport.close()
        else:
            message = f"The request did not arrive within {self.head_seconds:g} seconds."
            self._refuse(Problem(408, "Request timeout", message))

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, problem: Problem) -> None:
        """Answers outside the application and closes the connection."""
        self._stop_timer()
        if self.transport.is_closing():
            return
        body = dump(problem.body())
        headers = {
            "x-request-id": uuid.uuid4().hex,
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            **problem.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        # An answer in progress must not be spliced with this one.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(STATUS_LINE[problem.status] + head.encode("ascii") + b"\r\n" + body)
        self.transport.close()


def head_too_large() -> Problem:
    """431: request line and headers are larger than MAX_HEAD_BYTES."""
    return Problem(431, "Headers too large", f"Request line and headers must be at most {MAX_HEAD_BYTES} bytes.")


def bounded(*, max_connections: int, head_seconds: float) -> type[asyncio.Protocol]:
    """The protocol with these bounds."""
    bounds: dict[str, Any] = {"max_connections": max_connections, "head_seconds": head_seconds}
    return type("ConfiguredHttpProtocol", (BoundedHttpProtocol,), bounds)
