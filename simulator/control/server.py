"""The simulator's HTTP servers (control API, webhook sink, push service for browsers), within its event loop."""

import asyncio
import socket
import ssl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from service_kit.http_server import HttpServer
from simulator.control.json_http import ControlError, answer, on_control_error, on_http_exception
from simulator.control.phone_routes import on_gateway_error, on_phone_error
from simulator.phones.client import GatewayError
from simulator.phones.service import PhoneError
from simulator.sockets import BACKLOG, bind
from simulator.web_push.http import CuttableHttp


async def healthz(_: Request) -> Response:
    """The process is alive."""
    return answer({"status": "ok"})


def build_app(*groups: list[BaseRoute]) -> Starlette:
    """The application with the routes of all `groups`."""
    return Starlette(
        routes=[Route("/healthz", healthz), *(route for group in groups for route in group)],
        exception_handlers={
            ControlError: on_control_error,
            HTTPException: on_http_exception,
            PhoneError: on_phone_error,
            GatewayError: on_gateway_error,
        },
    )


class _Server(HttpServer):
    def __init__(self, app: ASGIApp, drain_seconds: float) -> None:
        super().__init__(app, http=CuttableHttp, ws="websockets-sansio", drain_seconds=drain_seconds)
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
