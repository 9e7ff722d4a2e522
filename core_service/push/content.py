"""What a push notification may contain. Pure rules, each naming its field."""

from dataclasses import dataclass
from typing import Any

from core_service.common.actions import Action, require_https_url
from core_service.common.validation import parse_json_object, require_storable


@dataclass(frozen=True, slots=True)
class Content:
    """A push notification that keeps all rules except the size limit, which applies to the finished payload."""

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
    """Returns the content if it keeps the rules that the proto cannot declare. `payload` is JSON text.

    Raises InvalidRequest naming the first field that breaks a rule, and the rule.
    """
    return Content(
        title=require_storable(title, "title"),
        message=message and require_storable(message, "message"),
        subtitle=subtitle and require_storable(subtitle, "subtitle"),
        media=None if media is None else require_https_url(media, "media"),
        redirection=None if redirection is None else require_https_url(redirection, "redirection"),
        actions=actions,
        payload=None if payload is None else parse_json_object(payload, "payload"),
        badge=badge,
        sound=None if sound is None else require_storable(sound, "sound"),
    )
