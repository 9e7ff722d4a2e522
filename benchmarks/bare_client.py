"""A sender that does nothing but send: pushes that are written beforehand, over one connection."""

import asyncio
import secrets
import ssl
import time
import uuid
from itertools import islice

from hpack import HeaderTuple

from benchmarks.load import WrongAnswer
from delivery_service.apns.header_blocks import HTTPS, POST, HeaderWriter, never_indexed
from delivery_service.apns.http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEAD,
    HEAD_BYTES,
    HEADERS,
    PREFACE,
    SETTINGS,
)

WINDOW_UPDATE = 8
ACK = b"\x00\x00\x00\x04\x01\x00\x00\x00\x00"
SHARED = (
    HeaderTuple(b":authority", b"localhost"),
    HeaderTuple(b"authorization", b"bearer " + b"x" * 180),
    HeaderTuple(b"apns-topic", b"com.example.app"),
    HeaderTuple(b"apns-push-type", b"alert"),
    HeaderTuple(b"apns-priority", b"10"),
)
BODY = b'{"aps":{"alert":{"title":"Build finished","subtitle":"main","body":"All tests passed"},"sound":"default"}}'


async def send_bare(host: str, port: int, context: ssl.SSLContext, *, count: int, in_flight: int) -> float:
    """Sends `count` pushes, `in_flight` of them at any time. Returns how many were answered with 200 in a second.

    Raises WrongAnswer if one is refused or the connection is lost.
    """
    loop = asyncio.get_running_loop()
    pushes = _written(count)
    transport, client = await loop.create_connection(
        lambda: _BareClient(pushes, in_flight), host, port, ssl=context, server_hostname=host
    )
    try:
        await client.ready
        began = time.perf_counter()
        client.begin()
        await client.done
        return count / (time.perf_counter() - began)
    finally:
        transport.close()


def _written(count: int) -> list[bytes]:
    writer = HeaderWriter()
    pushes = []
    for number in range(count):
        stream_id = 2 * number + 1
        path = never_indexed(b":path", b"/3/device/" + secrets.token_hex(32).encode())
        own = never_indexed(b"apns-id", str(uuid.uuid4()).encode())
        block = b"".join((POST, HTTPS, path, *map(writer.write, SHARED), own))
        head = FRAME_HEAD.pack(len(block) >> 8, len(block) & 0xFF, HEADERS, END_HEADERS, stream_id)
        pushes.append(head + block + FRAME_HEAD.pack(0, len(BODY), DATA, END_STREAM, stream_id) + BODY)
    return pushes


class _BareClient(asyncio.Protocol):
    def __init__(self, pushes: list[bytes], in_flight: int) -> None:
        self._pushes = iter(pushes)
        self._left = len(pushes)
        self._in_flight = in_flight
        self._received = b""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvloop's is no subclass
        self._transport = transport
        transport.write(PREFACE + FRAME_HEAD.pack(0, 0, SETTINGS, 0, 0))

    def begin(self) -> None:
        """Sends the first pushes."""
        self._transport.write(b"".join(islice(self._pushes, self._in_flight)))

    def data_received(self, data: bytes) -> None:
        data = self._received + data
        place, answered = 0, 0
        while len(data) - place >= HEAD_BYTES:
            high, low, kind, flags, stream_id = FRAME_HEAD.unpack_from(data, place)
            if (after := place + HEAD_BYTES + (high << 8 | low)) > len(data):
                break
            if kind == HEADERS:
                answered += 1
                if not flags & END_STREAM:
                    self._fail(f"the push of stream {stream_id} was refused")
            elif kind == SETTINGS and not flags:
                self._transport.write(ACK)
                self.ready.set_result(None)
            elif kind not in (SETTINGS, WINDOW_UPDATE):
                self._fail(f"a frame of type {kind}")
            place = after
        self._received = data[place:]
        self._left -= answered
        if not self._left and not self.done.done():
            self.done.set_result(None)
        elif answered:
            self._transport.write(b"".join(islice(self._pushes, answered)))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}")

    def _fail(self, why: str) -> None:
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(WrongAnswer(why))
