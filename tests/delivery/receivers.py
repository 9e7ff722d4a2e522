"""Receivers of webhooks that do as a test says, byte by byte, over TLS with the simulator's certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """A listening receiver, and the heads of the requests that came."""

    port: int
    heads: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        """How it is called."""
        return f"https://localhost:{self.port}{path}"


@asynccontextmanager
async def receiver(folder: Path, respond: Respond) -> AsyncIterator[Receiver]:
    """Listens on a free port; `respond` gets each request's head and writes what it likes."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem", folder / "server.key")
    listening = Receiver(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            head = await reader.readuntil(b"\r\n\r\n")
            listening.heads.append(head)
            await respond(head, writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    listening.port = server.sockets[0].getsockname()[1]
    try:
        yield listening
    finally:
        server.close()


def says(answer: bytes) -> Respond:
    """Answers with these bytes and hangs up."""

    async def respond(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return respond


async def never_ends(head: bytes, writer: asyncio.StreamWriter) -> None:
    """A body without end, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 16384)
        await writer.drain()


async def drips(head: bytes, writer: asyncio.StreamWriter) -> None:
    """An answer of which a byte comes now and then."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def says_nothing(head: bytes, writer: asyncio.StreamWriter) -> None:
    """Takes the request and keeps the connection."""
    await asyncio.sleep(3600)


async def bombs(head: bytes, writer: asyncio.StreamWriter) -> None:
    """Headers without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Filler: " + b"x" * 8000 + b"\r\n")
        await writer.drain()
