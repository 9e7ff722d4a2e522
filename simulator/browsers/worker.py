"""What the page's service worker does with pushes and closed notifications."""

from simulator.browsers.drops import Drop
from simulator.browsers.payload import Smith, WebMessage, WebNotification
from simulator.browsers.records import BrowserRecord
from simulator.browsers.screen import BrowserScreen
from simulator.browsers.shown import ACTIVITY

MAX_REMEMBERED = 1000


class Worker:
    """The worker of one browser."""

    def __init__(self, record: BrowserRecord) -> None:
        self._record = record
        self.screen = BrowserScreen(record, self._closed)
        self._closing = False
        """Whether it closes a notification itself."""

    def push(self, message: WebMessage, message_id: str, now: float) -> Drop | None:
        """Shows the message, or returns why it changes nothing."""
        self._close_what_is_over(now)
        notification = message.notification
        smith = notification.data.smith
        if smith is not None:
            if smith.kind == ACTIVITY and smith.id in self._record.away:
                return Drop.DISMISSED
            if smith.version < self._record.versions.get(smith.id, 0):
                return Drop.OLDER_VERSION
            self._remember(smith)
        self.screen.show(notification, message_id, now)
        return None

    def _remember(self, smith: Smith) -> None:
        versions = self._record.versions
        versions.pop(smith.id, None)
        versions[smith.id] = smith.version
        while len(versions) > MAX_REMEMBERED:
            del versions[next(iter(versions))]

    def _close_what_is_over(self, now: float) -> None:
        """A worker has no clock: it takes ended activities away when it is woken."""
        self._closing = True
        for shown in list(self._record.shown):
            ends = shown.smith.dismiss_at if shown.smith is not None and shown.ended_at is not None else None
            if ends is not None and ends <= now:
                self.screen.close(shown)
        self._closing = False

    def _closed(self, notification: WebNotification) -> None:
        """`notificationclose`: by the person, by the worker, or, in Firefox, because another took its place."""
        smith = notification.data.smith
        if self._closing or smith is None or smith.kind != ACTIVITY or self.screen.find(notification.tag) is not None:
            return
        self.dismissed(smith.id)

    def dismissed(self, activity_id: str) -> None:
        """The person dismissed the activity: the server is to be told, and it does not come back."""
        record = self._record
        record.away = [*(one for one in record.away if one != activity_id), activity_id][-MAX_REMEMBERED:]
        if activity_id not in record.dismissed:
            record.dismissed = [*record.dismissed, activity_id]
