"""A composed request of the REST API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote


class Operation(StrEnum):
    """The operation of the API."""

    PUSH = "push"
    START = "start"
    UPDATE = "update"
    END = "end"
    STREAM = "stream"
    END_STREAM = "end_stream"
    BADGE = "badge"


@dataclass(frozen=True)
class ApiRequest:
    """One call of the API."""

    operation: Operation
    body: Mapping[str, Any] = field(default_factory=dict)
    """The JSON document, with the API's own keys; empty for none."""
    stream_key: str = ""
    """For the operations on streams."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return {Operation.STREAM: "PUT", Operation.END_STREAM: "DELETE"}.get(self.operation, "POST")

    @property
    def path(self) -> str:
        """The path on the gateway, ready for a URL."""
        if self.operation is Operation.PUSH:
            return "/api/push-notification"
        if self.operation is Operation.BADGE:
            return "/api/badge"
        if self.operation in {Operation.STREAM, Operation.END_STREAM}:
            return f"/api/live-activity/stream/{quote(self.stream_key, safe='')}"
        return f"/api/live-activity/{self.operation}"

    @property
    def channels(self) -> tuple[str, ...]:
        """The target channels; none: all devices."""
        target = self.body.get("target")
        return tuple(target.get("channels", ())) if isinstance(target, Mapping) else ()
