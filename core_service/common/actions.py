"""Buttons of notifications and Live Activities: what they may be, and what a phone is told of them."""

import json
import re
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic_core import Url, ValidationError

from core_service.common.orm import new_id
from core_service.common.validation import parse_json_object, require_storable
from service_kit.errors import InvalidRequest

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


def check_action(path: str, *, title: str, kind: ActionType, url: str, method: str | None, body: str | None) -> Action:
    """The action, called `path` in messages, if it keeps the rules. `method` and `body` count for webhooks only.

    Raises InvalidRequest.
    """
    title = require_storable(title, f"{path}.title")
    url = require_https_url(url, f"{path}.url")
    if kind is ActionType.OPEN_URL:
        return Action(title, kind, url)
    if body is not None:
        parse_json_object(body, f"{path}.body")
        if len(body.encode()) > MAX_WEBHOOK_BODY:
            raise InvalidRequest.at(f"{path}.body", f"must be at most {MAX_WEBHOOK_BODY} bytes of JSON")
    return Action(title, kind, url, method or "POST", body)


def phone_form(action: Action) -> dict[str, str]:
    """What a phone is told. A webhook's URL stays on the server: the phone asks the server to run the action by its
    id."""
    form = {"id": str(action.id), "title": action.title, "type": action.type.value}
    return form | {"url": action.url} if action.type is ActionType.OPEN_URL else form


def to_json(action: Action) -> str:
    """The whole action as JSON text, for the server's own tables. It must not be shown to phones."""
    return json.dumps(
        {
            "id": str(action.id),
            "title": action.title,
            "type": action.type.value,
            "url": action.url,
            "method": action.method,
            "body": action.body,
        },
        ensure_ascii=False,
    )


def from_json(text: str) -> Action:
    """Reads what `to_json` wrote."""
    kept = json.loads(text)
    kind, id_ = ActionType(kept["type"]), uuid.UUID(kept["id"])
    return Action(kept["title"], kind, kept["url"], kept["method"], kept["body"], id_)


def require_https_url(value: str, name: str) -> str:
    """The URL as it was written, if it is an absolute `https` URL with a host.

    Raises InvalidRequest.
    """
    if len(value) > MAX_URL:
        raise InvalidRequest.at(name, f"must be at most {MAX_URL} characters long")
    try:
        url = Url(value) if HTTPS.fullmatch(value) else None
    except ValidationError:
        url = None
    if url is None or not url.host:
        raise InvalidRequest.at(name, "must be an absolute https:// URL")
    return value
