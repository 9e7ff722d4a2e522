"""What a Live Activity may show: every type, every rule, and what holds on from one state to the next."""

import json
import math
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.content_state import ActivityType, Given, Metric, is_step, plain
from service_kit.errors import InvalidRequest
from tests.core.live_states import STEPPED, check, given_state

CPU = Metric("CPU", 42.0)
NO_VALUE = Metric("a", cast("float", None))
COLORS = ["lime", "green", "cyan", "blue", "purple", "magenta", "red", "orange", "yellow"]

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
    # What the type does not show is left out.
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
    (given_state(None), "type is required: segmented_progress, progress, metrics, counter, timer, countdown"),
    *((given_state(kind, number_of_steps=None), "number_of_steps is required") for kind in STEPPED),
    *((given_state(kind, current_step=None), "current_step is required") for kind in STEPPED),
    (given_state(ActivityType.TIMER, current_step=4), "current_step must be at most number_of_steps, which is 3"),
    (given_state(ActivityType.TIMER, current_step=0), "current_step must be at least 1"),
    (given_state(ActivityType.TIMER, number_of_steps=0), "number_of_steps must be at least 1"),
    (given_state(number_of_steps=-1), "number_of_steps must be at least 1"),
    (given_state(percentage=None), "percentage, or value with upper_limit, is required"),
    (given_state(percentage=100.1), "percentage must be between 0 and 100"),
    (given_state(percentage=-0.1), "percentage must be between 0 and 100"),
    (given_state(percentage=math.nan), "percentage must be between 0 and 100"),
    (given_state(value=1.0), "value requires upper_limit too"),
    (given_state(upper_limit=1.0), "upper_limit requires value too"),
    (given_state(value=math.inf, upper_limit=1.0), "value must be a finite number"),
    (given_state(value=1.0, upper_limit=0.0), "upper_limit must be more than 0"),
    (given_state(value=1.0, upper_limit=-1.0), "upper_limit must be more than 0"),
    (given_state(value=1.0, upper_limit=math.nan), "upper_limit must be more than 0"),
    (given_state(ActivityType.METRICS, metrics=[]), "metrics must contain at least one metric"),
    (given_state(ActivityType.METRICS, metrics=[CPU] * 51), "metrics must have at most 50 items"),
    (given_state(ActivityType.METRICS, metrics=[CPU, Metric("", 1.0)]), "metrics[1].label is required"),
    (given_state(ActivityType.METRICS, metrics=[CPU, NO_VALUE]), "metrics[1].value is required"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", 101.0)]), "metrics[0].value must be between 0 and 100"),
    (given_state(ActivityType.METRICS, metrics=[Metric("a", math.nan)]), "metrics[0].value must be between 0 and 100"),
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
    with pytest.raises(InvalidRequest, match=r"content_state\.number_of_steps is required for type timer"):
        check(given_state(ActivityType.TIMER, number_of_steps=None), PRESENT)
    with pytest.raises(InvalidRequest, match=r"current_step must be at most number_of_steps, which is 3"):
        check(given_state(None, current_step=4), PRESENT)


states = st.builds(
    Given,
    title=st.text(max_size=3),
    subtitle=st.none() | st.text(max_size=3),
    type=st.none() | st.sampled_from(ActivityType),
    number_of_steps=st.none() | st.integers(-1, 5),
    current_step=st.none() | st.integers(-1, 5),
    percentage=st.none() | st.floats(),
    value=st.none() | st.floats(),
    upper_limit=st.none() | st.floats(),
    metrics=st.lists(st.builds(Metric, st.text(max_size=2), st.none() | st.floats(), st.none() | st.text(max_size=2))),
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
        if kind in STEPPED:
            assert 1 <= fields["current_step"] <= fields["number_of_steps"]
        elif kind is ActivityType.PROGRESS:
            assert ("percentage" in fields) is not ("upper_limit" in fields)
        else:
            assert fields["metrics"]
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
