"""What a browser shows: one notification, and how a person sees it."""

import datetime
from typing import Any

from pydantic import BaseModel

from simulator.browsers.payload import Smith, WebNotification
from simulator.phones import content_state
from simulator.phones.activity_card import MAX_ALERTS

ACTIVITY = "activity"


class Shown(BaseModel):
    """A notification on the screen. Times are UNIX seconds."""

    id: str
    """Of the message that brought it first."""
    notification: WebNotification
    actions: list[dict[str, Any]] = []
    """The buttons that the browser shows."""
    received_at: float
    updated_at: float
    updated_count: int = 0
    """How often another took its place."""
    rings: int = 0
    """How often it came with a sound."""
    alerts: list[dict[str, str | None]] = []
    """What it said each time, newest last."""
    ended_at: float | None = None

    @property
    def smith(self) -> Smith | None:
        """What the server said to its page."""
        return self.notification.data.smith

    @property
    def is_card(self) -> bool:
        """Whether it stands for a Live Activity."""
        return self.smith is not None and self.smith.kind == ACTIVITY

    def ring(self) -> None:
        """It comes with a sound."""
        self.rings += 1
        said: dict[str, str | None] = {"title": self.notification.title, "body": self.notification.body, "sound": None}
        self.alerts = [*self.alerts, said][-MAX_ALERTS:]


def describe(shown: Shown) -> dict[str, Any]:
    """The notification as a person sees it, in the form of those on simulated iPhones."""
    notification, smith = shown.notification, shown.smith
    is_card = shown.is_card
    lines = notification.body.split("\n", 1)
    subtitle = smith.subtitle if smith else None
    message = lines[-1] if subtitle is not None and lines[0] == subtitle and len(lines) == 2 else notification.body
    return {
        "id": shown.id,
        "notification_id": smith.id if smith and not is_card else None,
        "activity_id": smith.id if smith and is_card else None,
        "collapse_id": notification.tag,
        "title": notification.title,
        "subtitle": subtitle,
        "message": message or None,
        "badge": smith.badge if smith else None,
        "icon": smith.icon if smith and smith.icon else notification.icon,
        "media": smith.media if smith else None,
        "redirection": smith.redirection if smith else None,
        "payload": smith.payload if smith else None,
        "actions": shown.actions,
        "page_actions": page_actions(shown),
        "navigate": notification.navigate,
        "version": smith.version if smith else None,
        "silent": bool(notification.silent),
        "rings": shown.rings,
        "received_at": iso(shown.received_at),
        "updated_at": iso(shown.updated_at),
        "updated_count": shown.updated_count,
    }


def card_json(shown: Shown, now: float) -> dict[str, Any]:
    """A Live Activity as it looks at `now`, in the form of those on simulated iPhones."""
    smith = shown.smith
    assert smith is not None  # noqa: S101 - called for cards only
    decoded = content_state.decode(smith.state)
    return {
        "activity_id": smith.id,
        "state": "active" if shown.ended_at is None else "ended",
        "stale": shown.ended_at is None and smith.stale_at is not None and now >= smith.stale_at,
        "content_state": decoded.shown() if decoded else {},
        "actions": page_actions(shown),
        "title": shown.notification.title,
        "message": shown.notification.body,
        "silent": bool(shown.notification.silent),
        "version": smith.version,
        "started_at": iso(shown.received_at),
        "updated_at": iso(shown.updated_at),
        "ended_at": iso(shown.ended_at),
        "dismiss_at": iso(smith.dismiss_at),
        "timestamp": smith.timestamp,
        "updates": shown.updated_count,
        "alerts": shown.alerts,
        "stale_at": iso(smith.stale_at),
    }


def page_actions(shown: Shown) -> list[dict[str, Any]]:
    """All buttons that the page offers for it: a browser shows two of them at most."""
    smith = shown.smith
    if smith is None:
        return shown.actions
    if smith.kind == ACTIVITY:
        decoded = content_state.decode(smith.state)
        return decoded.actions() if decoded else shown.actions
    return smith.actions


def iso(seconds: float | None) -> str | None:
    """A moment as text."""
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
