"""Content states that keep the rules."""

from typing import Any

from core_service.live_activities.state.content_state import ActivityType, Given, Metric

STEPPED = [kind for kind in ActivityType if kind not in (ActivityType.PROGRESS, ActivityType.METRICS)]
"""Types that show steps."""


def given_state(kind: ActivityType | None = ActivityType.PROGRESS, **fields: Any) -> Given:
    """A good state of the type, save for what the test sets."""
    enough: dict[ActivityType | None, dict[str, Any]] = {
        **{one: {"number_of_steps": 3, "current_step": 1} for one in STEPPED},
        ActivityType.PROGRESS: {"percentage": 5.0},
        ActivityType.METRICS: {"metrics": [Metric("CPU", 42.0)]},
        None: {},
    }
    return Given(**({"title": "Deploy", "type": kind} | enough[kind] | fields))
