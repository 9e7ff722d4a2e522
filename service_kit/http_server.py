"""uvicorn as all processes of the server run it, and the main function of a process that serves HTTP."""

import asyncio
import contextlib
import logging
import math
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

from service_kit import logs, process, tracing
from service_kit.addresses import join
from service_kit.listening import reason_of
from service_kit.settings import ServiceSettings

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75
"""How long a connection may be idle: longer than clients and proxies keep one. A request that is sent at the moment at
which its connection is ended is lost."""


class HttpServer(uvicorn.Server):
    """uvicorn's server over an ASGI application, with signals and logs left to the process. It listens once it is given
    a socket."""

    def __init__(
        self, app: Any, *, drain_seconds: float, ws: Any = "none", lifespan: Any = "off", trusted_proxies: str = "",
        **options: Any,
    ) -> None:  # fmt: skip
        """`trusted_proxies` are those whose X-Forwarded-For is believed; `options` are uvicorn's."""
        super().__init__(
            uvicorn.Config(
                app,
                ws=ws,
                lifespan=lifespan,
                log_config=None,
                # Lower levels repeat our own log or report errors of clients, which must not fill the log.
                log_level=logging.ERROR,
                access_log=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=trusted_proxies,
                timeout_graceful_shutdown=max(1, math.ceil(drain_seconds)),
                **options,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures no signals."""
        yield

    async def serve_until(self, stop: process.StopRequest, listener: socket.socket, *, delay: float) -> None:
        """Serves until told to stop, or until it cannot go on; goes on for `delay` seconds more, and drains."""
        serving = asyncio.create_task(self.serve([listener]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("draining")
        await asyncio.sleep(delay)
        self.should_exit = True
        await serving
        stopping.cancel()


def run(
    name: str, settings: ServiceSettings, port: int, serve: Callable[[process.StopRequest], Awaitable[None]]
) -> None:
    """The life of the process `name`, which serves HTTP at `port`."""
    logs.configure(name, settings.log_level, settings.log_format)
    tracing.configure(name)
    try:
        with told(name, settings, port):
            process.run(serve)
    finally:
        tracing.shutdown()


@contextlib.contextmanager
def told(name: str, settings: ServiceSettings, port: int) -> Iterator[None]:
    """Ends the process with exit code 2 and one line if its address cannot be used."""
    try:
        yield
    except OSError as error:
        print(f"{name}: cannot listen on {join(settings.bind_host, port)}: {reason_of(error)}", file=sys.stderr)
        raise SystemExit(2) from None
