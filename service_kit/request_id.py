"""The id that one request of a client keeps through all processes: `X-Request-Id` in REST, `x-request-id` in gRPC."""

import re
import uuid
from contextvars import ContextVar

METADATA_KEY = "x-request-id"

PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""The ids that a caller may choose. They are written to logs and headers."""

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being served; empty for work that no request waits for."""


def new() -> str:
    """A new unique id."""
    return uuid.uuid4().hex


def taken(given: str) -> str:
    """The caller's id if it is 1 to 64 letters, digits, `_` or `-`, else a new one."""
    return given if PLAIN.fullmatch(given) else new()


def checked(given: str) -> str:
    """The id that another process gave; empty if it is not valid."""
    return given if PLAIN.fullmatch(given) else ""
