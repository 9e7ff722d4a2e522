"""Lines to APNs: what stands still when the key, the topic or the environment is wrong, and how it is tried again."""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from core_service.courier.misconfiguration import REFUSED_TOKEN, Reach, misconfiguration
from core_service.courier.port import Outcome, Target, Verdict

HOLD_SECONDS = 8.0
"""After this a push that was held comes back. Short, so that it goes out soon after the line is mended; that it costs
little is seen to by whoever claims, who stops for a while when all that was claimed is held."""

FIRST_PROBE_SECONDS = 2.0
LAST_PROBE_SECONDS = 8.0
"""Time between two tries of a line that stands still; it doubles from the first to the last."""

MAX_PEOPLE = 16
"""People whose phones may try it meanwhile, once each, if it stands still because tokens were refused: it may be that
only somebody else's were."""


class Line(NamedTuple):
    """Pushes that share a fate: those to one app in one environment, or to all apps in it."""

    environment: str
    bundle_id: str | None
    """None for the app that the delivery service is configured with."""
    every_app: bool = False

    def __str__(self) -> str:
        return self.environment if self.every_app else f"{self.environment} {self.bundle_id or '(SMITH_APNS_TOPIC)'}"


def app_line(target: Target) -> Line:
    """The line to the target's app."""
    return Line(target.environment, target.bundle_id)


def environment_line(target: Target) -> Line:
    """The line to the target's environment."""
    return Line(target.environment, None, every_app=True)


def stopped_by(target: Target, reason: str) -> Line:
    """The line that stands still if APNs refuses a push to the target for this reason."""
    reach = misconfiguration(reason).reach
    return environment_line(target) if reach is Reach.ENVIRONMENT else app_line(target)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A line that stands still."""

    line: Line
    reason: str
    """APNs' reason or the delivery service's."""
    explanation: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class LineNews:
    """What one core tells the others."""

    alarms: tuple[Alarm, ...] = ()
    """All the lines that stand still there."""
    working: tuple[Line, ...] = ()
    """Lines that stand still elsewhere and over which a push has just gone there."""


class Finding(Enum):
    """What a probe has shown."""

    MENDED = auto()
    STILL = auto()
    UNCLEAR = auto()


class Stop:
    """A line that stands still, and when it may be tried. Times are seconds of a clock that does not go back."""

    def __init__(self, line: Line, reason: str, since: dt.datetime, now: float) -> None:
        self.line = line
        self.reason = reason
        self.since = since
        self.began = self.used_at = now
        self.held = 0
        """How often a push was held back."""
        self._interval = FIRST_PROBE_SECONDS
        self._probe_at = now + self._interval
        self._probing = False
        self._tried: set[uuid.UUID] = set()
        """Whose phones have tried it since the last regular probe."""

    @property
    def alarm(self) -> Alarm:
        """What to tell people."""
        return Alarm(self.line, self.reason, misconfiguration(self.reason).explanation, self.since)

    @property
    def interval(self) -> float:
        """Seconds until the next probe, at the time of the last."""
        return self._interval

    def is_ready(self, target: Target, now: float) -> bool:
        """Whether a push to the target may go through, to see whether the line is mended."""
        if self._probing:
            return False
        if now >= self._probe_at:
            return True
        is_other = target.user_id not in self._tried and len(self._tried) < MAX_PEOPLE
        return is_other and self.reason in REFUSED_TOKEN

    def probe(self, target: Target, now: float) -> None:
        """A push goes through. `heard` must follow."""
        self._probing = True
        self.used_at = now
        if now >= self._probe_at:
            self._tried.clear()
        self._tried.add(target.user_id)

    def heard(self, outcome: Outcome, now: float) -> Finding:
        """What became of the probe. Unless the line is mended, another one follows in a while."""
        self._probing = False
        finding = self._finding(outcome)
        is_regular = now >= self._probe_at
        if finding is Finding.STILL:
            self.reason = outcome.reason
            if is_regular:
                self._interval = min(2 * self._interval, LAST_PROBE_SECONDS)
        if is_regular:
            self._probe_at = now + self._interval
        return finding

    def _finding(self, outcome: Outcome) -> Finding:
        refused_token = outcome.reason in REFUSED_TOKEN
        if outcome.verdict is Verdict.MISCONFIGURED:
            of_key = misconfiguration(outcome.reason).reach is Reach.ENVIRONMENT
            if of_key == self.line.every_app:
                return Finding.STILL
            # Whom APNs tells that the topic is wrong, it has recognized. The other way round nothing is known.
            return Finding.MENDED if self.line.every_app else Finding.UNCLEAR
        if refused_token and self.reason in REFUSED_TOKEN:
            return Finding.STILL
        if outcome.verdict in (Verdict.ACCEPTED, Verdict.TOKEN_DEAD) or refused_token:
            return Finding.MENDED
        # Lost on the way, or refused before anybody looked at who sends it.
        return Finding.UNCLEAR
