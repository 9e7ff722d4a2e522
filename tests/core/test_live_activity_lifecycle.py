"""The pure rules of one activity on one device: outcomes in any order, numbers of pushes, and their priority."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.lifecycle import (
    OPEN_PHASES,
    Held,
    SentPush,
    Wanted,
    next_event,
    schedule,
    settle,
)
from core_service.live_activities.reconcile.planning import (
    BUDGET,
    FREQUENT_BUDGET,
    HIGH,
    LOW,
    RESERVE,
    WINDOW_SECONDS,
    Claim,
    Planned,
    plan,
    spend,
)
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import ROUTE_STOPPED, Outcome, OutcomeKind
from tests.core.activity_rows import ACCEPTED, NEVER, NOW, REFUSED, SECOND, UNHEARD, activity, claim

DEAD = Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered")
ACTIVE, ENDED = Wanted(3, ended=False), Wanted(3, ended=True)
EXPIRED = Wanted(3, ended=False, expired=True)

REQUESTED = Held(Phase.REQUESTED, attempt=1, leased=True)
STARTED = Held(Phase.STARTED, maybe_shown=True, accepted_version=3, attempt=1)
LIVE = Held(Phase.LIVE, update_token="t", maybe_shown=True, accepted_version=2, attempt=1, leased=True)


@pytest.mark.parametrize(
    ("held", "wanted", "event"),
    [
        (REQUESTED, ACTIVE, ActivityEvent.START),
        (REQUESTED, ENDED, None),
        (REQUESTED, EXPIRED, None),
        (STARTED, ACTIVE, None),
        (STARTED, ENDED, None),
        (LIVE, ACTIVE, ActivityEvent.UPDATE),
        (LIVE, ENDED, ActivityEvent.END),
        (LIVE, EXPIRED, None),
        (LIVE, Wanted(3, ended=True, expired=True), ActivityEvent.END),
        (replace(LIVE, accepted_version=3), ACTIVE, None),
        (replace(LIVE, accepted_version=3), ENDED, None),
        *((replace(LIVE, phase=phase), ENDED, None) for phase in set(Phase) - set(OPEN_PHASES)),
    ],
)
def test_what_is_owed(held: Held, wanted: Wanted, event: ActivityEvent | None) -> None:
    assert next_event(held, wanted) is event


def outcome_of(held: Held, event: ActivityEvent, outcome: Outcome, wanted: Wanted = ACTIVE) -> Held:
    """What is so after the present attempt."""
    sent = SentPush(event, 3, held.attempt, held.update_token or "start", NOW - SECOND / 4)
    return settle(held, sent, outcome, wanted, NOW, delay_seconds=10)


def test_an_accepted_start_waits_for_its_update_token() -> None:
    after = outcome_of(REQUESTED, ActivityEvent.START, ACCEPTED)
    assert (after.phase, after.accepted_version, after.next_at, after.started_at) == (Phase.STARTED, 3, None, NOW)


def test_a_start_that_was_not_heard_of_is_tried_again_and_not_forgotten_by_an_end() -> None:
    owed = replace(REQUESTED, maybe_shown=True)
    assert outcome_of(owed, ActivityEvent.START, UNHEARD).next_at == NOW + 10 * SECOND
    after = outcome_of(owed, ActivityEvent.START, UNHEARD, ENDED)
    assert (after.phase, after.next_at) == (Phase.REQUESTED, None)


@pytest.mark.parametrize("outcome", [REFUSED, DEAD])
def test_a_start_that_the_phone_cannot_have_has_nothing_to_end(outcome: Outcome) -> None:
    after = outcome_of(replace(REQUESTED, maybe_shown=True), ActivityEvent.START, outcome, ENDED)
    assert (after.phase, after.next_at) == (Phase.ENDED, None)


def test_updates_of_a_device_are_a_second_apart_and_ends_wait_for_nothing() -> None:
    behind = Wanted(4, ended=False)
    after = outcome_of(LIVE, ActivityEvent.UPDATE, ACCEPTED, behind)
    assert after.next_at == after.paced_until == NOW - SECOND / 4 + SECOND
    assert outcome_of(LIVE, ActivityEvent.UPDATE, ACCEPTED, replace(behind, ended=True)).next_at == NOW


def test_a_dead_update_token_leaves_the_device_waiting_for_another() -> None:
    after = outcome_of(LIVE, ActivityEvent.UPDATE, DEAD)
    assert (after.phase, after.update_token, after.next_at) == (Phase.STARTED, None, None)


@pytest.mark.parametrize(
    ("registered", "dead_since", "dies"),
    [(NOW, None, True), (NOW, NOW, True), (NOW, NOW - SECOND, False), (None, NOW, True)],
)
def test_a_token_that_was_reported_after_apns_gave_it_up_is_alive(
    registered: dt.datetime | None, dead_since: dt.datetime | None, dies: bool
) -> None:
    held = replace(LIVE, update_token_registered_at=registered)
    after = outcome_of(held, ActivityEvent.UPDATE, replace(DEAD, dead_since=dead_since))
    assert (after.update_token is None) is dies


def test_a_token_that_apns_calls_dead_again_and_again_is_asked_for_less_and_then_believed_dead() -> None:
    dead = replace(DEAD, dead_since=NOW - SECOND)
    held = replace(LIVE, update_token_registered_at=NOW)
    for failures in (1, 2):
        held = outcome_of(held, ActivityEvent.UPDATE, dead)
        assert (held.phase, held.failures, held.next_at) == (Phase.LIVE, failures, NOW + 10 * SECOND)
    held = outcome_of(held, ActivityEvent.UPDATE, dead)
    assert (held.phase, held.update_token, held.next_at) == (Phase.STARTED, None, None)


def test_an_end_that_meets_a_token_which_is_dead_in_spite_of_its_report_is_over_soon() -> None:
    dead = replace(DEAD, dead_since=NOW - SECOND)
    held = replace(LIVE, update_token_registered_at=NOW)
    for _ in range(3):
        assert held.phase is Phase.LIVE
        held = outcome_of(held, ActivityEvent.END, dead, ENDED)
    assert (held.phase, held.next_at) == (Phase.ENDED, None)


def test_failures_of_another_kind_do_not_make_a_living_token_dead() -> None:
    held = replace(LIVE, update_token_registered_at=NOW, failures=7, reason="InternalServerError")
    after = outcome_of(held, ActivityEvent.UPDATE, replace(DEAD, dead_since=NOW - SECOND))
    assert (after.phase, after.update_token, after.next_at) == (Phase.LIVE, "t", NOW + 10 * SECOND)


def test_another_token_that_came_meanwhile_outlives_the_death_of_the_first() -> None:
    sent = SentPush(ActivityEvent.UPDATE, 3, 1, "before", NOW)
    after = settle(LIVE, sent, DEAD, ACTIVE, NOW, delay_seconds=0)
    assert (after.phase, after.update_token, after.next_at) == (Phase.LIVE, "t", NOW)


def test_what_an_old_token_accepted_is_sent_to_the_new_one_too() -> None:
    sent = SentPush(ActivityEvent.UPDATE, 3, 1, "before", NOW)
    after = settle(LIVE, sent, ACCEPTED, ACTIVE, NOW, delay_seconds=0)
    assert (after.accepted_version, after.next_at) == (LIVE.accepted_version, NOW)


def test_an_end_that_meets_a_dead_token_waits_for_another_unless_an_earlier_attempt_may_have_ended_it() -> None:
    assert outcome_of(LIVE, ActivityEvent.END, DEAD, ENDED).phase is Phase.STARTED
    assert outcome_of(replace(LIVE, failures=1), ActivityEvent.END, DEAD, ENDED).phase is Phase.ENDED


def test_what_apns_will_never_take_is_not_sent_again() -> None:
    assert outcome_of(REQUESTED, ActivityEvent.START, NEVER).phase is Phase.FAILED
    after = outcome_of(LIVE, ActivityEvent.UPDATE, NEVER)
    assert (after.phase, after.accepted_version, after.next_at) == (Phase.LIVE, 3, None)
    assert outcome_of(LIVE, ActivityEvent.END, NEVER, ENDED).phase is Phase.ENDED


moments = st.none() | st.integers(-30, 90).map(lambda seconds: NOW + seconds * SECOND)
tokens = st.sampled_from("ab")


def helds(phase: Phase) -> st.SearchStrategy[Held]:
    """Rows that the database can have in the phase. None is drawn in vain: too many of those are a failure."""
    if phase is Phase.LIVE:
        token: st.SearchStrategy[str | None] = tokens
    else:
        token = st.none() if phase in OPEN_PHASES else st.none() | tokens
    return st.builds(
        Held,
        phase=st.just(phase),
        update_token=token,
        update_token_registered_at=moments,
        maybe_shown=st.booleans(),
        accepted_version=st.integers(0, 4),
        sent_version=st.integers(0, 4),
        attempt=st.integers(1, 3),
        failures=st.integers(0, 3),
        leased=st.booleans(),
        next_at=moments,
        paced_until=moments,
        started_at=moments,
    )


sents = st.builds(
    SentPush, st.sampled_from(ActivityEvent), st.integers(1, 4), st.integers(1, 3), st.sampled_from("ab"), st.just(NOW)
)
outcomes = st.builds(
    Outcome, st.sampled_from(OutcomeKind), st.just("r"), st.just(0.0), moments, maybe_accepted=st.booleans()
)
wanteds = st.builds(Wanted, st.integers(1, 4), st.booleans(), st.booleans())
happenings = st.lists(st.tuples(sents, outcomes, wanteds), min_size=1, max_size=6)


def valid(held: Held) -> bool:
    """A row as the database can have it: a live device has a token, and no other has one that counts."""
    return (held.phase is Phase.LIVE) == (held.update_token is not None) or held.phase not in OPEN_PHASES


@given(held=st.sampled_from(Phase).flatmap(helds), happenings=happenings)
def test_whatever_becomes_of_pushes(held: Held, happenings: list[tuple[SentPush, Outcome, Wanted]]) -> None:
    assert valid(held)
    for sent, outcome, wanted in happenings:
        before, held = held, settle(held, sent, outcome, wanted, NOW, delay_seconds=5)
        assert valid(held)
        assert held.accepted_version >= before.accepted_version, "what was accepted is accepted"
        assert before.phase in OPEN_PHASES or held.phase is before.phase, "what is over stays over"
        assert before.started_at is None or held.started_at == before.started_at
        if sent.attempt != before.attempt:
            assert (held.leased, held.next_at) == (before.leased, before.next_at), "a late outcome schedules nothing"
            continue
        assert not held.leased
        event = next_event(held, wanted)
        assert (held.next_at is None) is (event is None), "what is owed is scheduled, and nothing else"
        if held.phase is Phase.LIVE and wanted.ended and held.accepted_version < wanted.version:
            assert event is ActivityEvent.END, "an end is never lost once there is a token"
        if held.next_at is not None:
            assert held.next_at >= NOW
            proven = sent.event is ActivityEvent.START and held.phase is Phase.LIVE
            if outcome.verdict is OutcomeKind.RETRY and not proven:
                assert held.next_at >= NOW + 5 * SECOND, "a push that failed is not repeated at once"


@given(held=st.sampled_from(OPEN_PHASES).flatmap(helds), wanted=wanteds)
def test_to_look_again_changes_nothing(held: Held, wanted: Wanted) -> None:
    once = schedule(held, wanted, NOW)
    assert schedule(once, wanted, NOW) == once


# --- what is sent ---


def planned(one: Claim, shown: Activity, event: ActivityEvent = ActivityEvent.UPDATE) -> Planned:
    """The push, which must not have to wait."""
    push = plan(one, shown, event, NOW)
    assert push is not None
    return push


def test_a_repeat_is_the_same_push_and_anything_else_is_newer() -> None:
    before = int(NOW.timestamp())
    repeat = planned(claim(sent_version=3), activity())
    assert (repeat.timestamp, repeat.apns_id, repeat.sent(NOW).attempt) == (before, uuid.UUID(int=3), 6)
    for one, event in ((claim(), ActivityEvent.UPDATE), (claim(sent_version=3), ActivityEvent.END)):
        push = planned(one, activity(), event)
        assert push.timestamp == before + 1
        assert push.apns_id != one.apns_id


def test_a_start_keeps_its_apns_id_whatever_it_says_by_now() -> None:
    push = planned(claim(sent_event="start"), activity(), ActivityEvent.START)
    assert (push.timestamp, push.apns_id, push.token) == (int(NOW.timestamp()) + 1, uuid.UUID(int=3), "s")
    assert plan(claim(start_token=None), activity(), ActivityEvent.START, NOW) is None


@pytest.mark.parametrize(
    ("columns", "minutes_ago", "said"),
    [
        ({}, 0, True),
        ({}, 10, True),
        ({}, 11, False),
        ({"accepted_version": 3, "sent_version": 3}, 0, False),
        # A newer state is sent while it is not known what became of the one with the alert.
        ({"sent_version": 3}, 0, False),
        ({"sent_version": 3, "failures": 1}, 0, True),
        ({"sent_version": 3, "leased": True}, 0, True),
    ],
)
def test_an_alert_is_said_once_and_not_too_late(columns: dict[str, Any], minutes_ago: int, said: bool) -> None:
    alert_at = NOW - dt.timedelta(minutes=minutes_ago)
    shown = activity(4, alert='{"title": "Look"}', alert_version=3, alert_at=alert_at)
    assert planned(claim(**columns), shown).alerting is said


def test_a_tick_is_not_urgent_and_whatever_was_urgent_since_the_last_push_is() -> None:
    assert not planned(claim(accepted_version=2), activity(urgent_version=2)).urgent
    assert planned(claim(accepted_version=1), activity(urgent_version=2)).urgent
    assert planned(claim(accepted_version=2), activity(urgent_version=2), ActivityEvent.END).urgent


@given(
    waits=st.lists(st.tuples(st.integers(0, 900), st.booleans(), st.booleans()), max_size=200),
    frequent=st.booleans(),
)
def test_no_hour_has_more_urgent_pushes_than_the_budget(waits: list[tuple[int, bool, bool]], frequent: bool) -> None:
    budgets: dict[uuid.UUID, list[int]] = {}
    budget = FREQUENT_BUDGET if frequent else BUDGET
    clock, high = 0, list[int]()
    for seconds, urgent, vital in waits:
        clock += seconds
        shown = activity(
            urgent_version=3 if urgent else 1, alert_version=3 if vital else 0, alert_at=NOW if vital else None
        )
        push = spend(planned(claim(frequent=frequent), shown), budgets, clock)
        recent = [moment for moment in high if moment > clock - WINDOW_SECONDS]
        allowed = budget if vital else budget - RESERVE
        assert push.priority == (HIGH if push.urgent and len(recent) < allowed else LOW)
        if push.priority == HIGH:
            high.append(clock)
    for moment in high:
        assert sum(moment - WINDOW_SECONDS < other <= moment for other in high) <= budget


def test_starts_are_always_urgent_and_cost_nothing() -> None:
    budgets = {uuid.UUID(int=1): [0] * BUDGET}
    assert spend(planned(claim(), activity(), ActivityEvent.START), budgets, 1).priority == HIGH
    assert budgets == {uuid.UUID(int=1): [0] * BUDGET}
    assert spend(planned(claim(), activity(), ActivityEvent.END), budgets, 1).priority == LOW


def test_what_is_held_again_and_again_takes_from_the_budget_once() -> None:
    budgets: dict[uuid.UUID, list[int]] = {}
    spend(planned(claim(), activity(urgent_version=3)), budgets, 1)
    for minute in range(1, 40):
        held = claim(reason=ROUTE_STOPPED, failures=1, timestamp=int(NOW.timestamp()) + minute)
        push = planned(held, activity(3 + minute, urgent_version=3 + minute))
        assert spend(push, budgets, 60 * minute).priority == HIGH
    assert len(budgets[uuid.UUID(int=1)]) == 1


@pytest.mark.parametrize(("held", "event"), [(REQUESTED, ActivityEvent.START), (LIVE, ActivityEvent.UPDATE)])
@pytest.mark.parametrize("verdict", [OutcomeKind.HELD, OutcomeKind.MISCONFIGURED])
def test_what_a_stopped_line_holds_stays_owed_and_waits_no_longer_each_time(
    held: Held, event: ActivityEvent, verdict: OutcomeKind
) -> None:
    after = held
    for attempt in range(1, 20):
        after = replace(after, attempt=attempt, leased=True)
        after = outcome_of(after, event, Outcome(verdict, ROUTE_STOPPED, 8.0))
        assert next_event(after, ACTIVE) is event
        assert after.next_at == NOW + 10 * SECOND
        assert after.failures == 1
        assert after.maybe_shown == held.maybe_shown
