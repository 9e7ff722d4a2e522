"""One simulated browser with the page in it."""

from collections.abc import Callable

from simulator.browsers.drops import Drop
from simulator.browsers.payload import WebMessage, WebNotification, decode
from simulator.browsers.records import BrowserRecord, BrowserSettings
from simulator.browsers.shown import Shown
from simulator.browsers.worker import Worker
from simulator.clock import Clock
from simulator.web_push import base64url
from simulator.web_push.encryption import Keys, Undecryptable
from simulator.web_push.kinds import TRAITS, Kind
from simulator.web_push.service import WebPushService
from simulator.web_push.subscriptions import Message, SubscriptionRecord

MAX_PAST = 20
SHOW_NOTHING = (Drop.WORKER_FAILED, Drop.DISMISSED)
GENERIC_NOTICE = "This site has been updated in the background."
GENERIC_TAG = "user_visible_auto_notification"


class Browser:
    """A browser. The push service hands it the messages for its subscription."""

    def __init__(self, record: BrowserRecord, push: WebPushService, clock: Clock) -> None:
        self.record = record
        self.on_change: Callable[[], None] = lambda: None
        """Called when anything of it has changed."""
        self.forgotten = False
        """Whether it was deleted: then it must not be saved any more."""
        self.worker = Worker(record)
        self._push = push
        self._clock = clock
        self._traits = TRAITS[record.kind]
        for one in (*record.past, *([record.subscription] if record.subscription else [])):
            push.subscriptions.add(one, self)

    def now(self) -> float:
        """The time on its clock, in UNIX seconds."""
        return self._clock.now()

    # --- the push service ---

    @property
    def is_connected(self) -> bool:
        """Whether it takes messages now."""
        return not self.record.settings.offline

    def note_held(self) -> None:
        """What is held for it has changed."""
        self.on_change()

    def receive(self, subscription: SubscriptionRecord, message: Message) -> None:
        """Takes a message: decrypts it, and lets itself or the worker show it."""
        record = self.record
        if record.subscription is not subscription or record.keys is None:
            self.count(Drop.OLD_SUBSCRIPTION)
            return
        try:
            text = Keys.load(record.keys).decrypt(message.content) if message.body else b""
        except Undecryptable:
            self.count(Drop.UNDECRYPTABLE)
            return
        self._take(decode(text), message.id)
        self.on_change()

    def _take(self, message: WebMessage | None, message_id: str) -> None:
        if message is None:
            drop: Drop | None = self.worker.unreadable(message_id, self.now())
        elif self._traits.shows_by_itself and message.is_declarative:
            self.worker.screen.show(message.notification, message_id, self.now())
            drop = None
        else:
            drop = self.worker.push(message, message_id, self.now())
        if message is not None and message.app_badge is not None and self.record.kind is not Kind.FIREFOX:
            self.record.badge = message.app_badge
        if drop is not None:
            self.count(drop)
            if drop in SHOW_NOTHING:
                self._showed_nothing(message_id)

    def _showed_nothing(self, message_id: str) -> None:
        """A push showed nothing, although the page has promised that every push shows something."""
        record, kind = self.record, self.record.kind
        is_excused = record.settings.page_open or (kind is Kind.FIREFOX and bool(record.shown))
        if is_excused and kind is not Kind.APPLE:
            return
        record.quiet += 1
        if kind is Kind.CHROME and record.quiet > self._traits.quiet_pushes:
            notice = WebNotification(title=GENERIC_NOTICE, tag=GENERIC_TAG, silent=True)
            self.worker.screen.show(notice, message_id, self.now())
        elif kind is Kind.FIREFOX and record.quiet >= self._traits.quiet_pushes:
            self.end_subscription(silently=False)
        elif kind is Kind.APPLE and record.quiet > self._traits.quiet_pushes:
            self.end_subscription(silently=True)

    # --- the subscription ---

    def subscribe(self, key: str) -> None:
        """A new subscription for the application server's `key` (base64url). One that it had is ended."""
        self.end_subscription(silently=False)
        self.record.subscription = self._push.subscribe(self.record.kind, key, self)
        self.record.keys = Keys.fresh().dump()
        self.record.quiet = 0
        self.on_change()

    def end_subscription(self, *, silently: bool) -> None:
        """The subscription ends, and senders get 410; `silently`: their messages are accepted and go nowhere."""
        record = self.record
        old, record.subscription, record.keys, record.reported = record.subscription, None, None, False
        if old is None:
            return
        old.gone, old.held = not silently, []
        record.past = [*record.past, old]
        self._push.subscriptions.forget(record.past[:-MAX_PAST])
        record.past = record.past[-MAX_PAST:]
        self.on_change()

    def subscription_json(self) -> dict[str, object] | None:
        """`PushSubscription.toJSON()`."""
        subscription, text = self.record.subscription, self.record.keys
        if subscription is None or text is None:
            return None
        keys = Keys.load(text)
        public, secret = base64url.encode(keys.public), base64url.encode(keys.secret)
        return {"endpoint": subscription.endpoint, "expirationTime": None, "keys": {"p256dh": public, "auth": secret}}

    def forget(self) -> None:
        """Removes its subscriptions from the push service."""
        self.forgotten = True
        current = [self.record.subscription] if self.record.subscription else []
        self._push.subscriptions.forget([*self.record.past, *current])

    # --- the person ---

    def apply(self, settings: BrowserSettings) -> None:
        """Changes its settings. When it comes back online it gets what the push service has held for it."""
        before, self.record.settings = self.record.settings, settings
        if before.notifications_enabled and not settings.notifications_enabled:
            self.end_subscription(silently=False)
        if before.offline and not settings.offline and self.record.subscription is not None:
            self._push.deliver_held(self.record.subscription, self)
        self.on_change()

    def dismiss(self, shown: Shown) -> None:
        """The person takes a notification off the screen."""
        self.worker.screen.close(shown)
        self.on_change()

    def clicked(self, shown: Shown) -> None:
        """The person has tapped it, or a button of it."""
        self.worker.clicked(shown)
        self.on_change()

    def clear(self) -> int:
        """The person takes all notifications off the screen; returns how many there were. Cards stay."""
        chosen = [one for one in self.record.shown if not self.is_card(one)]
        for one in chosen:
            self.worker.screen.close(one)
        self.on_change()
        return len(chosen)

    def visited(self) -> None:
        """The person has opened the page, which forgives earlier pushes that showed nothing."""
        self.record.quiet = 0
        self.on_change()

    def is_card(self, shown: Shown) -> bool:
        """Whether it is one notification that changes in place: then it is listed with the Live Activities."""
        return shown.is_card and self._traits.replaces

    def count(self, drop: Drop) -> None:
        """Counts a message that changed nothing."""
        dropped = self.record.dropped
        dropped[drop.value] = dropped.get(drop.value, 0) + 1
        self.on_change()
