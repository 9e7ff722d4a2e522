"""Content that is the same for all clients, with headers for caches."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope

from gateway.app import Answer, values_of

SAFE = {"x-content-type-options": "nosniff"}
"""Headers of all that is published."""

LEVEL = 6
"""The level of compression. It is done once; higher levels take much longer for few bytes."""


@dataclass(frozen=True, slots=True)
class Form:
    """The content as it is sent, plain or compressed."""

    body: bytes
    headers: Mapping[str, str]


class Published:
    """Serves content that `load` makes once, in a thread, so that requests of the API do not wait for it."""

    def __init__(
        self, load: Callable[[], bytes], media_type: str, cache_control: str, headers: Mapping[str, str]
    ) -> None:
        self._load = load
        self._media_type = media_type.encode("ascii")
        self._headers = {**headers, "cache-control": cache_control, "vary": "accept-encoding"}
        self._forms: asyncio.Future[tuple[Form, Form]] | None = None

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """The content, or 304 if the client says that it has it (RFC 9110 section 13.1.2)."""
        if self._forms is None:
            self._forms = asyncio.ensure_future(asyncio.to_thread(self._make))
        # Shielded: the client that asked first may leave, while others wait for the same content.
        plain, compressed = await asyncio.shield(self._forms)
        form = compressed if takes_gzip(listed(scope, b"accept-encoding")) else plain
        if has_it(listed(scope, b"if-none-match"), form.headers["etag"]):
            return Answer(304, b"", dict(form.headers))
        return Answer(200, form.body, dict(form.headers), self._media_type)

    def _make(self) -> tuple[Form, Form]:
        body = self._load()
        name = hashlib.sha256(body).hexdigest()[:32]
        return (
            Form(body, {**self._headers, "etag": f'"{name}"'}),
            Form(
                gzip.compress(body, LEVEL, mtime=0),
                {**self._headers, "etag": f'"{name}-gzip"', "content-encoding": "gzip"},
            ),
        )


def listed(scope: Scope, header: bytes) -> list[str]:
    """The items of a list header, which may be given several times."""
    return [item.strip() for item in ",".join(values_of(scope, header)).split(",")]


def takes_gzip(accepted: list[str]) -> bool:
    """Whether the client's `Accept-Encoding` asks for gzip. Without the header it gets plain content."""
    for item in accepted:
        coding, _, parameters = item.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return parameters.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def has_it(known: list[str], etag: str) -> bool:
    """Whether the client's `If-None-Match` names the content, by weak comparison."""
    return any(item == "*" or item.removeprefix("W/") == etag for item in known)
