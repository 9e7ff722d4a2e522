"""One simulated iPhone."""

import json
from collections.abc import Callable
from typing import Any

from simulator.apns.accepted_push import AcceptedPush
from simulator.apns.directory import TokenDirectory
from simulator.clock import Clock
from simulator.phones.activity_cards import ActivityCards
from simulator.phones.drops import Drop
from simulator.phones.live_activities import LiveActivities
from simulator.phones.records import LiveActivitiesRecord, PhoneRecord, PhoneSettings, ScreenRecord, StoredPush
from simulator.phones.screen import Screen
from simulator.phones.tokens import TokenBook, fresh_token

MAX_DEAD_TOKENS = 100
MAX_DEAD_UPDATE_TOKENS = 500
MAX_SILENT_TOKENS = 20
LIVE_ACTIVITY_SUFFIX = ".push-type.liveactivity"


class Phone:
    """A phone with the app on it. APNs hands it the pushes for its tokens."""

    def __init__(
        self,
        record: PhoneRecord,
        screen: ScreenRecord,
        activities: LiveActivitiesRecord,
        directory: TokenDirectory,
        clock: Clock,
    ) -> None:
        self.record = record
        self.badge = screen.badge
        self.screen = Screen(screen.notifications)
        self.changed = False
        """Whether the screen was changed since it was last saved."""
        self.on_change: Callable[[], None] = lambda: None
        """Called when anything visible on it has changed."""
        self.forgotten = False
        """Whether it was deleted: then it must not be saved any more."""
        self._stored = screen.stored
        self._clock = clock

        def book(topic: str, dead: dict[str, int], most: int) -> TokenBook:
            return TokenBook(directory, self, topic, device=record.id, dead=dead, max_dead=most)

        live_topic = record.bundle_id + LIVE_ACTIVITY_SUFFIX
        self._tokens = book(record.bundle_id, record.dead_tokens, MAX_DEAD_TOKENS)
        # Dead start tokens are kept with the dead push tokens: APNs answers 410 before it checks the topic.
        self._start_tokens = book(live_topic, {}, 0)
        self._register()
        self.cards = ActivityCards(activities, lambda dead: book(live_topic, dead, MAX_DEAD_UPDATE_TOKENS), clock)
        self.cards.on_change = self.note_change
        self._channels = directory.channels
        self.cards.on_listen = lambda channel_id: self._channels.listen(channel_id, self)
        self.cards.on_ignore = lambda channel_id: self._channels.ignore(channel_id, self)
        for card in self.cards.listening():
            self.cards.on_listen(card.channel_id or "")
        self._live_activities = LiveActivities(self.cards, clock)

    def now(self) -> float:
        """The time on its clock, in UNIX seconds."""
        return self._clock.now()

    # --- APNs ---

    def pass_time(self) -> None:
        """Ends and removes Live Activities whose time is over."""
        self.cards.pass_time()

    def receive(self, token: str, push: AcceptedPush) -> None:
        """Takes a push. It is shown at once, stored by APNs while the phone is offline, or ignored as by iOS."""
        wanted = "alert" if token == self.record.push_token else "liveactivity"
        if push.push_type != wanted:
            return
        if self.record.settings.offline:
            self._store(token, push)
        else:
            self._deliver(token, push)

    def hear(self, channel_id: str, push: AcceptedPush) -> None:
        """Takes a broadcast. While the phone is offline, the channel keeps the last one for it."""
        if not self.record.settings.offline:
            self._take_broadcast(channel_id, push)
        elif push.expiration == 0:
            self.count(Drop.NOT_STORED)

    def _take_broadcast(self, channel_id: str, push: AcceptedPush) -> None:
        aps = push.document.get("aps")
        for drop in self._live_activities.hear(channel_id, aps, push.priority, self.record.settings):
            self.count(drop)

    def _hear_stored(self) -> None:
        """APNs hands over what the channels keep that it listens to, unless it was shown before."""
        for card in self.cards.listening():
            channel_id = card.channel_id or ""
            push = self._channels.stored(channel_id, self._clock.now())
            aps = push.document.get("aps") if push is not None else None
            if push is not None and isinstance(aps, dict) and aps.get("timestamp", 0) > card.timestamp:
                self._take_broadcast(channel_id, push)

    def _store(self, token: str, push: AcceptedPush) -> None:
        if push.expiration == 0:
            self.count(Drop.NOT_STORED)
            return
        before = self._stored
        if before is not None and (before.collapse_id is None or before.collapse_id != push.collapse_id):
            self.count(Drop.REPLACED)
        # APNs stores one push for each device and app: the latest.
        self._stored = StoredPush(
            token=token,
            apns_id=push.apns_id,
            push_type=push.push_type,
            collapse_id=push.collapse_id,
            expiration=push.expiration,
            priority=push.priority,
            body=push.body.decode(),
        )
        self._screen_changed()

    def _deliver(self, token: str, push: AcceptedPush) -> None:
        if token == self.record.push_token:
            self._show(push)
            return
        drop = self._take_live_activity(token, push)
        if drop is not None:
            self.count(drop)

    def _take_live_activity(self, token: str, push: AcceptedPush) -> Drop | None:
        record, aps = self.record, push.document.get("aps")
        if token in record.silent_start_tokens:
            return Drop.STALE_START_TOKEN
        if token == record.push_to_start_token:
            drop = self._live_activities.start(aps, record.settings, record.os_version)
            self._hear_stored()
            return drop
        return self._live_activities.change(token, aps, push.priority, record.settings)

    def _show(self, push: AcceptedPush) -> None:
        if not self.record.settings.notifications_enabled:
            self.count(Drop.NOTIFICATIONS_OFF)
            return
        aps = push.document.get("aps")
        if not isinstance(aps, dict):
            return
        self._screen_changed()
        badge = aps.get("badge")
        if type(badge) is int and badge >= 0:
            self.badge = badge
        if aps.get("alert"):
            self.screen.show(push, self._clock.now())

    def _collect_stored(self) -> None:
        stored, self._stored = self._stored, None
        if stored is None:
            return
        self._screen_changed()
        if stored.expiration is not None and stored.expiration <= self._clock.now():
            self.count(Drop.EXPIRED)
            return
        push = AcceptedPush(
            apns_id=stored.apns_id,
            push_type=stored.push_type,
            collapse_id=stored.collapse_id,
            expiration=stored.expiration,
            priority=stored.priority,
            body=stored.body.encode(),
            document=_decode(stored.body),
        )
        # A push token that was replaced meanwhile still leads to this phone.
        self._deliver(self.record.push_token if stored.push_type == "alert" else stored.token, push)

    # --- the person ---

    def apply(self, settings: PhoneSettings) -> None:
        """Changes its settings. When it comes back online it gets the push that APNs stored, unless that has
        expired."""
        before = self.record.settings
        self.record.settings = settings
        if (settings.frequent_pushes_enabled, settings.content_version) != (
            before.frequent_pushes_enabled,
            before.content_version,
        ):
            self.record.tokens_reported = False
        if before.offline and not settings.offline:
            self._collect_stored()
            self._hear_stored()
            self.doubt_screen()
        self.note_change()

    def doubt_screen(self) -> None:
        """The screen may differ from the server's state: the app will ask the server, if the settings let it catch
        up."""
        if self.record.settings.catches_up and self.record.installed:
            self.cards.request_catch_up()

    def rotate_token(self) -> None:
        """APNs issues a new push token; the old one is dead from now on."""
        record = self.record
        self._tokens.kill(record.push_token, self._clock.now_ms())
        record.push_token = fresh_token()
        record.tokens_reported = False
        self._tokens.issue(record.push_token)
        self.note_change()

    def rotate_start_token(self, *, silently: bool) -> None:
        """iOS issues a new push-to-start token. The old one is dead, or accepted without effect if `silently`."""
        record = self.record
        old, record.push_to_start_token = record.push_to_start_token, fresh_token()
        record.tokens_reported = False
        self._start_tokens.issue(record.push_to_start_token)
        self.note_change()
        if not silently:
            self._tokens.kill(old, self._clock.now_ms())
            return
        record.silent_start_tokens.append(old)
        while len(record.silent_start_tokens) > MAX_SILENT_TOKENS:
            self._tokens.kill(record.silent_start_tokens.pop(0), self._clock.now_ms())

    def dismiss_notification(self, notification_id: str) -> bool:
        """The person takes a notification off the screen; False if it is not there."""
        if not self.screen.remove(notification_id):
            return False
        self._screen_changed()
        return True

    def clear_notifications(self) -> int:
        """The person clears all notifications, and the badge with them; returns how many there were."""
        cleared = len(self.screen)
        self.screen.clear()
        self.badge = 0
        self._screen_changed()
        return cleared

    def uninstall(self) -> None:
        """Removes the app and its cards. Its tokens are dead, and the server is not told."""
        record = self.record
        if record.installed:
            record.installed = False
            for token in (record.push_token, record.push_to_start_token, *record.silent_start_tokens):
                self._tokens.kill(token, self._clock.now_ms())
            record.silent_start_tokens = []
            self._stored = None
            self._screen_changed()
            self.cards.clear()

    def forget(self) -> None:
        """Removes all its tokens, dead ones included, from APNs."""
        self.forgotten = True
        record = self.record
        self._tokens.forget(record.push_token, record.push_to_start_token, *record.silent_start_tokens)
        self.cards.forget_tokens()

    def screen_record(self) -> ScreenRecord:
        """Its screen, for saving."""
        return ScreenRecord.model_construct(badge=self.badge, notifications=self.screen.newest(), stored=self._stored)

    # --- inside ---

    def note_change(self) -> None:
        """Reports a visible change."""
        self.on_change()

    def _screen_changed(self) -> None:
        self.changed = True
        self.note_change()

    def count(self, drop: Drop) -> None:
        """Counts a push, or a change by the app, that had no effect."""
        dropped = self.cards.record.dropped
        dropped[drop.value] = dropped.get(drop.value, 0) + 1
        self.cards.touch()

    def _register(self) -> None:
        record = self.record
        if record.installed:
            self._tokens.issue(record.push_token)
            for token in (record.push_to_start_token, *record.silent_start_tokens):
                self._start_tokens.issue(token)


def _decode(body: str) -> dict[str, Any]:
    document = json.loads(body)
    return document if isinstance(document, dict) else {}
