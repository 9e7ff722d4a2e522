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
from dataclasses import dataclass, replace

from core_service.live_activities.models import Phase
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import Outcome, OutcomeKind

UPDATE_INTERVAL = dt.timedelta(seconds=1)
"""Least time between two updates of one activity on one device."""

EVIDENCE_SECONDS = 10.0
"""How long a start without an answer has to prove itself by an update token."""

DELAYED = (OutcomeKind.RETRY, OutcomeKind.MISCONFIGURED, OutcomeKind.HELD)
"""Outcomes after which the same push is owed again, but not at once."""

OPEN_PHASES = (Phase.REQUESTED, Phase.STARTED, Phase.LIVE)


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
