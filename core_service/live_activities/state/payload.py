"""The JSON bodies of the pushes of Live Activities, within APNs' size limit.

The `aps` keys are Apple's ("Starting and updating Live Activities with ActivityKit push notifications").
"""

import datetime as dt
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core_service.common.actions import from_json, phone_form
from core_service.common.validation import write_json
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge

LATEST_TIMESTAMP = 9_999_999_999
"""As long as any UNIX time of the next two centuries, so that the measured body is never shorter than the one that
is sent."""

LONGEST_CHARACTER = 6
"""The most bytes of one character in JSON: `\u001f`."""
FRAME_BYTES = 512
"""More bytes than a start has without its state, button and alert."""

RELEVANCE_ALERT, RELEVANCE_STEP, RELEVANCE_TICK = 100, 75, 50
"""The activity with the highest score gets the Dynamic Island: the one that has something to announce."""


class ActivityEvent(StrEnum):
    """What a push does, as Apple names it."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True)
class Message:
    """Everything that goes into the body of a push."""

    activity_id: str
    event: ActivityEvent
    timestamp: int
    """UNIX seconds."""
    content_state: str
    """JSON text."""
    action: str | None
    """JSON text of the button, webhook details included."""
    alert: dict[str, str] | None
    urgent: bool
    expires_at: dt.datetime
    dismiss_at: dt.datetime | None


class PayloadBuilder:
    """Writes bodies for an app whose ActivityAttributes type has this name."""

    def __init__(self, attributes_type: str) -> None:
        self._attributes_type = attributes_type

    def build(self, message: Message) -> bytes:
        """The body, ready to be sent."""
        aps: dict[str, Any] = {"timestamp": message.timestamp, "event": message.event.value}
        if message.event is ActivityEvent.START:
            aps |= {
                "attributes-type": self._attributes_type,
                "attributes": {"activity_id": message.activity_id},
                # iOS 18: the activity will have an update token, and is on no broadcast channel.
                "input-push-token": 1,
            }
        aps["content-state"] = content_state_for_phone(message.content_state, message.action)
        if message.alert is not None:
            aps["alert"] = message.alert
        if message.event is ActivityEvent.END:
            aps["dismissal-date"] = int((message.dismiss_at or message.expires_at).timestamp())
        else:
            aps["stale-date"] = int(message.expires_at.timestamp())
            aps["relevance-score"] = _relevance(message)
        return write_json({"aps": aps})

    def require_room(
        self, activity_id: str, content_state: str, action: str | None, alert: dict[str, str], *, asked: bool
    ) -> None:
        """Checks that the state fits in the longest push that may carry it, the one that starts the activity. `asked`:
        the alert was asked for and is not made from the state.

        Raises PayloadTooLarge naming the longest part.
        """
        characters = len(content_state) + len(action or "") + sum(map(len, alert.values()))
        if characters * LONGEST_CHARACTER + FRAME_BYTES <= LIMIT_BYTES:
            return
        far = dt.datetime.fromtimestamp(LATEST_TIMESTAMP, dt.UTC)
        body = self.build(
            Message(
                activity_id=activity_id,
                event=ActivityEvent.START,
                timestamp=LATEST_TIMESTAMP,
                content_state=content_state,
                action=action,
                alert=alert,
                urgent=True,
                expires_at=far,
                dismiss_at=None,
            )
        )
        if len(body) > LIMIT_BYTES:
            parts = {"content_state": len(content_state.encode())}
            if asked:
                parts["alert"] = len(write_json(alert))
            if action is not None:
                parts["action"] = len(write_json(phone_form(from_json(action))))
            part = max(parts, key=lambda name: parts[name])
            raise PayloadTooLarge(part=part, part_bytes=parts[part], total_bytes=len(body))


def content_state_for_phone(content_state: str, action: str | None) -> dict[str, Any]:
    """The content state as the app decodes it, the button included."""
    state: dict[str, Any] = json.loads(content_state)
    return state if action is None else state | {"action": phone_form(from_json(action))}


def start_alert(content_state: dict[str, Any], asked: dict[str, str] | None, *, quiet: bool) -> dict[str, str]:
    """What a phone announces when an activity appears. iOS silently drops a start without an alert."""
    alert = {"title": content_state["title"], "body": content_state.get("subtitle") or "Started"}
    alert |= asked or {}
    return alert if quiet and not asked else {**alert, "sound": "default"}


def update_alert(content_state: dict[str, Any], asked: dict[str, str]) -> dict[str, str]:
    """What a phone announces with a change: what was asked for, and the rest from the state."""
    alert = {"title": content_state["title"], "body": content_state.get("subtitle") or ""}
    return {**alert, **asked, "sound": "default"}


def _relevance(message: Message) -> int:
    if message.alert is not None and message.event is not ActivityEvent.START:
        return RELEVANCE_ALERT
    return RELEVANCE_STEP if message.urgent else RELEVANCE_TICK
