"""What NiceGUI's socket takes: from the browser that was sent the page, about this page, in the form that pages use.

NiceGUI knows a page by an id alone, which stands in the URL of its socket and so in the logs of every proxy. Here it
takes the page's cookie as well, and a socket speaks for no page but its own.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, core
from starlette.requests import cookie_parser

from admin_ui.cookies import SessionCookie

log = logging.getLogger(__name__)

MAX_LOGGED = 200

Environ = dict[str, Any]
Handler = Callable[[str, Any], object]


def guard(cookie: SessionCookie) -> None:
    """From now on sockets are held to it. Once, before pages are served."""
    handlers = core.sio.handlers["/"]
    for event in ("event", "javascript_response", "ack"):
        core.sio.on(event, _for_its_own_page(handlers[event]))
    core.sio.on("log", _log)
    core.sio.on("handshake", _handshake(handlers["handshake"]))
    _hold_pages_to(cookie)


def _hold_pages_to(cookie: SessionCookie) -> None:
    accept = Client.accept_handshake

    def accept_handshake(self: Client, socket_id: str, tab_id: str, environ: Environ | None) -> bool:
        if environ is not None and not _is_of_the_same_person(cookie, self, environ):
            return False
        return accept(self, socket_id, tab_id, environ)

    Client.accept_handshake = accept_handshake  # type: ignore[method-assign] # the one place that all handshakes pass


def _is_of_the_same_person(cookie: SessionCookie, client: Client, environ: Environ) -> bool:
    sent = cookie_parser(environ.get("HTTP_COOKIE", "")).get(cookie.name, "")
    expected = client.request.cookies.get(cookie.name, "")
    return hmac.compare_digest(sent.encode(), expected.encode())


def _for_its_own_page(inner: Handler) -> Handler:
    def handle(socket_id: str, message: Any) -> object:
        client_id = message.get("client_id") if isinstance(message, dict) else None
        client = Client.instances.get(client_id) if isinstance(client_id, str) else None
        if client is None or socket_id not in client._socket_to_document_id:  # noqa: SLF001 - NiceGUI tells it nowhere else
            log.debug("a socket speaks for a page that is not its own")
            return None
        return inner(socket_id, message)

    return handle


def _handshake(inner: Callable[[str, dict[str, Any]], Awaitable[bool]]) -> Callable[[str, Any], Awaitable[bool]]:
    async def handle(socket_id: str, message: Any) -> bool:
        known = ("client_id", "tab_id", "document_id")
        if not isinstance(message, dict) or not all(isinstance(message.get(name), str) for name in known):
            return False
        return await inner(socket_id, message)

    return handle


def _log(socket_id: str, message: Any) -> None:
    """What browsers have to say about themselves is for those who look for it, and never more than a line."""
    told = message.get("message") if isinstance(message, dict) else message
    log.debug("a browser says: %.*r", MAX_LOGGED, told)
