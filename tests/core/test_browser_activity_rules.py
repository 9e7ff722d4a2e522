"""The pure rules of one activity in one browser: what it is told of, when, and how urgently."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.devices.models import Environment
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.lifecycle import (
    ALERT_LIFETIME,
    OPEN_PHASES,
    Held,
    SentPush,
    Wanted,
    next_event,
    schedule,
    settle,
    wanted_of,
)
from core_service.live_activities.reconcile.planning import HIGH, LOW, LOWEST, Claim, Planned, plan, spend
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.pace import (
    STEP_INTERVAL,
    TICK_INTERVAL,
    UPDATE_INTERVAL,
    Surface,
    rests_until,
    surface_of,
)
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import Outcome, OutcomeKind
from tests.core import activity_rows
from tests.core.activity_rows import ACCEPTED, NEVER, NOW, REFUSED, SECOND, UNHEARD, activity

GONE = Outcome(OutcomeKind.TOKEN_DEAD, "Gone")
CARD, REPLACED, STACKED = Surface.CARD, Surface.REPLACED, Surface.STACKED
TICK, STEP, ALERT = Wanted(3, ended=False), Wanted(3, ended=False, urgent_version=3), Wanted(3, False, False, 3, 3)
END, QUIET = Wanted(3, ended=True), Wanted(3, ended=False, is_quiet=True)

REQUESTED = Held(Phase.REQUESTED, maybe_shown=True, attempt=1, leased=True, subscription="s", surface=REPLACED)
LIVE = replace(
    REQUESTED,
    phase=Phase.LIVE,
    update_token="s",
    accepted_version=2,
    leased=False,
    paced_until=NOW + TICK_INTERVAL,
    started_at=NOW,
)


def of_apple(held: Held) -> Held:
    """The same in a browser of Apple's."""
    return replace(held, surface=STACKED, paced_until=held.paced_until and NOW + STACKED.rest)


@pytest.mark.parametrize(
    ("environment", "surface"),
    [
        (None, CARD),
        (Environment.SANDBOX, CARD),
        (Environment.PRODUCTION, CARD),
        (Environment.WEB_APPLE, STACKED),
        (Environment.WEB_GOOGLE, REPLACED),
        (Environment.WEB_MOZILLA, REPLACED),
        (Environment.WEB_MICROSOFT, REPLACED),
        (Environment.WEB_OTHER, REPLACED),
    ],
)
def test_where_a_device_shows_activities(environment: str | None, surface: Surface) -> None:
    assert surface_of(environment) is surface


@pytest.mark.parametrize(
    ("held", "wanted", "event"),
    [
        (REQUESTED, TICK, ActivityEvent.START),
        (REQUESTED, QUIET, ActivityEvent.START),
        (REQUESTED, END, ActivityEvent.END),
        (replace(REQUESTED, maybe_shown=False), END, None),
        (LIVE, TICK, ActivityEvent.UPDATE),
        (LIVE, END, ActivityEvent.END),
        (LIVE, replace(TICK, expired=True), None),
        (replace(LIVE, accepted_version=3), TICK, None),
        (of_apple(REQUESTED), TICK, ActivityEvent.START),
        (of_apple(REQUESTED), QUIET, None),
        (of_apple(REQUESTED), replace(QUIET, alert_version=3), ActivityEvent.START),
        # It showed it before it subscribed again.
        (of_apple(replace(REQUESTED, accepted_version=2)), TICK, None),
        (of_apple(REQUESTED), END, ActivityEvent.END),
        (of_apple(LIVE), TICK, None),
        (of_apple(LIVE), STEP, None),
        (of_apple(LIVE), ALERT, ActivityEvent.UPDATE),
        (of_apple(replace(LIVE, accepted_version=3)), replace(ALERT, version=4), None),
        (of_apple(LIVE), END, ActivityEvent.END),
    ],
)
def test_what_is_owed(held: Held, wanted: Wanted, event: ActivityEvent | None) -> None:
    assert next_event(held, wanted) is event


@pytest.mark.parametrize(
    ("held", "wanted", "seconds"),
    [
        (LIVE, TICK, 180),
        (LIVE, STEP, 30),
        (LIVE, ALERT, 0),
        (LIVE, END, 0),
        (replace(LIVE, paced_until=NOW + 100 * SECOND), TICK, 100),
        (replace(LIVE, paced_until=NOW + 100 * SECOND), STEP, 0),
        (replace(LIVE, paced_until=NOW - SECOND), TICK, 0),
        # Written before the clock was set back.
        (replace(LIVE, paced_until=NOW + 181 * SECOND), TICK, 0),
        (replace(LIVE, paced_until=NOW + 181 * SECOND), STEP, 0),
        (replace(LIVE, paced_until=None), TICK, 0),
        (of_apple(LIVE), ALERT, 0),
        (of_apple(LIVE), END, 0),
        (of_apple(LIVE), STEP, None),
        (of_apple(LIVE), TICK, None),
    ],
)
def test_when_it_is_owed(held: Held, wanted: Wanted, seconds: int | None) -> None:
    after = schedule(held, wanted, NOW)
    assert after.next_at == (None if seconds is None else NOW + seconds * SECOND)
    assert after.paced_until == held.paced_until, "what is wanted changes nothing of the rest"


@given(surface=st.sampled_from(Surface), paced=st.none() | st.integers(-400, 90_000), is_step=st.booleans())
def test_no_update_waits_for_longer_than_its_rest(surface: Surface, paced: int | None, is_step: bool) -> None:
    paced_until = None if paced is None else NOW + paced * SECOND
    until = rests_until(surface, paced_until, NOW, is_step=is_step)
    assert NOW <= until <= NOW + surface.rest
    if surface is REPLACED and is_step:
        assert until <= NOW + STEP_INTERVAL
    if surface is CARD:
        assert until <= NOW + UPDATE_INTERVAL


def outcome_of(held: Held, event: ActivityEvent, outcome: Outcome, wanted: Wanted = TICK) -> Held:
    """What is so after the present attempt, which was sent a quarter of a second ago."""
    sent = SentPush(event, 3, held.attempt, "s", NOW - SECOND / 4)
    return settle(held, sent, outcome, wanted, NOW, delay_seconds=10)


@pytest.mark.parametrize("held", [REQUESTED, of_apple(REQUESTED)])
def test_a_start_that_was_accepted_makes_it_live_with_its_subscription(held: Held) -> None:
    after = outcome_of(held, ActivityEvent.START, ACCEPTED)
    assert (after.phase, after.update_token, after.accepted_version, after.next_at) == (Phase.LIVE, "s", 3, None)
    assert after.started_at is not None
    assert after.paced_until == NOW - SECOND / 4 + held.surface.rest


def test_what_follows_the_start_rests_like_what_follows_an_update() -> None:
    step = replace(STEP, version=4, urgent_version=4)
    after = outcome_of(REQUESTED, ActivityEvent.START, ACCEPTED, step)
    assert after.next_at == NOW - SECOND / 4 + STEP_INTERVAL
    after = outcome_of(replace(LIVE, leased=True), ActivityEvent.UPDATE, ACCEPTED, replace(TICK, version=4))
    assert after.next_at == NOW - SECOND / 4 + TICK_INTERVAL


def test_a_start_for_a_subscription_that_was_replaced_meanwhile_is_followed_by_the_state_for_the_new_one() -> None:
    after = outcome_of(replace(REQUESTED, subscription="new"), ActivityEvent.START, ACCEPTED)
    assert (after.phase, after.update_token, after.accepted_version) == (Phase.LIVE, "new", 0)
    assert next_event(after, TICK) is ActivityEvent.UPDATE


def test_a_quiet_start_of_apple_is_live_without_a_push_once_there_is_a_subscription() -> None:
    waiting = of_apple(replace(REQUESTED, maybe_shown=False, subscription=None, leased=False))
    assert schedule(waiting, QUIET, NOW) == waiting
    after = schedule(replace(waiting, subscription="s"), QUIET, NOW)
    assert (after.phase, after.update_token, after.next_at, after.started_at) == (Phase.LIVE, "s", None, NOW)
    assert next_event(after, END) is ActivityEvent.END
    assert next_event(after, replace(ALERT, version=4, alert_version=4)) is ActivityEvent.UPDATE


@pytest.mark.parametrize("event", ActivityEvent)
def test_a_dead_subscription_owes_all_of_it_to_the_next_one(event: ActivityEvent) -> None:
    held = replace(REQUESTED if event is ActivityEvent.START else LIVE, leased=True)
    after = outcome_of(held, event, GONE, END if event is ActivityEvent.END else TICK)
    assert (after.phase, after.update_token) == (Phase.REQUESTED, None)
    assert after.accepted_version == held.accepted_version


def test_the_death_of_a_subscription_that_was_replaced_means_nothing() -> None:
    renewed = replace(LIVE, leased=True, update_token="new", subscription="new")
    after = outcome_of(renewed, ActivityEvent.UPDATE, GONE)
    assert (after.phase, after.update_token) == (Phase.LIVE, "new")


def test_the_end_of_what_may_be_shown_is_pushed_and_then_it_is_over() -> None:
    after = outcome_of(REQUESTED, ActivityEvent.START, UNHEARD, END)
    assert (after.phase, after.next_at) == (Phase.REQUESTED, NOW + 10 * SECOND)
    after = outcome_of(replace(after, leased=True), ActivityEvent.END, ACCEPTED, END)
    assert (after.phase, after.next_at) == (Phase.ENDED, None)


surfaces = st.sampled_from([REPLACED, STACKED])
moments = st.none() | st.integers(-200, 200).map(lambda seconds: NOW + seconds * SECOND)
helds = st.builds(
    lambda live, subscription, surface, maybe_shown, accepted, attempt, paced: Held(
        Phase.LIVE if live else Phase.REQUESTED,
        "a" if live else None,
        maybe_shown=maybe_shown or live,
        accepted_version=accepted,
        attempt=attempt,
        leased=True,
        paced_until=paced,
        surface=surface,
        subscription=subscription,
    ),
    st.booleans(), st.none() | st.sampled_from("ab"), surfaces, st.booleans(), st.integers(0, 4), st.integers(1, 3),
    moments,
)  # fmt: skip
sents = st.builds(
    SentPush, st.sampled_from(ActivityEvent), st.integers(1, 4), st.integers(1, 3), st.sampled_from("ab"), st.just(NOW)
)
outcomes = st.sampled_from([ACCEPTED, UNHEARD, REFUSED, GONE, NEVER, Outcome(OutcomeKind.HELD, "r")])
wanteds = st.builds(
    Wanted, st.integers(1, 4), st.booleans(), st.booleans(), st.integers(0, 4), st.integers(0, 4), st.booleans()
)


@given(held=helds, happenings=st.lists(st.tuples(sents, outcomes, wanteds), min_size=1, max_size=6))
def test_whatever_becomes_of_pushes(held: Held, happenings: list[tuple[SentPush, Outcome, Wanted]]) -> None:
    for sent, outcome, wanted in happenings:
        before, held = held, settle(held, sent, outcome, wanted, NOW, delay_seconds=5)
        assert held.phase is not Phase.LIVE or held.update_token is not None
        assert held.phase is not Phase.STARTED, "no token will be reported"
        assert held.accepted_version >= before.accepted_version
        assert before.phase in OPEN_PHASES or held.phase is before.phase, "what is over stays over"
        if sent.attempt != before.attempt:
            assert (held.leased, held.next_at) == (before.leased, before.next_at), "a late outcome schedules nothing"
            continue
        event = next_event(held, wanted)
        assert (held.next_at is None) is (event is None), "what is owed is scheduled, and nothing else"
        assert schedule(replace(held, next_at=None), wanted, NOW).phase is held.phase
        if event is ActivityEvent.UPDATE and held.surface is STACKED:
            assert held.accepted_version < wanted.alert_version
        if held.phase is Phase.LIVE and wanted.ended and held.accepted_version < wanted.version:
            assert event is ActivityEvent.END, "an end is never lost"
        if held.next_at is not None and outcome.verdict is OutcomeKind.RETRY:
            proven = sent.event is ActivityEvent.START and held.phase is Phase.LIVE
            assert proven or held.next_at >= NOW + 5 * SECOND, "a push that failed is not repeated at once"


# --- what is sent ---


def claim(environment: Environment = Environment.WEB_MOZILLA, **columns: Any) -> Claim:
    """A claimed row of a live browser."""
    return activity_rows.claim(environment=environment.value, **({"maybe_shown": True} | columns))


def planned(one: Claim, shown: Activity, event: ActivityEvent = ActivityEvent.UPDATE) -> Planned:
    """The push, which must not have to wait and has no budget."""
    push = plan(one, shown, event, NOW)
    assert push is not None
    budgets: dict[uuid.UUID, list[int]] = {}
    assert spend(push, budgets, 1) is push
    assert not budgets
    return push


UPDATE, START = ActivityEvent.UPDATE, ActivityEvent.START
ALERTED: dict[str, Any] = {"alert": "{}", "alert_version": 3, "alert_at": NOW, "urgent_version": 3}
APPLE = Environment.WEB_APPLE


@pytest.mark.parametrize(
    ("one", "event", "columns", "priority", "alerting"),
    [
        (claim(), UPDATE, {}, LOWEST, False),
        (claim(), UPDATE, {"urgent_version": 3}, LOW, False),
        (claim(), UPDATE, ALERTED, HIGH, True),
        (claim(), UPDATE, ALERTED | {"alert_at": NOW - ALERT_LIFETIME - SECOND}, LOW, False),
        (claim(), ActivityEvent.END, {}, HIGH, False),
        (claim(), ActivityEvent.END, ALERTED, HIGH, True),
        (claim(phase="requested", accepted_version=0), START, {}, HIGH, True),
        # The person has seen it, as another activity, or before the browser subscribed again.
        (claim(phase="requested", accepted_version=0), START, {"quiet_start": True}, HIGH, False),
        (claim(phase="requested", accepted_version=1), START, {}, HIGH, False),
        (claim(APPLE), UPDATE, ALERTED, HIGH, True),
        (claim(APPLE, phase="requested", accepted_version=0), START, {}, HIGH, True),
        (claim(APPLE), ActivityEvent.END, {}, HIGH, False),
    ],
)
def test_how_urgent_it_is(
    one: Claim, event: ActivityEvent, columns: dict[str, Any], priority: int, alerting: bool
) -> None:
    push = planned(one, activity(**columns), event)
    assert (push.priority, push.alerting) == (priority, alerting)


def test_the_end_of_a_start_without_an_answer_goes_to_the_subscription() -> None:
    one = claim(phase="requested", update_token=None)
    assert planned(one, activity(ended_at=NOW), ActivityEvent.END).token == "s"
    assert plan(one._replace(start_token=None), activity(ended_at=NOW), ActivityEvent.END, NOW) is None


@pytest.mark.parametrize(("environment", "is_owed"), [(Environment.SANDBOX, True), (APPLE, False)])
@pytest.mark.parametrize("has_successor", [True, False])
def test_the_end_of_what_was_replaced_is_no_push_in_a_browser(
    environment: Environment, is_owed: bool, has_successor: bool
) -> None:
    wanted = wanted_of(activity(ended_at=NOW, dismiss_at=NOW), NOW)
    event = claim(environment, has_successor=has_successor).event(wanted)
    assert (event is ActivityEvent.END) is (is_owed or not has_successor)
