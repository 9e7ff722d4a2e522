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

WEB = re.compile(r"https?://[^\s\x00-\x1f\x7f/?#\\][^\s\x00-\x1f\x7f]*", re.IGNORECASE)
LINK = re.compile(r"([a-z][a-z0-9+.-]*):[^\s\x00-\x1f\x7f]+", re.IGNORECASE)

FORBIDDEN_SCHEMES = frozenset({"javascript", "vbscript", "data", "file", "blob", "about", "activitysmith"})
"""They run a program, read what is on the device, or are the app's own."""


class Opens(StrEnum):
    """What may be opened on a phone."""

    ANY_APP = "a link with a scheme, such as https://, shortcuts:// or another app's own"
    """From a notification: iOS opens whatever app has the scheme."""
    WEB_OR_SHORTCUT = "an absolute https://, http:// or shortcuts:// URL"
    """From a Live Activity."""


CARD_LINK = re.compile(r"(?:https?|shortcuts|x-safari-https?)://.+", re.IGNORECASE)


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


def check_action(
    path: str, opens: Opens, *, title: str, kind: ActionType, url: str, method: str | None, body: str | None
) -> Action:
    """The action, called `path` in messages, if it keeps the rules. `method` and `body` count for webhooks only.

    Raises InvalidRequest.
    """
    title = require_storable(title, f"{path}.title")
    if kind is ActionType.OPEN_URL:
        return Action(title, kind, require_link(url, f"{path}.url", opens))
    url = require_https_url(url, f"{path}.url")
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
    _check_length(value, name)
    if _scheme_of(value) != "https":
        raise InvalidRequest.at(name, "must be an absolute https:// URL")
    return value


def require_icon_url(value: str, name: str) -> str:
    """The URL as it was written, if it is an absolute `https` URL without a user name or password.

    Raises InvalidRequest.
    """
    parts = Url(require_https_url(value, name))
    if parts.username or parts.password:
        raise InvalidRequest.at(name, "must not have a user name or a password")
    return value


def require_link(value: str, name: str, opens: Opens = Opens.ANY_APP) -> str:
    """The link as it was written, if a phone may open it from there.

    Raises InvalidRequest.
    """
    _check_length(value, name)
    scheme = _scheme_of(value)
    if scheme is None or (opens is Opens.WEB_OR_SHORTCUT and not CARD_LINK.fullmatch(value)):
        raise InvalidRequest.at(name, f"must be {opens.value}")
    if scheme in FORBIDDEN_SCHEMES:
        raise InvalidRequest.at(name, f"must not be a link with {scheme}:")
    return value


def _check_length(value: str, name: str) -> None:
    if len(value) > MAX_URL:
        raise InvalidRequest.at(name, f"must be at most {MAX_URL} characters long")


def _scheme_of(value: str) -> str | None:
    """The link's scheme in lower case; None if it is no link, or one of the web without a host."""
    found = LINK.fullmatch(value)
    if found is None:
        return None
    scheme = found[1].lower()
    if scheme not in {"https", "http"}:
        return scheme
    try:
        return scheme if WEB.fullmatch(value) and Url(value).host else None
    except ValidationError:
        return None
