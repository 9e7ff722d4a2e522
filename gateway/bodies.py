"""The body of a request: JSON in UTF-8 of bounded size, within bounded time, and the fields of it that are ignored.

Unknown fields of requests that send are ignored and named in a header, unless they look as if they decide who is
reached.
"""

import asyncio
import re
import string
from urllib.parse import quote

from starlette.types import Receive

from gateway.load import BodyMemory
from gateway.problems import Problem
from service_kit.json_mapping import FieldError

MAX_BODY_BYTES = 256 * 1024
LINGER_BYTES = 4 * 1024 * 1024
LINGER_SECONDS = 1.0

CLOSE = {"connection": "close"}

AUDIENCE_FIELDS = ("target", "channels")
"""The fields whose form says `decides_audience`."""

AUDIENCE_PREFIXES = tuple(name.removesuffix("s") for name in AUDIENCE_FIELDS)
NO_LETTER = re.compile(r"[^a-z]+")
MAX_KEY = 64
"""Characters of a key that are looked at, and shown."""
MAX_PATHS = 20
MAX_HEADER_BYTES = 1024
ROOM_FOR_COUNT = 16
"""Bytes of the header that are kept for `, +N`."""

Step = str | int


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


def looks_like_audience(key: str) -> bool:
    """True for a key that is one of the names in other letters, begins as one does, or is one slip of a finger off.

    A request that misspells them would otherwise reach everybody: `chanels`, `Target`, `target[channels]`.
    """
    letters = NO_LETTER.sub("", key[:MAX_KEY].lower())
    return letters.startswith(AUDIENCE_PREFIXES) or letters in _SLIPS


def _slips(word: str) -> set[str]:
    """Every word that one letter too many, too few, wrong or swapped makes of `word`."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    fewer = {head + tail[1:] for head, tail in parts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in parts if tail for letter in string.ascii_lowercase}
    more = {head + letter + tail for head, tail in parts for letter in string.ascii_lowercase}
    return fewer | swapped | wrong | more


_SLIPS = frozenset(slip for name in (*AUDIENCE_FIELDS, *AUDIENCE_PREFIXES, "targets") for slip in _slips(name))


class IgnoredFields:
    """The fields of one request that were ignored. Remembers as many paths as it tells, and counts the others."""

    def __init__(self) -> None:
        self.count = 0
        self._paths: list[str] = []

    def add(self, steps: tuple[Step, ...], key: str) -> None:
        """One more, by the keys and indexes that lead to its object, and its key."""
        self.count += 1
        if len(self._paths) < MAX_PATHS:
            self._paths.append("".join(map(_written, (*steps, key))).removeprefix("."))

    def header(self) -> str:
        """The paths, percent-encoded and separated by commas: at most 20 and 1 kB, then `+N` for N others."""
        shown: list[str] = []
        room = MAX_HEADER_BYTES - ROOM_FOR_COUNT
        for path in self._paths:
            room -= len(path) + len(", ")
            if room < 0:
                break
            shown.append(path)
        others = self.count - len(shown)
        return ", ".join([*shown, f"+{others}"] if others else shown)


class Ignoring:
    """Ignores unknown fields, save those that look as if they decide who is reached."""

    __slots__ = ("_fields", "_steps")

    def __init__(self, fields: IgnoredFields, steps: tuple[Step, ...] = ()) -> None:
        self._fields = fields
        self._steps = steps

    def meet(self, key: str) -> None:
        """See UnknownFields."""
        if looks_like_audience(key):
            raise FieldError("is not a known field")
        self._fields.add(self._steps, key)

    def inside(self, step: Step) -> "Ignoring":
        """See UnknownFields."""
        return Ignoring(self._fields, (*self._steps, step))


def _written(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    # Half a surrogate pair is no character: it is shown as "?". A period within a key is no step. An empty key is shown
    # as two quotation marks.
    return "." + quote(step[:MAX_KEY] or '""', safe="", errors="replace").replace(".", "%2E")
