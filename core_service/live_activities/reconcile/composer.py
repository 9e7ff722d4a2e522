"""Writes the pushes of Live Activities."""

import datetime as dt
import json
from dataclasses import replace
from functools import partial

from core_service.live_activities.reconcile.planning import Planned
from core_service.live_activities.state.activity import REMAINS, Activity
from core_service.live_activities.state.payload import (
    ActivityEvent,
    Message,
    PayloadBuilder,
    start_alert,
    update_alert,
)
from core_service.live_activities.state.web_form import BrowserCard, activity_for_browsers
from core_service.sending.errors import LIMIT_BYTES
from core_service.sending.port import About, Push, PushEvent, PushType
from service_kit.tracing import Origin

START_EXPIRY = dt.timedelta(minutes=10)
"""How long APNs keeps a start for a phone that is off. Not 0, or a moment without network would lose it."""


class Composer:
    """Makes pushes of what was planned."""

    def __init__(self, builder: PayloadBuilder) -> None:
        self._builder = builder

    def push(self, planned: Planned, activity: Activity, origin: Origin, now: dt.datetime) -> Push:
        """The push, still without targets. `origin` is the request that it is for."""
        start = planned.event is ActivityEvent.START
        is_for_browsers = planned.claim.surface.is_browser
        return Push(
            b"" if is_for_browsers else self._body(planned, activity),
            now + START_EXPIRY if start else activity.expires_at + REMAINS,
            # Starts only: of two that wait for a phone that is off, one is enough. Of a browser's, the last one is.
            collapse_id=activity.id if start or is_for_browsers else "",
            push_type=PushType.LIVE_ACTIVITY,
            priority=planned.priority,
            about=About(activity.account_id, activity.id, PushEvent(planned.event.value), planned.version),
            origin=origin,
            web=partial(activity_for_browsers, _browser_card(planned, activity)) if is_for_browsers else None,
        )

    def _body(self, planned: Planned, activity: Activity) -> bytes:
        message = _message(planned, activity)
        body = self._builder.build(message)
        if len(body) > LIMIT_BYTES:
            # The state fits by itself. Together with the alert of an earlier version it may not, because it has grown.
            start = planned.event is ActivityEvent.START
            alert = start_alert(activity.fields, {}, quiet=activity.quiet_start) if start else None
            body = self._builder.build(replace(message, alert=alert))
        return body


def _message(planned: Planned, activity: Activity) -> Message:
    asked = json.loads(activity.alert) if activity.alert is not None else {}
    alert = None
    if planned.event is ActivityEvent.START:
        alert = start_alert(activity.fields, asked, quiet=activity.quiet_start)
    elif planned.alerting:
        alert = update_alert(activity.fields, asked)
    return Message(
        activity_id=activity.id,
        event=planned.event,
        timestamp=planned.timestamp,
        content_state=activity.content_state,
        action=activity.action,
        secondary_action=activity.secondary_action,
        alert=alert,
        urgent=planned.urgent,
        expires_at=activity.expires_at,
        dismiss_at=activity.dismiss_at,
        channel_id=planned.claim.broadcast_channel_id,
        content_version=planned.claim.content_version,
    )


def _browser_card(planned: Planned, activity: Activity) -> BrowserCard:
    asked = json.loads(activity.alert) if activity.alert is not None else {}
    return BrowserCard(
        activity_id=activity.id,
        event=planned.event,
        version=planned.version,
        timestamp=planned.timestamp,
        content_state=activity.content_state,
        action=activity.action,
        secondary_action=activity.secondary_action,
        alert=asked if planned.alerting else None,
        expires_at=activity.expires_at,
        dismiss_at=activity.dismiss_at,
        replaces=activity.replaces,
    )
