"""The server's side of HTTP/2 (RFC 9113) on frames, as far as pushes need it."""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from benchmarks.apns_stand_in.counts import Counts
from benchmarks.apns_stand_in.push_heads import HeadReader, PushHead
from delivery_service.apns.header_blocks import STATUS_200, never_indexed
from delivery_service.apns.http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEAD,
    HEAD_BYTES,
    HEADERS,
    LAST_STREAM,
    MAX_FRAME_BYTES,
    PREFACE,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    WINDOW,
)
from delivery_service.apns.http2_events import ProtocolError

MAX_STREAMS = 1000
"""As many as Apple allows."""
STREAM_WINDOW = 65_535
CONNECTION_WINDOW = 1 << 30
TOP_UP = 1 << 20
"""Bytes of bodies after which the sender's window is made as large as it was."""
STATUS_400 = b"\x8c"


class Connection(asyncio.Protocol):
    """One sender. Everything that has come at once is answered at once, after the latency."""

    def __init__(self, counts: Counts, latency: Callable[[], float]) -> None:
        """`latency` returns the seconds from a push to its answer."""
        self._loop = asyncio.get_running_loop()
        self._counts = counts
        self._latency = latency
        self._heads = HeadReader()
        self._received = b""
        self._greeted = False
        self._out = bytearray()
        self._open: dict[int, tuple[PushHead, bytes]] = {}
        """Pushes that are not complete: the head, and the body so far."""
        self._answers: deque[tuple[float, int, bytes, str]] = deque()
        """When to answer which stream, the apns-id, and why it is refused, in the order of the time."""
        self._timer: asyncio.TimerHandle | None = None
        self._unacknowledged = 0
        self._headers: tuple[int, bool, bytearray] | None = None
        """Headers that go on in the next frame: the stream, whether nothing follows them, and the bytes so far."""
        self._handlers: dict[type[Frame], Callable[[Any], None]] = {
            DataFrame: self._on_data,
            HeadersFrame: self._on_headers,
            ContinuationFrame: self._on_headers,
            SettingsFrame: self._on_settings,
            RstStreamFrame: self._on_reset,
            PingFrame: self._on_ping,
        }

    # asyncio.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvloop's is no subclass
        """Greets the sender."""
        self._transport = transport
        self._counts.connections_opened += 1
        settings = SettingsFrame(0)
        settings.settings = {
            SettingsFrame.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
            SettingsFrame.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
        }
        window = WindowUpdateFrame(0, window_increment=CONNECTION_WINDOW - WINDOW)
        transport.write(settings.serialize() + window.serialize())

    def data_received(self, data: bytes) -> None:
        """Reads what has come, and answers what is to be answered now."""
        try:
            self._receive(data)
        except ProtocolError:
            self._counts.protocol_errors += 1
            self._out += GoAwayFrame(0, last_stream_id=0, error_code=PROTOCOL_ERROR).serialize()
            self._transport.write(bytes(self._out))
            self._transport.close()
            return
        self._answer_due()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender has left: its pushes get no answer."""
        if self._timer is not None:
            self._timer.cancel()
        self._counts.close(len(self._open) + len(self._answers))
        self._open.clear()
        self._answers.clear()

    # Reading.

    def _receive(self, data: bytes) -> None:
        data = self._received + data if self._received else data
        place, end = 0, len(data)
        if not self._greeted:
            if not PREFACE.startswith(data[: len(PREFACE)]):
                raise ProtocolError("no HTTP/2")
            if end < len(PREFACE):
                self._received = data
                return
            self._greeted, place = True, len(PREFACE)
        while end - place >= HEAD_BYTES:
            high, low, kind, flags, stream_id = FRAME_HEAD.unpack_from(data, place)
            length = high << 8 | low
            if length > MAX_FRAME_BYTES:
                raise ProtocolError(f"a frame of {length} bytes")
            body = place + HEAD_BYTES
            place = body + length
            if place > end:
                place = body - HEAD_BYTES
                break
            if self._headers is not None:
                self._on_frame(data[body - HEAD_BYTES : place])
            elif kind == HEADERS and flags == END_HEADERS:
                self._begin(stream_id, data[body:place])
            elif kind == DATA and flags & ~END_STREAM == 0:
                self._take(stream_id, data[body:place], length, is_last=bool(flags))
            else:
                self._on_frame(data[body - HEAD_BYTES : place])
        self._received = data[place:]

    def _on_frame(self, data: bytes) -> None:
        try:
            frame, _ = Frame.parse_frame_header(memoryview(data)[:HEAD_BYTES])
            frame.parse_body(memoryview(data)[HEAD_BYTES:])
        except HyperframeError as error:
            raise ProtocolError(f"a frame that cannot be read: {error}") from error
        if self._headers is not None and type(frame) is not ContinuationFrame:
            raise ProtocolError("headers are broken off")
        if handler := self._handlers.get(type(frame)):
            handler(frame)

    def _on_headers(self, frame: HeadersFrame | ContinuationFrame) -> None:
        stream_id, is_last, block = self._headers or (frame.stream_id, "END_STREAM" in frame.flags, bytearray())
        if stream_id != frame.stream_id:
            raise ProtocolError("headers go on in another stream")
        block += frame.data
        if "END_HEADERS" not in frame.flags:
            if len(block) > MAX_FRAME_BYTES:
                raise ProtocolError("headers that do not end")
            self._headers = stream_id, is_last, block
            return
        self._headers = None
        self._begin(stream_id, bytes(block))
        if is_last:
            self._complete(stream_id)

    def _on_data(self, frame: DataFrame) -> None:
        self._take(frame.stream_id, frame.data, frame.body_len, is_last="END_STREAM" in frame.flags)

    def _on_settings(self, frame: SettingsFrame) -> None:
        if "ACK" not in frame.flags:
            self._out += SettingsFrame(0, flags=["ACK"]).serialize()

    def _on_ping(self, frame: PingFrame) -> None:
        if "ACK" not in frame.flags:
            self._out += PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]).serialize()

    def _on_reset(self, frame: RstStreamFrame) -> None:
        if self._open.pop(frame.stream_id, None) is not None:
            self._counts.close(1)
            return
        unwanted = [answer for answer in self._answers if answer[1] == frame.stream_id]
        for answer in unwanted:
            self._answers.remove(answer)
        self._counts.close(len(unwanted))

    # Pushes.

    def _begin(self, stream_id: int, block: bytes) -> None:
        head = self._heads.read(block)
        if not stream_id % 2 or stream_id > LAST_STREAM or stream_id in self._open:
            raise ProtocolError(f"headers for the stream {stream_id}")
        if len(self._open) + len(self._answers) >= MAX_STREAMS:
            self._out += RstStreamFrame(stream_id, error_code=REFUSED_STREAM).serialize()
            return
        self._counts.open()
        self._open[stream_id] = head, b""

    def _take(self, stream_id: int, data: bytes, length: int, *, is_last: bool) -> None:
        self._unacknowledged += length
        if self._unacknowledged >= TOP_UP:
            self._out += WindowUpdateFrame(0, window_increment=self._unacknowledged).serialize()
            self._unacknowledged = 0
        push = self._open.get(stream_id)
        if push is None:  # it was refused
            return
        head, body = push
        self._open[stream_id] = head, body + data
        if is_last:
            self._complete(stream_id)

    def _complete(self, stream_id: int) -> None:
        push = self._open.pop(stream_id, None)
        if push is None:
            return
        head, body = push
        reason = self._counts.read(head, body)
        apns_id = head.apns_id or str(uuid.uuid4()).encode()
        self._answers.append((self._loop.time() + self._latency(), stream_id, apns_id, reason))

    # Answers.

    def _answer_due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        answers, out, counts = self._answers, self._out, self._counts
        now = self._loop.time()
        accepted = rejected = 0
        while answers and answers[0][0] <= now:
            _, stream_id, apns_id, reason = answers.popleft()
            if reason:
                rejected += 1
                out += _refusal(stream_id, apns_id, reason)
            else:
                accepted += 1
                block = ACCEPTED + apns_id if len(apns_id) == ID_BYTES else _block_of(apns_id)
                out += FRAME_HEAD.pack(0, len(block), HEADERS, END_HEADERS | END_STREAM, stream_id) + block
        if out and not self._transport.is_closing():
            self._transport.write(bytes(out))
        out.clear()
        if answers:
            self._timer = self._loop.call_at(answers[0][0], self._answer_due)
        counts.close(accepted + rejected)
        counts.rejected += rejected
        counts.add_accepted(accepted)


ID_BYTES = 36
"""Length of a UUID."""


def _block_of(apns_id: bytes) -> bytes:
    return bytes((STATUS_200,)) + never_indexed(b"apns-id", apns_id)


ACCEPTED = _block_of(b"0" * ID_BYTES)[:-ID_BYTES]
"""The headers of an answer, up to the id."""


def _refusal(stream_id: int, apns_id: bytes, reason: str) -> bytes:
    block = STATUS_400 + never_indexed(b"apns-id", apns_id)
    body = json.dumps({"reason": reason}).encode()
    head = FRAME_HEAD.pack(0, len(block), HEADERS, END_HEADERS, stream_id)
    return head + block + FRAME_HEAD.pack(0, len(body), DATA, END_STREAM, stream_id) + body
