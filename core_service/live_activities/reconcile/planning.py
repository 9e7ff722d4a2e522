"""Which push a device that is due gets, and how urgently."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import NamedTuple

from core_service.common.orm import new_id
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.lifecycle import Held, SentPush, Wanted, next_event, wanted_of
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.pace import Surface, surface_of
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import ROUTE_STOPPED

HIGH, LOW = 10, 5
"""Apple: priority 10 is delivered at once and counts against an hourly budget of the phone. Beyond it iOS throttles
without saying so. Priority 5 does not count and is delivered as the battery allows."""
LOWEST = 1
"""For browsers, which have no budget: what can wait until the device wakes for something else."""
WINDOW_SECONDS = 3600
BUDGET = 12
FREQUENT_BUDGET = 48
"""Pushes of priority 10 that a device gets in any 60 minutes: the second if the person allows frequent updates. Apple
publishes no number; developers have measured about 15 an hour. Starts have a budget of their own."""
RESERVE = 2
"""The last ones of a budget are kept for alerts and ends."""


class Claim(NamedTuple):
    """A device that is due: a row of `reconciler_queries.CLAIM`."""

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
    content_version: int
    awaits_successor: bool | None
    """Its end waits for the activity that replaces it."""
    has_successor: bool | None
    """The activity that replaces it has started on the device."""
    broadcast_channel_id: str | None = None
    """The broadcast channel that its start names."""

    @property
    def surface(self) -> Surface:
        """Where the device shows it."""
        return surface_of(self.environment)

    @property
    def is_replaced(self) -> bool:
        """Whether its place on the screen is taken by the next activity, so that its end needs no push: a browser takes
        the notification away whose place the next one's has, and one of Apple does not announce what goes on."""
        return bool(self.has_successor) and self.surface.is_browser

    def event(self, wanted: Wanted) -> ActivityEvent | None:
        """The push that is owed."""
        if wanted.ended and self.is_replaced:
            return None
        return next_event(self.held, wanted)

    @property
    def held(self) -> Held:
        """What is known of the device, as far as it decides what is owed."""
        return Held(
            Phase(self.phase),
            self.update_token,
            maybe_shown=self.maybe_shown,
            accepted_version=self.accepted_version,
            surface=self.surface,
            subscription=self.start_token,
        )


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

    @property
    def has_budget(self) -> bool:
        """Whether its priority is limited by a budget."""
        return self.urgent and self.event is not ActivityEvent.START and not self.claim.surface.is_browser

    def sent(self, now: dt.datetime) -> SentPush:
        """What the settler needs to know once APNs has answered this push."""
        claim = self.claim
        channel_id = claim.broadcast_channel_id
        return SentPush(self.event, self.version, claim.attempt + 1, self.token, now, claim.maybe_shown, channel_id)


def plan(claim: Claim, activity: Activity, event: ActivityEvent, now: dt.datetime) -> Planned | None:
    """Returns the push for a claimed row; None if it must wait for another push-to-start token, or a browser's for
    another subscription."""
    token = claim.start_token if event is ActivityEvent.START else claim.held.present_token
    if token is None:
        return None
    again = claim.sent_event == event and claim.sent_version == activity.version
    keeps_id = again or (event is ActivityEvent.START and claim.sent_event == event)
    planned = Planned(
        claim=claim,
        event=event,
        version=activity.version,
        # A repeat has the same contents and timestamp, so a phone that has seen it ignores it.
        timestamp=claim.timestamp if again else max(int(now.timestamp()), claim.timestamp + 1),
        apns_id=claim.apns_id if keeps_id else new_id(),
        token=token,
        alerting=_alerts(claim, activity, event, now),
        urgent=event is not ActivityEvent.UPDATE or claim.accepted_version < activity.urgent_version,
        priority=HIGH if event is ActivityEvent.START else LOW,
    )
    return replace(planned, priority=_priority_in_browsers(planned)) if claim.surface.is_browser else planned


def _alerts(claim: Claim, activity: Activity, event: ActivityEvent, now: dt.datetime) -> bool:
    wanted = wanted_of(activity, now)
    told = claim.sent_version >= activity.alert_version and not claim.failures and not claim.leased
    says_alert = claim.accepted_version < wanted.alert_version and not told
    match claim.surface:
        case Surface.CARD:
            return event is ActivityEvent.START or says_alert
        case Surface.REPLACED:
            # Starts for another subscription, or in the place of another activity, bring nothing new.
            starts = event is ActivityEvent.START and not wanted.is_quiet and not claim.accepted_version
            return starts or says_alert
        case Surface.STACKED:
            return event is not ActivityEvent.END or says_alert


def _priority_in_browsers(planned: Planned) -> int:
    if planned.alerting or planned.event is not ActivityEvent.UPDATE:
        return HIGH
    return LOW if planned.urgent else LOWEST


def spend(planned: Planned, budgets: dict[uuid.UUID, list[int]], now: int) -> Planned:
    """Sets the push's priority, as far as its device's budget allows, and takes it from `budgets`: UNIX seconds of the
    pushes of high priority, oldest first."""
    claim = planned.claim
    if not planned.has_budget:
        return planned
    spent = [moment for moment in budgets.get(claim.device_id, ()) if moment > now - WINDOW_SECONDS]
    budgets[claim.device_id] = spent
    # A repeat was counted before, whether it arrived or not. So was a push that was held and never sent.
    again = bool(spent) and (planned.timestamp == claim.timestamp or claim.reason == ROUTE_STOPPED)
    budget = FREQUENT_BUDGET if claim.frequent else BUDGET
    if not planned.alerting and planned.event is not ActivityEvent.END:
        budget -= RESERVE
    if len(spent) - again >= budget:
        return planned
    if not again:
        spent.append(now)
    return replace(planned, priority=HIGH)
