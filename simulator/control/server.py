"""Serves the control API and the webhook sink within the simulator's event loop."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from simulator.sockets import BACKLOG, bind


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The process handles SIGTERM itself.
        yield

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
        config = uvicorn.Config(
            self._app,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(drain_seconds)),
        )
        config.load()
        config.ssl = self._tls
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.ready.wait()
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """Finishes requests in progress, then closes."""
        self._server.should_exit = True
        await self._serving
