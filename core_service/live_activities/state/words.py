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
    match ActivityType(fields["type"]):
        case ActivityType.PROGRESS:
            has_percentage = "percentage" in fields
            said = f"{fields['percentage']} %" if has_percentage else f"{fields['value']} of {fields['upper_limit']}"
        case ActivityType.METRICS | ActivityType.STATS:
            said = BETWEEN_METRICS.join(map(metric_words, fields["metrics"]))
        case ActivityType.ALERT:
            said = fields["message"]
        case ActivityType.VALUE:
            said = f"{fields['value']}"
        case ActivityType.TIMER if "timer" in fields:
            said = timer_words(fields["timer"])
        case ActivityType.COUNTDOWN:
            said = f"{fields['number_of_steps'] - fields['current_step']} left of {fields['number_of_steps']}"
        case ActivityType.COUNTER:
            said = f"{fields['current_step']} of {fields['number_of_steps']}"
        case _:
            said = f"step {fields['current_step']} of {fields['number_of_steps']}"
    return said
