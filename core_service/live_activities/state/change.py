"""What a request wants an activity to be."""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core_service.common.actions import Action, from_json, to_json
from core_service.common.validation import require_storable
from core_service.identity.principal import ChannelRef
from core_service.live_activities.state.activity import DEFAULT_DISMISSAL_SECONDS, Activity
from core_service.live_activities.state.content_state import ContentState, Given, check, is_step
from core_service.live_activities.state.payload import start_alert


@dataclass(frozen=True, slots=True)
class Alert:
    """What phones are to say. None: filled from the state."""

    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a call says about an activity."""

    given: Given
    action: Action | None = None
    alert: Alert | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A complete state: what is recorded as one version of an activity."""

    fields: dict[str, Any]
    action: str | None
    """JSON text of the button, webhook details included."""
    dismiss_after_seconds: int | None
    alert: str | None = None
    """JSON text of the alert that this version brings; None for silence."""
    new_action: bool = False
    urgent: bool = True

    @property
    def content_state(self) -> str:
        """The fields as JSON text."""
        return json.dumps(self.fields, ensure_ascii=False, separators=(",", ":"))

    def starting_alert(self, *, quiet: bool = False) -> dict[str, str]:
        """What phones say if an activity starts with this state."""
        return start_alert(self.fields, json.loads(self.alert) if self.alert else None, quiet=quiet)

    def dismiss_at(self, ended_at: dt.datetime) -> dt.datetime:
        """When an activity that ended with this state leaves the screen."""
        seconds = self.dismiss_after_seconds
        return ended_at + dt.timedelta(seconds=DEFAULT_DISMISSAL_SECONDS if seconds is None else seconds)


def first_state(request: Request) -> State:
    """The state that a new activity begins with. Raises InvalidRequest."""
    return _state(request, check(request.given), present=None)


def next_state(request: Request, present: State) -> State:
    """The state that follows `present`. Raises InvalidRequest."""
    return _state(request, check(request.given, present.fields), present)


def state_of(activity: Activity) -> State:
    """The state that an activity shows, without its alert: that has been said."""
    return State(activity.fields, activity.action, activity.dismiss_after_seconds)


def is_same(state: State, present: State) -> bool:
    """Whether showing `state` instead of `present` would change nothing and say nothing."""
    return (
        state.fields == present.fields
        and state.alert is None
        and not state.new_action
        and state.dismiss_after_seconds == present.dismiss_after_seconds
    )


def merge(states: Sequence[State], action_before: str | None) -> State:
    """The last of the states, as urgent as the most urgent and with the last alert of any.

    `action_before` is the button before the first of them.
    """
    last = states[-1]
    alert = next((state.alert for state in reversed(states) if state.alert is not None), None)
    return replace(
        last,
        alert=alert,
        new_action=last.action != action_before,
        urgent=any(state.urgent for state in states),
    )


def to_held(state: State, channels: Sequence[ChannelRef] | None, *, over: bool = False) -> str:
    """The state and its target as a paused stream keeps them: JSON text. `over`: there is nothing to show of it."""
    return json.dumps(
        {
            "over": over,
            "fields": state.fields,
            "action": state.action,
            "dismiss_after_seconds": state.dismiss_after_seconds,
            "channels": None if channels is None else [[str(channel.id), channel.slug] for channel in channels],
        }
    )


def from_held(held: str) -> tuple[State, tuple[ChannelRef, ...] | None]:
    """What `to_held` kept."""
    kept = json.loads(held)
    channels = kept["channels"]
    refs = None if channels is None else tuple(ChannelRef(uuid.UUID(id_), slug) for id_, slug in channels)
    return State(kept["fields"], kept["action"], kept["dismiss_after_seconds"]), refs


def is_over(held: str) -> bool:
    """Whether nothing was to be shown when the stream was paused, and nothing has come since."""
    return bool(json.loads(held)["over"])


def _state(request: Request, content: ContentState, present: State | None) -> State:
    state = State(
        fields=content.fields,
        action=present.action if present else None,
        dismiss_after_seconds=content.dismiss_after_seconds,
        alert=None if request.alert is None else _alert(request.alert),
        urgent=is_step(present.fields if present else None, content.fields),
    )
    if state.dismiss_after_seconds is None and present is not None:
        state = replace(state, dismiss_after_seconds=present.dismiss_after_seconds)
    if state.alert is not None:
        state = replace(state, urgent=True)
    if request.action is not None and not _is_button(request.action, state.action):
        state = replace(state, action=to_json(request.action), new_action=True)
    return state


def _alert(alert: Alert) -> str:
    texts = {"title": alert.title, "body": alert.body}
    return json.dumps(
        {name: require_storable(text, f"alert.{name}") for name, text in texts.items() if text}, ensure_ascii=False
    )


def _is_button(action: Action, stored: str | None) -> bool:
    """Whether the button is there already. It keeps its id then, so that the one on the phone goes on working."""
    return stored is not None and replace(from_json(stored), id=action.id) == action
