"""An HTTP proxy that takes CONNECT and nothing else, whose tunnels all lead to one port of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class ConnectProxy:
    """What it answers, and what it was asked."""

    def __init__(self, to_port: int) -> None:
        self.port = 0
        self.status = 200
        """What it answers to CONNECT; 0 for nothing at all."""
        self.asked: list[str] = []
        """The heads of requests."""
        self._to_port = to_port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        with suppress(OSError, asyncio.IncompleteReadError):
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if self.status:
                writer.write(f"HTTP/1.1 {self.status} Said\r\nX-More: yes\r\n\r\n".encode())
            if self.status == 200:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
                await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
            elif not self.status:
                await reader.read()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def connect_proxy(to_port: int) -> AsyncIterator[ConnectProxy]:
    """A proxy on a free port."""
    proxy = ConnectProxy(to_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
