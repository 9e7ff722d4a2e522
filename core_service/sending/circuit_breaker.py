"""The circuit breaker of a route to APNs, as pure rules.

    state       a push comes       what its answer does
    ----------  -----------------  ---------------------------------------------------------------------------------
    CLOSED      it is sent         refused: counts; at the limit the breaker opens. Accepted: the count begins again
    OPEN        it is held         an answer to what was sent before changes nothing
    OPEN, due   it is the probe    the breaker is half-open until the probe is answered
    HALF_OPEN   it is held         refused: open, and the next probe is later. It got further: closed. Lost: open

APNs looks at a push in steps: who sends it, for which topic, to which token. So there are three routes for each push
(`Route.steps`), and an answer says how far the push came (`step_of`): a route that is refused at its own step is still
wrong, one whose step was passed is right, and one whose step was not reached remains unknown.
"""

import datetime as dt
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import NamedTuple

from core_service.devices.models import BROWSERS
from core_service.sending.port import Concern, Outcome, OutcomeKind, Target

FIRST_PROBE_SECONDS = 2.0
LAST_PROBE_SECONDS = 8.0
"""Seconds between two probes of an open breaker. They double from the first to the last."""

HOLD_SECONDS = 8.0
"""Seconds until a push that was held is tried again."""

MAX_BELIEVED = 5
"""How many tokens APNs may refuse one after the other, with none accepted in between, before the server is thought
to be wrong."""
FORGET_SECONDS = 24 * 3600.0
"""After this a refused token no longer counts."""

MAX_TOKEN_PROBES = 4
"""Probes at one time, and within `FIRST_PROBE_SECONDS`, of a route whose tokens are refused. A token proves less
than a key: one may be bad and the next one good."""

MAX_TOKENS = 1000
"""Refused tokens that a breaker remembers."""
DOUBT_SECONDS = 60.0
"""How long a closed breaker remembers them: until everything that was held has come back."""


class Step(IntEnum):
    """How far APNs has looked at a push."""

    SENDER = 0
    TOPIC = 1
    TOKEN = 2
    PASSED = 3


def step_of(outcome: Outcome) -> Step | None:
    """The step at which the push was refused, PASSED if at none of them; None if APNs has not looked at it."""
    if outcome.concern is Concern.TOKEN_OR_SERVER:
        return Step.TOKEN
    if outcome.verdict is OutcomeKind.MISCONFIGURED:
        return Step.SENDER if outcome.concern is Concern.SENDER else Step.TOPIC
    return Step.PASSED if outcome.verdict in (OutcomeKind.ACCEPTED, OutcomeKind.TOKEN_DEAD) else None


class Route(NamedTuple):
    """Pushes that are refused together. If the key is wrong, that is an environment; if the topic is, an app in it;
    if tokens are, an account's pushes to that app. The last is for one account only, because accounts may make up
    tokens."""

    environment: str
    step: Step
    bundle_id: str | None = None
    """None for the app that the delivery service is configured with, and for a route of all apps. Of browsers: the URL
    of their page."""
    account_id: uuid.UUID | None = None

    @classmethod
    def steps(cls, target: Target, account_id: uuid.UUID | None) -> "tuple[Route, Route, Route]":
        """The routes of the account's push to the target, by their step."""
        environment, bundle_id = target.environment, target.bundle_id
        return (
            cls(environment, Step.SENDER),
            cls(environment, Step.TOPIC, bundle_id),
            cls(environment, Step.TOKEN, bundle_id, account_id),
        )

    @property
    def is_of_browsers(self) -> bool:
        """Whether its pushes go to a browser's push service."""
        return self.environment.startswith(BROWSERS)

    @property
    def label(self) -> str:
        """The route for people, without the account."""
        if self.step is Step.SENDER:
            return self.environment
        default = "(page unknown)" if self.is_of_browsers else "(SMITH_APNS_TOPIC)"
        return f"{self.environment} {self.bundle_id or default}"

    def __str__(self) -> str:
        return f"{self.label} of account {self.account_id}" if self.account_id else self.label


@dataclass(frozen=True, slots=True)
class Alarm:
    """A route that is stopped."""

    route: Route
    reason: str
    """APNs' reason or the delivery service's."""
    since: dt.datetime


class BreakerState(Enum):
    """The state of a circuit breaker; see the table above."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()


class CircuitBreaker:
    """The breaker of one route. Times are seconds of a clock that never goes back."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.state = BreakerState.CLOSED
        self.reason = ""
        """Why it opened."""
        self.changed_at = float("-inf")
        """When it last opened or closed."""
        self.used_at = float("-inf")
        """When a push last came while it was open."""
        self.held = 0
        """How many pushes were held since it opened."""
        self._most_probes = MAX_TOKEN_PROBES if route.step is Step.TOKEN else 1
        self._interval = self._probe_at = 0.0
        self._probes_left = self._probing = 0
        self._counted: OrderedDict[str, float] = OrderedDict()
        """While the breaker is closed: tokens that were refused since one was accepted, and when."""
        self._refused: OrderedDict[str, bool] = OrderedDict()
        """Refused tokens, none of which was accepted since, and whether they were refused as a probe."""

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to remember."""
        return self.state is BreakerState.CLOSED and not self._counted and not self._refused

    def admits(self, token: str, now: float) -> bool:
        """Whether a push to the token may be sent now. If the breaker is not closed, the push is a probe, and
        `start` must be called."""
        if self.state is BreakerState.CLOSED:
            return True
        if self._probing >= self._most_probes:
            return False
        # A token that was refused as a probe waits for the others, until everything that was held has come back.
        turn = self._probe_at + (HOLD_SECONDS if self._refused.get(token) else 0.0)
        return now >= turn or (self._probes_left > 0 and not self._refused.get(token))

    def start(self, now: float) -> float:
        """Notes that a probe is sent. Returns the ticket for `probed`."""
        if now >= self._probe_at:
            self._probe_at, self._probes_left = now + self._interval, self._most_probes
        self._probes_left -= 1
        self._probing += 1
        self.state, self.used_at = BreakerState.HALF_OPEN, now
        return self.changed_at

    def hold(self, now: float) -> None:
        """Notes that a push is held."""
        self.held += 1
        self.used_at = now

    def probed(self, ticket: float, token: str, outcome: Outcome, now: float) -> None:
        """Takes the answer to a probe."""
        if self.state is BreakerState.CLOSED or ticket != self.changed_at:
            return
        self._probing -= 1
        step = step_of(outcome)
        if step is not None and step > self.route.step:
            self.close(now)
            return
        if step == self.route.step:
            self.reason = outcome.reason
            self._remember(token, as_probe=True)
            if step is not Step.TOKEN:
                self._interval = min(2 * self._interval, LAST_PROBE_SECONDS)
        if self.route.step is not Step.TOKEN:
            self._probe_at = now + self._interval
        if not self._probing:
            self.state = BreakerState.OPEN

    def refuse(self, token: str, reason: str, now: float) -> bool:
        """Notes that APNs refused a push at the route's step while the breaker is closed. Returns whether that opens
        it."""
        self._remember(token)
        if self.route.step is Step.TOKEN:
            while self._counted and now - next(iter(self._counted.values())) > FORGET_SECONDS:
                self._counted.popitem(last=False)
            if token in self._counted:
                return False
            if len(self._counted) < MAX_BELIEVED:
                self._counted[token] = now
                return False
        self.state, self.reason, self.changed_at, self.used_at = BreakerState.OPEN, reason, now, now
        self._interval, self._probe_at = FIRST_PROBE_SECONDS, now + FIRST_PROBE_SECONDS
        self._probes_left = self._probing = self.held = 0
        return True

    def refuse_more(self, token: str) -> None:
        """Notes a refusal of a push that was sent before the breaker opened."""
        self._remember(token)

    def accept(self, token: str, now: float) -> bool:
        """Notes that APNs accepted a push to the token. Returns whether it had refused that token before: then the
        server was at fault, because a bad token does not become good."""
        was_refused = token in self._refused
        if self.state is BreakerState.CLOSED:
            self._counted.clear()
            if was_refused or now - self.changed_at > DOUBT_SECONDS:
                self._refused.clear()
        return was_refused

    def close(self, now: float) -> None:
        """Closes the breaker: the route works again, or nothing is sent on it any more."""
        self.state, self.changed_at = BreakerState.CLOSED, now
        self._counted.clear()

    def _remember(self, token: str, *, as_probe: bool = False) -> None:
        if self.route.step is Step.TOKEN:
            self._refused[token] = as_probe or self._refused.get(token, False)
            if len(self._refused) > MAX_TOKENS:
                self._refused.popitem(last=False)
