"""The rules of Live Activities by themselves, with a clock that the test turns."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulator.apns.accepted_push import AcceptedPush
from simulator.apns.directory import TokenDirectory
from simulator.clock import MAX_OFFSET, Clock
from simulator.phones.activity_card import ACTIVE_SECONDS, LINGER_SECONDS, ActivityCard
from simulator.phones.activity_cards import MAX_ACTIVE, ActivityCards
from simulator.phones.catch_up import catch_up
from simulator.phones.drops import Drop
from simulator.phones.live_activities import LiveActivities, spend
from simulator.phones.records import LiveActivitiesRecord, PhoneSettings
from simulator.phones.tokens import TokenBook
from tests.simulator.live import change, start, state

NOON = 1_800_000_000.0
SETTINGS = PhoneSettings(start_budget_per_hour=None, high_priority_budget_per_hour=3)


class Bystander:
    """Somebody for the directory to know; the tests push past it."""

    def pass_time(self) -> None:
        """Nothing to do."""

    def receive(self, token: str, push: AcceptedPush) -> None:
        """Nothing to do."""


def activities(clock: Clock, directory: TokenDirectory, record: LiveActivitiesRecord | None = None) -> LiveActivities:
    """The Live Activities of a phone."""

    def book(dead: dict[str, int]) -> TokenBook:
        return TokenBook(directory, Bystander(), "topic", device="phone", dead=dead, max_dead=500)

    return LiveActivities(ActivityCards(record or LiveActivitiesRecord(), book, clock), clock)


def clock_of(time: Callable[[], float]) -> Clock:
    """A clock that the test turns."""
    return Clock(time_source=time)


CARD = {
    "activity_id": "a", "content_state": state(), "timestamp": 5, "started_at": NOON, "updated_at": NOON,
    "update_token": "ab",
}  # fmt: skip


@pytest.mark.parametrize(
    ("ended_after", "dismissal_after", "gone_after"),
    [
        (60, None, 60 + LINGER_SECONDS),
        (60, 100, 100),
        (60, 60, 60),
        (60, -1, -1),
        (60, 60 + LINGER_SECONDS + 1, 60 + LINGER_SECONDS),
    ],
)
def test_when_an_ended_card_leaves(ended_after: float, dismissal_after: float | None, gone_after: float) -> None:
    card = ActivityCard.model_validate(CARD)
    card.end(NOON + ended_after, None if dismissal_after is None else NOON + dismissal_after)
    assert card.dismiss_at == NOON + gone_after
    assert not card.gone(NOON + gone_after - 0.1)
    assert card.gone(NOON + gone_after)


def test_a_second_end_never_keeps_a_card_longer() -> None:
    card = ActivityCard.model_validate(CARD)
    card.end(NOON, NOON + 50)
    card.end(NOON + 10, NOON + 500)
    assert (card.ended_at, card.dismiss_at) == (NOON, NOON + 50)
    card.end(NOON + 10, NOON + 20)
    assert card.dismiss_at == NOON + 20


def test_8_hours_end_a_card_as_of_that_moment_however_late_one_looks() -> None:
    card = ActivityCard.model_validate(CARD)
    assert card.lapse(NOON + ACTIVE_SECONDS - 0.1) is None
    assert card.lapse(NOON + ACTIVE_SECONDS + 999) == NOON + ACTIVE_SECONDS
    assert (card.state, card.dismiss_at) == ("ended", NOON + ACTIVE_SECONDS + LINGER_SECONDS)
    assert card.lapse(NOON + ACTIVE_SECONDS + 1000) is None


def test_a_budget_slides() -> None:
    moments: list[float] = []
    assert [spend(moments, moment, 2) for moment in (0, 10, 20, 3599)] == [True, True, False, False]
    assert [spend(moments, moment, 2) for moment in (3600, 3605, 3610)] == [True, False, True]
    assert all(spend(moments, 4000, None) for _ in range(3000))
    assert len(moments) <= 1001


@pytest.mark.parametrize(("version", "starts"), [("17.1.9", 0), ("17.2", 1), ("17.10", 1), ("18", 1), ("9.9", 0)])
def test_activities_start_by_push_from_ios_17_2(version: str, starts: int) -> None:
    live = activities(clock_of(lambda: NOON), TokenDirectory())
    drop = live.start(start("a")["aps"], SETTINGS, version)
    assert drop == (None if starts else Drop.OS_TOO_OLD)
    assert len(live.cards.cards()) == starts


@pytest.mark.parametrize(("ahead", "wanted"), [(-1.0, False), (0.0, True), (MAX_OFFSET, True), (MAX_OFFSET + 1, False)])
def test_a_clock_goes_forward_and_not_too_far(ahead: float, wanted: bool) -> None:
    clock = clock_of(lambda: NOON)
    if wanted:
        clock.advance(ahead)
        assert clock.now() == NOON + ahead
    else:
        with pytest.raises(ValueError, match="forward"):
            clock.advance(ahead)


class Machine(RuleBasedStateMachine):
    """Pushes, the app, the person, time and restarts in any order, beside a model that knows a few truths only."""

    def __init__(self) -> None:
        super().__init__()
        self.time = NOON
        self.clock = clock_of(lambda: self.time)
        self.directory = TokenDirectory()
        self.live = activities(self.clock, self.directory)
        self.last: dict[str, tuple[str | None, int]] = {}
        """Update token and timestamp of each activity as they were seen last."""
        self.retired: set[str] = set()

    names = st.sampled_from("abcdefg")
    timestamps = st.integers(1, 30)
    delays = st.none() | st.sampled_from([-10, 0, 60, 20_000])

    @rule(name=names, timestamp=timestamps)
    def start(self, name: str, timestamp: int) -> None:
        before = self.live.cards.find(name)
        was_active = before is not None and before.state == "active"
        self.live.start(start(name, timestamp=timestamp, content_state=state(str(timestamp)))["aps"], SETTINGS, "18.2")
        after = self.live.cards.find(name)
        if before is not None:
            assert after is before
            assert (after.state == "active") is was_active

    @rule(name=names, timestamp=timestamps, priority=st.sampled_from([5, 10]), end=st.booleans(), delay=delays)
    def push(self, name: str, timestamp: int, priority: int, end: bool, delay: int | None) -> None:
        card = self.live.cards.find(name)
        if card is None or card.update_token is None:
            return
        before, token = card.model_copy(deep=True), card.update_token
        extra = {"dismissal_date": int(self.time) + delay} if end and delay is not None else {}
        body = change("end" if end else "update", str(timestamp), timestamp=timestamp, **extra)
        drop = self.live.change(token, body["aps"], priority, SETTINGS)
        if timestamp <= before.timestamp:
            assert drop == Drop.OLD_TIMESTAMP
        if drop is not None:
            assert card == before
            return
        assert (card.timestamp, card.content_state["title"]) == (timestamp, str(timestamp))
        assert (card.state == "ended") is end
        if end:
            assert self.live.change(token, body["aps"], 5, SETTINGS) == Drop.OVER

    @rule(seconds=st.sampled_from([1, 1800, 3601, 4 * 3600, 8 * 3600]))
    def wait(self, seconds: int) -> None:
        self.time += seconds

    @rule(name=names, what=st.sampled_from(["dismiss", "rotate", "report"]))
    def somebody_acts(self, name: str, what: str) -> None:
        cards, card = self.live.cards, self.live.cards.find(name)
        if card is None:
            return
        if what == "dismiss":
            cards.dismiss(card)
        elif card.update_token is not None and what == "rotate":
            cards.rotate_token(card)
        elif card.update_token is not None:
            cards.token_reported(card, card.update_token, taken=True)

    @rule(phases=st.dictionaries(names, st.sampled_from(["starting", "active", "ended"])), timestamp=timestamps)
    def catch_up(self, phases: dict[str, str], timestamp: int) -> None:
        ended = {card.activity_id for card in self.live.cards.cards() if card.state == "ended"}
        described: list[dict[str, Any]] = [
            {"activity_id": name, "phase": phase, "content_state": state(str(timestamp)), "timestamp": timestamp}
            for name, phase in phases.items()
        ]
        catch_up(self.live.cards, described)
        shown = {card.activity_id: card.state for card in self.live.cards.cards()}
        assert set(shown) <= set(phases)
        for name, phase in phases.items():
            assert not (phase == "ended" and shown.get(name) == "active")
            assert not (name in ended and shown.get(name) == "active")

    @rule()
    def restart(self) -> None:
        record = LiveActivitiesRecord.model_validate_json(self.live.cards.record.model_dump_json())
        assert record == self.live.cards.record
        self.directory = TokenDirectory()
        self.live = activities(self.clock, self.directory, record)

    @invariant()
    def tokens_live_as_long_as_their_activities(self) -> None:
        cards = self.live.cards.cards()
        current = {card.update_token for card in cards if card.update_token is not None}
        self.retired |= {token for token, _ in self.last.values() if token is not None} - current
        for card in cards:
            assert (card.update_token is not None) is (card.state == "active")
        for token in current:
            entry = self.directory.find(token)
            assert entry is not None
            assert entry.dead_since is None
        for token in self.retired:
            gone = self.directory.find(token)
            assert gone is None or gone.dead_since is not None
        self.last = {card.activity_id: (card.update_token, card.timestamp) for card in cards}

    @invariant()
    def nothing_is_shown_twice_too_long_or_too_often(self) -> None:
        cards = self.live.cards.cards()
        assert len({card.activity_id for card in cards}) == len(cards)
        assert sum(card.state == "active" for card in cards) <= MAX_ACTIVE
        for card in cards:
            age = self.time - card.started_at
            assert age < ACTIVE_SECONDS + LINGER_SECONDS
            assert card.state == "ended" or age < ACTIVE_SECONDS


TestMachine = pytest.mark.slow(Machine.TestCase)
