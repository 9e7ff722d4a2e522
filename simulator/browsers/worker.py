"""What the page's service worker does with pushes and closed notifications."""

from simulator.browsers.drops import Drop
from simulator.browsers.payload import Smith, WebMessage, WebNotification
from simulator.browsers.records import BrowserRecord
from simulator.browsers.screen import BrowserScreen
from simulator.browsers.shown import ACTIVITY, Shown

MAX_REMEMBERED = 1000
UNREADABLE = "Something has come in"


class Worker:
    """The worker of one browser."""

    def __init__(self, record: BrowserRecord) -> None:
        self._record = record
        self.screen = BrowserScreen(record, self._closed)
        self._closing = False
        """Whether it closes a notification itself."""

    def push(self, message: WebMessage, message_id: str, now: float) -> Drop | None:
        """Shows the message, or returns why it changes nothing."""
        if self._record.settings.worker_fails:
            return Drop.WORKER_FAILED
        self._close_what_is_over(now)
        notification = message.notification
        smith = notification.data.smith
        if smith is not None:
            if smith.kind == ACTIVITY and smith.id in self._record.away:
                return Drop.DISMISSED
            if smith.version < self._record.versions.get(smith.id, 0):
                self._show_again(smith.id, notification, message_id, now)
                return Drop.OLDER_VERSION
            self._remember(smith)
        self.screen.show(notification, message_id, now)
        if smith is not None and smith.replaces is not None:
            self._close(smith.replaces)
        return None

    def unreadable(self, message_id: str, now: float) -> Drop:
        """Something is shown even for a message that cannot be read."""
        if self._record.settings.worker_fails:
            return Drop.WORKER_FAILED
        self.screen.show(WebNotification(title=UNREADABLE, tag="unreadable"), message_id, now)
        return Drop.UNDECODABLE

    def clicked(self, shown: Shown) -> None:
        """The person has tapped it. A Live Activity stays until it is over."""
        if not shown.is_card or shown.ended_at is not None:
            self._close(shown.notification.tag)

    def _show_again(self, shown_id: str, late: WebNotification, message_id: str, now: float) -> None:
        """What came late makes no sound: what is newer is shown again."""
        newest = self.screen.by_id(shown_id)
        notification = late if newest is None else newest.notification
        self.screen.show(notification.model_copy(update={"silent": True}), message_id, now)

    def _close(self, tag: str | None) -> None:
        shown = self.screen.find(tag)
        if shown is not None:
            self._closing = True
            self.screen.close(shown)
            self._closing = False

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
