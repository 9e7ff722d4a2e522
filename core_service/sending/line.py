"""Lines to APNs: what stands still when the key, the topic or the environment is wrong, and how it is tried again."""

import datetime as dt
import uuid
from collections import Counter, OrderedDict
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from core_service.sending.misconfiguration import REFUSED_TOKEN, Reach, misconfiguration
from core_service.sending.port import Outcome, Target, Verdict

HOLD_SECONDS = 8.0
"""After this a push that was held comes back. Short, so that it goes out soon after the line is mended; that it costs
little is seen to by whoever claims, who stops for a while when all that was claimed is held."""

FIRST_PROBE_SECONDS = 2.0
LAST_PROBE_SECONDS = 8.0
"""Time between two tries of a line that stands still; it doubles from the first to the last."""

MAX_PEOPLE = 16
"""People whose phones may try it meanwhile, once each, if it stands still because tokens were refused: it may be that
only somebody else's were."""
MAX_PEOPLE_OF_ACCOUNT = 4
"""So many of them may be of one account, if the line is everybody's: an account may make up people and phones."""

MAX_TOKENS = 64
"""Refused tokens that are remembered, so that others are tried next."""

FRESH_TOKENS = 4
"""Tokens that have not been refused yet and may try such a line every `FIRST_PROBE_SECONDS`, whosever they are: one of
them may be good."""


class Line(NamedTuple):
    """Pushes that share a fate: those to one app in one environment, of all accounts or of one, or to all apps in
    it."""

    environment: str
    bundle_id: str | None
    """None for the app that the delivery service is configured with."""
    every_app: bool = False
    account_id: uuid.UUID | None = None
    """The one account whose pushes these are; None for all accounts."""

    @property
    def app(self) -> "Line":
        """The same for all accounts."""
        return self._replace(account_id=None)

    def __str__(self) -> str:
        if self.every_app:
            return self.environment
        of_account = f" of account {self.account_id}" if self.account_id else ""
        return f"{self.environment} {self.bundle_id or '(SMITH_APNS_TOPIC)'}{of_account}"


class Lines(NamedTuple):
    """Those that a push to a target goes over: if one stands still, it is held."""

    environment: Line
    app: Line
    account: Line
    """The account's own part of the line to the app."""

    @classmethod
    def to(cls, target: Target, account_id: uuid.UUID | None) -> "Lines":
        """Those of a push of the account, None if it is nobody's, to the target."""
        environment, bundle_id = target.environment, target.bundle_id
        return cls(
            Line(environment, None, every_app=True),
            Line(environment, bundle_id),
            Line(environment, bundle_id, account_id=account_id),
        )

    def stopped_by(self, reason: str) -> Line:
        """The one that stands still if APNs refuses the sender of the push for this reason."""
        return self.environment if misconfiguration(reason).reach is Reach.ENVIRONMENT else self.app


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
        self._probing = 0
        self._fresh_since = now
        self._fresh = 0
        """Fresh tokens that have tried it since then."""
        self._refused: OrderedDict[str, None] = OrderedDict()
        """Tokens that were refused as probes, oldest first."""
        self._tried: set[uuid.UUID] = set()
        """Whose phones have tried it since the last regular probe."""
        self._tried_of: Counter[uuid.UUID | None] = Counter()
        """How many of them are of an account."""

    @property
    def alarm(self) -> Alarm:
        """What to tell people."""
        return Alarm(self.line, self.reason, misconfiguration(self.reason).explanation, self.since)

    @property
    def interval(self) -> float:
        """Seconds until the next probe, at the time of the last."""
        return self._interval

    def is_ready(self, target: Target, account_id: uuid.UUID | None, now: float) -> bool:
        """Whether the account's push to the target may go through, to see whether the line is mended."""
        if self.reason not in REFUSED_TOKEN:
            return not self._probing and now >= self._probe_at
        if self._probing >= FRESH_TOKENS:
            return False
        if self._may_try(target.user_id, account_id):
            return True
        if target.token not in self._refused:
            return self._fresh < FRESH_TOKENS or now >= self._fresh_since + FIRST_PROBE_SECONDS
        # Once everything that is held has come back: bad tokens must not take turn after turn while good ones wait.
        return now >= self._probe_at + HOLD_SECONDS

    def _may_try(self, user_id: uuid.UUID, account_id: uuid.UUID | None) -> bool:
        if user_id in self._tried or len(self._tried) >= MAX_PEOPLE:
            return False
        return self.line.account_id is not None or self._tried_of[account_id] < MAX_PEOPLE_OF_ACCOUNT

    def probe(self, target: Target, account_id: uuid.UUID | None, now: float) -> None:
        """A push goes through. `heard` must follow."""
        self._probing += 1
        self.used_at = now
        if now >= self._probe_at:
            self._tried.clear()
            self._tried_of.clear()
        if target.user_id not in self._tried:
            self._tried.add(target.user_id)
            self._tried_of[account_id] += 1
        if now >= self._fresh_since + FIRST_PROBE_SECONDS:
            self._fresh_since, self._fresh = now, 0
        self._fresh += 1

    def heard(self, target: Target, outcome: Outcome, now: float) -> Finding:
        """What became of the probe. Unless the line is mended, another one follows in a while."""
        self._probing -= 1
        if outcome.reason in REFUSED_TOKEN:
            self._remember(target.token)
        finding = self._finding(outcome)
        is_regular = now >= self._probe_at
        if finding is Finding.STILL:
            self.reason = outcome.reason
            if is_regular:
                self._interval = min(2 * self._interval, LAST_PROBE_SECONDS)
        if is_regular:
            self._probe_at = now + self._interval
        return finding

    def _remember(self, token: str) -> None:
        self._refused[token] = None
        self._refused.move_to_end(token)
        if len(self._refused) > MAX_TOKENS:
            self._refused.popitem(last=False)

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
