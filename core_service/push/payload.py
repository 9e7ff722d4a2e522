"""What the phone is told: the JSON body of an alert push, within APNs' size limit.

The `aps` keys are Apple's ("Generating a remote notification"); everything of ours stands beside them under `smith`,
where the app's notification service extension finds it.
"""

import uuid
from typing import Any

from core_service.common.actions import phone_form
from core_service.common.json_object import write_json
from core_service.push.content import Content
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge

CATEGORY = "activitysmith"


def build_payload(notification_id: uuid.UUID, content: Content) -> bytes:
    """The body, ready to be sent to every device.

    Raises PayloadTooLarge naming the longest part.
    """
    body = write_json({"aps": _aps(content), "smith": _smith(notification_id, content)})
    if len(body) > LIMIT_BYTES:
        part, part_bytes = _longest_part(content)
        raise PayloadTooLarge(part=part, part_bytes=part_bytes, total_bytes=len(body))
    return body


def _aps(content: Content) -> dict[str, Any]:
    alert = {"title": content.title}
    if content.subtitle:
        alert["subtitle"] = content.subtitle
    if content.message:
        alert["body"] = content.message
    aps: dict[str, Any] = {"alert": alert, "sound": content.sound or "default"}
    if content.badge is not None:
        aps["badge"] = content.badge
    # The app's service extension attaches media and buttons, and runs only if asked to; the category is what iOS falls
    # back to without it.
    return aps | {"mutable-content": 1, "category": CATEGORY}


def _smith(notification_id: uuid.UUID, content: Content) -> dict[str, Any]:
    smith: dict[str, Any] = {"notification_id": str(notification_id)}
    if content.media is not None:
        smith["media"] = content.media
    if content.redirection is not None:
        smith["redirection"] = content.redirection
    if content.actions:
        smith["actions"] = [phone_form(action) for action in content.actions]
    if content.payload is not None:
        smith["payload"] = content.payload
    return smith


def _longest_part(content: Content) -> tuple[str, int]:
    parts: dict[str, Any] = {
        "title": content.title,
        "message": content.message,
        "subtitle": content.subtitle,
        "media": content.media,
        "redirection": content.redirection,
        "actions": [phone_form(action) for action in content.actions] or None,
        "payload": content.payload,
    }
    sizes = {name: len(write_json(value)) for name, value in parts.items() if value is not None}
    return max(sizes.items(), key=lambda item: item[1])
