"""A Live Activity in the form that browsers get (`core_service/sending/web_form.py`): a notification that says the
state in one line, and the state itself, from which the page and its worker draw the card.

A state that does not fit is left out: the browser shows title and line then, and the page reads the state from
`GET /api/device/state`.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core_service.live_activities.state.older_apps import NEWEST
from core_service.live_activities.state.payload import ActivityEvent, content_state_for_phone
from core_service.live_activities.state.words import words
from core_service.sending.web_form import CUT, address, buttons, write_message

MAX_LINE = 300
"""Characters of the line, at most. No browser shows as many, and the state needs the room."""


@dataclass(frozen=True, slots=True)
class BrowserCard:
    """Everything that goes into a push for browsers."""

    activity_id: str
    event: ActivityEvent
    version: int
    timestamp: int
    """UNIX seconds."""
    content_state: str
    """JSON text."""
    action: str | None
    """JSON text of the button, webhook details included."""
    secondary_action: str | None
    """The second button, likewise."""
    alert: Mapping[str, str] | None
    """What was asked to be announced, `title` and `body` as far as they were given; None for silence."""
    expires_at: dt.datetime
    dismiss_at: dt.datetime | None
    replaces: str | None = None
    """The activity in whose place it stands, whose notification goes away."""


def activity_for_browsers(card: BrowserCard, page: str | None) -> bytes:
    """The JSON for browsers that receive with the page of this URL."""
    # The page comes from this server, so it is never older than the state.
    state = content_state_for_phone(card.content_state, card.action, card.secondary_action, NEWEST)
    smith: dict[str, Any] = {
        "kind": "activity",
        "id": card.activity_id,
        "event": card.event.value,
        "version": card.version,
        "timestamp": card.timestamp,
        "alerting": card.alert is not None,
        "stale_at": int(card.expires_at.timestamp()),
        "state": state,
    }
    if card.event is ActivityEvent.END:
        smith["dismiss_at"] = int((card.dismiss_at or card.expires_at).timestamp())
    if card.replaces is not None:
        smith["replaces"] = card.replaces
    asked = card.alert or {}
    line = _cut(words(json.loads(card.content_state)))
    fragment = f"a={card.activity_id}"
    pressed = [state[name] for name in ("action", "secondary_action") if name in state]
    shown: dict[str, Any] = {
        "title": asked.get("title") or state["title"],
        "body": "\n".join(filter(None, (_cut(asked.get("body", "")), line))),
        "tag": card.activity_id,
        "actions": buttons(pressed, page, fragment),
        "data": {"smith": smith},
    }
    if card.alert is None:
        shown["silent"] = True
    return write_message(shown, address(page, fragment), is_declarative=page is not None, goes_first=("state",))


def withdrawn_for_browsers(activity_id: str, timestamp: int, page: str | None) -> bytes:
    """The JSON that takes the place of an activity in a browser which may not show it any more. It reveals nothing."""
    fragment = f"a={activity_id}"
    smith = {
        "kind": "activity",
        "id": activity_id,
        "event": ActivityEvent.END.value,
        "timestamp": timestamp,
        "alerting": False,
        "dismiss_at": timestamp,
    }
    shown: dict[str, Any] = {
        "title": "Unpaired",
        "body": "This browser shows this Live Activity no longer.",
        "tag": activity_id,
        "silent": True,
        "data": {"smith": smith},
    }
    return write_message(shown, address(page, fragment), is_declarative=page is not None)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LINE else text[:MAX_LINE].rstrip() + CUT
