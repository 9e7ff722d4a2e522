"""The pure rules of what a request wants of an activity, and of what a PUT means for a stream."""

import datetime as dt
import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.common.actions import Action, ActionType
from core_service.identity.principal import ChannelRef
from core_service.live_activities.errors import InvalidStreamKey
from core_service.live_activities.parts import TOO_OFTEN, warnings
from core_service.live_activities.state.activity import (
    LIFETIME,
    Activity,
    ActivityState,
    Alert,
    Request,
    Stream,
    first_state,
    is_same,
    next_state,
    state_of,
)
from core_service.live_activities.state.content_state import ActivityType, check
from core_service.live_activities.state.held import from_held, to_held
from core_service.live_activities.state.turn import DueDevices
from core_service.live_activities.streams.fold import merge
from core_service.live_activities.streams.rules import Operation, check_key, decide
from service_kit.errors import InvalidRequest
from tests.core import activity_rows
from tests.core.live_states import given_state

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OPS, DEV = (ChannelRef(uuid.uuid4(), slug) for slug in ("ops", "dev"))

# --- requests ---


def action(title: str = "Open", url: str = "https://a.test/", kind: ActionType = ActionType.OPEN_URL) -> Action:
    """A button with an id of its own."""
    return Action(title, kind, url)


def state(**fields: Any) -> ActivityState:
    """A first state."""
    return first_state(Request(given_state(), **fields), NOW)


def test_a_button_stays_until_another_is_given_and_keeps_its_id_while_it_is_the_same() -> None:
    first = state(action=action())
    assert first.new_buttons == (first.action,)
    kept = next_state(Request(given_state()), first, NOW)
    assert (kept.action, kept.new_buttons) == (first.action, ())
    same = next_state(Request(given_state(), action=action()), first, NOW)
    assert (same.action, same.new_buttons) == (first.action, ())
    for other in (action("Close"), action(url="https://b.test/"), action(kind=ActionType.WEBHOOK)):
        after = next_state(Request(given_state(), action=other), first, NOW)
        assert after.new_buttons == (after.action,)
        assert json.loads(after.action or "")["id"] == str(other.id)


def test_a_dismissal_is_remembered_until_another_is_given() -> None:
    first = first_state(Request(given_state(auto_dismiss_seconds=7)), NOW)
    assert next_state(Request(given_state()), first, NOW).dismiss_at(NOW) == NOW + dt.timedelta(seconds=7)
    assert next_state(Request(given_state(auto_dismiss_minutes=0)), first, NOW).dismiss_at(NOW) == NOW
    assert state().dismiss_at(NOW) == NOW + dt.timedelta(minutes=3)


def test_an_alert_is_said_once_and_makes_a_tick_urgent() -> None:
    tick = Request(given_state(percentage=6.0))
    assert not next_state(tick, state(), NOW).urgent
    alerting = next_state(replace(tick, alert=Alert("Look")), state(), NOW)
    assert (alerting.alert, alerting.urgent) == ('{"title": "Look"}', True)
    assert next_state(tick, alerting, NOW).alert is None


def test_only_what_shows_or_says_nothing_new_is_the_same() -> None:
    present = replace(state(action=action()), new_buttons=())

    def same(**fields: Any) -> bool:
        return is_same(next_state(Request(**({"given": given_state()} | fields)), present, NOW), present)

    assert same()
    assert same(action=action())
    assert not same(action=action("Close"))
    assert not same(secondary_action=action("Close"))
    assert same(tags=("billing",), metadata='{"a":1}'), "phones are not told"
    assert not same(alert=Alert())
    assert not same(given=given_state(percentage=6.0))
    assert not same(given=given_state(auto_dismiss_minutes=1))


texts = st.none() | st.sampled_from(['{"title": "a"}', '{"title": "b"}'])
some_states = st.builds(
    lambda percentage, alert, urgent, button: ActivityState(
        {"percentage": percentage}, button, None, alert=alert, urgent=urgent
    ),
    st.integers(0, 3), texts, st.booleans(), st.none() | st.sampled_from(["x", "y"]),
)  # fmt: skip


@given(folded=st.lists(some_states, min_size=1, max_size=5), before=st.none() | st.sampled_from(["x", "y"]))
def test_states_that_are_folded_lose_no_alert_and_no_urgency(folded: list[ActivityState], before: str | None) -> None:
    merged = merge(folded, ActivityState({}, before, None))
    alerts = [one.alert for one in folded if one.alert is not None]
    assert merged.fields == folded[-1].fields
    assert merged.alert == (alerts[-1] if alerts else None)
    assert merged.urgent == any(one.urgent for one in folded)
    assert bool(merged.new_buttons) == (merged.action not in (None, before))


@given(channels=st.none() | st.lists(st.sampled_from([OPS, DEV]), unique=True), held=some_states)
def test_what_a_paused_stream_holds_comes_back(channels: list[ChannelRef] | None, held: ActivityState) -> None:
    held = replace(held, secondary_action="z", tags=("billing",), metadata='{"a":1}', alert=None, urgent=True)
    back, refs = from_held(to_held(held, channels))
    assert back == held
    assert refs == (None if channels is None else tuple(channels))


# --- streams ---


def activity(**columns: Any) -> Activity:
    """An activity that shows `given_state()` to the whole account, an hour old."""
    begun = NOW - dt.timedelta(hours=1)
    usual = {
        "content_state": state().content_state,
        "created_at": begun,
        "heard_at": begun,
        "expires_at": begun + LIFETIME,
    }
    return activity_rows.activity(**({"version": 1} | usual | columns))


def stream(shown: Activity | None = None, held: str | None = None) -> Stream:
    """A stream."""
    return Stream(uuid.uuid4(), uuid.uuid4(), "k", shown.id if shown else None, NOW if held else None, held, shown)


def aged(**age: float) -> Activity:
    """An activity so old."""
    begun = NOW - dt.timedelta(**age)
    return activity(created_at=begun, expires_at=begun + LIFETIME)


TARGETED = activity(channel_ids=[OPS.id, DEV.id], channel_slugs=["ops", "dev"])
OVER = activity(ended_at=NOW)
SAME, TICK = Request(given_state()), Request(given_state(percentage=6.0))
TIMER = Request(given_state(ActivityType.TIMER))
HELD = to_held(state(), None)

DECISIONS: list[tuple[Operation, Stream | None, Request, list[ChannelRef] | None]] = [
    (Operation.STARTED, None, SAME, None),
    (Operation.STARTED, stream(), SAME, None),
    (Operation.STARTED, stream(OVER), SAME, None),
    (Operation.STARTED, stream(OVER), TIMER, [OPS]),
    (Operation.STARTED, stream(aged(hours=8)), SAME, None),
    (Operation.NOOP, stream(activity()), SAME, None),
    (Operation.NOOP, stream(TARGETED), SAME, [DEV, OPS]),
    (Operation.NOOP, stream(aged(hours=7, minutes=29)), SAME, None),
    (Operation.UPDATED, stream(activity()), TICK, None),
    (Operation.UPDATED, stream(activity()), replace(SAME, alert=Alert()), None),
    (Operation.UPDATED, stream(activity()), replace(SAME, action=action()), None),
    (Operation.UPDATED, stream(activity()), Request(given_state(auto_dismiss_minutes=1)), None),
    (Operation.UPDATED, stream(aged(hours=7, minutes=29)), TICK, None),
    (Operation.ROTATED, stream(activity()), TIMER, None),
    (Operation.ROTATED, stream(activity()), SAME, [OPS]),
    (Operation.ROTATED, stream(TARGETED), SAME, None),
    (Operation.ROTATED, stream(TARGETED), SAME, [OPS]),
    (Operation.ROTATED, stream(aged(hours=7, minutes=30)), SAME, None),
    (Operation.ROTATED, stream(aged(hours=7, minutes=59)), TICK, None),
    (Operation.PAUSED, stream(OVER, HELD), SAME, None),
    (Operation.PAUSED, stream(OVER, HELD), TIMER, [OPS]),
    (Operation.PAUSED, stream(None, HELD), TICK, None),
]


@pytest.mark.parametrize(("operation", "before", "request_", "channels"), DECISIONS)
def test_what_a_put_means(
    operation: Operation, before: Stream | None, request_: Request, channels: list[ChannelRef] | None
) -> None:
    decision = decide(before, request_, channels, NOW)
    assert decision.operation is operation
    assert decision.state.fields == check(request_.given, now=NOW.timestamp()).fields


def test_a_stream_whose_activity_is_over_keeps_its_type_but_neither_button_nor_dismissal() -> None:
    shown = state_of(activity())
    before = replace(OVER, action='{"id": "1"}', dismiss_after_seconds=7)
    decision = decide(stream(before), Request(given_state(None, percentage=9.0)), None, NOW)
    assert (decision.state.action, decision.state.dismiss_after_seconds) == (None, None)
    assert decision.state.fields == shown.fields | {"percentage": 9}


def test_a_new_stream_must_say_its_type() -> None:
    with pytest.raises(InvalidRequest, match=r"content_state\.type is required"):
        decide(None, Request(given_state(None, percentage=9.0)), None, NOW)


@pytest.mark.parametrize("key", ["a", "-", "_", "A-b_9", "0", "k" * 255])
def test_stream_keys_are_taken(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", " ", "a b", "a.b", "a/b", "ä", "a\n", "k" * 256, "\x00", "%20"])
def test_what_is_no_stream_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidStreamKey, match=r"^stream_key must"):
        check_key(key)


@pytest.mark.parametrize(
    ("updates_before", "minutes", "warned"),
    [(11, 0, False), (12, 0, True), (12, 25, True), (12, 26, False), (99, 199, True), (99, 200, False)],
)
def test_more_than_twelve_updates_and_more_than_one_in_two_minutes_bring_a_warning(
    updates_before: int, minutes: int, warned: bool
) -> None:
    shown = replace(aged(minutes=minutes), updates=updates_before)
    assert warnings(DueDevices(0, 0), shown, NOW) == (TOO_OFTEN if warned else None)
