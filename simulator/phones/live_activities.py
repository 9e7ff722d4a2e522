"""What iOS does with pushes for Live Activities.

Apple publishes few of the numbers. The others are marked as observed on real phones.
"""

from simulator.clock import Clock
from simulator.phones.activity_card import ActivityCard
from simulator.phones.activity_cards import ActivityCards
from simulator.phones.drops import Drop
from simulator.phones.live_activity_push import (
    EndPush,
    StartPush,
    UpdatePush,
    alert_of,
    decode_change,
    decode_start,
    event_of,
)
from simulator.phones.records import PhoneSettings

ATTRIBUTES_TYPE = "ActivitySmithAttributes"
FIRST_OS_VERSION = (17, 2)
"""The first version of iOS that starts Live Activities by push."""
FIRST_WITH_CHANNELS = (18, 0)
"""The first that starts one which listens to a broadcast channel."""
HIGH_PRIORITY_PER_HOUR = 15
"""Pushes of priority 10 that a phone accepts within an hour, as observed on real phones."""
HIGH_PRIORITY_PER_HOUR_FREQUENT = 60
WINDOW_SECONDS = 3600.0
MAX_REMEMBERED = 1000


class LiveActivities:
    """Applies pushes to the cards, or drops them. APNs does not learn of drops."""

    def __init__(self, cards: ActivityCards, clock: Clock) -> None:
        self.cards = cards
        self._record = cards.record
        self._clock = clock

    def start(self, aps: object, settings: PhoneSettings, os_version: str) -> Drop | None:
        """Handles a push to the push-to-start token as iOS and the app do. Returns the reason if it is dropped."""
        push = _read_start(aps)
        if isinstance(push, Drop):
            return push
        now = self._clock.now()
        first = FIRST_WITH_CHANNELS if push.input_push_channel is not None else FIRST_OS_VERSION
        if not _is_at_least(os_version, first):
            return Drop.OS_TOO_OLD
        if self.cards.full():
            return Drop.TOO_MANY
        if not spend(self._record.start_moments, now, settings.start_budget_per_hour):
            return Drop.START_BUDGET
        card = self.cards.find(push.attributes.activity_id)
        if card is None:
            card = self.cards.appear(
                push.attributes.activity_id, push.content_state, push.timestamp, push.input_push_channel
            )
            _take_dates(card, push)
        else:
            # iOS has shown a second card; the app ends it at once and keeps the first.
            card.duplicate_starts += 1
            if card.state == "active" and push.timestamp > card.timestamp:
                card.show(push.content_state, push.timestamp, now)
                _take_dates(card, push)
        card.say(alert_of(aps))
        self.cards.touch()
        return None

    def change(self, token: str, aps: object, priority: int, settings: PhoneSettings) -> Drop | None:
        """Handles a push to an update token as iOS does. Returns the reason if it is dropped."""
        card = self.cards.by_token(token)
        return Drop.OVER if card is None else self._change(card, aps, priority, settings)

    def hear(self, channel_id: str, aps: object, priority: int, settings: PhoneSettings) -> list[Drop]:
        """Handles a broadcast as iOS does. Returns the reasons for the cards that it does not change."""
        drops = (self._change(card, aps, priority, settings) for card in self.cards.listening(channel_id))
        return [drop for drop in drops if drop is not None]

    def _change(self, card: ActivityCard, aps: object, priority: int, settings: PhoneSettings) -> Drop | None:
        push = _read_change(aps)
        if isinstance(push, Drop):
            return push
        if push.timestamp <= card.timestamp:
            return Drop.OLD_TIMESTAMP
        now = self._clock.now()
        if priority == 10 and not spend(self._record.high_priority_moments, now, _budget(settings)):
            return Drop.THROTTLED
        self._apply(card, push, alert_of(aps))
        return None

    def _apply(self, card: ActivityCard, push: UpdatePush | EndPush, alert: dict[str, str | None] | None) -> None:
        if push.content_state is not None:
            card.show(push.content_state, push.timestamp, self._clock.now())
        card.timestamp = push.timestamp
        card.say(alert)
        self.cards.touch()
        if isinstance(push, UpdatePush):
            card.updates += 1
            _take_dates(card, push)
        else:
            self.cards.end(card, push.dismissal_date)


def _read_start(aps: object) -> StartPush | Drop:
    if event_of(aps) in ("update", "end"):
        return Drop.WRONG_TOKEN
    alert = alert_of(aps)
    if alert is None or not alert["title"]:
        return Drop.NO_ALERT
    push = decode_start(aps)
    if push is None:
        return Drop.UNDECODABLE
    return push if push.attributes_type == ATTRIBUTES_TYPE else Drop.UNKNOWN_ATTRIBUTES_TYPE


def _read_change(aps: object) -> UpdatePush | EndPush | Drop:
    if event_of(aps) == "start":
        return Drop.WRONG_TOKEN
    return decode_change(aps) or Drop.UNDECODABLE


def _take_dates(card: ActivityCard, push: StartPush | UpdatePush) -> None:
    card.stale_at, card.relevance_score = push.stale_date, push.relevance_score


def _budget(settings: PhoneSettings) -> int:
    if settings.high_priority_budget_per_hour is not None:
        return settings.high_priority_budget_per_hour
    return HIGH_PRIORITY_PER_HOUR_FREQUENT if settings.frequent_pushes_enabled else HIGH_PRIORITY_PER_HOUR


def _is_at_least(os_version: str, first: tuple[int, int]) -> bool:
    parts = [int(part) if part.isascii() and part.isdigit() else 0 for part in os_version[:40].split(".")]
    return tuple(parts) >= first


def spend(moments: list[float], now: float, limit: int | None) -> bool:
    """Whether `limit` (at most 1,000; None: no limit) allows one more within the last 60 minutes. Counts it if so.

    `moments` are the UNIX seconds of those before, oldest first; it is pruned and appended to.
    """
    while moments and (moments[0] <= now - WINDOW_SECONDS or len(moments) > MAX_REMEMBERED):
        del moments[0]
    if limit is not None and len(moments) >= limit:
        return False
    moments.append(now)
    return True
