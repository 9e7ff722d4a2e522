"""The id that one request of a client keeps through all processes: `X-Request-Id` in REST, `x-request-id` in gRPC."""

import re
import uuid
from contextvars import ContextVar

METADATA_KEY = "x-request-id"

PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a caller may choose: it ends up in logs and headers."""

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being served; empty for work that no request waits for."""


def new() -> str:
    """An id that nobody else uses."""
    return uuid.uuid4().hex


def taken(given: str) -> str:
    """The caller's id if it is 1 to 64 letters, digits, `_` or `-`, else a new one."""
    return given if PLAIN.fullmatch(given) else new()


def checked(given: str) -> str:
    """The id as another process gave it, or none if it cannot be one."""
    return given if PLAIN.fullmatch(given) else ""
