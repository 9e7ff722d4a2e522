"""One activity on one device: from the state that is wanted to the next push, and from a push's outcome to the new
state.

Pure rules. A device has one version of an activity (`accepted_version`); another one is wanted. While the two differ, a
push is owed:

- requested: the start, with the newest state. If the activity has ended and the phone cannot have it, nothing.

- started: nothing can be sent without an update token. The newest state, or the end, is held until a token is reported.

- live: an update, at most one a second; or the end, at once.

A start without an answer may have been shown. It is repeated only after the app has had time to report an update token,
because iOS shows a second start as a second activity. A token that comes proves that there is one.

A browser has one token for all, its subscription. Once its start is accepted it is live. There is no proof of a start
without an answer, so its end is pushed as well. How often it is told, and of what, `state/pace.py` says. If the
subscription is dead the start is owed again, to the next one.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Protocol

from core_service.live_activities.models import Phase
from core_service.live_activities.state.pace import Surface, rests_until
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import Outcome, OutcomeKind

EVIDENCE_SECONDS = 10.0
"""How long a start without an answer has to prove itself by an update token."""

DELAYED = (OutcomeKind.RETRY, OutcomeKind.MISCONFIGURED, OutcomeKind.HELD)
"""Outcomes after which the same push is owed again, but not at once."""

DEATHS_BELIEVED = 3
"""Times in a row that APNs calls an update token dead before it counts as dead although it was reported later than APNs
gave it up: an app whose reports overtake each other may report an old one last."""

OPEN_PHASES = (Phase.REQUESTED, Phase.STARTED, Phase.LIVE)

ALERT_LIFETIME = dt.timedelta(minutes=10)
"""How long an alert is worth announcing on a device that could not be told at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The activity, as far as it matters here."""

    version: int
    ended: bool
    expired: bool = False
    """iOS has ended it by itself: there is nothing to start or update."""
    urgent_version: int = 0
    """The last version that changed more than a number."""
    alert_version: int = 0
    """The version that brought an alert which is worth announcing still; 0 if there is none."""
    is_quiet: bool = False
    """Its start makes no sound: the person has seen it before, as another activity."""


class ActivityRow(Protocol):
    """What `wanted_of` reads of an activity's row."""

    @property
    def version(self) -> int: ...
    @property
    def urgent_version(self) -> int: ...
    @property
    def alert_version(self) -> int: ...
    @property
    def alert_at(self) -> dt.datetime | None: ...
    @property
    def quiet_start(self) -> bool: ...
    @property
    def expires_at(self) -> dt.datetime: ...
    @property
    def ended_at(self) -> dt.datetime | None: ...
    @property
    def dismiss_at(self) -> dt.datetime | None: ...


def wanted_of(activity: ActivityRow, now: dt.datetime) -> Wanted:
    """What is wanted of the activity now."""
    return Wanted(
        activity.version,
        activity.ended_at is not None,
        activity.expires_at <= now,
        activity.urgent_version,
        activity.alert_version if _is_worth_announcing(activity, now) else 0,
        activity.quiet_start,
    )


def _is_worth_announcing(activity: ActivityRow, now: dt.datetime) -> bool:
    if activity.alert_at is None or now - activity.alert_at > ALERT_LIFETIME:
        return False
    vanishes = activity.ended_at is not None and activity.dismiss_at == activity.ended_at
    # If it was not announced before, the activity that replaces it does that.
    return not vanishes or activity.alert_version >= activity.version


@dataclass(frozen=True, slots=True)
class Held:
    """An activity on a device: the columns of LiveActivityDevice, and what matters of the device."""

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
    surface: Surface = Surface.CARD
    subscription: str | None = None
    """The device's push-to-start token, unless that is dead; of a browser, its subscription."""

    @property
    def present_token(self) -> str | None:
        """What updates and ends are sent to."""
        return self.update_token or (self.subscription if self.surface.is_browser else None)

    @property
    def lacks_subscription(self) -> bool:
        """Whether it is a browser that waits for a subscription."""
        return self.surface.is_browser and self.phase is Phase.REQUESTED and self.subscription is None


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
    channel_id: str | None = None
    """The broadcast channel that a start named."""


def next_event(held: Held, wanted: Wanted) -> ActivityEvent | None:
    """The push that is owed, or None."""
    if wanted.expired and not wanted.ended:
        return None
    if held.phase is Phase.REQUESTED:
        if not wanted.ended:
            return None if _appears_untold(held, wanted) else ActivityEvent.START
        return ActivityEvent.END if held.surface.is_browser and held.maybe_shown else None
    if held.phase is Phase.LIVE and held.update_token is not None and held.accepted_version < wanted.version:
        is_spared = held.surface is Surface.STACKED and not is_alerted(held, wanted)
        return ActivityEvent.END if wanted.ended else None if is_spared else ActivityEvent.UPDATE
    return None


def is_alerted(held: Held, wanted: Wanted) -> bool:
    """Whether an alert is owed."""
    return held.accepted_version < wanted.alert_version


def _appears_untold(held: Held, wanted: Wanted) -> bool:
    """Whether the start would only ring for what the person has seen: before the rotation, or before the browser
    subscribed again. Where nothing is replaced, none is sent."""
    seen = wanted.is_quiet or held.accepted_version > 0
    return held.surface is Surface.STACKED and seen and not is_alerted(held, wanted)


def schedule(held: Held, wanted: Wanted, now: dt.datetime) -> Held:
    """Sets the time of the next push; None if none is owed. A card that was never shown and has ended is over."""
    if held.phase is Phase.REQUESTED:
        if wanted.ended and not held.maybe_shown:
            held = replace(held, phase=Phase.ENDED)
        elif not wanted.ended and held.subscription is not None and _appears_untold(held, wanted):
            held = _live(held, held.subscription, now)
    event = next_event(held, wanted)
    next_at = None if event is None else now
    if event is ActivityEvent.UPDATE and not (held.surface.is_browser and is_alerted(held, wanted)):
        is_step = held.accepted_version < wanted.urgent_version
        next_at = rests_until(held.surface, held.paced_until, now, is_step=is_step)
    return replace(held, leased=False, next_at=next_at)


def _live(held: Held, token: str, now: dt.datetime) -> Held:
    """A browser that shows it, as far as can be known."""
    return replace(
        held,
        phase=Phase.LIVE,
        update_token=token,
        update_token_registered_at=now,
        maybe_shown=True,
        started_at=held.started_at or now,
        paced_until=now + held.surface.rest,
    )


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
    # The token may be alive, but asking for it again at once, without end, would be all that this server does.
    doubted = outcome.verdict is OutcomeKind.TOKEN_DEAD and after.update_token == sent.token
    if after.next_at is not None and (outcome.verdict in DELAYED or doubted) and not proven:
        return replace(after, next_at=max(after.next_at, now + dt.timedelta(seconds=delay_seconds)))
    return after


def _accepted(held: Held, sent: SentPush, now: dt.datetime) -> Held:
    if sent.event is not ActivityEvent.START and sent.token != held.present_token:
        # Another token was reported meanwhile. Whether the old one still reached the phone is unknown.
        return replace(held, failures=0, reason=None)
    if sent.event is ActivityEvent.START and held.surface.is_browser and held.phase is Phase.REQUESTED:
        return _shown(held, sent)
    held = replace(held, accepted_version=max(held.accepted_version, sent.version), failures=0, reason=None)
    if sent.event is ActivityEvent.END:
        return replace(held, phase=Phase.ENDED)
    if sent.event is ActivityEvent.START:
        phase = Phase.STARTED if held.phase is Phase.REQUESTED else held.phase
        return replace(held, phase=phase, maybe_shown=True, started_at=held.started_at or now)
    return replace(held, paced_until=sent.sent_at + held.surface.rest)


def _shown(held: Held, sent: SentPush) -> Held:
    """A browser's start was accepted. If it has subscribed again meanwhile, that subscription is owed the state too."""
    token = held.subscription or sent.token
    version = sent.version if token == sent.token else 0
    live = _live(held, token, sent.sent_at)
    return replace(live, accepted_version=max(held.accepted_version, version), failures=0, reason=None)


def _rejected(held: Held, sent: SentPush, reason: str) -> Held:
    """This push can never be sent. A later version may be accepted; a start is given up."""
    if sent.event is not ActivityEvent.START and sent.token != held.present_token:
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
    believed = failures >= DEATHS_BELIEVED and held.reason == outcome.reason
    held = replace(held, failures=failures, reason=outcome.reason)
    if sent.event is ActivityEvent.START:
        refused = not outcome.maybe_accepted and sent.attempt == held.attempt
        return replace(held, maybe_shown=sent.maybe_shown_before) if refused else held
    if (
        outcome.verdict is OutcomeKind.TOKEN_DEAD
        and held.update_token == sent.token
        and (believed or _died(held, outcome))
    ):
        if held.surface.is_browser:
            # There is no update token to wait for. Its next subscription has to get all.
            return replace(held, phase=Phase.REQUESTED, update_token=None)
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
