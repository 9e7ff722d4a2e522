"""Reads a message as browsers and the page's worker do: Declarative Web Push with the server's own part in it."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

DECLARATIVE = 8030


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Button(_Part):
    """A button of a notification."""

    action: str
    title: str
    navigate: str | None = None


class Smith(_Part):
    """What the server says to its page."""

    kind: Literal["notification", "activity"]
    id: str = Field(min_length=1)
    version: int = 1
    event: Literal["start", "update", "end"] | None = None
    timestamp: int | None = None
    alerting: bool = False
    state: dict[str, Any] | None = None
    replaces: str | None = None
    """The activity whose place it takes."""
    stale_at: float | None = None
    dismiss_at: float | None = None
    subtitle: str | None = None
    media: str | None = None
    redirection: str | None = None
    icon: str | None = None
    badge: int | None = None
    actions: list[dict[str, Any]] = []
    payload: Any = None


class Data(_Part):
    """`data` of a notification: whatever the server put there."""

    smith: Smith | None = None


class WebNotification(_Part):
    """What is to be shown."""

    title: str = Field(min_length=1)
    body: str = ""
    navigate: str | None = None
    tag: str | None = None
    silent: bool | None = None
    icon: str | None = None
    actions: list[Button] = []
    data: Data = Data()


class WebMessage(_Part):
    """A whole message."""

    web_push: int | None = None
    notification: WebNotification
    app_badge: int | None = Field(None, ge=0)

    @property
    def is_declarative(self) -> bool:
        """Whether Safari shows it by itself."""
        navigate = self.notification.navigate or ""
        return self.web_push == DECLARATIVE and navigate.startswith(("https://", "http://"))


def decode(text: bytes) -> WebMessage | None:
    """The message, or None if it is none."""
    try:
        return WebMessage.model_validate(json.loads(text))
    except (ValidationError, ValueError, RecursionError):
        return None
