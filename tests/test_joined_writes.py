"""The head of an HTTP answer goes out with the first piece of its body, and waits for none that comes later."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from service_kit.connections import Connections
from service_kit.http_protocol import BoundedHttpProtocol
from service_kit.http_server import HttpServer
from service_kit.listening import listen
from tests.waiting import LONG

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
App = Callable[[Any, Any, Any], Any]


@asynccontextmanager
async def connected_to(app: App) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server of `app`."""
    http = partial(BoundedHttpProtocol, held=Connections(10), head_seconds=20, unread_seconds=20)
    server = HttpServer(app, http=http, drain_seconds=1, interface="asgi3")
    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve([listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
    try:
        async with asyncio.timeout(LONG):
            yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await serving


async def begin(send: Any, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def piece(send: Any, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def test_a_small_answer_comes_in_one_piece() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await begin(send, (b"content-length", b"5"))
        await piece(send, b"hello")

    async with connected_to(app) as (reader, writer):
        for _ in range(2):
            writer.write(REQUEST)
            received = await reader.read(65536)
            assert received.startswith(b"HTTP/1.1 200 ")
            assert received.endswith(b"\r\n\r\nhello")


async def test_the_head_does_not_wait_for_a_body_that_comes_later() -> None:
    later = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await begin(send)
        await later.wait()
        await piece(send, b"one", more=True)
        await piece(send, b"two")

    async with connected_to(app) as (reader, writer):
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        later.set()
        assert await reader.readexactly(21) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 204)])
@pytest.mark.parametrize("is_last", [False, True])
async def test_an_answer_without_a_body_comes_at_once(method: bytes, status: int, *, is_last: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await begin(send, (b"content-length", b"0"), status=status)
        await piece(send, b"")

    ending = b"connection: close\r\n" if is_last else b""
    async with connected_to(app) as (reader, writer):
        writer.write(REQUEST.replace(b"GET", method).replace(b"\r\n\r\n", b"\r\n" + ending + b"\r\n"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 %d " % status)
        if is_last:
            assert await reader.read() == b""


async def test_pipelined_answers_come_whole_and_in_order() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = scope["path"].encode()
        await begin(send, (b"content-length", b"%d" % len(body)))
        await piece(send, body)

    async with connected_to(app) as (reader, writer):
        writer.write(b"".join(REQUEST.replace(b"/ ", b"/%d " % number) for number in range(9)))
        for number in range(9):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"/%d" % number


async def test_a_client_that_waits_for_100_continue_gets_it_before_the_answer() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await begin(send, (b"content-length", b"%d" % len(body)))
        await piece(send, body)

    async with connected_to(app) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(3) == b"abc"
