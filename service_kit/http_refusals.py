"""What a client is answered whose input never becomes a request for the application."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service_kit import tracing

MAX_HEAD_BYTES = 32 * 1024
"""Most bytes of request line and headers. More than usual clients send, and little enough to do no harm."""
MAX_HEADERS = 128
"""Most headers of one request. A short header takes twenty times its size on the wire in memory."""


@dataclass(frozen=True)
class Refusal:
    """An HTTP `status`, the short title `error`, a `message` in a sentence, and headers."""

    status: int
    error: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


MALFORMED = Refusal(400, "Malformed HTTP", "This is not a valid HTTP/1.1 request.")
NO_HOST = Refusal(400, "Malformed HTTP", "A request must say in one Host header which host it is for.")
HEAD_TOO_LARGE = Refusal(
    431, "Headers too large", f"A request must have at most {MAX_HEADERS} headers, of {MAX_HEAD_BYTES} bytes in all."
)  # fmt: skip
FULL = Refusal(
    503, "Service unavailable", "The server is overloaded. Try again shortly.", {"retry-after": "1"}
)  # fmt: skip


Render = Callable[[Refusal], tuple[str, bytes]]
"""Turns a refusal into a content type and a body."""


def as_json(refusal: Refusal) -> tuple[str, bytes]:
    """For programs."""
    text = json.dumps({"error": refusal.error, "message": refusal.message}, separators=(",", ":"))
    return "application/json", text.encode()


def as_text(refusal: Refusal) -> tuple[str, bytes]:
    """For people."""
    return "text/plain; charset=utf-8", refusal.message.encode()


def answer_of(refusal: Refusal, render: Render) -> bytes:
    """The whole HTTP answer, after which the connection is closed."""
    content_type, body = render(refusal)
    headers = {
        "x-request-id": tracing.new_request_id(),
        "content-type": content_type,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "connection": "close",
        **refusal.headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[refusal.status] + head.encode("ascii") + b"\r\n" + body
