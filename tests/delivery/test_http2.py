"""Our side of HTTP/2, with h2 as the peer."""

from contextlib import suppress
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, PingAckReceived, RequestReceived, SettingsAcknowledged, StreamEnded
from hpack import Encoder, HeaderTuple
from hyperframe.frame import (
    AltSvcFrame,
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery_service.apns.header_blocks import never_indexed
from delivery_service.apns.http2 import MAX_HEADERS_BYTES, Http2Client
from delivery_service.apns.http2_events import ProtocolError
from tests.examples import examples

CONNECTION = (HeaderTuple(b":authority", b"localhost"), HeaderTuple(b"authorization", b"bearer x"))
SHARED = (HeaderTuple(b"apns-topic", b"com.example"), HeaderTuple(b"apns-priority", b"10"))
SETTINGS = SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 100}).serialize()
ACCEPTED = [(b":status", b"200"), (b"apns-id", b"1")]


class Told:
    """What the client has told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.events.append((name.removeprefix("on_"), *values))


def client() -> tuple[Http2Client, Told]:
    """A client that has sent nothing but its greeting."""
    told = Told()
    return Http2Client(told), told


def greeted() -> tuple[Http2Client, Told]:
    """A client that has had the peer's SETTINGS, and one request open."""
    http2, told = client()
    http2.receive(SETTINGS)
    send(http2)
    told.events.clear()
    return http2, told


def send(http2: Http2Client, body: bytes = b"{}") -> int:
    """Sends a request."""
    path, own = never_indexed(b":path", b"/3/device/00"), never_indexed(b"apns-id", b"1")
    return http2.request(path, CONNECTION, SHARED, own, body)


def server() -> H2Connection:
    """A peer, which checks what it gets."""
    h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    h2.initiate_connection()
    return h2


def talk(http2: Http2Client, h2: H2Connection) -> list[Event]:
    """Lets both say all they have to."""
    seen: list[Event] = []
    while True:
        ours, theirs = http2.take_output(), h2.data_to_send()
        if not ours and not theirs:
            return seen
        seen += h2.receive_data(ours)
        http2.receive(theirs)


def block(headers: list[tuple[bytes, bytes]]) -> bytes:
    return bytes(Encoder().encode(headers))


def headers_frame(data: bytes, *flags: str, stream: int = 1, **more: Any) -> bytes:
    frame = HeadersFrame(stream, flags=list(flags), **more)
    frame.data = data
    return bytes(frame.serialize())


def test_a_request_arrives_whole_by_the_judgement_of_h2() -> None:
    http2, _ = client()
    h2 = server()
    talk(http2, h2)
    for _ in range(3):
        send(http2, b"x" * 4096)
    seen = talk(http2, h2)
    for request in [event for event in seen if isinstance(event, RequestReceived)]:
        assert list(request.headers) == [
            (b":method", b"POST"), (b":scheme", b"https"), (b":path", b"/3/device/00"), (b":authority", b"localhost"),
            (b"authorization", b"bearer x"), (b"apns-topic", b"com.example"), (b"apns-priority", b"10"),
            (b"apns-id", b"1"),
        ]  # fmt: skip
    assert b"".join(event.data for event in seen if isinstance(event, DataReceived)) == b"x" * 3 * 4096
    assert [event.stream_id for event in seen if isinstance(event, StreamEnded)] == [1, 3, 5]


def test_settings_are_acknowledged_and_a_ping_is_answered() -> None:
    http2, _ = client()
    h2 = server()
    h2.ping(b"12345678")
    seen = talk(http2, h2)
    assert any(isinstance(event, SettingsAcknowledged) for event in seen)
    assert [event.ping_data for event in seen if isinstance(event, PingAckReceived)] == [b"12345678"]


@given(st.lists(st.integers(min_value=1, max_value=4096), max_size=60), st.integers(min_value=0, max_value=5000))
def test_windows_are_kept_to_and_everything_arrives_once_they_open(sizes: list[int], window: int) -> None:
    http2, _ = client()
    h2 = server()
    h2.update_settings({SettingsFrame.INITIAL_WINDOW_SIZE: window})
    talk(http2, h2)
    got: dict[int, int] = {}
    for size in sizes:
        got[send(http2, b"x" * size)] = 0
    ended = 0
    h2.max_inbound_frame_size = 16_384
    seen = talk(http2, h2)
    for _ in range(200):
        for event in seen:
            if isinstance(event, DataReceived):
                got[event.stream_id] += len(event.data)
                if event.data:
                    h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            ended += isinstance(event, StreamEnded)
        if not http2.unsent:
            break
        for stream_id in got:
            if http2.is_unsent(stream_id):
                h2.increment_flow_control_window(1000, stream_id)
        h2.increment_flow_control_window(10_000)
        seen = talk(http2, h2)
    assert ended == len(sizes)
    assert sorted(got.values()) == sorted(sizes)


def test_a_window_made_smaller_than_what_is_on_its_way_is_waited_out() -> None:
    http2, _ = greeted()
    http2.receive(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 100}).serialize())
    stream_id = send(http2, b"x" * 200)
    http2.receive(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0}).serialize())
    http2.receive(WindowUpdateFrame(stream_id, window_increment=150).serialize())
    assert http2.is_unsent(stream_id)
    http2.receive(WindowUpdateFrame(stream_id, window_increment=50).serialize())
    assert not http2.is_unsent(stream_id)


ANSWER = [("status", 1, "410"), ("body", 1, b"{}"), ("end", 1)]
GONE = block([(b":status", b"410"), (b"apns-id", b"1")])


@pytest.mark.parametrize(
    "frames",
    [
        headers_frame(GONE, "END_HEADERS") + DataFrame(1, b"{}", flags=["END_STREAM"]).serialize(),
        headers_frame(GONE, "END_HEADERS", "PADDED", pad_length=9)
        + DataFrame(1, b"{}", flags=["END_STREAM", "PADDED"], pad_length=200).serialize(),
        headers_frame(GONE, "END_HEADERS", "PRIORITY", depends_on=0, stream_weight=3)
        + DataFrame(1, b"{}", flags=["END_STREAM"]).serialize(),
        headers_frame(GONE[:1])
        + ContinuationFrame(1, GONE[1:5]).serialize()
        + ContinuationFrame(1, GONE[5:], flags=["END_HEADERS"]).serialize()
        + DataFrame(1, b"{}", flags=["END_STREAM"]).serialize(),
        PriorityFrame(1).serialize()
        + AltSvcFrame(0, origin=b"x", field=b"y").serialize()
        + b"\x00\x00\x02\xfa\x00\x00\x00\x00\x01ab"
        + headers_frame(GONE, "END_HEADERS")
        + DataFrame(1, b"{}", flags=["END_STREAM"]).serialize(),
    ],
    ids=["plain", "padded", "priority", "continued", "among frames that say nothing to us"],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_an_answer_is_read_in_whatever_frames_and_pieces_it_comes(frames: bytes, step: int) -> None:
    http2, told = greeted()
    for start in range(0, len(frames), step):
        http2.receive(frames[start : start + step])
    assert told.events == ANSWER


def test_a_long_answer_is_not_held_up_by_our_windows() -> None:
    http2, told = greeted()
    http2.take_output()
    left, got = {0: 65_535, 1: 65_535}, 0
    for _ in range(50):
        size = min(*left.values(), 16_000)
        assert size == 16_000
        left = {stream: window - size for stream, window in left.items()}
        http2.receive(DataFrame(1, b"x" * size).serialize())
        out = memoryview(http2.take_output())
        while out:
            frame, length = Frame.parse_frame_header(out[:9])
            frame.parse_body(out[9 : 9 + length])
            assert isinstance(frame, WindowUpdateFrame)
            left[frame.stream_id] += frame.window_increment
            out = out[9 + length :]
        got += size
    assert sum(len(event[2]) for event in told.events) == got


def test_an_answer_before_the_request_was_read_ends_the_request() -> None:
    http2, told = greeted()
    http2.receive(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 10}).serialize())
    stream_id = send(http2, b"x" * 100)
    http2.take_output()
    http2.receive(headers_frame(block([(b":status", b"413")]), "END_HEADERS", "END_STREAM", stream=stream_id))
    assert told.events[-2:] == [("status", stream_id, "413"), ("end", stream_id)]
    frame, _ = Frame.parse_frame_header(memoryview(http2.take_output())[:9])
    assert isinstance(frame, RstStreamFrame)
    assert not http2.unsent


GREETING_ONLY = [headers_frame(block(ACCEPTED), "END_HEADERS"), SettingsFrame(0, flags=["ACK"]).serialize(),
                 GoAwayFrame(0).serialize(), b"HTTP/1.1 400 Bad Request\r\n\r\n"]  # fmt: skip


@pytest.mark.parametrize("first", GREETING_ONLY)
def test_a_peer_that_does_not_begin_with_settings_speaks_no_http2(first: bytes) -> None:
    http2, _ = client()
    with pytest.raises(ProtocolError):
        http2.receive(first)


@pytest.mark.parametrize(
    "frames",
    [
        headers_frame(block(ACCEPTED), "END_HEADERS", stream=3),
        headers_frame(block(ACCEPTED), "END_HEADERS", stream=2),
        DataFrame(9, b"x").serialize(),
        RstStreamFrame(7).serialize(),
        headers_frame(b"\xff\xff\xff\xff\xff", "END_HEADERS"),
        headers_frame(GONE[:1]) + DataFrame(1, b"x").serialize(),
        headers_frame(GONE[:1]) + ContinuationFrame(3, GONE[1:], flags=["END_HEADERS"]).serialize(),
        ContinuationFrame(1, GONE, flags=["END_HEADERS"]).serialize(),
        headers_frame(GONE[:1]) + ContinuationFrame(1, b"x" * 16_000).serialize() * (MAX_HEADERS_BYTES // 16_000 + 1),
        PushPromiseFrame(1, promised_stream_id=2, data=block(ACCEPTED), flags=["END_HEADERS"]).serialize(),
        b"\x00\x40\x01\x00\x00\x00\x00\x00\x01",
        WindowUpdateFrame(0, window_increment=2**31 - 1).serialize(),
        b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 2**31}).serialize(),
    ],
)
def test_what_breaks_the_protocol_ends_the_connection(frames: bytes) -> None:
    http2, _ = greeted()
    with pytest.raises(ProtocolError):
        http2.receive(frames)


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=10))
@settings(max_examples=examples(500))
def test_no_bytes_cause_more_than_the_end_of_the_connection(data: bytes, kind: int) -> None:
    for frames in (data, len(data).to_bytes(3) + bytes((kind, len(data) & 0x2D, 0, 0, 0, len(data) & 1)) + data):
        http2, _ = greeted()
        with suppress(ProtocolError):
            http2.receive(frames)
