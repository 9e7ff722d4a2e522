"""Pushes of Live Activities, as core writes them."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from smith.core.v1.live_activity_pb2 import LiveActivityContentState, LiveActivityType
from smith.core.v1.live_activity_service_pb2 import StartLiveActivityRequest

from core_service.common.actions import Action, to_json
from core_service.field_rules.check import check
from core_service.live_activities.reconcile.withdrawals import Withdrawal
from core_service.live_activities.servicer import to_request
from core_service.live_activities.state import content_state
from core_service.live_activities.state.content_state import WITH_SECOND_BUTTON, ContentState
from core_service.live_activities.state.older_apps import MARCH_2026, NEWEST
from core_service.live_activities.state.payload import (
    ActivityEvent,
    Message,
    PayloadBuilder,
    content_state_for_phone,
    start_alert,
    update_alert,
)
from service_kit.errors import InvalidRequest
from tests.swift_fixtures.variety import varieties, whole

NOW = 1_800_000_000.25
EXPIRES = dt.datetime.fromtimestamp(NOW + 8 * 3600, dt.UTC)
DISMISSED = dt.datetime.fromtimestamp(NOW + 180, dt.UTC)
ACTIVITY = "lhs2m3n4p5q6r7s8t9u0"
BUILDER = PayloadBuilder("ActivitySmithAttributes")
IDS = (uuid.UUID("01a20000-0000-7000-8000-000000000001"), uuid.UUID("01a20000-0000-7000-8000-000000000002"))
ALERT = {"title": "Look", "body": "It changed"}


class Shown(NamedTuple):
    """A state that core accepts, with its buttons as they are stored."""

    what: str
    state: ContentState
    action: str | None
    secondary_action: str | None


def content_states() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every content state that a phone can get, with a name: for apps of today, and for older ones."""
    for shown in states():
        for version in (NEWEST, MARCH_2026):
            stored = json.dumps(shown.state.fields)
            state = content_state_for_phone(stored, shown.action, shown.secondary_action, version)
            yield f"{shown.what}, content version {version}", state


def pushes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every kind of push, with a name: for the states with all fields of their type."""
    for shown in states():
        if shown.what.endswith(": whole"):
            yield from ((f"{shown.what}, {what}", push) for what, push in _every_kind(shown))
    yield "withdrawn, end", _withdrawal()


def states() -> Iterator[Shown]:
    """Every state, of each type, that the rules allow."""
    kinds = LiveActivityContentState.DESCRIPTOR.fields_by_name["type"].enum_type
    assert kinds is not None
    for kind in kinds.values[1:]:
        name = kind.name.removeprefix("LIVE_ACTIVITY_TYPE_").lower()
        for variety in varieties(LiveActivityContentState.DESCRIPTOR):
            request = whole(StartLiveActivityRequest.DESCRIPTOR)
            request.content_state.CopyFrom(variety.message)
            request.content_state.type = kind.number
            if shown := _accepted(f"{name}: {variety.what}", request):
                yield shown
        least = whole(StartLiveActivityRequest.DESCRIPTOR)
        least.content_state.type = kind.number
        yield _least(f"{name}: least", least)
        # The legacy timer is told by what it has not.
        legacy = whole(StartLiveActivityRequest.DESCRIPTOR)
        legacy.content_state.type = kind.number
        legacy.content_state.ClearField("duration_seconds")
        if shown := _accepted(f"{name}: by steps", legacy):
            yield shown
    for variety in varieties(StartLiveActivityRequest.DESCRIPTOR):
        if not variety.what.startswith("content_state"):
            variety.message.content_state.type = LiveActivityType.LIVE_ACTIVITY_TYPE_VALUE
            if shown := _accepted(f"buttons: {variety.what}", variety.message):
                yield shown


def _least(what: str, request: Any) -> Shown:
    """The request with as few fields as it can have."""
    for of_state in (False, True):
        kind = request.content_state.DESCRIPTOR if of_state else request.DESCRIPTOR
        for field in kind.fields:
            shorter = type(request)()
            shorter.CopyFrom(request)
            (shorter.content_state if of_state else shorter).ClearField(field.name)
            if _accepted(what, shorter):
                request = shorter
    shown = _accepted(what, request)
    assert shown is not None, what
    return shown


def _accepted(what: str, request: Any) -> Shown | None:
    try:
        check(request)
        asked = to_request(request)
        state = content_state.check(asked.given, now=NOW)
    except InvalidRequest:
        return None
    buttons = (_stored(one, id_) for one, id_ in zip((asked.action, asked.secondary_action), IDS, strict=True))
    action, second = buttons
    has_second = state.fields["type"] in WITH_SECOND_BUTTON
    return Shown(what, state, action, second if has_second else None)


def _stored(action: Action | None, id_: uuid.UUID) -> str | None:
    return action and to_json(replace(action, id=id_))


def _push(shown: Shown, event: ActivityEvent, **changes: Any) -> dict[str, Any]:
    message = Message(
        activity_id=ACTIVITY,
        event=event,
        timestamp=int(NOW),
        content_state=json.dumps(shown.state.fields),
        action=shown.action,
        secondary_action=shown.secondary_action,
        alert=None,
        urgent=False,
        expires_at=EXPIRES,
        dismiss_at=None,
        content_version=NEWEST,
    )
    push: dict[str, Any] = json.loads(BUILDER.build(replace(message, **changes)))
    return push


def _every_kind(shown: Shown) -> Iterator[tuple[str, dict[str, Any]]]:
    fields = shown.state.fields
    for version in (NEWEST, MARCH_2026):
        of = f"for apps of content version {version}"
        yield f"update {of}", _push(shown, ActivityEvent.UPDATE, content_version=version)
        for what, asked, quiet in (("", None, False), (" quiet", None, True), (" with an alert", ALERT, False)):
            alert = start_alert(fields, asked, quiet=quiet)
            yield f"start{what} {of}", _push(shown, ActivityEvent.START, alert=alert, content_version=version)
        alert = update_alert(fields, {})
        yield (
            f"urgent update with an alert {of}",
            _push(shown, ActivityEvent.UPDATE, alert=alert, urgent=True, content_version=version),
        )
        yield f"end {of}", _push(shown, ActivityEvent.END, dismiss_at=DISMISSED, content_version=version)
    yield "end with an alert", _push(shown, ActivityEvent.END, alert=update_alert(fields, ALERT))


def _withdrawal() -> dict[str, Any]:
    row = Withdrawal(
        id="ab" * 32, account_id=IDS[0], activity_id=ACTIVITY, device_id=IDS[0], user_id=IDS[0],
        environment="production", bundle_id=None, timestamp=int(NOW), apns_id=IDS[0], attempts=1, gone_at=EXPIRES,
        is_gone=False,
    )  # fmt: skip
    push: dict[str, Any] = json.loads(row.push().payload)
    return push
