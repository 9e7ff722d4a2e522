"""What a Live Activity may show: every type, every rule, and what holds on from one state to the next."""

import json
import math
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.content_state import ActivityType, Badge, Given, Icon, Metric, is_step, plain
from core_service.live_activities.state.older_apps import MARCH_2026, for_app
from service_kit.errors import InvalidRequest
from tests.core.live_states import NOW, STEPPED, check, given_state

CPU = Metric("CPU", 42.0)
NO_VALUE = Metric("a", cast("float", None))
COLORS = ["lime", "green", "cyan", "blue", "purple", "magenta", "red", "orange", "yellow", "gray"]

SHOWN: list[tuple[Given, dict[str, Any]]] = [
    *(
        (given_state(kind, subtitle="Build"), {"subtitle": "Build", "number_of_steps": 3, "current_step": 1})
        for kind in STEPPED
    ),
    (given_state(percentage=0.0), {"percentage": 0}),
    (given_state(percentage=99.5), {"percentage": 99.5}),
    (given_state(percentage=None, value=3.0, upper_limit=8.0), {"value": 3, "upper_limit": 8}),
    (given_state(percentage=40.0, value=3.0, upper_limit=8.0), {"percentage": 40}),
    (
        given_state(ActivityType.METRICS, metrics=[Metric("CPU", 42.0, "%"), Metric("A", 0.5), Metric("B", 1.0, "")]),
        {
            "metrics": [
                {"label": "CPU", "value": 42, "unit": "%"},
                {"label": "A", "value": 0.5},
                {"label": "B", "value": 1, "unit": ""},
            ]
        },
    ),
    (
        given_state(
            ActivityType.SEGMENTED_PROGRESS,
            color="lime",
            step_color="red",
            step_colors=["green", "blue"],
        ),
        {
            "number_of_steps": 3,
            "current_step": 1,
            "color": "lime",
            "step_color": "red",
            "step_colors": ["green", "blue"],
        },
    ),
    (given_state(ActivityType.SEGMENTED_PROGRESS, current_step=0), {"number_of_steps": 3, "current_step": 0}),
    (
        given_state(ActivityType.METRICS, metrics=[Metric("Sales", 1240.5, color="gray"), Metric("State", "ok", "!")]),
        {
            "metrics": [
                {"label": "Sales", "value": 1240.5, "color": "gray"},
                {"label": "State", "value": "ok", "unit": "!"},
            ]
        },
    ),
    (given_state(ActivityType.STATS), {"metrics": [{"label": "Sales", "value": "$1,240"}]}),
    (
        given_state(ActivityType.ALERT, icon=Icon("cloud.sun", "yellow"), badge=Badge("Customer")),
        {
            "message": "Lumen came back",
            "icon": {"symbol": "cloud.sun", "color": "yellow"},
            "badge": {"title": "Customer"},
        },
    ),
    (given_state(ActivityType.VALUE, value=-12.75), {"value": -12.75}),
    *((given_state(ActivityType.VALUE, value=text), {"value": text}) for text in ("$1,240", "0007", "")),
    (
        given_state(ActivityType.TIMER, number_of_steps=None, current_step=None, duration_seconds=300.0),
        {"timer": {"counts_down": True, "starts_at": int(NOW), "ends_at": int(NOW) + 300}},
    ),
    # What the type does not show is left out.
    (
        given_state(ActivityType.METRICS, icon=Icon("bolt"), badge=Badge("new")),
        {
            "metrics": [{"label": "CPU", "value": 42}],
            "icon": {"symbol": "bolt"},
        },
    ),
    (given_state(ActivityType.COUNTER, icon=Icon("bolt")), {"number_of_steps": 3, "current_step": 1}),
    (given_state(counts_down=True, is_running=False, duration_seconds=3.0), {"percentage": 5}),
    (given_state(number_of_steps=3, current_step=1, metrics=[CPU], step_color="red"), {"percentage": 5}),
    (given_state(ActivityType.COUNTER, step_color="red"), {"number_of_steps": 3, "current_step": 1}),
    (given_state(ActivityType.METRICS, percentage=3.0), {"metrics": [{"label": "CPU", "value": 42}]}),
    (given_state(subtitle=""), {"percentage": 5}),
]


@pytest.mark.parametrize(("given", "shown"), SHOWN)
def test_a_phone_gets_what_the_type_shows(given: Given, shown: dict[str, Any]) -> None:
    assert given.type is not None
    assert check(given).fields == {"title": "Deploy", "type": given.type.value, **shown}


REFUSED: list[tuple[Given, str]] = [
    (given_state(title=""), "title is required"),
    (given_state(title=" \n"), "title is required"),
    (given_state(title="a\x00"), "title must not contain"),
    (given_state(title="\ud800"), "title must be valid Unicode"),
    (given_state(subtitle="a\x00"), "subtitle must not contain"),
    (given_state(None), "type is required: segmented_progress, progress, metrics, counter, timer, countdown, stats"),
    *((given_state(kind, number_of_steps=None), "number_of_steps is required") for kind in STEPPED),
    *((given_state(kind, current_step=None), "current_step is required") for kind in STEPPED),
    (given_state(ActivityType.TIMER, current_step=4), "current_step must be at most number_of_steps, which is 3"),
    (given_state(ActivityType.TIMER, current_step=-1), "current_step must be at least 0"),
    (
        given_state(ActivityType.TIMER, number_of_steps=None, current_step=None),
        "duration_seconds is required for type timer, unless counts_down is false",
    ),
    (given_state(duration_seconds=0.0), "duration_seconds must be more than 0"),
    (given_state(duration_seconds=math.inf), "duration_seconds must be more than 0"),
    (given_state(ActivityType.ALERT, message=None), "message is required for type alert"),
    (given_state(ActivityType.ALERT, message=""), "message is required and must not be empty"),
    (given_state(ActivityType.VALUE, value=None), "value is required for type value"),
    (given_state(ActivityType.VALUE, value="v" * 65), "value must be at most 64 characters"),
    (given_state(ActivityType.VALUE, value="\x00"), "value must not contain"),
    (given_state(percentage=None, value="3", upper_limit=8.0), "value must be a number for type progress"),
    (given_state(ActivityType.STATS, metrics=[]), "metrics must contain at least one metric for type stats"),
    (given_state(icon=Icon("")), "icon.symbol is required"),
    (given_state(icon=Icon("a\x00")), "icon.symbol must not contain"),
    (given_state(ActivityType.ALERT, badge=Badge("")), "badge.title is required"),
    (given_state(ActivityType.TIMER, number_of_steps=0), "number_of_steps must be at least 1"),
    (given_state(number_of_steps=-1), "number_of_steps must be at least 1"),
    (given_state(percentage=None), "percentage, or value with upper_limit, is required"),
    (given_state(percentage=100.1), "percentage must be between 0 and 100"),
    (given_state(percentage=-0.1), "percentage must be between 0 and 100"),
    (given_state(percentage=math.nan), "percentage must be between 0 and 100"),
    (given_state(percentage=None, value=1.0), "value requires upper_limit too"),
    (given_state(upper_limit=1.0), "upper_limit requires value too"),
    (given_state(value=math.inf, upper_limit=1.0), "value must be a finite number"),
    (given_state(value=1.0, upper_limit=0.0), "upper_limit must be more than 0"),
    (given_state(value=1.0, upper_limit=-1.0), "upper_limit must be more than 0"),
    (given_state(value=1.0, upper_limit=math.nan), "upper_limit must be more than 0"),
    (given_state(ActivityType.METRICS, metrics=[]), "metrics must contain at least one metric"),
    (given_state(ActivityType.METRICS, metrics=[CPU] * 51), "metrics must have at most 50 items"),
    (given_state(ActivityType.METRICS, metrics=[CPU, Metric("", 1.0)]), "metrics[1].label is required"),
    (given_state(ActivityType.METRICS, metrics=[CPU, NO_VALUE]), "metrics[1].value is required"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", -0.5)]), "metrics[0].value must be at least 0"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", math.nan)]), "metrics[0].value must be at least 0"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", "")]), "metrics[0].value must be 1 to 64 characters"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", "v" * 65)]), "metrics[0].value must be 1 to 64 characters"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", 1.0, "\x00")]), "metrics[0].unit must not contain"),
    (given_state(auto_dismiss_minutes=-1), "auto_dismiss_minutes must be at least 0"),
    (given_state(auto_dismiss_seconds=-1), "auto_dismiss_seconds must be at least 0"),
]


@pytest.mark.parametrize(("given", "rule"), REFUSED)
def test_what_is_refused_names_its_field_and_the_rule(given: Given, rule: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check(given)
    assert refusal.value.message.startswith(f"content_state.{rule}")


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({"auto_dismiss_minutes": 0}, 0),
        ({"auto_dismiss_minutes": 3}, 180),
        ({"auto_dismiss_seconds": 5}, 5),
        ({"auto_dismiss_seconds": 5, "auto_dismiss_minutes": 3}, 5),
        ({"auto_dismiss_seconds": 0, "auto_dismiss_minutes": 3}, 0),
        ({"auto_dismiss_minutes": 2**31 - 1}, 86_400),
    ],
)
def test_dismissal_in_seconds_wins_over_minutes(fields: dict[str, Any], seconds: int | None) -> None:
    content = check(given_state(**fields))
    assert content.dismiss_after_seconds == seconds
    assert not content.fields.keys() & fields.keys()


@pytest.mark.parametrize(("number", "text"), [(42.0, "42"), (0.1, "0.1"), (-0.0, "0"), (1e300, "1e+300")])
def test_numbers_are_written_as_people_write_them(number: float, text: str) -> None:
    assert json.dumps(plain(number)) == text


PRESENT = check(given_state(ActivityType.SEGMENTED_PROGRESS, color="red", step_color="blue", subtitle="x")).fields


def test_type_steps_and_color_hold_on_and_all_else_is_replaced() -> None:
    after = check(given_state(None, current_step=2), PRESENT).fields
    expected = {"type": "segmented_progress", "number_of_steps": 3, "current_step": 2, "color": "red"}
    assert after == {"title": "Deploy", **expected}


@pytest.mark.parametrize("total", [2, 5])
def test_the_number_of_steps_may_grow_and_shrink(total: int) -> None:
    assert check(given_state(None, current_step=2, number_of_steps=total), PRESENT).fields["number_of_steps"] == total


def test_steps_do_not_hold_on_to_another_type() -> None:
    for kind in (ActivityType.TIMER, ActivityType.COUNTER):
        with pytest.raises(InvalidRequest, match=rf"content_state\.number_of_steps is required for type {kind}"):
            check(given_state(kind, number_of_steps=None), PRESENT)
    with pytest.raises(InvalidRequest, match=r"current_step must be at most number_of_steps, which is 3"):
        check(given_state(None, current_step=4), PRESENT)


some_values = st.none() | st.floats() | st.text(max_size=2)
states = st.builds(
    Given,
    title=st.text(max_size=3),
    subtitle=st.none() | st.text(max_size=3),
    type=st.none() | st.sampled_from(ActivityType),
    number_of_steps=st.none() | st.integers(-1, 5),
    current_step=st.none() | st.integers(-1, 5),
    percentage=st.none() | st.floats(),
    value=st.none() | st.floats() | st.text(max_size=3),
    upper_limit=st.none() | st.floats(),
    metrics=st.lists(st.builds(Metric, st.text(max_size=2), some_values, st.none() | st.text(max_size=2))),
    message=st.none() | st.text(max_size=2),
    icon=st.none() | st.builds(Icon, st.text(max_size=2), st.none() | st.sampled_from(COLORS)),
    badge=st.none() | st.builds(Badge, st.text(max_size=2)),
    duration_seconds=st.none() | st.floats(),
    counts_down=st.none() | st.booleans(),
    is_running=st.none() | st.booleans(),
    color=st.none() | st.sampled_from(COLORS),
    step_colors=st.lists(st.sampled_from(COLORS), max_size=3),
    auto_dismiss_seconds=st.none() | st.integers(-1, 10**6),
)


@given(history=st.lists(states, max_size=6))
@pytest.mark.slow
def test_whatever_is_sent_is_refused_by_name_or_leaves_a_state_that_a_phone_decodes(history: list[Given]) -> None:
    present: dict[str, Any] | None = None
    refusals: list[str] = []
    for given_now in history:
        try:
            fields = check(given_now, present).fields
        except InvalidRequest as refusal:
            refusals.append(refusal.message)
            continue
        assert fields["title"]
        kind = ActivityType(fields["type"])
        if "timer" in fields:
            assert kind is ActivityType.TIMER
            assert fields["timer"].get("ends_at", math.inf) >= fields["timer"]["starts_at"]
        elif kind in STEPPED:
            assert 0 <= fields["current_step"] <= fields["number_of_steps"]
        elif kind is ActivityType.PROGRESS:
            assert ("percentage" in fields) is not ("upper_limit" in fields)
        elif kind in (ActivityType.METRICS, ActivityType.STATS):
            assert fields["metrics"]
        else:
            assert fields["message" if kind is ActivityType.ALERT else "value"] is not None
        assert for_app(fields, MARCH_2026)["title"] == fields["title"]
        assert json.loads(json.dumps(fields, allow_nan=False)) == fields
        present = fields
    assert all(message.startswith("content_state.") for message in refusals)


def test_a_change_of_step_or_type_is_what_people_wait_for() -> None:
    before = check(given_state(ActivityType.COUNTER)).fields
    assert is_step(None, before)
    assert is_step(before, before | {"current_step": 2})
    assert is_step(before, before | {"number_of_steps": 4})
    assert is_step(before, check(given_state()).fields)
    assert not is_step(before, before | {"title": "Other", "color": "red", "percentage": 4})


BY_STEPS = check(given_state(ActivityType.TIMER)).fields
RUNNING = check(given_state(ActivityType.TIMER, number_of_steps=None, current_step=None, duration_seconds=300.0)).fields
TICK = {"number_of_steps": None, "current_step": None, "counts_down": True, "is_running": True}
"""What an SDK of today sends with an update that says nothing of the timer."""


def test_a_timer_with_steps_stays_the_legacy_one_until_it_is_given_a_duration() -> None:
    after = check(given_state(None, current_step=2, counts_down=True, is_running=True), BY_STEPS).fields
    assert (after["current_step"], after["number_of_steps"], "timer" in after) == (2, 3, False)
    with pytest.raises(InvalidRequest, match="current_step is required for type timer"):
        check(given_state(None, **TICK), BY_STEPS)
    assert "current_step" not in check(given_state(None, **TICK, duration_seconds=5.0), BY_STEPS).fields


def test_a_timer_goes_on_through_updates_and_stops_at_its_end() -> None:
    assert check(given_state(None, **TICK), RUNNING, now=NOW + 10).fields == RUNNING
    ended = check(given_state(None, **TICK), RUNNING, now=NOW + 10, is_end=True).fields
    assert ended["timer"] == RUNNING["timer"] | {"paused_at": int(NOW) + 10}


def test_a_timer_that_is_set_at_its_end_shows_what_was_set() -> None:
    ended = check(given_state(None, **TICK, duration_seconds=5.0), RUNNING, now=NOW + 10, is_end=True).fields
    start = int(NOW) + 10
    assert ended["timer"] == {"counts_down": True, "starts_at": start, "ends_at": start + 5, "paused_at": start}


def test_a_message_and_a_timer_are_what_people_wait_for() -> None:
    alert = check(given_state(ActivityType.ALERT)).fields
    assert is_step(alert, alert | {"message": "Other"})
    assert not is_step(RUNNING, RUNNING | {"subtitle": "x"})
    assert is_step(RUNNING, check(given_state(None, **TICK, duration_seconds=5.0), RUNNING).fields)
