"""What a content state says in one line, for what has no room for a card: `55 % · upload archive`.

It never goes out of date by itself: a timer is said by when it ends, not by what is left.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core_service.live_activities.state.content_state import ActivityType

BETWEEN = " · "
BETWEEN_METRICS = ", "


def words(fields: Mapping[str, Any]) -> str:
    """What the card shows beside its title: its figure, its badge and its subtitle, as far as it has them."""
    badge = fields.get("badge", {}).get("title")
    return BETWEEN.join(said for said in (_figure(fields), badge, fields.get("subtitle")) if said)


def metric_words(metric: Mapping[str, Any]) -> str:
    """As `CPU: 42%`."""
    return f"{metric['label']}: {metric['value']}{metric.get('unit', '')}"


def timer_words(timer: Mapping[str, Any]) -> str:
    """When the timer ends, or when it began. The reader's time zone is not known."""
    if "paused_at" in timer:
        return "paused"
    end = timer.get("ends_at")
    moment = dt.datetime.fromtimestamp(timer["starts_at"] if end is None else end, dt.UTC)
    return f"{'since' if end is None else 'until'} {moment:%H:%M} UTC"


def _figure(fields: Mapping[str, Any]) -> str:
    """By the fields, so that a type which nothing here knows is said as far as they go."""
    match fields:
        case {"percentage": percentage}:
            said = f"{percentage} %"
        case {"value": value, "upper_limit": limit}:
            said = f"{value} of {limit}"
        case {"value": value}:
            said = f"{value}"
        case {"metrics": metrics}:
            said = BETWEEN_METRICS.join(map(metric_words, metrics))
        case {"message": message}:
            said = message
        case {"timer": timer}:
            said = timer_words(timer)
        case {"type": ActivityType.COUNTDOWN, "current_step": current, "number_of_steps": total}:
            said = f"{total - current} left of {total}"
        case {"type": ActivityType.COUNTER, "current_step": current, "number_of_steps": total}:
            said = f"{current} of {total}"
        case {"current_step": current, "number_of_steps": total}:
            said = f"step {current} of {total}"
        case _:
            said = ""
    return said
