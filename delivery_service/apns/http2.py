"""The client's side of HTTP/2 (RFC 9113), as far as pushes need it.

h2 takes several times as long for each push, above all because it walks its streams and checks what we write ourselves.
libcurl cannot tell a request that the peer has refused unread from one that was lost on the way, and repeats both.
Frames that are rare are hyperframe's, and headers that we do not know are hpack's.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from hpack import HeaderTuple
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from delivery_service.apns.header_blocks import HTTPS, POST, HeaderReader, HeaderWriter
from delivery_service.apns.http2_events import Events, NoStreamsLeft, ProtocolError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD = Struct(">HBBBL")
HEAD_BYTES = 9
MAX_FRAME_BYTES = 16_384
"""What either side takes unless it announces more."""
MAX_HEADERS_BYTES = 65_536
"""Most bytes of an answer's headers; Apple's have some hundred."""
MAX_WINDOW = 2**31 - 1
LAST_STREAM = 2**31 - 1
WINDOW = 65_535
"""How many bytes either side may send unasked, unless it is told otherwise."""

DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
ACK, END_STREAM, END_HEADERS = 0x1, 0x1, 0x4
CANCEL, PROTOCOL_ERROR, REFUSED_STREAM = 0x8, 0x1, 0x7


class _Body:
    """What flow control has not let through yet."""

    __slots__ = ("data", "window")

    def __init__(self, data: bytes, window: int) -> None:
        self.data = data
        self.window = window


class Http2Client:
    """Turns requests into bytes and bytes into events. It does no input and output."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._writer = HeaderWriter()
        self._reader = HeaderReader()
        settings = SettingsFrame(0)
        settings.settings = {SettingsFrame.ENABLE_PUSH: 0}
        self._out = bytearray(PREFACE + settings.serialize())
        """What is to be written."""
        self._received = b""
        self._next_stream = 1
        self._greeted = False
        self._headers: tuple[int, bool, bytearray] | None = None
        """Headers that go on in the next frame: the stream, whether nothing follows them, and the bytes so far."""
        self.window = WINDOW
        """Bytes of bodies that the peer takes now, for all requests together."""
        self._stream_window = WINDOW
        self._unsent: dict[int, _Body] = {}
        self._unacknowledged = 0
        # Frames of other types say nothing to us.
        self._handlers: dict[type[Frame], Callable[[Any, int], None]] = {
            DataFrame: self._on_data,
            HeadersFrame: self._on_headers,
            ContinuationFrame: self._on_headers,
            SettingsFrame: self._on_settings,
            WindowUpdateFrame: self._on_window,
            RstStreamFrame: self._on_reset,
            GoAwayFrame: self._on_goaway,
            PingFrame: self._on_ping,
            PushPromiseFrame: self._on_push,
        }

    # Sending.

    def take_output(self) -> bytes:
        """The bytes that are to be written."""
        out = bytes(self._out)
        self._out.clear()
        return out

    @property
    def unsent(self) -> int:
        """Requests whose bodies are not sent as a whole."""
        return len(self._unsent)

    def is_unsent(self, stream_id: int) -> bool:
        """Whether a part of this request's body is not sent yet."""
        return stream_id in self._unsent

    def request(
        self,
        path: bytes,
        connection: tuple[HeaderTuple, ...],
        shared: tuple[HeaderTuple, ...],
        own: bytes,
        body: bytes,
        *,
        method: bytes = POST,
    ) -> int:
        """Sends a request, and returns its stream. Raises NoStreamsLeft.

        `method`, `path` and `own` are encoded already; `connection`, of which the first is the host, is what all
        requests have, `shared` what some have.
        """
        stream_id = self._next_stream
        if stream_id > LAST_STREAM:
            raise NoStreamsLeft
        self._next_stream += 2
        writer = self._writer
        block = b"".join(
            (writer.prelude(), method, HTTPS, path, *map(writer.write, connection), writer.write_all(shared), own)
        )
        size = len(body)
        head = FRAME_HEAD.pack(len(block) >> 8, len(block) & 0xFF, HEADERS, END_HEADERS, stream_id)
        if size <= self._stream_window and size <= self.window and size <= MAX_FRAME_BYTES:
            self.window -= size
            self._out += b"".join(
                (head, block, FRAME_HEAD.pack(size >> 8, size & 0xFF, DATA, END_STREAM, stream_id), body)
            )
            return stream_id
        self._out += head + block
        self._unsent[stream_id] = _Body(body, self._stream_window)
        self._send_body(stream_id)
        return stream_id

    def cancel(self, stream_id: int) -> None:
        """Tells the peer that this answer is no longer wanted. The request must be open."""
        self._unsent.pop(stream_id, None)
        self._out += RstStreamFrame(stream_id, error_code=CANCEL).serialize()

    def forget(self, stream_id: int) -> None:
        """Sends nothing more of this request."""
        self._unsent.pop(stream_id, None)

    def say_broken(self) -> None:
        """Tells the peer that it does not keep to the protocol."""
        self._out += GoAwayFrame(0, last_stream_id=0, error_code=PROTOCOL_ERROR).serialize()

    def _send_body(self, stream_id: int) -> None:
        body = self._unsent[stream_id]
        # A window is negative while the peer has made it smaller than what is on its way.
        while (size := min(len(body.data), body.window, self.window, MAX_FRAME_BYTES)) > 0:
            piece, body.data = body.data[:size], body.data[size:]
            body.window -= size
            self.window -= size
            flags = 0 if body.data else END_STREAM
            self._out += FRAME_HEAD.pack(size >> 8, size & 0xFF, DATA, flags, stream_id) + piece
        if not body.data:
            del self._unsent[stream_id]

    # Receiving.

    def receive(self, data: bytes) -> None:
        """Takes bytes of the peer. Raises ProtocolError."""
        if self._received:
            data = self._received + data
        place, end = 0, len(data)
        while end - place >= HEAD_BYTES:
            high, low, kind, flags, stream_id = FRAME_HEAD.unpack_from(data, place)
            length = high << 8 | low
            if length > MAX_FRAME_BYTES:
                raise ProtocolError(f"a frame of {length} bytes")
            body = place + HEAD_BYTES
            after = body + length
            if after > end:
                break
            if kind == HEADERS and self._greeted and flags & ~END_STREAM == END_HEADERS and self._headers is None:
                self._on_block(stream_id & LAST_STREAM, data[body:after], is_last=bool(flags & END_STREAM))
            else:
                self._on_frame(kind, flags, memoryview(data)[place:after])
            place = after
        self._received = data[place:]

    def _on_frame(self, kind: int, flags: int, data: memoryview) -> None:
        if not self._greeted and (kind != SETTINGS or flags & ACK):
            raise ProtocolError("the first frame is not one of SETTINGS")
        if (self._headers is not None) != (kind == CONTINUATION):
            raise ProtocolError("headers are broken off, or go on without a beginning")
        try:
            frame, _ = Frame.parse_frame_header(data[:HEAD_BYTES])
            frame.parse_body(data[HEAD_BYTES:])
        except HyperframeError as error:
            raise ProtocolError(f"a frame that cannot be read: {error}") from error
        if handler := self._handlers.get(type(frame)):
            handler(frame, len(data) - HEAD_BYTES)

    def _check(self, stream_id: int) -> None:
        if not stream_id % 2 or stream_id >= self._next_stream:
            raise ProtocolError(f"a frame for the stream {stream_id}, which was not opened")

    def _on_headers(self, frame: HeadersFrame | ContinuationFrame, _: int) -> None:
        begun = self._headers or (frame.stream_id, "END_STREAM" in frame.flags, bytearray())
        stream_id, is_last, block = begun
        if stream_id != frame.stream_id:
            raise ProtocolError("headers go on in another stream")
        block += frame.data
        if len(block) > MAX_HEADERS_BYTES:
            raise ProtocolError("headers that do not end")
        if "END_HEADERS" not in frame.flags:
            self._headers = begun
            return
        self._headers = None
        self._on_block(stream_id, bytes(block), is_last=is_last)

    def _on_block(self, stream_id: int, block: bytes, *, is_last: bool) -> None:
        status, channel_id = self._reader.read(block)
        self._check(stream_id)
        self._events.on_status(stream_id, status)
        if channel_id:
            self._events.on_channel(stream_id, channel_id)
        if is_last:
            self._ended(stream_id)

    def _on_data(self, frame: DataFrame, length: int) -> None:
        self._check(frame.stream_id)
        self._events.on_body(frame.stream_id, frame.data)
        self._unacknowledged += length
        if self._unacknowledged >= WINDOW // 2:
            self._out += WindowUpdateFrame(0, window_increment=self._unacknowledged).serialize()
            self._unacknowledged = 0
        if "END_STREAM" in frame.flags:
            self._ended(frame.stream_id)
        elif length:
            self._out += WindowUpdateFrame(frame.stream_id, window_increment=length).serialize()

    def _ended(self, stream_id: int) -> None:
        if stream_id in self._unsent:  # it has the answer before it has read the request
            self.cancel(stream_id)
        self._events.on_end(stream_id)

    def _on_settings(self, frame: SettingsFrame, _: int) -> None:
        if "ACK" in frame.flags:
            return
        self._greeted = True
        settings = frame.settings
        self._out += SettingsFrame(0, flags=["ACK"]).serialize()
        if (table := settings.get(SettingsFrame.HEADER_TABLE_SIZE)) is not None:
            self._writer.limit(table)
        if (window := settings.get(SettingsFrame.INITIAL_WINDOW_SIZE)) is not None:
            if window > MAX_WINDOW:
                raise ProtocolError(f"a window of {window} bytes")
            for body in self._unsent.values():
                body.window += window - self._stream_window
            self._stream_window = window
            self._send_bodies()
        self._events.on_settings(settings.get(SettingsFrame.MAX_CONCURRENT_STREAMS))

    def _on_window(self, frame: WindowUpdateFrame, _: int) -> None:
        stream_id, increment = frame.stream_id, frame.window_increment
        if not stream_id:
            self.window += increment
            if self.window > MAX_WINDOW:
                raise ProtocolError(f"a window of {self.window} bytes")
            self._send_bodies()
        elif (body := self._unsent.get(stream_id)) is not None:
            body.window = min(body.window + increment, MAX_WINDOW)
            self._send_body(stream_id)

    def _on_reset(self, frame: RstStreamFrame, _: int) -> None:
        self._check(frame.stream_id)
        self.forget(frame.stream_id)
        self._events.on_reset(frame.stream_id, frame.error_code)

    def _on_goaway(self, frame: GoAwayFrame, _: int) -> None:
        self._events.on_goaway(frame.last_stream_id)

    def _on_ping(self, frame: PingFrame, _: int) -> None:
        if "ACK" not in frame.flags:
            self._out += PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]).serialize()

    def _on_push(self, frame: PushPromiseFrame, _: int) -> None:
        raise ProtocolError("a pushed stream, which was not allowed")

    def _send_bodies(self) -> None:
        for stream_id in list(self._unsent):
            self._send_body(stream_id)
