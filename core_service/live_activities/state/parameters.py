"""What the queries of Live Activities take."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core_service.common.arrays import numbers, texts, timestamps, uuids
from core_service.common.orm import new_id
from core_service.live_activities.state.activity import Activity, ActivityState
from core_service.live_activities.state.older_apps import NEWEST, is_simpler
from service_kit.tracing import NO_ORIGIN, Origin


@dataclass(frozen=True, slots=True)
class Change:
    """The next state of an activity."""

    activity: Activity
    """As it was read."""
    state: ActivityState
    now: dt.datetime
    versions: int
    """How many versions the state is on: several updates may have become one."""
    origin: Origin = NO_ORIGIN
    """The request that it is for."""

    @property
    def after(self) -> Activity:
        """The activity once the change is recorded, as far as its pushes show it."""
        version, state, alerts = self.activity.version + self.versions, self.state, self.state.alert is not None
        return replace(
            self.activity,
            version=version,
            content_state=state.content_state,
            action=state.action,
            secondary_action=state.secondary_action,
            alert=state.alert if alerts else self.activity.alert,
            alert_version=version if alerts else self.activity.alert_version,
            alert_at=self.now if alerts else self.activity.alert_at,
            urgent_version=version if state.urgent else self.activity.urgent_version,
            dismiss_after_seconds=state.dismiss_after_seconds,
        )


def updates_of(changes: Sequence[Change]) -> dict[str, Any]:
    """What the query takes that writes the next states of activities."""
    activities, states = [change.activity for change in changes], [change.state for change in changes]
    return {
        "ids": texts(activity.id for activity in activities),
        "read_versions": numbers(activity.version for activity in activities),
        "read_tags": texts(None if activity.tags is None else texts(activity.tags) for activity in activities),
        "read_metadata": texts(activity.metadata for activity in activities),
        "versions": numbers(change.versions for change in changes),
        "version_ids": uuids(new_id() for _ in changes),
        "content_states": texts(state.content_state for state in states),
        "actions": texts(state.action for state in states),
        "secondary_actions": texts(state.secondary_action for state in states),
        "buttons": texts(_buttons(state) for state in states),
        "tags": texts(texts(state.tags) if state.tags else None for state in states),
        "metadata": texts(state.metadata for state in states),
        "urgent": [state.urgent for state in states],
        "alerts": texts(state.alert for state in states),
        "dismiss_after_seconds": [state.dismiss_after_seconds for state in states],
        "is_simpler": [_is_simpler(state) for state in states],
        "nows": timestamps(change.now for change in changes),
        "newest": NEWEST,
    }


def next_of(activity: Activity, state: ActivityState, now: dt.datetime) -> dict[str, Any]:
    """What a query takes that writes another state of an activity as it was read."""
    return {
        **as_read(activity),
        "version_id": new_id(),
        **parameters_of(state),
        "buttons": _buttons(state),
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
        "is_simpler": _is_simpler(state),
        "newest": NEWEST,
        "dismiss_after_seconds": state.dismiss_after_seconds,
    }


def _buttons(state: ActivityState) -> str:
    return f"[{','.join(state.new_buttons)}]"


def _is_simpler(state: ActivityState) -> bool:
    return is_simpler(state.fields, has_second_button=state.secondary_action is not None)
