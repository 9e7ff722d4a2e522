"""Plays the demo in the page alone, where the server has no simulator: nothing is sent, and no server takes part."""

import datetime as dt
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from admin_ui.components.iphone import IPhone
from admin_ui.texts import _

NAME = _("Demo iPhone")


class PagePhone:
    """An iPhone that is drawn and nothing else: a player of the demo that does what a person does to its screen."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._activities: dict[str, dict[str, Any]] = {}
        self._notifications: list[dict[str, Any]] = []
        self._iphone = IPhone(NAME, self)
        self._show()

    # --- the demo ---

    async def push(self, body: Mapping[str, Any]) -> None:
        """A notification appears."""
        one = {"id": f"{next(self._ids)}", "collapse_id": None, "received_at": _now(), "updated_at": _now(), **body}
        self._notifications.append(one)
        self._show()

    async def start(self, key: str, body: Mapping[str, Any]) -> None:
        """A card appears."""
        state = {**body["content_state"]}
        if "duration_seconds" in state:
            now = time.time()
            state["timer"] = {"counts_down": True, "starts_at": now, "ends_at": now + state["duration_seconds"]}
        self._activities[key] = {
            "activity_id": key,
            "state": "active",
            "content_state": state,
            "actions": [{"id": key, **body["action"]}] if "action" in body else [],
            "alerts": [],
            "relevance_score": 75,
            "started_at": _now(),
        }
        self._show()

    async def update(self, key: str, body: Mapping[str, Any]) -> None:
        """The card changes."""
        card = self._activities[key]
        card["content_state"] = {**body["content_state"]}
        if "alert" in body:
            card["alerts"] = [*card["alerts"], body["alert"]]
            card["relevance_score"] = 100
        self._show()

    async def end(self, key: str) -> None:
        """The card disappears."""
        del self._activities[key]
        self._show()

    async def lock(self, *, locked: bool) -> None:
        """The phone is locked or unlocked."""
        self._iphone.lock(locked=locked)

    def clean(self) -> None:
        """Everything disappears."""
        self._activities.clear()
        self._notifications.clear()
        self._iphone.lock(locked=True)
        self._show()

    # --- a person ---

    async def run_action(self, action: Mapping[str, Any], notification_id: str | None) -> None:
        """Says what the button would do."""
        self._iphone.say(_("The phone would open"), str(action.get("url") or ""))

    async def open_notification(self, notification_id: str) -> None:
        """Says what a tap would do."""
        self._iphone.say(_("The phone would open"), _("the app"))

    async def dismiss_notification(self, notification_id: str) -> None:
        """Takes it off the screen."""
        await self.clear_notifications([notification_id])

    async def dismiss_activity(self, activity_id: str) -> None:
        """Nothing: the demo goes on with its cards."""
        ui.notify(_("The demo needs this card until its end."))

    async def clear_notifications(self, notification_ids: Sequence[str] | None) -> None:
        """Takes notifications off the screen."""
        kept = [] if notification_ids is None else [n for n in self._notifications if n["id"] not in notification_ids]
        self._notifications = kept
        self._show()

    def _show(self) -> None:
        self._iphone.show(
            {
                "settings": {"offline": False},
                "live_activities": list(self._activities.values()),
                "notifications": self._notifications,
                "badge": 0,
            }
        )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()
