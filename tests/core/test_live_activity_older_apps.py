"""What a phone gets whose app is older than the content state."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.older_apps import MARCH_2026, NEWEST, for_app

NOON = 1_700_049_600
"""2023-11-15 12:00:00 UTC."""
METRIC = {"label": "CPU", "value": 42, "unit": "%"}

SAME: list[dict[str, Any]] = [
    {"title": "t", "type": "metrics", "metrics": [METRIC, METRIC | {"value": 1240.5, "color": "gray"}]},
    {"title": "t", "type": "progress", "percentage": 42, "icon": {"symbol": "bolt"}, "badge": {"title": "new"}},
    {"title": "t", "type": "segmented_progress", "number_of_steps": 3, "current_step": 0},
    {"title": "t", "type": "timer", "number_of_steps": 3, "current_step": 1},
]
SIMPLER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"type": "metrics", "subtitle": "prod", "metrics": [METRIC, {"label": "State", "value": "ok"}]},
        {"type": "metrics", "subtitle": "prod · State: ok", "metrics": [METRIC]},
    ),
    (
        {"type": "stats", "color": "lime", "metrics": [{"label": "p99", "value": "12.5 ms"}, METRIC]},
        {"type": "metrics", "color": "lime", "metrics": [{"label": "p99", "value": 12.5, "unit": "ms"}, METRIC]},
    ),
    (
        {"type": "stats", "metrics": [{"label": "Sales", "value": "$1,240"}, {"label": "Up", "value": "0007"}]},
        {"type": "metrics", "subtitle": "Sales: $1,240", "metrics": [{"label": "Up", "value": 7}]},
    ),
    (
        {"type": "alert", "message": "Lumen came back", "icon": {"symbol": "cloud"}, "badge": {"title": "Customer"}},
        {"type": "metrics", "subtitle": "Lumen came back", "metrics": []},
    ),
    (
        {"type": "alert", "subtitle": "billing", "message": "Paid"},
        {"type": "metrics", "subtitle": "billing · Paid", "metrics": []},
    ),
    ({"type": "value", "value": -12.75}, {"type": "metrics", "metrics": [{"label": "t", "value": -12.75}]}),
    (
        {"type": "value", "value": "8 open"},
        {"type": "metrics", "metrics": [{"label": "t", "value": 8, "unit": "open"}]},
    ),
    ({"type": "value", "value": "calm"}, {"type": "metrics", "subtitle": "calm", "metrics": []}),
    ({"type": "value", "value": ""}, {"type": "metrics", "metrics": []}),
    (
        {"type": "timer", "timer": {"counts_down": True, "starts_at": NOON, "ends_at": NOON + 300}},
        {"type": "metrics", "subtitle": "until 12:05 UTC", "metrics": []},
    ),
    (
        {"type": "timer", "timer": {"counts_down": False, "starts_at": NOON}},
        {"type": "metrics", "subtitle": "since 12:00 UTC", "metrics": []},
    ),
    (
        {"type": "timer", "timer": {"counts_down": False, "starts_at": NOON, "paused_at": NOON + 1}},
        {"type": "metrics", "subtitle": "paused", "metrics": []},
    ),
]


@pytest.mark.parametrize("state", SAME, ids=[state["type"] for state in SAME])
def test_what_an_app_of_march_decodes_it_gets_as_it_is(state: dict[str, Any]) -> None:
    assert for_app(state, MARCH_2026) is state


@pytest.mark.parametrize(("state", "simpler"), SIMPLER, ids=[state["type"] for state, _ in SIMPLER])
def test_what_it_would_lose_it_gets_in_a_simpler_form(state: dict[str, Any], simpler: dict[str, Any]) -> None:
    assert for_app({"title": "t"} | state, MARCH_2026) == {"title": "t"} | simpler


@pytest.mark.parametrize("state", [*SAME, *({"title": "t"} | state for state, _ in SIMPLER)])
def test_an_app_of_today_gets_everything_as_it_is(state: dict[str, Any]) -> None:
    assert for_app(state, NEWEST) is state


@given(st.lists(st.text(min_size=1, max_size=64), min_size=1, max_size=8))
def test_no_text_is_lost_and_none_reaches_a_number(values: list[str]) -> None:
    state = {"title": "t", "type": "stats", "metrics": [{"label": "l", "value": value} for value in values]}
    simpler = for_app(state, MARCH_2026)
    assert all(isinstance(metric["value"], int | float) for metric in simpler["metrics"])
    texts = [value for value in values if f"l: {value}" in simpler.get("subtitle", "")]
    assert len(texts) + len(simpler["metrics"]) >= len(values)
