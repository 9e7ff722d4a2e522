"""Activities and streams as they are in the database, and what a request makes of an activity's state."""

import base64
import datetime as dt
import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from core_service.common.actions import Action, from_json, to_json
from core_service.common.validation import require_storable
from core_service.identity.principal import ChannelRef, Sender, SessionPrincipal
from core_service.live_activities.state.content_state import (
    WITH_SECOND_BUTTON,
    ContentState,
    Given,
    check,
    is_step,
)
from core_service.live_activities.state.payload import PayloadBuilder, start_alert
from core_service.live_activities.state.timer import paused
from service_kit.errors import InvalidRequest

T = TypeVar("T")

LIFETIME = dt.timedelta(hours=8)
"""After this iOS ends an activity by itself (Apple, "Displaying live data with Live Activities")."""

REMAINS = dt.timedelta(hours=4)
"""How long iOS leaves an ended activity on the Lock Screen at most."""

DEFAULT_DISMISSAL_SECONDS = 180

ACTIVITY_ID = re.compile(r"[A-Za-z0-9_-]{32}")


def new_activity_id() -> str:
    """32 random URL-safe characters."""
    return secrets.token_urlsafe(24)


def activity_id_of(resource_id: uuid.UUID) -> str:
    """The id of the activity that is made as this resource: always the same 32 URL-safe characters. It cannot be
    guessed without the resource's id."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"live activity" + resource_id.bytes).digest()[:24]).decode()


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity's row, in the order of `queries.ACTIVITY_COLUMNS`."""

    id: str
    account_id: uuid.UUID
    stream_id: uuid.UUID | None
    replaces: str | None
    channel_ids: list[uuid.UUID] | None
    channel_slugs: list[str] | None
    version: int
    content_state: str
    action: str | None
    secondary_action: str | None
    tags: list[str] | None
    metadata: str | None
    alert: str | None
    alert_version: int
    alert_at: dt.datetime | None
    urgent_version: int
    dismiss_after_seconds: int | None
    updates: int
    quiet_start: bool
    by_broadcast: bool
    created_at: dt.datetime
    heard_at: dt.datetime
    expires_at: dt.datetime
    ended_at: dt.datetime | None
    dismiss_at: dt.datetime | None

    @property
    def fields(self) -> dict[str, Any]:
        """The content state, decoded."""
        fields: dict[str, Any] = json.loads(self.content_state)
        return fields

    @property
    def channels(self) -> tuple[ChannelRef, ...] | None:
        """The channels it is for; None for the whole account."""
        if self.channel_ids is None or self.channel_slugs is None:
            return None
        return tuple(map(ChannelRef, self.channel_ids, self.channel_slugs))

    def over(self, now: dt.datetime) -> bool:
        """Whether it takes no more updates: it was ended, or iOS has ended it."""
        return self.ended_at is not None or self.expires_at <= now

    def within_reach(self, caller: Sender) -> bool:
        """Whether the key may reach every device that the activity is for."""
        return self.account_id == caller.account_id and within_scope(caller, self.channel_ids)

    def is_for(self, channels: Sequence[ChannelRef] | None) -> bool:
        """Whether these are its channels, in any order."""
        return _ids(self.channels) == _ids(channels)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream's row, in the order of the queries, and the newest activity that shows it."""

    id: uuid.UUID
    account_id: uuid.UUID
    stream_key: str
    activity_id: str | None
    paused_at: dt.datetime | None
    held: str | None
    activity: Activity | None = None


def starter(caller: Sender) -> uuid.UUID:
    """The API key or the person that starts an activity."""
    return caller.user_id if isinstance(caller, SessionPrincipal) else caller.api_key_id


def within_scope(caller: Sender, channel_ids: list[uuid.UUID] | None) -> bool:
    """Whether the key may reach all of the channels; None stands for the whole account."""
    if caller.channels is None:
        return True
    return channel_ids is not None and {channel.id for channel in caller.channels} >= set(channel_ids)


@dataclass(frozen=True, slots=True)
class Alert:
    """What phones announce. None: taken from the state."""

    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a call says about an activity."""

    given: Given
    action: Action | None = None
    alert: Alert | None = None
    secondary_action: Action | None = None
    tags: tuple[str, ...] | None = None
    metadata: str | None = None
    """JSON text. None: left out, as for all others."""


@dataclass(frozen=True, slots=True)
class ActivityState:
    """A complete state: what is recorded as one version of an activity."""

    fields: dict[str, Any]
    action: str | None
    """JSON text of the button, webhook details included."""
    dismiss_after_seconds: int | None
    secondary_action: str | None = None
    """The second button, likewise. Types that have none keep it for those that do."""
    tags: tuple[str, ...] = ()
    metadata: str | None = None
    """JSON text."""
    alert: str | None = None
    """JSON text of the alert that this version brings; None for silence."""
    new_buttons: tuple[str, ...] = ()
    """Those of the buttons that the activity did not have."""
    urgent: bool = True

    @property
    def buttons(self) -> tuple[str, ...]:
        """The buttons that it has."""
        return tuple(button for button in (self.action, self.secondary_action) if button is not None)

    def require_room(self, builder: PayloadBuilder, activity_id: str) -> None:
        """Raises PayloadTooLarge if the state does not fit in a push."""
        alert = self.starting_alert()
        builder.require_room(
            activity_id, self.content_state, self.action, self.secondary_action, alert, asked=self.alert is not None
        )

    @property
    def content_state(self) -> str:
        """The fields as JSON text."""
        return json.dumps(self.fields, ensure_ascii=False, separators=(",", ":"))

    def starting_alert(self, *, quiet: bool = False) -> dict[str, str]:
        """What phones announce if an activity starts with this state."""
        return start_alert(self.fields, json.loads(self.alert) if self.alert else None, quiet=quiet)

    def dismiss_at(self, ended_at: dt.datetime) -> dt.datetime:
        """When an activity that ended with this state leaves the screen."""
        seconds = self.dismiss_after_seconds
        return ended_at + dt.timedelta(seconds=DEFAULT_DISMISSAL_SECONDS if seconds is None else seconds)


def first_state(request: Request, now: dt.datetime) -> ActivityState:
    """The state that a new activity begins with. Raises InvalidRequest."""
    return _state(request, check(request.given, now=now.timestamp()), present=None)


def next_state(request: Request, present: ActivityState, now: dt.datetime, *, is_end: bool = False) -> ActivityState:
    """The state that follows `present`. Raises InvalidRequest."""
    content = check(request.given, present.fields, now=now.timestamp(), is_end=is_end)
    return _state(request, content, present)


def state_of(activity: Activity) -> ActivityState:
    """The state that an activity shows, without its alert, which was announced before."""
    return ActivityState(
        activity.fields,
        activity.action,
        activity.dismiss_after_seconds,
        secondary_action=activity.secondary_action,
        tags=tuple(activity.tags or ()),
        metadata=activity.metadata,
    )


def last_state(activity: Activity, now: dt.datetime) -> ActivityState:
    """The state that an activity shows when it ends without another: its timer stops."""
    state = state_of(activity)
    if "timer" not in state.fields:
        return state
    return replace(state, fields=state.fields | {"timer": paused(state.fields["timer"], now.timestamp())})


def is_same(state: ActivityState, present: ActivityState) -> bool:
    """Whether `state` changes nothing that `present` shows and announces nothing."""
    return (
        state.fields == present.fields
        and state.alert is None
        and not state.new_buttons
        and state.dismiss_after_seconds == present.dismiss_after_seconds
    )


def _state(request: Request, content: ContentState, present: ActivityState | None) -> ActivityState:
    kind = content.fields["type"]
    if request.secondary_action is not None and kind not in WITH_SECOND_BUTTON:
        raise InvalidRequest.at("secondary_action", f"is not for type {kind}: {', '.join(sorted(WITH_SECOND_BUTTON))}")
    action = _button(request.action, present.action if present else None)
    secondary_action = _button(request.secondary_action, present.secondary_action if present else None)
    before = present.buttons if present else ()
    dismiss_after_seconds = content.dismiss_after_seconds
    if dismiss_after_seconds is None and present is not None:
        dismiss_after_seconds = present.dismiss_after_seconds
    alert = None if request.alert is None else _alert(request.alert)
    urgent = alert is not None or is_step(present.fields if present else None, content.fields)
    state = ActivityState(
        content.fields,
        action,
        dismiss_after_seconds,
        secondary_action=secondary_action,
        tags=_kept(request.tags, present.tags if present else ()),
        metadata=_kept(request.metadata, present.metadata if present else None),
        alert=alert,
        urgent=urgent,
    )
    return replace(state, new_buttons=tuple(button for button in state.buttons if button not in before))


def _ids(channels: Sequence[ChannelRef] | None) -> frozenset[uuid.UUID] | None:
    return None if channels is None else frozenset(channel.id for channel in channels)


def _kept(given: T | None, before: T) -> T:
    return before if given is None else given


def _alert(alert: Alert) -> str:
    texts = {"title": alert.title, "body": alert.body}
    return json.dumps(
        {name: require_storable(text, f"alert.{name}") for name, text in texts.items() if text}, ensure_ascii=False
    )


def _button(given: Action | None, stored: str | None) -> str | None:
    """The button from now on. The present one keeps its id, so that the one on the phone goes on working."""
    if given is None or (stored is not None and replace(from_json(stored), id=given.id) == given):
        return stored
    return to_json(given)
