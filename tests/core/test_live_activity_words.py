"""What a content state says in one line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.content_state import ActivityType, Badge, Metric
from core_service.live_activities.state.words import words
from tests.core.live_states import check, given_state

NOON = 1_767_268_800.0
"""12:00 UTC, UNIX seconds."""


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (ActivityType.PROGRESS, {"percentage": 55.0, "subtitle": "upload archive"}, "55 % · upload archive"),
        (ActivityType.PROGRESS, {"percentage": 0.0}, "0 %"),
        (ActivityType.PROGRESS, {"percentage": 12.5, "badge": Badge("late")}, "12.5 % · late"),
        (ActivityType.PROGRESS, {"percentage": None, "value": 3.0, "upper_limit": 12.0}, "3 of 12"),
        (ActivityType.SEGMENTED_PROGRESS, {"subtitle": "tests"}, "step 1 of 3 · tests"),
        (ActivityType.COUNTER, {}, "1 of 3"),
        (ActivityType.COUNTDOWN, {}, "2 left of 3"),
        (ActivityType.TIMER, {}, "step 1 of 3"),
        (ActivityType.METRICS, {"metrics": [Metric("CPU", 42.0, "%"), Metric("Load", 0.5)]}, "CPU: 42%, Load: 0.5"),
        (ActivityType.STATS, {"subtitle": "today"}, "Sales: $1,240 · today"),
        (ActivityType.ALERT, {"badge": Badge("solved")}, "Lumen came back · solved"),
        (ActivityType.VALUE, {}, "42"),
        (ActivityType.VALUE, {"value": "€ 3.20"}, "€ 3.20"),
    ],
)
def test_a_state_in_one_line(kind: ActivityType, fields: dict[str, Any], said: str) -> None:
    assert words(check(given_state(kind, **fields)).fields) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"duration_seconds": 300.0}, "until 12:05 UTC"),
        ({"duration_seconds": 300.0, "counts_down": False}, "until 12:05 UTC"),
        ({"counts_down": False}, "since 12:00 UTC"),
        ({"duration_seconds": 300.0, "is_running": False}, "paused"),
    ],
)
def test_a_timer_says_when_it_ends_because_nothing_counts_there(fields: dict[str, Any], said: str) -> None:
    state = given_state(ActivityType.TIMER, number_of_steps=None, current_step=None, **fields)
    assert words(check(state, now=NOON).fields) == said


def test_of_a_type_that_it_does_not_know_it_says_the_fields_that_it_knows() -> None:
    assert (
        words({"type": "gauge", "title": "Tank", "value": 3, "upper_limit": 12, "subtitle": "low"}) == "3 of 12 · low"
    )
    assert words({"type": "gauge", "title": "Tank", "subtitle": "low"}) == "low"


storable = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(kind=st.sampled_from(ActivityType), subtitle=st.none() | storable)
def test_every_type_says_its_figure_and_then_its_subtitle(kind: ActivityType, subtitle: str | None) -> None:
    said = words(check(given_state(kind, subtitle=subtitle)).fields)
    figure = words(check(given_state(kind)).fields)
    assert figure
    assert said == (f"{figure} · {subtitle}" if subtitle else figure)
