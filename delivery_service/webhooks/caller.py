"""One attempt to call a webhook, with limits of time and memory."""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import logging
import ssl
import time
from collections.abc import Iterable

import httpcore
import httpx
from smith.delivery.v1.webhook_pb2 import HttpMethod, WebhookCall, WebhookResult

from delivery_service.webhooks.connecting import CheckedBackend
from delivery_service.webhooks.results import Refused, Reply, of_failure, of_reply

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
"""Most bytes of an answer that are read and kept."""
MAX_REDIRECTS = 3
METHODS = {HttpMethod.HTTP_METHOD_GET: "GET", HttpMethod.HTTP_METHOD_POST: "POST"}
REDIRECTS = {"GET": frozenset({301, 302, 303, 307, 308}), "POST": frozenset({307, 308})}
"""Statuses of redirects that a call follows, by its method: those that repeat the same call elsewhere."""

Headers = list[tuple[str, str]]


class WebhookCaller:
    """Makes calls, each over a connection of its own."""

    def __init__(
        self, backend: CheckedBackend, *, ssl_context: ssl.SSLContext, timeout: float, user_agent: str
    ) -> None:
        """`timeout` is in seconds, for name resolution, connection, request and answer together."""
        self._backend = backend
        self._ssl_context = ssl_context
        self._timeout = timeout
        self._user_agent = user_agent

    async def call(self, call: WebhookCall) -> WebhookResult:
        """The result of one attempt. Raises nothing but cancellation."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                result = of_reply(await self._follow(call), dt.datetime.now(dt.UTC))
        except Exception as error:
            result = self._result_of(error)
        result.latency_ms = round((time.monotonic() - began) * 1000)
        return result

    def close(self) -> None:
        """Frees its resources."""
        self._backend.close()

    def _result_of(self, error: Exception) -> WebhookResult:
        try:
            return of_failure(error)
        except Exception:
            log.exception("a webhook call failed by a fault of this server")
            return of_failure(Refused("CallerFault", "The call failed by a fault of the server."))

    async def _follow(self, call: WebhookCall) -> Reply:
        """The answer at the end of redirects, which stay with the same scheme, host and port.

        Raises Refused, and the errors of connecting and reading.
        """
        method = METHODS.get(call.method)
        if method is None:
            raise Refused("MethodRefused", "A webhook is called with GET or POST.")
        url = _read_url(call.url)
        for _ in range(MAX_REDIRECTS + 1):
            reply, location = await self._send(url, method, call)
            if not location:
                return reply
            if reply.status not in REDIRECTS[method]:
                raise Refused("RedirectRefused", f"The webhook answered {reply.status}, which would change the call.")
            url = _follow_redirect(url, location)
        raise Refused("RedirectRefused", f"The webhook redirects more than {MAX_REDIRECTS} times.")

    async def _send(self, url: httpx.URL, method: str, call: WebhookCall) -> tuple[Reply, str]:
        """The answer, and where it redirects to; empty for nowhere."""
        body = call.body if method == "POST" else None
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context, network_backend=self._backend, max_keepalive_connections=0
            ) as connections,
            connections.stream(
                method,
                httpcore.URL(scheme=b"https", host=url.raw_host, port=url.port, target=url.raw_path),
                headers=self._headers(call, url, body or b""),
                content=body,
            ) as response,
        ):
            received = {name.lower(): value.decode("latin-1") for name, value in response.headers}
            kept, truncated = await _read_body(response)
            location = received.get(b"location", "") if 300 <= response.status < 400 else ""
            return Reply(response.status, received.get(b"retry-after", ""), kept, truncated), location

    def _headers(self, call: WebhookCall, url: httpx.URL, body: bytes) -> Headers:
        timestamp = int(time.time())
        signature = sign(call.signing_keys, call.idempotency_key, timestamp, body)
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("User-Agent", self._user_agent),
            ("Accept", "*/*"),
            # The number of bytes read is limited; their size unpacked would not be.
            ("Accept-Encoding", "identity"),
            ("Idempotency-Key", call.idempotency_key),
            ("X-Smith-Timestamp", str(timestamp)),
            ("X-Smith-Signature", signature),
            # The same under the names that libraries of Standard Webhooks look for.
            ("webhook-id", call.idempotency_key),
            ("webhook-timestamp", str(timestamp)),
            ("webhook-signature", signature),
        ]
        if call.method == HttpMethod.HTTP_METHOD_POST:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if url.userinfo:
            credentials = f"{url.username}:{url.password}".encode()
            headers.append(("Authorization", "Basic " + base64.b64encode(credentials).decode()))
        return headers


def _read_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise Refused("UrlRefused", "The URL cannot be understood.") from None
    if url.scheme != "https" or not url.host:
        raise Refused("UrlRefused", "A webhook's URL begins with https:// and names a host.")
    return url


def _follow_redirect(url: httpx.URL, location: str) -> httpx.URL:
    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise Refused("RedirectRefused", "The webhook redirects to an invalid URL.") from None
    if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
        raise Refused("RedirectRefused", "The webhook redirects to another host, which is not followed.")
    return target


async def _read_body(response: httpcore.Response) -> tuple[bytes, bool]:
    """The beginning of the body, and whether there was more."""
    kept = bytearray()
    async for chunk in response.aiter_stream():
        kept += chunk
        if len(kept) > MAX_BODY:
            return bytes(kept[:MAX_BODY]), True
    return bytes(kept), False


def sign(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """A signature by each key, separated by spaces, over id, time (UNIX seconds) and body, so that none can be changed:
    Standard Webhooks (https://www.standardwebhooks.com), version 1."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
