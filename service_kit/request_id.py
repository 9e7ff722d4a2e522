"""The id that one request of a client keeps through all processes: `X-Request-Id` in REST, `x-request-id` in gRPC."""

from contextvars import ContextVar

METADATA_KEY = "x-request-id"

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being served; empty for work that no request waits for."""
