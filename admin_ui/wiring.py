"""The only place that builds the admin app's channel, application and server."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import grpc
import nicegui
from fastapi import APIRouter, Depends, FastAPI
from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from admin_ui import assets, health, pages, theme
from admin_ui.components.states import error_state
from admin_ui.cookies import SessionCookie
from admin_ui.core import Core, Refused
from admin_ui.entrance import accept_invite, forgotten_password, setup, sign_in
from admin_ui.entrance.html import trouble
from admin_ui.security import nonces, sockets, texts
from admin_ui.security.guard import Guard
from admin_ui.security.pages import has_room
from admin_ui.security.sockets import MAX_SOCKET_BYTES, Sockets
from admin_ui.settings import AdminSettings
from admin_ui.site import Site
from service_kit.client import open_channel
from service_kit.connections import Connections
from service_kit.descriptors import that_fit
from service_kit.http_protocol import BoundedHttpProtocol
from service_kit.http_refusals import as_text
from service_kit.http_server import HttpServer
from service_kit.listening import listen
from service_kit.peers import Peers
from service_kit.process import StopRequest
from service_kit.websocket_protocol import BoundedWebSocketProtocol

log = logging.getLogger(__name__)

HEAD_SECONDS = 10.0
"""Seconds within which a request's head must arrive."""
UNREAD_SECONDS = 30.0
"""Seconds within which a client must read on an answer, or a socket."""


async def serve(settings: AdminSettings, stop: StopRequest) -> None:
    """Serves until told to stop. Raises OSError if the address cannot be listened on."""
    listener = listen(settings.bind_host, settings.admin_port)
    async with open_channel(settings.core_address, Peers.of(settings)) as channel:
        server = build_server(build_app(channel, settings), settings)
        # Connects now rather than at the first page.
        channel.get_state(try_to_connect=True)
        log.info("serving on %s, core at %s", settings.public_url, settings.core_address)
        await server.serve_until(stop, listener, delay=settings.shutdown_delay)


def build_app(channel: grpc.aio.Channel, settings: AdminSettings) -> FastAPI:
    """The application over `channel`. NiceGUI is one for a process, and so is this."""
    site = Site(Core(channel, settings.admin_call_timeout), settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await site.feeds.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    assets.serve(app)
    health.serve(app, channel)
    entrance = APIRouter(dependencies=[Depends(site.note_destinations)])
    for plain in (sign_in, accept_invite, setup, forgotten_password):
        plain.serve(entrance, site)
    app.include_router(entrance)
    theme.prepare()
    nonces.prepare()
    sockets.guard(site.cookie)
    texts.bound()
    for page in pages.PAGES:
        page.create(site)
    # The person who asked sees core's refusal; it need not be logged.
    nicegui.app._exception_handlers[:] = [_log]  # noqa: SLF001 - NiceGUI can add handlers, not replace its own
    nicegui.app.on_page_exception(_broken_page)
    # Otherwise NiceGUI would build one of its own pages for it.
    nicegui.app.add_exception_handler(404, _no_such_page)
    ui.run_with(
        app,
        title=theme.PRODUCT,
        favicon=assets.FOLDER / "logo.svg",
        dark=None,
        language="en-US",
        # No page uses NiceGUI's bindings, so their loop need not run.
        binding_refresh_interval=None,
        reconnect_timeout=10.0,
        message_history_length=200,
        tailwind=False,
        show_welcome_message=False,
    )
    return app


def build_server(app: FastAPI, settings: AdminSettings) -> HttpServer:
    """The HTTP server; it listens once it is given a socket."""
    held = Connections(
        that_fit(settings.admin_max_connections, "SMITH_ADMIN_MAX_CONNECTIONS"), settings.trusted_proxies
    )
    return HttpServer(
        Guard(app, settings, Sockets(app, SessionCookie(settings)), has_room),
        http=partial(
            BoundedHttpProtocol, held=held, head_seconds=HEAD_SECONDS, unread_seconds=UNREAD_SECONDS, render=as_text
        ),
        ws=partial(BoundedWebSocketProtocol, held=held, unread_seconds=UNREAD_SECONDS),
        ws_max_size=MAX_SOCKET_BYTES,
        # A few bytes of it may become a megabyte.
        ws_per_message_deflate=False,
        lifespan="on",
        drain_seconds=settings.drain_seconds,
        trusted_proxies=settings.trusted_proxies,
    )


def _log(error: Exception) -> None:
    if not isinstance(error, Refused):
        logging.getLogger("admin_ui").error("a page failed", exc_info=error)


def _broken_page(error: Exception) -> None:
    with theme.plain("Error"):
        error_state("Something went wrong. The server's log says what.")


async def _no_such_page(request: Request, _: Exception) -> Response:
    return trouble(request, "This page does not exist.", status=404, title="Not found")
