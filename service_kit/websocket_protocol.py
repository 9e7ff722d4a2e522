"""uvicorn's WebSocket protocol with limits on what a connection may use.

uvicorn limits only the size of a message. It keeps any number of frames of a message, even empty ones, answers pings of
a client that does not read, and waits forever for a client to read on. It logs a traceback for some malformed data. See
`WebSocketsSansIOProtocol` in uvicorn/protocols/websockets/websockets_sansio_impl.py.
"""

import logging
from asyncio.transports import BaseTransport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from service_kit.connections import Alarm, Connections

log = logging.getLogger(__name__)

MAX_PIECES = 1000
"""Most frames of one message. Browsers send one."""


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection, from the request that it begins with."""

    def __init__(self, *args: Any, held: Connections, unread_seconds: float, **options: Any) -> None:
        """`held` are the server's open connections; `unread_seconds` is how long written data may wait for the client
        to read on."""
        super().__init__(*args, **options)
        self.held = held
        self.unread_seconds = unread_seconds
        self._stalled = Alarm(self._abort)

    def connection_made(self, transport: BaseTransport) -> None:
        """Takes the connection over from HTTP, which has just given its place back: so there is room."""
        super().connection_made(transport)
        self.held.enter(self, self.client[0] if self.client else "")
        self.held.works(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self.held.leave(self)
        self._stalled.retire()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Closes it."""
        self._abort()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; ends the connection if it cannot be parsed."""
        try:
            super().data_received(data)
            if not self.handshake_initiated:
                # The head comes as a whole, and none was found in it.
                self._end()
        except Exception as error:
            # It is the client's fault, so one line without traceback is enough.
            log.warning("a WebSocket cannot be read: %s", type(error).__name__)
            self._end()

    def pause_writing(self) -> None:
        """Starts the timer for a client that reads slower than data is written."""
        super().pause_writing()
        self._stalled.set(self.unread_seconds)

    def resume_writing(self) -> None:
        """The client has read on."""
        self._stalled.cancel()
        super().resume_writing()

    def handle_cont(self, event: Frame) -> None:
        """One more frame of a message."""
        if len(self.frames) >= MAX_PIECES:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many frames")
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Passes on a complete message. Closes the connection for text that is not UTF-8: uvicorn would log a
        traceback."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "not UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answers, unless the client has not read earlier answers: they would pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_parser_exception(self) -> None:
        """Ends the connection: the client does not speak the WebSocket protocol."""
        if self.conn.close_sent is not None:
            super().handle_parser_exception()
            return
        self._end()

    def _end(self) -> None:
        if not self.handshake_complete:
            self.handshake_complete = True
            body = b"This is not a valid WebSocket handshake."
            head = b"content-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[400] + head + body)
        self.transport.close()

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def _abort(self) -> None:
        self.transport.abort()
