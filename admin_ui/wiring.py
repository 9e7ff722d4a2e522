"""The only place that builds the admin app's channel, application and server."""

import asyncio
import importlib
import logging
from collections.abc import Callable
from functools import partial

import grpc
from starlette.types import ASGIApp, Receive, Scope, Send

from admin_ui import health, texts
from admin_ui.on_demand import Pages, PagesOnDemand
from admin_ui.security.guard import HEALTH, Guard
from admin_ui.settings import AdminSettings
from service_kit import loading
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
MAX_SOCKET_BYTES = 1_000_000
"""Most bytes that a page sends over its socket at once: NiceGUI's own limit."""
APPLICATION = "admin_ui.application"
NOT_USED = ("aiohttp", "pygments", "redis", "requests", "rich")
"""What NiceGUI's sockets would use as clients and between several servers, and what httpx has for its command line."""


async def serve(settings: AdminSettings, stop: StopRequest) -> None:
    """Serves until told to stop. Raises OSError if the address cannot be listened on, and what the pages fail with if
    they cannot be built."""
    texts.use(settings.language, settings.language_folder)
    listener = listen(settings.bind_host, settings.admin_port)
    async with open_channel(settings.core_address, Peers.of(settings)) as channel:
        pages = PagesOnDemand(partial(load_pages, channel, settings))
        server = build_server(_beside(health.answers(channel), pages), settings, pages.has_room)
        building = asyncio.create_task(pages.run())
        # It goes on for as long as the pages do.
        building.add_done_callback(lambda _: stop.set())
        # Connects now rather than at the first page.
        channel.get_state(try_to_connect=True)
        log.info("serving on %s, core at %s", settings.public_url, settings.core_address)
        try:
            await server.serve_until(stop, listener, delay=settings.shutdown_delay)
        finally:
            pages.close()
            await building


async def load_pages(channel: grpc.aio.Channel, settings: AdminSettings) -> Pages:
    """Loads the pages, while what this process does already goes on."""
    loading.begin()
    try:
        with loading.without(*NOT_USED):
            application = await asyncio.to_thread(importlib.import_module, APPLICATION)
        pages: Pages = application.build_pages(channel, settings)
    finally:
        loading.end()
    return pages


def _beside(health_answers: ASGIApp, pages: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await (health_answers if scope["path"] in HEALTH else pages)(scope, receive, send)

    return serve


def build_server(app: ASGIApp, settings: AdminSettings, has_room: Callable[[str], bool]) -> HttpServer:
    """The HTTP server; it listens once it is given a socket. `has_room` says whether one more page may be opened from
    an address."""
    held = Connections(
        that_fit(settings.admin_max_connections, "SMITH_ADMIN_MAX_CONNECTIONS"), settings.trusted_proxies
    )
    return HttpServer(
        Guard(app, settings, has_room),
        http=partial(
            BoundedHttpProtocol, held=held, head_seconds=HEAD_SECONDS, unread_seconds=UNREAD_SECONDS, render=as_text
        ),
        ws=partial(BoundedWebSocketProtocol, held=held, unread_seconds=UNREAD_SECONDS),
        ws_max_size=MAX_SOCKET_BYTES,
        # A few bytes of it may become a megabyte.
        ws_per_message_deflate=False,
        drain_seconds=settings.drain_seconds,
        trusted_proxies=settings.trusted_proxies,
    )
