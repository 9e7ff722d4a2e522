"""Turns claimed rows into pushes: what goes to which device, with which priority, as which attempt."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from core_service.common.orm import new_id
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.lifecycle import Held, SentPush, Wanted, next_event
from core_service.live_activities.state.activity import REMAINS, Activity
from core_service.live_activities.state.payload import ActivityEvent, Message, PayloadBuilder, start_alert, update_alert
from core_service.sending.errors import LIMIT_BYTES
from core_service.sending.port import ROUTE_STOPPED, About, Push, PushEvent, PushType, Target

HIGH, LOW = 10, 5
"""Apple: priority 10 is delivered at once and counts against an hourly budget of the phone. Beyond it iOS throttles
without saying so. Priority 5 does not count and is delivered as the battery allows."""
WINDOW_SECONDS = 3600
BUDGET = 12
FREQUENT_BUDGET = 48
"""Pushes of priority 10 that a device gets in any 60 minutes: the second if the person allows frequent updates. Apple
publishes no number; developers have measured about 15 an hour. Starts have a budget of their own."""
RESERVE = 2
"""The last ones of a budget are kept for alerts and ends."""


def within_window(sent_at: Sequence[int], now: int) -> list[int]:
    """Returns those of the UNIX seconds, oldest first, that are within the window."""
    return [moment for moment in sent_at if moment > now - WINDOW_SECONDS]


def has_room(sent_in_window: int, *, frequent: bool, vital: bool) -> bool:
    """Whether one more push may have high priority. `vital`: it is an alert or an end, and may use the reserve."""
    budget = FREQUENT_BUDGET if frequent else BUDGET
    return sent_in_window < (budget if vital else budget - RESERVE)


START_EXPIRY = dt.timedelta(minutes=10)
"""How long APNs keeps a start for a phone that is off. Not 0, or a moment without network would lose it."""

ALERT_LIFETIME = dt.timedelta(minutes=10)
"""How long an alert is worth announcing on a device that could not be told at once."""


class Claim(NamedTuple):
    """A row of `queries.CLAIM`."""

    activity_id: str
    device_id: uuid.UUID
    user_id: uuid.UUID
    phase: str
    update_token: str | None
    update_token_registered_at: dt.datetime | None
    maybe_shown: bool
    accepted_version: int
    sent_version: int
    sent_event: str | None
    timestamp: int
    apns_id: uuid.UUID
    attempt: int
    failures: int
    leased: bool
    next_at: dt.datetime | None
    paced_until: dt.datetime | None
    started_at: dt.datetime | None
    reason: str | None
    start_token: str | None
    environment: str
    bundle_id: str | None
    frequent: bool
    awaits_successor: bool | None
    """Its end waits for the activity that replaces it."""

    def event(self, wanted: Wanted) -> ActivityEvent | None:
        """The push that is owed."""
        held = Held(Phase(self.phase), self.update_token, accepted_version=self.accepted_version)
        return next_event(held, wanted)


@dataclass(frozen=True, slots=True)
class Planned:
    """A push to one device, as decided."""

    claim: Claim
    event: ActivityEvent
    version: int
    timestamp: int
    apns_id: uuid.UUID
    token: str
    alerting: bool
    urgent: bool
    priority: int

    def sent(self, now: dt.datetime) -> SentPush:
        """What the settler needs to know once APNs has answered this push."""
        claim = self.claim
        return SentPush(self.event, self.version, claim.attempt + 1, self.token, now, claim.maybe_shown)


def plan(claim: Claim, activity: Activity, event: ActivityEvent, now: dt.datetime) -> Planned | None:
    """Returns the push for a claimed row; None if its start must wait for another push-to-start token."""
    token = claim.start_token if event is ActivityEvent.START else claim.update_token
    if token is None:
        return None
    again = claim.sent_event == event and claim.sent_version == activity.version
    keeps_id = again or (event is ActivityEvent.START and claim.sent_event == event)
    return Planned(
        claim=claim,
        event=event,
        version=activity.version,
        # A repeat has the same contents and timestamp, so a phone that has seen it ignores it.
        timestamp=claim.timestamp if again else max(int(now.timestamp()), claim.timestamp + 1),
        apns_id=claim.apns_id if keeps_id else new_id(),
        token=token,
        alerting=event is ActivityEvent.START or _says_alert(claim, activity, now),
        urgent=event is not ActivityEvent.UPDATE or claim.accepted_version < activity.urgent_version,
        priority=HIGH if event is ActivityEvent.START else LOW,
    )


def spend(planned: Planned, budgets: dict[uuid.UUID, list[int]], now: int) -> Planned:
    """Sets the push's priority, as far as its device's budget allows, and takes it from `budgets`."""
    if planned.event is ActivityEvent.START or not planned.urgent:
        return planned
    claim = planned.claim
    spent = budgets[claim.device_id] = within_window(budgets.get(claim.device_id, ()), now)
    vital = planned.alerting or planned.event is ActivityEvent.END
    # A repeat was counted before, whether it arrived or not. So was a push that was held and never sent.
    again = bool(spent) and (planned.timestamp == claim.timestamp or claim.reason == ROUTE_STOPPED)
    if not has_room(len(spent) - again, frequent=claim.frequent, vital=vital):
        return planned
    if not again:
        spent.append(now)
    return replace(planned, priority=HIGH)


def pushes(
    planned: Iterable[Planned], activities: Mapping[str, Activity], builder: PayloadBuilder, now: dt.datetime
) -> list[tuple[Push, dict[uuid.UUID, Planned]]]:
    """Returns one push for all devices that get the same bytes, each with what was planned for it."""
    groups: dict[tuple[Any, ...], tuple[Push, dict[uuid.UUID, Planned]]] = {}
    for one in planned:
        activity = activities[one.claim.activity_id]
        key = (activity.id, one.event, one.timestamp, one.alerting, one.urgent, one.priority)
        if key not in groups:
            groups[key] = (_push(one, activity, builder, now), {})
        push, members = groups[key]
        members[one.claim.device_id] = one
        push.targets.append(
            Target(
                one.claim.device_id,
                one.claim.user_id,
                one.token,
                one.claim.environment,
                one.claim.bundle_id,
                one.apns_id,
                one.claim.failures,
            )
        )
    return list(groups.values())


def _push(planned: Planned, activity: Activity, builder: PayloadBuilder, now: dt.datetime) -> Push:
    start = planned.event is ActivityEvent.START
    message = Message(
        activity_id=activity.id,
        event=planned.event,
        timestamp=planned.timestamp,
        content_state=activity.content_state,
        action=activity.action,
        alert=_alert(activity, planned) if planned.alerting else None,
        urgent=planned.urgent,
        expires_at=activity.expires_at,
        dismiss_at=activity.dismiss_at,
    )
    body = builder.build(message)
    if len(body) > LIMIT_BYTES:
        # The state fits by itself. Together with the alert of an earlier version it may not, because it has grown.
        alert = start_alert(activity.fields, None, quiet=activity.quiet_start) if start else None
        body = builder.build(replace(message, alert=alert))
    return Push(
        body,
        now + START_EXPIRY if start else activity.expires_at + REMAINS,
        # Starts only: of two that wait for a phone that is off, one is enough.
        collapse_id=activity.id if start else "",
        push_type=PushType.LIVE_ACTIVITY,
        priority=planned.priority,
        about=About(activity.account_id, activity.id, PushEvent(planned.event.value), planned.version),
    )


def _alert(activity: Activity, planned: Planned) -> dict[str, str]:
    asked = json.loads(activity.alert) if activity.alert is not None else None
    if planned.event is ActivityEvent.START:
        return start_alert(activity.fields, asked, quiet=activity.quiet_start)
    return update_alert(activity.fields, asked or {})


def _says_alert(claim: Claim, activity: Activity, now: dt.datetime) -> bool:
    """Whether the device has not been told of the alert yet and should be."""
    if activity.alert is None or activity.alert_at is None or now - activity.alert_at > ALERT_LIFETIME:
        return False
    vanishes = activity.ended_at is not None and activity.dismiss_at == activity.ended_at
    if vanishes and activity.alert_version < activity.version:
        # The activity that replaces it announces this.
        return False
    told = claim.sent_version >= activity.alert_version and not claim.failures and not claim.leased
    return claim.accepted_version < activity.alert_version and not told
