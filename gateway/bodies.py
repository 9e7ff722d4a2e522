"""Reading a request's body: JSON in UTF-8, of bounded size, within bounded time."""

import asyncio

from starlette.types import Receive

from gateway.load import BodyMemory
from gateway.problems import Problem

MAX_BODY_BYTES = 256 * 1024
LINGER_BYTES = 4 * 1024 * 1024
LINGER_SECONDS = 1.0

CLOSE = {"connection": "close"}


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def check_head(headers: dict[bytes, bytes]) -> bool:
    """True if a body follows the request's head, whose `headers` are named in lower case.

    Raises Problem if the head alone rules the body out: 413 for its length, 415 for its type or encoding.
    """
    # The HTTP parser accepts any number of leading zeros, and `int` does not. Without them it accepts 20 digits.
    length = int(headers.get(b"content-length", b"").lstrip(b"0") or 0)
    if not length and b"transfer-encoding" not in headers:
        return False
    if length > MAX_BODY_BYTES:
        raise too_large()
    media_type = headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()
    is_json = media_type == b"application/json" or (
        media_type.startswith(b"application/") and media_type.endswith(b"+json")
    )
    if media_type and not is_json:
        raise Problem(415, "Unsupported media type", "The body must be JSON, with content type application/json.")
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Problem(415, "Unsupported media type", "The body must not be compressed.")
    return True


async def read_body(receive: Receive, seconds: float, memory: BodyMemory) -> bytes:
    """The whole body.

    Raises Problem 413 as soon as more than MAX_BODY_BYTES have come, 408 if it is not complete within `seconds`, 503 if
    `memory` has no room for it, and ClientGone if the client leaves.
    """
    body = bytearray()
    held = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise too_large()
                held = memory.grow(held, len(body))
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Problem(
            408, "Request timeout", f"The body did not arrive within {seconds:g} seconds.", headers=dict(CLOSE)
        ) from None
    finally:
        memory.release(held)


def too_large() -> Problem:
    """413: the body is larger than MAX_BODY_BYTES."""
    limit = MAX_BODY_BYTES
    return Problem(
        413, "Body too large", f"The body must be at most {limit} bytes.", facts={"limit": limit}, headers=dict(CLOSE)
    )


async def linger(receive: Receive) -> None:
    """Discards what a refused client is still sending, for LINGER_SECONDS and LINGER_BYTES at most.

    Closing a socket with bytes unread resets the connection, and the reset can overtake the answer (RFC 9112 section
    9.6): a client that writes its whole request before it reads would never learn why it was refused.
    """
    dropped = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while dropped < LINGER_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
