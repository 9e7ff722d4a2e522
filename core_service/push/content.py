"""A push notification's content, and the JSON body of an alert push that carries it, within APNs' size limit.

The `aps` keys are Apple's ("Generating a remote notification"). Everything else is beside them under `smith`, where the
app's notification service extension finds it. A field of `Content` without a place among Apple's keys goes there under
its own name.
"""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import simplejson

from core_service.common.actions import Action, phone_form
from core_service.common.validation import write_json
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge
from core_service.sending.later_versions import LEVEL, SILENT, silent_form

CATEGORY = "activitysmith"
DEFAULT_SOUND = "default"
ACTIONS = "actions"
"""Kept in a table of their own: phones are told less of them than the server needs."""
ANNOTATIONS = frozenset({"tags", "metadata"})
"""Kept in columns of their own, and not told to phones."""


@dataclasses.dataclass(frozen=True, slots=True)
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
    interruption_level: str | None = None
    icon: str | None = None
    tags: tuple[str, ...] = ()
    metadata: str | None = None
    """JSON text."""


APPLES: Mapping[str, tuple[str, ...]] = {
    "title": ("aps", "alert", "title"),
    "subtitle": ("aps", "alert", "subtitle"),
    "message": ("aps", "alert", "body"),
    "sound": ("aps", "sound"),
    "badge": ("aps", "badge"),
    "interruption_level": ("aps", LEVEL),
}
"""Apple's places for fields of a notification."""
PLACES = {
    one.name: APPLES.get(one.name, ("smith", one.name))
    for one in dataclasses.fields(Content)
    if one.name not in ANNOTATIONS
}
"""The place of each field in a payload."""


def build_payload(notification_id: uuid.UUID, content: Content, *, replaces: bool = False) -> bytes:
    """Writes the body for all devices. One that `replaces` another has room for its silent form, too.

    Raises PayloadTooLarge naming the longest part.
    """
    values = _said(content)
    # The app's service extension attaches media and buttons, and runs only if asked to. Without it, iOS uses the
    # category.
    aps: dict[str, Any] = {"alert": {}, "sound": DEFAULT_SOUND, "mutable-content": 1, "category": CATEGORY}
    if content.interruption_level == SILENT:
        del aps["sound"]
    body: dict[str, Any] = {"aps": aps, "smith": {"notification_id": str(notification_id)}}
    for name, value in values.items():
        *path, key = PLACES[name]
        part = body
        for step in path:
            part = part[step]
        part[key] = value
    written = write_json(body)
    total_bytes = max(len(written), len(silent_form(written)) if replaces else 0)
    if total_bytes > LIMIT_BYTES:
        part_bytes, longest = max((len(write_json(value)), name) for name, value in values.items())
        raise PayloadTooLarge(part=longest, part_bytes=part_bytes, total_bytes=total_bytes)
    return written


def read_payload(
    payload: bytes, actions: tuple[Action, ...], tags: Sequence[str] | None, metadata: str | None
) -> Content:
    """Returns the content that `build_payload` has written, with what is stored beside the payload."""
    body = simplejson.loads(payload, use_decimal=True)
    found: dict[str, Any] = {}
    for name, path in PLACES.items():
        part = body
        for step in path:
            part = part.get(step) if part is not None else None
        found[name] = part
    if found["sound"] == DEFAULT_SOUND:
        found["sound"] = None
    return Content(**found | {ACTIONS: actions, "tags": tuple(tags or ()), "metadata": metadata})


def _said(content: Content) -> dict[str, Any]:
    """The fields that have a value, as phones are told them."""
    values = {name: getattr(content, name) for name in PLACES}
    values[ACTIONS] = [phone_form(action) for action in content.actions] or None
    return {name: value for name, value in values.items() if value is not None and value != ""}
