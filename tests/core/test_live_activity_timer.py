"""The timer of a Live Activity: what requests make of its window. The times are UNIX seconds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.timer import paused, timer
from service_kit.errors import InvalidRequest

NOW = 1_700_000_000
DOWN = {"counts_down": True, "starts_at": NOW, "ends_at": NOW + 300}
UP = {"counts_down": False, "starts_at": NOW}
BOUNDED_UP = {"counts_down": False, "starts_at": NOW, "ends_at": NOW + 300}


def after(before: dict[str, Any] | None, now: float = NOW, **given: Any) -> dict[str, Any]:
    """The timer after a request that leaves out what is not given."""
    asked = {"duration": None, "counts_down": None, "is_running": None} | given
    return timer(before, now=now, path="content_state", **asked)


@pytest.mark.parametrize(
    ("asked", "started"),
    [
        ({"duration": 300}, DOWN),
        ({"duration": 300, "counts_down": True, "is_running": True}, DOWN),
        ({"counts_down": False}, UP),
        ({"duration": 300, "counts_down": False}, BOUNDED_UP),
        ({"duration": 300, "is_running": False}, DOWN | {"paused_at": NOW}),
        ({"duration": 0.25}, {"counts_down": True, "starts_at": NOW, "ends_at": NOW + 0.25}),
    ],
)
def test_a_timer_starts_now(asked: dict[str, Any], started: dict[str, Any]) -> None:
    assert after(None, **asked) == started


@pytest.mark.parametrize("asked", [{}, {"counts_down": True}, {"is_running": False}])
def test_what_counts_down_needs_a_duration(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"content_state\.duration_seconds is required for type timer"):
        after(None, **asked)


@pytest.mark.parametrize("before", [DOWN, UP, BOUNDED_UP])
@pytest.mark.parametrize("asked", [{}, {"is_running": True}, {"counts_down": True, "is_running": True}])
def test_an_update_without_a_duration_leaves_a_running_timer_alone(
    before: dict[str, Any], asked: dict[str, Any]
) -> None:
    assert after(before, NOW + 10, **asked) == before


def test_a_duration_starts_the_timer_over() -> None:
    assert after(UP, NOW + 10, duration=60) == {"counts_down": True, "starts_at": NOW + 10, "ends_at": NOW + 70}


def test_a_timer_can_be_turned_to_count_up() -> None:
    assert after(DOWN, NOW + 10, counts_down=False) == BOUNDED_UP


def test_a_pause_moves_the_window_by_its_length() -> None:
    frozen = after(DOWN, NOW + 100, is_running=False)
    assert frozen == DOWN | {"paused_at": NOW + 100}
    assert after(frozen, NOW + 150, is_running=False) == frozen, "it shows what it showed"
    assert after(frozen, NOW + 160) == {"counts_down": True, "starts_at": NOW + 60, "ends_at": NOW + 360}


def test_what_has_run_out_is_frozen_at_its_end() -> None:
    assert paused(DOWN, NOW + 1000)["paused_at"] == NOW + 300
    assert paused(UP, NOW + 1000)["paused_at"] == NOW + 1000


def test_a_clock_that_was_set_back_moves_no_window_back() -> None:
    assert paused(DOWN, NOW - 3600)["paused_at"] == NOW
    assert after(DOWN | {"paused_at": NOW + 100}, NOW - 3600) == DOWN


moments = st.floats(NOW, NOW + 10_000)


@given(duration=st.floats(0.001, 1e30), pause=moments, end=moments)
def test_what_is_left_is_the_same_before_and_after_a_pause(duration: float, pause: float, end: float) -> None:
    running = after(None, duration=duration)
    frozen = after(running, pause, is_running=False)
    again = after(frozen, max(pause, end))
    left = max(0.0, running["ends_at"] - pause)
    assert again["ends_at"] - max(pause, end) == pytest.approx(left, abs=0.01)
    assert again["ends_at"] - again["starts_at"] == pytest.approx(running["ends_at"] - running["starts_at"], abs=0.01)
