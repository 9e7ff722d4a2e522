"""Serves the control API and the webhook sink within the simulator's event loop."""

import asyncio
import socket
import ssl

from starlette.types import ASGIApp

from service_kit.http_server import HttpServer
from simulator.sockets import BACKLOG, bind


class _Server(HttpServer):
    def __init__(self, app: ASGIApp, drain_seconds: float) -> None:
        super().__init__(app, http="httptools", drain_seconds=drain_seconds)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class ControlServer:
    """An HTTP server on a socket of its own."""

    def __init__(self, app: ASGIApp, tls: ssl.SSLContext | None = None) -> None:
        """Speaks https with `tls`."""
        self._app = app
        self._tls = tls

    async def start(self, host: str, port: int, drain_seconds: float) -> int:
        """Listens; returns the port, which differs from `port` if that is 0. Raises OSError if it is taken."""
        listener = bind(host, port)
        listener.listen(BACKLOG)
        self._server = _Server(self._app, drain_seconds)
        self._server.config.load()
        self._server.config.ssl = self._tls
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.ready.wait()
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """Finishes requests in progress, then closes."""
        self._server.should_exit = True
        await self._serving
