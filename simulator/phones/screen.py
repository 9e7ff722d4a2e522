"""The notifications on a phone's screen."""

import datetime
from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from typing import Any

import simplejson
from pydantic import BaseModel
from smith.core.v1.push_notification_pb2 import PushNotificationContent

from simulator.apns.accepted_push import AcceptedPush

CAPACITY = 10_000
KEPT_BY_THE_SERVER = {"tags", "metadata"}
FIELDS = tuple(set(PushNotificationContent.DESCRIPTOR.fields_by_name) - KEPT_BY_THE_SERVER)
"""What the app reads in a push beside Apple's own keys, and what it shows of those."""


class Notification(BaseModel):
    """A notification on the screen, as it was received."""

    id: str
    """The push's `apns-id`."""
    collapse_id: str | None
    body: str
    """The push's JSON document."""
    received_at: float
    """UNIX seconds when it first appeared."""
    updated_at: float
    """UNIX seconds when a push with the same collapse id last replaced it; `received_at` if none has."""
    updated_count: int = 0
    """How often it was replaced."""


class Screen:
    """The last `CAPACITY` notifications in the order in which they first appeared."""

    def __init__(self, notifications: Iterable[Notification] = ()) -> None:
        self._numbers = 0
        self._shown: OrderedDict[str | int, Notification] = OrderedDict()
        for notification in notifications:
            self._shown[self._key(notification.collapse_id)] = notification

    def __len__(self) -> int:
        return len(self._shown)

    def show(self, push: AcceptedPush, now: float) -> None:
        """Shows `push`. One with the collapse id of a notification on the screen replaces that one in its place."""
        key = self._key(push.collapse_id)
        shown = self._shown.get(key)
        self._shown[key] = Notification.model_construct(
            id=push.apns_id,
            collapse_id=push.collapse_id,
            body=push.body.decode(),
            received_at=now if shown is None else shown.received_at,
            updated_at=now,
            updated_count=0 if shown is None else shown.updated_count + 1,
        )
        if len(self._shown) > CAPACITY:
            self._shown.popitem(last=False)

    def remove(self, notification_id: str) -> bool:
        """Removes the notification with this `id`; False if there is none."""
        key = next((key for key, shown in self._shown.items() if shown.id == notification_id), None)
        return key is not None and self._shown.pop(key, None) is not None

    def clear(self) -> None:
        """Removes all notifications."""
        self._shown.clear()

    def newest(self, limit: int = CAPACITY) -> list[Notification]:
        """At most `limit` notifications, newest last."""
        chosen = list(islice(reversed(self._shown.values()), limit))
        chosen.reverse()
        return chosen

    def _key(self, collapse_id: str | None) -> str | int:
        if collapse_id is not None:
            return collapse_id
        self._numbers += 1
        return self._numbers


def describe(notification: Notification) -> dict[str, Any]:
    """The notification as a person sees it, with the app's own fields. Fields that the push left out are None."""
    document = simplejson.loads(notification.body, use_decimal=True)
    aps, smith = _object(document.get("aps")), _object(document.get("smith"))
    alert = aps.get("alert")
    # Apple allows a bare string for an alert that has a body only.
    alert = {"body": alert} if isinstance(alert, str) else _object(alert)
    return {
        **{name: smith.get(name) for name in FIELDS},
        "id": notification.id,
        "notification_id": smith.get("notification_id"),
        "collapse_id": notification.collapse_id,
        "thread_id": aps.get("thread-id"),
        "title": alert.get("title"),
        "subtitle": alert.get("subtitle"),
        "message": alert.get("body"),
        "badge": aps.get("badge"),
        "actions": actions_of(smith),
        "sound": aps.get("sound"),
        "interruption_level": aps.get("interruption-level"),
        "received_at": _iso(notification.received_at),
        "updated_at": _iso(notification.updated_at),
        "updated_count": notification.updated_count,
    }


def actions_of(smith: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons; anything that is not one is left out, as the app would."""
    actions = smith.get("actions")
    return [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
