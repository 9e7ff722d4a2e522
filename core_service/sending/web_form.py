"""A push notification in the form that browsers get: a declarative push message (W3C Push API). Safari shows it by
itself, in other browsers the page's worker does.

It is made from the payload for phones when it is sent, as the silent form is (`later_versions.py`). What the page shows
stands in `notification.data.smith`; what does not fit, the page reads from the server.
"""

from collections.abc import Sequence
from typing import Any

import simplejson

from core_service.common.validation import write_json
from core_service.sending.later_versions import LEVEL, SILENT

LIMIT_BYTES = 2700
"""Firefox on Android is reached over a bridge that takes 2744 bytes (Mozilla autopush, "Error Codes", 413)."""
DECLARATIVE = 8030
"""The number that marks a declarative push message, after RFC 8030."""
MAX_BUTTONS = 2
"""Most that browsers show. The page shows all."""
CUT = "…"
SHORTEST = 40
"""Characters that are left of a text which is cut as long as others can be cut."""


def notification_for_browsers(payload: bytes, version: int, page: str | None) -> bytes:
    """The JSON of a notification for browsers of this page; `payload` is what phones get of this version."""
    body = simplejson.loads(payload, use_decimal=True)
    aps, smith = body["aps"], body["smith"]
    alert, identifier = aps["alert"], smith.pop("notification_id")
    subtitle = alert.get("subtitle")
    shown: dict[str, Any] = {
        "title": alert["title"],
        "body": "\n".join(filter(None, (subtitle, alert.get("body")))),
        "tag": identifier,
        "icon": smith.get("icon"),
        "actions": buttons(smith.get("actions", ()), page, f"n={identifier}"),
        "data": {
            "smith": {"kind": "notification", "id": identifier, "version": version}
            | ({"subtitle": subtitle} if subtitle else {})
            | smith
        },
    }
    if aps.get(LEVEL) == SILENT:
        shown["silent"] = True
    leads_to = smith.get("redirection", "")
    navigate = leads_to if leads_to.startswith(("https://", "http://")) else address(page, f"n={identifier}")
    return write_message(shown, navigate, is_declarative=page is not None, badge=aps.get("badge"))


def buttons(actions: Any, page: str | None, fragment: str) -> list[dict[str, str]]:
    """The first buttons as browsers take them. `actions` are as phones get them; without a script that runs a webhook,
    a button of one leads to the page."""
    return [
        {"action": one["id"], "title": one["title"], "navigate": one.get("url") or address(page, fragment)}
        for one in list(actions)[:MAX_BUTTONS]
    ]


def address(page: str | None, fragment: str) -> str:
    """Where a click leads: on the page that the browser has reported, or else where the server has it."""
    return f"{page or '/phone/'}#{fragment}"


def write_message(
    shown: dict[str, Any],
    navigate: str,
    *,
    is_declarative: bool,
    badge: int | None = None,
    goes_first: Sequence[str] = ("payload", "subtitle"),
) -> bytes:
    """The JSON of a message that shows this and leads there, within the limit of bytes. Of `data.smith`, what
    `goes_first` names does, the user's own JSON before all, then texts are cut, then what the page can read from the
    server goes. Ids stay, and the beginnings of the texts.

    It is not declarative without the URL of the page: Safari refuses what leads nowhere.
    """
    smith = shown["data"]["smith"]
    message: dict[str, Any] = {"web_push": DECLARATIVE} if is_declarative else {}
    notification = {name: value for name, value in shown.items() if value not in (None, "", [])} | {
        "navigate": navigate
    }
    message["notification"] = notification
    if badge is not None:
        message["app_badge"] = smith["badge"] = badge
    smith_only = [(smith, name) for name in goes_first]
    rest = [(holder, name) for name in ("redirection", "icon", "media", "actions") for holder in (notification, smith)]
    written = write_json(message)
    for holder, name in smith_only:
        written = _without(message, written, holder, name)
    written = _cut(message, written, notification, "body", SHORTEST)
    written = _cut(message, written, notification, "title", SHORTEST)
    for holder, name in rest:
        written = _without(message, written, holder, name)
    return _cut(message, written, notification, "body", 0)


def _without(message: dict[str, Any], written: bytes, holder: dict[str, Any], name: str) -> bytes:
    if len(written) <= LIMIT_BYTES or name not in holder:
        return written
    del holder[name]
    return write_json(message)


def _cut(message: dict[str, Any], written: bytes, holder: dict[str, Any], name: str, least: int) -> bytes:
    """Cuts the text, but leaves this many characters of it, until the message fits."""
    text = holder.get(name, "")
    while len(written) > LIMIT_BYTES and len(text) > least:
        # Each character that goes takes one byte with it at least, and six at most.
        goes = max(1, (len(written) - LIMIT_BYTES) // 6)
        text = text[: max(least, len(text) - goes)]
        holder[name] = text.rstrip() + CUT
        written = write_json(message)
    return written
