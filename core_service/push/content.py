"""What a push notification may say: pure rules, each naming its field."""

import re
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic_core import Url, ValidationError

from core_service.json_object import parse_json_object
from core_service.orm import new_id
from core_service.validation import require_storable, require_text
from service_kit.errors import InvalidRequest

WEBHOOK_METHODS = ("GET", "POST")
MAX_ACTIONS = 4
MAX_BADGE = 2**31 - 1
MAX_URL = 2048
MAX_WEBHOOK_BODY = 65_536

HTTPS = re.compile(r"https://[^\s\x00-\x1f\x7f/?#\\][^\s\x00-\x1f\x7f]*", re.IGNORECASE)


class ActionType(StrEnum):
    """What tapping a button does."""

    OPEN_URL = "open_url"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Action:
    """A button."""

    title: str
    type: ActionType
    url: str
    method: str | None = None
    """`GET` or `POST`, of a webhook."""
    body: str | None = None
    """JSON text, of a webhook."""
    id: uuid.UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Content:
    """A push notification that keeps every rule but the size limit, which only the finished payload can be held to."""

    title: str
    message: str | None = None
    subtitle: str | None = None
    media: str | None = None
    redirection: str | None = None
    actions: tuple[Action, ...] = ()
    payload: dict[str, Any] | None = None
    badge: int | None = None
    sound: str | None = None


def check_content(
    *,
    title: str,
    message: str | None,
    subtitle: str | None,
    media: str | None,
    redirection: str | None,
    actions: tuple[Action, ...],
    payload: str | None,
    badge: int | None,
    sound: str | None,
) -> Content:
    """The content, if it keeps the rules. `payload` is JSON text.

    Raises InvalidRequest naming the first field that breaks a rule, and the rule.
    """
    if not title.strip():
        raise InvalidRequest("title is required and must not be blank")
    if media is not None and actions:
        raise InvalidRequest("media cannot be combined with actions")
    if len(actions) > MAX_ACTIONS:
        raise InvalidRequest(f"actions must have at most {MAX_ACTIONS} items, not {len(actions)}")
    if badge is not None and not 0 <= badge <= MAX_BADGE:
        raise InvalidRequest(f"badge must be between 0 and {MAX_BADGE}")
    return Content(
        title=require_storable(title, "title"),
        message=message and require_storable(message, "message"),
        subtitle=subtitle and require_storable(subtitle, "subtitle"),
        media=None if media is None else require_https_url(media, "media"),
        redirection=None if redirection is None else require_https_url(redirection, "redirection"),
        actions=actions,
        payload=None if payload is None else parse_json_object(payload, "payload"),
        badge=badge,
        sound=None if sound is None else require_text(sound, "sound", maximum=100),
    )


def check_action(
    place: int, *, title: str, kind: ActionType | None, url: str, method: str | None, body: str | None
) -> Action:
    """The action at `place` of the list, if it keeps the rules. `method` and `body` count for webhooks only.

    Raises InvalidRequest.
    """
    path = f"actions[{place}]"
    if not title.strip():
        raise InvalidRequest(f"{path}.title is required and must not be blank")
    if kind is None:
        raise InvalidRequest(f"{path}.type is required: open_url or webhook")
    title = require_storable(title, f"{path}.title")
    url = require_https_url(url, f"{path}.url")
    if kind is ActionType.OPEN_URL:
        return Action(title, kind, url)
    if method not in (None, *WEBHOOK_METHODS):
        raise InvalidRequest(f"{path}.method must be one of {', '.join(WEBHOOK_METHODS)}")
    if body is not None:
        parse_json_object(body, f"{path}.body")
        if len(body.encode()) > MAX_WEBHOOK_BODY:
            raise InvalidRequest(f"{path}.body must be at most {MAX_WEBHOOK_BODY} bytes of JSON")
    return Action(title, kind, url, method or "POST", body)


def require_https_url(value: str, name: str) -> str:
    """The URL as it was written, if it is an absolute `https` URL with a host.

    Raises InvalidRequest.
    """
    if len(value) > MAX_URL:
        raise InvalidRequest(f"{name} must be at most {MAX_URL} characters long")
    try:
        url = Url(value) if HTTPS.fullmatch(value) else None
    except ValidationError:
        url = None
    if url is None or not url.host:
        raise InvalidRequest(f"{name} must be an absolute https:// URL")
    return value
