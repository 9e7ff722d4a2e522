"""The notifications that a browser shows, and what becomes of those with the same tag."""

from collections.abc import Callable
from typing import Any

from simulator.browsers.payload import Button, WebNotification
from simulator.browsers.records import BrowserRecord
from simulator.browsers.shown import Shown
from simulator.web_push.kinds import TRAITS

CAPACITY = 1000


class BrowserScreen:
    """Shows and closes, by the rules of the browser's kind."""

    def __init__(self, record: BrowserRecord, on_closed: Callable[[WebNotification], None]) -> None:
        """`on_closed` is the worker's `notificationclose`."""
        self._record = record
        self._traits = TRAITS[record.kind]
        self._on_closed = on_closed

    def find(self, tag: str | None) -> Shown | None:
        """The newest notification with this tag."""
        return next((one for one in reversed(self._record.shown) if tag and one.notification.tag == tag), None)

    def by_id(self, shown_id: str) -> Shown | None:
        """The notification with this id: its own, or that of what it shows."""
        for one in reversed(self._record.shown):
            if shown_id == one.id or (one.smith is not None and one.smith.id == shown_id):
                return one
        return None

    def show(self, notification: WebNotification, message_id: str, now: float) -> Shown:
        """Shows it: in the place of an earlier one with its tag, or below all others."""
        before = self.find(notification.tag) if self._traits.replaces else None
        shown = Shown(
            id=before.id if before else message_id,
            notification=notification,
            actions=[_button(notification, button) for button in notification.actions[: self._traits.max_actions]],
            received_at=before.received_at if before else now,
            updated_at=now,
            updated_count=before.updated_count + 1 if before else 0,
            rings=before.rings if before else 0,
            alerts=before.alerts if before else [],
        )
        smith = shown.smith
        if smith is not None and smith.event == "end":
            shown.ended_at = before.ended_at if before and before.ended_at else now
        # An iPhone knows no silent notifications.
        if not notification.silent or not self._traits.replaces:
            shown.ring()
        self._put(shown, before)
        if before is not None and self._traits.closes_when_replacing:
            self._tell_closed(before)
        return shown

    def close(self, shown: Shown) -> None:
        """The person, or the worker, takes it off the screen."""
        self._record.shown = [one for one in self._record.shown if one is not shown]
        if self._traits.is_told_of_closing:
            self._tell_closed(shown)

    def _put(self, shown: Shown, before: Shown | None) -> None:
        if before is None:
            self._record.shown = [*self._record.shown, shown][-CAPACITY:]
        else:
            self._record.shown = [shown if one is before else one for one in self._record.shown]

    def _tell_closed(self, shown: Shown) -> None:
        self._record.close_events += 1
        self._on_closed(shown.notification)


def _button(notification: WebNotification, button: Button) -> dict[str, Any]:
    """The button in the form of those on simulated iPhones, as far as the notification says."""
    smith = notification.data.smith
    known = [*smith.actions, *_of_state(smith.state)] if smith else []
    for action in known:
        if action.get("id") == button.action:
            return action
    return {"id": button.action, "title": button.title, "type": "webhook"}


def _of_state(state: dict[str, Any] | None) -> list[dict[str, Any]]:
    named = [(state or {}).get(name) for name in ("action", "secondary_action")]
    return [one for one in named if isinstance(one, dict)]
