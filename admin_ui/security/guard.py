"""The outermost ASGI application: refuses requests that no page of this app makes, and adds the security headers."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin_ui.security.headers import NONCE_KEY, security_headers
from admin_ui.security.origins import Origins
from admin_ui.settings import AdminSettings
from admin_ui.texts import _
from service_kit import tracing

SOCKET = "/_nicegui_ws/"
FIXED = ("/_nicegui/", "/assets/", SOCKET, "/favicon.ico")
"""Paths that are not pages."""
PLAIN = (
    "/sign-in", "/sign-out", "/single-sign-on", "/setup", "/invite", "/forgot-password", "/reset-password", "/search",
)  # fmt: skip
"""Plain HTML pages, and what scripts ask. They use nothing once they are answered, so the limit of open pages does not
apply to them."""
HEALTH = frozenset({"/healthz", "/readyz"})
"""Paths for machines, which may use any host name for this server."""
METHODS = frozenset({"GET", "HEAD", "POST"})

MAX_FORM_BYTES = 64 * 1024
MAX_DIGITS = 20
BODY_SECONDS = 20.0

NOT_OURS = (b"x-forwarded-prefix",)
"""Headers that NiceGUI would believe from any client; no supported proxy needs them."""


class Refusal(Exception):
    """The request is refused with this HTTP status and message."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


class Guard:
    """Checks requests before `app` gets them. `has_room` says whether one more page may be opened from an address."""

    def __init__(self, app: ASGIApp, settings: AdminSettings, has_room: Callable[[str], bool]) -> None:
        self.app = app
        self._origins = Origins(settings)
        self._is_https = settings.is_https
        self._public_url = settings.public_url
        self._has_room = has_room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        headers = _single(scope["headers"])
        given = tracing.taken_request_id(headers.get("x-request-id", ""))
        tracing.request_id.set(given)
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in NOT_OURS]
        scope[NONCE_KEY] = secrets.token_urlsafe(16)
        answer = self._completed(send, scope, headers, given)
        try:
            self._admit(scope, headers)
            if scope["type"] == "http" and scope["method"] == "POST":
                receive = await _whole(headers, receive)
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, answer)
        else:
            await self.app(scope, receive, answer)

    def _admit(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Raises Refusal if the host name is not this app's, another site asks, or too many pages are open."""
        path, method = scope["path"], scope.get("method", "GET")
        if method not in METHODS:
            raise Refusal(405, _("This takes GET and POST."), {"allow": "GET, HEAD, POST"})
        if path in HEALTH:
            return
        if not self._origins.knows(headers.get("host", "")):
            raise Refusal(
                421,
                _("This web admin answers at {public_url}. SMITH_ADMIN_URL sets where browsers find it.").format(
                    public_url=self._public_url
                ),
            )
        must_say = scope["type"] == "websocket" or method == "POST"
        if not self._is_from_here(headers, must_say=must_say, is_page=not path.startswith(SOCKET)):
            raise Refusal(
                403,
                _(
                    "This request comes from a page of another site: the headers Origin and Host do not match. If the "
                    "page is one of this web admin, the proxy before it must pass the Host header on unchanged (nginx: "
                    "proxy_set_header Host $http_host), and SMITH_ADMIN_URL must say where browsers find the admin: "
                    "it is {public_url} now."
                ).format(public_url=self._public_url),
            )
        if (scope["type"] == "websocket") != path.startswith(SOCKET):
            raise Refusal(404, _("The pages of this web admin speak over WebSockets, and over nothing else."))
        if not path.startswith((*FIXED, *PLAIN)) and not self._has_room(address_of(scope)):
            raise Refusal(503, _("Too many pages are open. Try again in a minute."), {"retry-after": "60"})

    def _is_from_here(self, headers: Mapping[str, str], *, must_say: bool, is_page: bool) -> bool:
        """Whether the browser says that a page of this app asks. A link on any site may lead to a page."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None:
            return self._origins.are_same(origin, headers["host"])
        if must_say:
            return site == "same-origin"
        if site in (None, "same-origin", "none"):
            return True
        return is_page and headers.get("sec-fetch-mode") == "navigate"

    def _completed(self, send: Send, scope: Scope, headers: Mapping[str, str], given: str) -> Send:
        host = headers.get("host", "") if self._origins.knows(headers.get("host", "")) else ""
        ours = security_headers(scope[NONCE_KEY], host, is_https=self._is_https)
        names = {name for name, _ in ours}

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = [
                    (name, value)
                    for name, value in message.get("headers", ())
                    if name.lower() not in names and not name.lower().startswith(b"access-control-")
                ]
                if not any(name.lower() == b"cache-control" for name, _ in told):
                    told.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*told, *ours, (b"x-request-id", given.encode())]}
            await send(message)

        return completed


def address_of(scope: Scope) -> str:
    """The client's address; empty if it has none."""
    client = scope.get("client")
    return client[0] if client else ""


def _single(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by name. A header that is given twice counts as missing."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: values[0] if len(values) == 1 else "" for name, values in found.items()}


async def _whole(headers: Mapping[str, str], receive: Receive) -> Receive:
    """Reads the whole body, and returns a `receive` that hands it on in one piece.

    Raises Refusal as soon as it is too long, or if it is not complete in time.
    """
    limit = MAX_FORM_BYTES
    too_long = Refusal(413, _("This takes {limit} bytes at most.").format(limit=limit), {"connection": "close"})
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > MAX_DIGITS or int(length) > limit:
        raise too_long
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return _saying(message, receive)
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > limit:
                    raise too_long
    except TimeoutError:
        raise Refusal(408, _("The request did not arrive in time."), {"connection": "close"}) from None
    return _saying({"type": "http.request", "body": bytes(body), "more_body": False}, receive)


def _saying(first: Message, then: Receive) -> Receive:
    waiting = [first]

    async def receive() -> Message:
        return waiting.pop() if waiting else await then()

    return receive


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        # Before it is accepted: the handshake is answered 403.
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    await PlainTextResponse(refusal.message, refusal.status, dict(refusal.headers))(scope, receive, send)
