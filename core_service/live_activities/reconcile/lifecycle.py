"""One activity on one device: from the state that is wanted to the next push, and from a push's outcome to the new
state.

Pure rules. A device has one version of an activity (`accepted_version`); another one is wanted. While the two differ, a
push is owed:

- requested: the start, with the newest state. If the activity has ended and the phone cannot have it, nothing.

- started: nothing can be sent without an update token. The newest state, or the end, is held until a token is reported.

- live: an update, at most one a second; or the end, at once.

A start without an answer may have been shown. It is repeated only after the app has had time to report an update token,
because iOS shows a second start as a second activity. A token that comes proves that there is one.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import NamedTuple

from core_service.common.orm import new_id
from core_service.live_activities.models import Phase
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import ROUTE_STOPPED, Outcome, OutcomeKind

UPDATE_INTERVAL = dt.timedelta(seconds=1)
"""Least time between two updates of one activity on one device."""

EVIDENCE_SECONDS = 10.0
"""How long a start without an answer has to prove itself by an update token."""

DELAYED = (OutcomeKind.RETRY, OutcomeKind.MISCONFIGURED, OutcomeKind.HELD)
"""Outcomes after which the same push is owed again, but not at once."""

OPEN_PHASES = (Phase.REQUESTED, Phase.STARTED, Phase.LIVE)

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
ALERT_LIFETIME = dt.timedelta(minutes=10)
"""How long an alert is worth announcing on a device that could not be told at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The activity, as far as it matters here."""

    version: int
    ended: bool
    expired: bool = False
    """iOS has ended it by itself: there is nothing to start or update."""


@dataclass(frozen=True, slots=True)
class Held:
    """An activity on a device: the columns of LiveActivityDevice."""

    phase: Phase
    update_token: str | None = None
    update_token_registered_at: dt.datetime | None = None
    maybe_shown: bool = False
    accepted_version: int = 0
    sent_version: int = 0
    attempt: int = 0
    failures: int = 0
    leased: bool = False
    next_at: dt.datetime | None = None
    paced_until: dt.datetime | None = None
    started_at: dt.datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SentPush:
    """A push that was sent."""

    event: ActivityEvent
    version: int
    attempt: int
    token: str
    sent_at: dt.datetime
    maybe_shown_before: bool = False
    """Whether an earlier start may have been shown. For starts only."""


def next_event(held: Held, wanted: Wanted) -> ActivityEvent | None:
    """The push that is owed, or None."""
    if wanted.expired and not wanted.ended:
        return None
    if held.phase is Phase.REQUESTED and not wanted.ended:
        return ActivityEvent.START
    if held.phase is Phase.LIVE and held.update_token is not None and held.accepted_version < wanted.version:
        return ActivityEvent.END if wanted.ended else ActivityEvent.UPDATE
    return None


def schedule(held: Held, wanted: Wanted, now: dt.datetime) -> Held:
    """Sets the time of the next push; None if none is owed. A card that was never shown and has ended is over."""
    if held.phase is Phase.REQUESTED and wanted.ended and not held.maybe_shown:
        held = replace(held, phase=Phase.ENDED)
    event = next_event(held, wanted)
    paced = held.paced_until if event is ActivityEvent.UPDATE and held.paced_until is not None else now
    if paced > now + UPDATE_INTERVAL:
        # Written before the clock was set back.
        paced = now
    next_at = None if event is None else max(now, paced)
    return replace(held, leased=False, next_at=next_at)


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
    """Sets the push's priority, as far as its device's budget allows, and takes it from `budgets`: UNIX seconds of the
    pushes of high priority, oldest first."""
    if planned.event is ActivityEvent.START or not planned.urgent:
        return planned
    claim = planned.claim
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


def settle(
    held: Held, sent: SentPush, outcome: Outcome, wanted: Wanted, now: dt.datetime, *, delay_seconds: float
) -> Held:
    """Returns the state after the outcome of a push. `delay_seconds` is the wait before a retry.

    An outcome that comes after its lease has passed to another attempt changes what is known, but schedules nothing.
    """
    if held.phase not in OPEN_PHASES:
        return replace(held, leased=False, next_at=None) if sent.attempt == held.attempt else held
    if outcome.verdict is OutcomeKind.ACCEPTED:
        after = _accepted(held, sent, now)
    elif outcome.verdict is OutcomeKind.REJECTED:
        after = _rejected(held, sent, outcome.reason)
    else:
        after = _failed(held, sent, outcome, now)
    if sent.attempt != held.attempt:
        return replace(after, leased=held.leased, next_at=held.next_at)
    after = schedule(after, wanted, now)
    # An update token has proven the start. The next push is no repetition of it, so it does not wait.
    proven = sent.event is ActivityEvent.START and after.phase is Phase.LIVE
    if after.next_at is not None and outcome.verdict in DELAYED and not proven:
        return replace(after, next_at=max(after.next_at, now + dt.timedelta(seconds=delay_seconds)))
    return after


def _accepted(held: Held, sent: SentPush, now: dt.datetime) -> Held:
    if sent.event is not ActivityEvent.START and sent.token != held.update_token:
        # Another token was reported meanwhile. Whether the old one still reached the phone is unknown.
        return replace(held, failures=0, reason=None)
    held = replace(held, accepted_version=max(held.accepted_version, sent.version), failures=0, reason=None)
    if sent.event is ActivityEvent.END:
        return replace(held, phase=Phase.ENDED)
    if sent.event is ActivityEvent.START:
        phase = Phase.STARTED if held.phase is Phase.REQUESTED else held.phase
        return replace(held, phase=phase, maybe_shown=True, started_at=held.started_at or now)
    return replace(held, paced_until=sent.sent_at + UPDATE_INTERVAL)


def _rejected(held: Held, sent: SentPush, reason: str) -> Held:
    """This push can never be sent. A later version may be accepted; a start is given up."""
    if sent.event is not ActivityEvent.START and sent.token != held.update_token:
        return replace(held, failures=0, reason=reason)
    held = replace(held, accepted_version=max(held.accepted_version, sent.version), failures=0, reason=reason)
    if sent.event is ActivityEvent.START and held.phase is Phase.REQUESTED:
        return replace(held, phase=Phase.FAILED)
    return replace(held, phase=Phase.ENDED) if sent.event is ActivityEvent.END else held


def _failed(held: Held, sent: SentPush, outcome: Outcome, now: dt.datetime) -> Held:
    if sent.event is ActivityEvent.START and held.phase is not Phase.REQUESTED:
        # An update token has proven the start, so nothing has failed.
        return held
    failures = held.failures + 1 if outcome.counts else max(held.failures, 1)
    held = replace(held, failures=failures, reason=outcome.reason)
    if sent.event is ActivityEvent.START:
        refused = not outcome.maybe_accepted and sent.attempt == held.attempt
        return replace(held, maybe_shown=sent.maybe_shown_before) if refused else held
    if outcome.verdict is OutcomeKind.TOKEN_DEAD and held.update_token == sent.token and _died(held, outcome):
        if sent.event is ActivityEvent.END and held.failures > 1:
            # An earlier attempt has ended it, and its token with it, although the answer was lost. Otherwise the app
            # will report another token, and that revives it.
            return replace(held, phase=Phase.ENDED)
        return replace(held, phase=Phase.STARTED, update_token=None)
    return held


def _died(held: Held, outcome: Outcome) -> bool:
    """Whether the token is still dead. A token that was reported after APNs gave it up is alive again."""
    registered_at, dead_since = held.update_token_registered_at, outcome.dead_since
    return dead_since is None or registered_at is None or registered_at <= dead_since


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
