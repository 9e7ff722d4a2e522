"""A client that sends exactly the bytes a test wants and reads one answer at a time."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tests.waiting import LONG


@dataclass
class Reply:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, which every answer has as JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


class Connection:
    """One TCP connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, first: bytes = b"") -> "Connection":
        """Connects. `first` was sent before a gateway in this process can know of the connection, and time passes."""
        if not first:
            return cls(*await asyncio.open_connection("127.0.0.1", port))
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(first)
        return cls(*await asyncio.open_connection(sock=client))

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, *, head: bool = False, seconds: float = LONG) -> Reply:
        """The next answer."""
        async with asyncio.timeout(seconds):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:-2]:
                name, _, value = line.partition(": ")
                assert name not in headers, f"{name} twice"
                headers[name] = value
            length = 0 if head else int(headers.get("content-length", "0"))
            return Reply(int(lines[0].split()[1]), headers, await self.reader.readexactly(length))

    async def closed(self, seconds: float = LONG) -> bool:
        """Waits for the other side to close."""
        async with asyncio.timeout(seconds):
            return await self.reader.read(1) == b""


async def request(
    port: int,
    method: str,
    path: str,
    body: bytes | dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Sends one request on a connection of its own."""
    payload = json.dumps(body).encode() if isinstance(body, dict) else body
    lines = {"host": "test", **(headers or {})}
    if payload is not None:
        lines = {"content-length": str(len(payload)), "content-type": "application/json", **lines}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    async with await Connection.open(port) as connection:
        await connection.send(f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1") + (payload or b""))
        return await connection.reply(head=method == "HEAD")


@contextlib.asynccontextmanager
async def client_that_does_not_read(port: int) -> AsyncIterator[socket.socket]:
    """Asks for more than the buffers between hold, and never reads any of it."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await loop.sock_sendall(client, b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 5000)
        yield client


async def was_reset(client: socket.socket, seconds: float = LONG) -> None:
    """Returns once the other side has reset the connection."""
    async with asyncio.timeout(seconds):
        while not client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):  # noqa: ASYNC110 - the kernel does not tell
            await asyncio.sleep(0.01)
