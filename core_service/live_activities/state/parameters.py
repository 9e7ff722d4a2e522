"""What the queries of Live Activities take."""

import datetime as dt
from typing import Any

from core_service.common.orm import new_id
from core_service.live_activities.state.activity import Activity, ActivityState
from core_service.live_activities.state.older_apps import NEWEST, is_simpler


def next_of(activity: Activity, state: ActivityState, now: dt.datetime) -> dict[str, Any]:
    """What a query takes that writes another state of an activity as it was read."""
    return {
        **as_read(activity),
        "version_id": new_id(),
        **parameters_of(state),
        "buttons": f"[{','.join(state.new_buttons)}]",
        "now": now,
    }


def as_read(activity: Activity) -> dict[str, Any]:
    """What a query compares with the row, so that no other change since is undone."""
    return {
        "id": activity.id,
        "read_version": activity.version,
        "read_tags": activity.tags,
        "read_metadata": activity.metadata,
    }


def annotations(state: ActivityState) -> dict[str, Any]:
    """What a query takes to write the tags and the metadata."""
    return {"tags": list(state.tags) or None, "metadata": state.metadata}


def parameters_of(state: ActivityState) -> dict[str, Any]:
    """What a query takes that writes a state."""
    return {
        "content_state": state.content_state,
        "action": state.action,
        "secondary_action": state.secondary_action,
        **annotations(state),
        "alert": state.alert,
        "is_simpler": is_simpler(state.fields, has_second_button=state.secondary_action is not None),
        "newest": NEWEST,
        "dismiss_after_seconds": state.dismiss_after_seconds,
    }
