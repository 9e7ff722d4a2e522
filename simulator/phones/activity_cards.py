"""The Live Activities on a phone's screen, with their update tokens, and changes by time, the app and the person."""

from collections.abc import Callable

from simulator.clock import Clock
from simulator.phones.activity_card import ActivityCard
from simulator.phones.content_state import ContentState
from simulator.phones.records import LiveActivitiesRecord
from simulator.phones.tokens import TokenBook, fresh_token

MAX_ACTIVE = 5
"""Most active ones at once, as observed on real phones."""
MAX_CARDS = 50
MAX_DISMISSED = 200


class ActivityCards:
    """The cards on the screen."""

    def __init__(
        self, record: LiveActivitiesRecord, make_book: Callable[[dict[str, int]], TokenBook], clock: Clock
    ) -> None:
        self.record = record
        self.version = 0
        """Rises with every change."""
        self.on_change: Callable[[], None] = lambda: None
        """Called at every change."""
        self.on_urgent: Callable[[], None] = lambda: None
        """Called at a change that must not be lost: new or removed cards or tokens, or a report for the server."""
        self.on_listen: Callable[[str], None] = lambda channel_id: None
        self.on_ignore: Callable[[str], None] = lambda channel_id: None
        """Called when a card begins to listen to a broadcast channel, and when it does so no more."""
        self._tokens = make_book(record.dead_tokens)
        self._clock = clock
        for card in record.cards:
            if card.update_token:
                self._tokens.issue(card.update_token, card.activity_id)
        self._next_change = 0.0
        self.pass_time()

    # --- reading ---

    def cards(self) -> list[ActivityCard]:
        """The cards on the screen now, oldest first."""
        self.pass_time()
        return list(self.record.cards)

    def find(self, activity_id: str) -> ActivityCard | None:
        """The activity's card, if it is on the screen now."""
        return next((card for card in self.cards() if card.activity_id == activity_id), None)

    def by_token(self, token: str) -> ActivityCard | None:
        """The card that `token` updates, if it is active now."""
        return next((card for card in self.cards() if card.update_token == token), None)

    def listening(self, channel_id: str | None = None) -> list[ActivityCard]:
        """The active cards that listen to this broadcast channel, or to any."""
        return [
            card
            for card in self.cards()
            if card.state == "active" and card.channel_id is not None and channel_id in (None, card.channel_id)
        ]

    def touch(self) -> None:
        """Marks that a card was changed from outside."""
        self.version += 1
        self.on_change()

    # --- time ---

    def pass_time(self) -> None:
        """Ends and removes cards whose time is over."""
        now = self._clock.now()
        if now < self._next_change:
            return
        for card in list(self.record.cards):
            ended_at = card.lapse(now)
            if ended_at is not None:
                self._retire_token(card, ended_at)
            if card.gone(now):
                self._remove(card, now)
        self._plan()

    # --- cards ---

    def full(self) -> bool:
        """Whether iOS allows no further start."""
        self.pass_time()
        return sum(card.state == "active" for card in self.record.cards) >= MAX_ACTIVE

    def appear(
        self, activity_id: str, content: ContentState, timestamp: int, channel_id: str | None = None
    ) -> ActivityCard:
        """A new active card, with an update token, or listening to a broadcast channel."""
        now = self._clock.now()
        card = ActivityCard(
            activity_id=activity_id,
            content_state=content.shown(),
            actions=content.actions(),
            timestamp=timestamp,
            started_at=now,
            updated_at=now,
            channel_id=channel_id,
        )
        while len(self.record.cards) >= MAX_CARDS:
            # At most 5 are active, so this one has ended.
            self._remove(next(one for one in self.record.cards if one.state == "ended"), now)
        self.record.cards.append(card)
        if channel_id is None:
            self._give_token(card)
        else:
            self.on_listen(channel_id)
            self._changed()
        self._plan()
        return card

    def end(self, card: ActivityCard, dismissal: float | None) -> None:
        """Ends a card. It leaves the screen at `dismissal`, at once if that is past, and after 4 hours at the
        latest."""
        now = self._clock.now()
        card.end(now, dismissal)
        self._retire_token(card, now)
        if card.gone(now):
            self._remove(card, now)
        self._plan()

    def _remove(self, card: ActivityCard, since: float) -> None:
        self._retire_token(card, since)
        self.record.cards.remove(card)
        self._changed()

    def _give_token(self, card: ActivityCard) -> None:
        card.update_token, card.report = fresh_token(), "due"
        self._tokens.issue(card.update_token, card.activity_id)
        self._changed()

    def _retire_token(self, card: ActivityCard, since: float) -> None:
        if card.update_token is not None:
            self._tokens.kill(card.update_token, int(since * 1000))
            card.update_token = None
        if card.channel_id is not None:
            self.on_ignore(card.channel_id)
        self._changed()

    def _plan(self) -> None:
        self._next_change = min((card.next_change() for card in self.record.cards), default=float("inf"))

    def _changed(self) -> None:
        self.touch()
        self.on_urgent()

    # --- the app ---

    def start_by_app(
        self,
        activity_id: str,
        content: ContentState,
        timestamp: int,
        stale_at: float | None,
        channel_id: str | None = None,
    ) -> bool:
        """The app starts an activity itself; False if iOS does not let it, because too many are active."""
        if self.full():
            return False
        card = self.appear(activity_id, content, timestamp, channel_id)
        card.stale_at = stale_at
        return True

    def update_by_app(self, card: ActivityCard, content: ContentState, timestamp: int, stale_at: float | None) -> None:
        """The app updates an active card, unless the card's state is as new."""
        if card.state == "active" and timestamp > card.timestamp:
            card.show(content, timestamp, self._clock.now())
            card.stale_at = stale_at
            self.touch()

    def end_by_app(self, card: ActivityCard, content: ContentState, timestamp: int, dismiss_at: float | None) -> None:
        """The app ends a card with a last state, unless the card's state is newer. Also for a card that has ended."""
        now = self._clock.now()
        if timestamp > card.timestamp:
            card.show(content, timestamp, now)
        self.end(card, dismiss_at)

    def remove(self, card: ActivityCard) -> None:
        """The app ends a card and removes it from the screen."""
        self._remove(card, self._clock.now())
        self._plan()

    def rotate_token(self, card: ActivityCard) -> None:
        """iOS issues a new update token for an active card; the old one is dead."""
        self._retire_token(card, self._clock.now())
        self._give_token(card)

    def token_reported(self, card: ActivityCard, token: str, *, taken: bool) -> None:
        """The server has taken the update token, or does not know the activity."""
        if card.update_token == token:
            card.report = "taken" if taken else "refused"
            self._changed()

    def request_catch_up(self) -> None:
        """The app will ask the server what should be on the screen, and report again the tokens that it refused."""
        self.record.catch_up_due = True
        for card in self.record.cards:
            if card.report == "refused":
                card.report = "due"
        self._changed()

    def caught_up(self) -> None:
        """The app has caught up."""
        self.record.catch_up_due = False
        self._changed()

    # --- the person ---

    def dismiss(self, card: ActivityCard) -> None:
        """The person removes a card; the app will tell the server."""
        self.remove(card)
        self.record.dismissed = [*self.record.dismissed, card.activity_id][-MAX_DISMISSED:]

    def dismissal_reported(self, activity_id: str) -> None:
        """The server knows that the person removed the card."""
        self.record.dismissed = [one for one in self.record.dismissed if one != activity_id]
        self._changed()

    def clear(self) -> None:
        """The app is removed from the phone, and its cards with it."""
        for card in list(self.record.cards):
            self._remove(card, self._clock.now())
        self.record.dismissed = []
        self.record.catch_up_due = False
        self._plan()
        self._changed()

    def forget_tokens(self) -> None:
        """Removes all update tokens, dead ones included, from APNs."""
        self._tokens.forget(*(card.update_token for card in self.record.cards if card.update_token))
        for card in self.record.cards:
            if card.channel_id is not None:
                self.on_ignore(card.channel_id)
