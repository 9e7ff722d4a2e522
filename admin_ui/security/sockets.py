"""Restricts NiceGUI's socket: only the browser that got a page may use the page's socket, for that page only, and only
with packets that pages send.

NiceGUI identifies a page by an id alone, which is in the URL of its socket and so in the logs of every proxy. Here the
page's cookie is needed as well, before any packet is read, and a socket cannot act for another page.
"""

import asyncio
import hmac
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from nicegui import Client, core
from pydantic import ValidationError
from starlette.requests import HTTPConnection, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin_ui.cookies import SessionCookie
from admin_ui.security.packets import CONNECT, Conversation, Handshake, Unexpected
from service_kit.connections import share_of

log = logging.getLogger(__name__)

MAX_LOGGED = 200
MAX_OF_PAGE = 4
"""Most sockets of one page. A browser has one, and for a moment another one when it connects again."""
MAX_WITHOUT_PAGE = 100
MAX_WITHOUT_PAGE_OF_ONE = 20
"""Most sockets whose page is gone, in all and from one address."""
FIRST_PACKET_SECONDS = 5.0
"""Seconds within which a socket must send its first packet. Browsers send it at once."""

OPENED = "0" + json.dumps({"sid": "-", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000})
REFUSED = "44" + json.dumps({"message": "Implicit handshake failed"})
"""The message that makes NiceGUI's script load the page again."""
POLICY_VIOLATION = 1008

Environ = dict[str, Any]
Handler = Callable[[str, Any], object]


class Sockets:
    """Runs before `app`: lets in the sockets of its pages, and only the packets that pages send.

    The page of a socket may be gone, because the server was restarted or another person has signed in. Then the browser
    is told to load it again, which takes a moment; few may do that at a time.
    """

    def __init__(self, app: ASGIApp, cookie: SessionCookie) -> None:
        self.app = app
        self._cookie = cookie
        self._of_page: Counter[str] = Counter()
        self._without_page: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        page = self._page(scope)
        if page is None:
            network = share_of(scope["client"][0] if scope.get("client") else "")
            counter, key, limit = self._without_page, network, MAX_WITHOUT_PAGE_OF_ONE
            if self._without_page.total() >= MAX_WITHOUT_PAGE:
                limit = 0
        else:
            counter, key, limit = self._of_page, page, MAX_OF_PAGE
        await receive()
        if counter[key] >= limit:
            # Before it is accepted: the handshake is answered 403, and the browser tries again.
            await _close(send)
            return
        with _counted(counter, key):
            if page is None:
                await _turn_away(receive, send)
            else:
                await self.app(scope, _Checked(receive, send).receive, send)

    def _page(self, scope: Scope) -> str | None:
        """The id of the socket's page; None if the query names none or the cookie is not the page's."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        try:
            said = Handshake.model_validate({name: values[0] for name, values in query.items()})
        except ValidationError:
            return None
        client = Client.instances.get(said.client_id)
        if client is None or said.next_message_id is None or "sid" in query or max(map(len, query.values())) > 1:
            return None
        cookies = HTTPConnection(scope).cookies
        return said.client_id if _is_the_same(self._cookie, client, cookies.get(self._cookie.name, "")) else None


class _Checked:
    """Passes on the packets of a socket, and closes it at the first packet that no page sends."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._conversation = Conversation()
        self._is_first = True
        self._has_begun = False

    async def receive(self) -> Message:
        if not self._has_begun:
            self._has_begun = True
            return {"type": "websocket.connect"}
        try:
            async with asyncio.timeout(FIRST_PACKET_SECONDS if self._is_first else None):
                message = await self._receive()
            self._is_first = False
            if message["type"] == "websocket.receive":
                self._conversation.take(message.get("text"))
        except (Unexpected, TimeoutError) as error:
            log.debug("a socket is closed: %s", error or "nothing came")
            await _close(self._send)
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message


@contextmanager
def _counted(counter: Counter[str], key: str) -> Iterator[None]:
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]


async def _turn_away(receive: Receive, send: Send) -> None:
    """Tells the browser over Socket.IO that the page is gone, once the socket has sent its first packet."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": OPENED})
    try:
        async with asyncio.timeout(FIRST_PACKET_SECONDS):
            message = await receive()
    except TimeoutError:
        message = {"type": "nothing"}
    if message["type"] == "websocket.disconnect":
        return
    if message.get("text") == CONNECT:
        await send({"type": "websocket.send", "text": REFUSED})
    await _close(send)


async def _close(send: Send) -> None:
    await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})


def guard(cookie: SessionCookie) -> None:
    """Applies these rules to all sockets. Call it once, before pages are served."""
    core.app.config.socket_io_js_transports = ["websocket"]
    handlers = core.sio.handlers["/"]
    core.sio.on("event", _for_its_own_page(_about_what_is_there(handlers["event"])))
    for event in ("javascript_response", "ack"):
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
    return _is_the_same(cookie, client, cookie_parser(environ.get("HTTP_COOKIE", "")).get(cookie.name, ""))


def _is_the_same(cookie: SessionCookie, client: Client, sent: str) -> bool:
    expected = client.request.cookies.get(cookie.name, "")
    return hmac.compare_digest(sent.encode(), expected.encode())


def _for_its_own_page(inner: Handler) -> Handler:
    def handle(socket_id: str, message: Any) -> object:
        client_id = message.get("client_id") if isinstance(message, dict) else None
        client = Client.instances.get(client_id) if isinstance(client_id, str) else None
        if client is None or socket_id not in client._socket_to_document_id:  # noqa: SLF001 - NiceGUI tells it nowhere else
            log.debug("a socket tried to act for another page")
            return None
        return inner(socket_id, message)

    return handle


def _about_what_is_there(inner: Handler) -> Handler:
    """Ignores events of elements that were removed from the page while the event was on its way."""

    def handle(socket_id: str, message: Any) -> object:
        element = Client.instances[message["client_id"]].elements.get(message["id"])
        if element is None or message["listener_id"] not in element._event_listeners:  # noqa: SLF001 - as above
            log.debug("an event is about an element that is not on its page")
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
    """Logs a browser's error message at a low level and shortened to one line: any client can send one."""
    told = message.get("message") if isinstance(message, dict) else message
    log.debug("a browser says: %.*r", MAX_LOGGED, told)
