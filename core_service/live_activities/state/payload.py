"""The JSON bodies of the pushes of Live Activities, within APNs' size limit.

The `aps` keys are Apple's ("Starting and updating Live Activities with ActivityKit push notifications").
"""

import datetime as dt
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from core_service.common.actions import from_json, phone_form
from core_service.common.validation import write_json
from core_service.live_activities.state.content_state import WITH_SECOND_BUTTON
from core_service.live_activities.state.older_apps import MARCH_2026, NEWEST, for_app
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
    secondary_action: str | None
    """The second button, likewise."""
    alert: dict[str, str] | None
    urgent: bool
    expires_at: dt.datetime
    dismiss_at: dt.datetime | None
    channel_id: str | None = None
    """The broadcast channel that an activity listens to from its start on; None if it is to have an update token."""
    content_version: int = NEWEST
    """Which content states the phones' app decodes (`older_apps`)."""


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
            }
            # iOS 18: the activity will have an update token, or listens to a broadcast channel.
            aps |= {"input-push-token": 1} if message.channel_id is None else {"input-push-channel": message.channel_id}
        aps["content-state"] = content_state_for_phone(
            message.content_state, message.action, message.secondary_action, message.content_version
        )
        if message.alert is not None:
            aps["alert"] = message.alert
        if message.event is ActivityEvent.END:
            aps["dismissal-date"] = int((message.dismiss_at or message.expires_at).timestamp())
        else:
            aps["stale-date"] = int(message.expires_at.timestamp())
            aps["relevance-score"] = _relevance(message)
        return write_json({"aps": aps})

    def require_room(
        self,
        activity_id: str,
        content_state: str,
        action: str | None,
        secondary_action: str | None,
        alert: dict[str, str],
        *,
        asked: bool,
    ) -> None:
        """Checks that the state fits in the longest push that may carry it, the one that starts the activity. `asked`:
        the alert was asked for and is not made from the state.

        Raises PayloadTooLarge naming the longest part.
        """
        # An older app may get the title once more.
        characters = 2 * len(content_state) + len(action or "") + len(secondary_action or "")
        characters += sum(map(len, alert.values()))
        if characters * LONGEST_CHARACTER + FRAME_BYTES <= LIMIT_BYTES:
            return
        far = dt.datetime.fromtimestamp(LATEST_TIMESTAMP, dt.UTC)
        longest = Message(
            activity_id=activity_id,
            event=ActivityEvent.START,
            timestamp=LATEST_TIMESTAMP,
            content_state=content_state,
            action=action,
            secondary_action=secondary_action,
            alert=alert,
            urgent=True,
            expires_at=far,
            dismiss_at=None,
        )
        bodies = (self.build(replace(longest, content_version=version)) for version in (NEWEST, MARCH_2026))
        body = max(bodies, key=len)
        if len(body) > LIMIT_BYTES:
            parts = {"content_state": len(content_state.encode())}
            if asked:
                parts["alert"] = len(write_json(alert))
            for name, button in (("action", action), ("secondary_action", secondary_action)):
                if button is not None:
                    parts[name] = len(write_json(phone_form(from_json(button))))
            part = max(parts, key=lambda name: parts[name])
            raise PayloadTooLarge(part=part, part_bytes=parts[part], total_bytes=len(body))


def content_state_for_phone(
    content_state: str, action: str | None, secondary_action: str | None, content_version: int
) -> dict[str, Any]:
    """The content state as an app decodes it, its buttons included."""
    stored = json.loads(content_state)
    state = dict(for_app(stored, content_version))
    if action is not None:
        state["action"] = phone_form(from_json(action))
    if secondary_action is not None and stored["type"] in WITH_SECOND_BUTTON:
        state["secondary_action"] = phone_form(from_json(secondary_action))
    return state


def start_alert(content_state: dict[str, Any], asked: dict[str, str] | None, *, quiet: bool) -> dict[str, str]:
    """What a phone announces when an activity appears. iOS silently drops a start without an alert."""
    alert = {"title": content_state["title"], "body": _second_line(content_state) or "Started"}
    alert |= asked or {}
    return alert if quiet and not asked else {**alert, "sound": "default"}


def update_alert(content_state: dict[str, Any], asked: dict[str, str]) -> dict[str, str]:
    """What a phone announces with a change: what was asked for, and the rest from the state."""
    alert = {"title": content_state["title"], "body": _second_line(content_state)}
    return {**alert, **asked, "sound": "default"}


def _second_line(content_state: dict[str, Any]) -> str:
    return content_state.get("message") or content_state.get("subtitle") or ""


def _relevance(message: Message) -> int:
    if message.alert is not None and message.event is not ActivityEvent.START:
        return RELEVANCE_ALERT
    return RELEVANCE_STEP if message.urgent else RELEVANCE_TICK
