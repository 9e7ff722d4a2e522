"""The sender that holds pushes whose circuit breaker is open, and goes on by itself once APNs accepts them again."""

import asyncio
import contextvars
import logging
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from core_service.common.orm import now as wall_clock
from core_service.sending.circuit_breaker import (
    DOUBT_SECONDS,
    FIRST_PROBE_SECONDS,
    HOLD_SECONDS,
    Alarm,
    BreakerState,
    CircuitBreaker,
    Route,
    Step,
    step_of,
)
from core_service.sending.port import ROUTE_STOPPED, OnOutcome, Outcome, OutcomeKind, Push, PushSender, Target
from core_service.sending.reasons import of_route

log = logging.getLogger(__name__)

MAX_ROUTES = 1000
"""Breakers that are kept at one time. Phones name their app, so there may be any number of routes."""
IDLE_SECONDS = 20.0
"""A breaker that no push came to for so long closes. What is held comes back more often, so nothing is owed on the
route any more, or another core has sent it."""

HELD = Outcome(OutcomeKind.HELD, ROUTE_STOPPED, HOLD_SECONDS)

OnAttempt = Callable[[Push, Target, Outcome, float], None]
OnChange = Callable[[Alarm, bool], None]
OnProvenFault = Callable[[Route], None]


class GuardedSender:
    """Passes pushes on. If a breaker on a push's route is open, the push is held, apart from probes.

    An outcome comes back through the breakers, then to `on_attempt`, then to the one that submitted the push. What was
    held was not attempted. Healthy routes cost next to nothing: a breaker exists only where APNs has refused something.
    For use within one event loop.
    """

    def __init__(
        self,
        sender: PushSender,
        *,
        on_attempt: OnAttempt = lambda push, target, outcome, seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_attempt` is told of each attempt, and its seconds. It must neither wait nor fail."""
        self._sender = sender
        self._on_attempt = on_attempt
        self._clock = clock
        self._breakers: OrderedDict[Route, CircuitBreaker] = OrderedDict()
        """Breakers that have something to remember, the oldest first."""
        self._alarms: dict[Route, Alarm] = {}
        """Alarms of breakers that are not closed, the oldest first."""
        self._listeners: list[OnChange] = []
        self._on_proven_fault: OnProvenFault = lambda route: None

    def listen(self, on_change: OnChange) -> None:
        """Calls `on_change` for each route that stops (True) or works again (False). It must neither wait nor fail."""
        self._listeners.append(on_change)

    def listen_for_faults(self, on_proven_fault: OnProvenFault) -> None:
        """Calls this for each route whose tokens were refused by the server's fault, when APNs accepts one of them.
        It must neither wait nor fail."""
        self._on_proven_fault = on_proven_fault

    def alarms(self) -> list[Alarm]:
        """The routes that are stopped, the oldest first."""
        return list(self._alarms.values())

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes the push; see PushSender. Held targets get their outcome at once."""
        account_id = push.about.account_id if push.about else None
        if self._alarms:
            push = replace(push, targets=self._admitted(push, account_id, on_outcome))
            if not push.targets:
                return
        sent_at = self._clock()

        def answered(target: Target, outcome: Outcome) -> None:
            if self._breakers or outcome.verdict is not OutcomeKind.ACCEPTED:
                outcome = self._judge(Route.steps(target, account_id), target, outcome, sent_at)
            self._on_attempt(push, target, outcome, self._clock() - sent_at)
            on_outcome(target, outcome)

        self._sender.submit(push, answered)

    def _admitted(self, push: Push, account_id: uuid.UUID | None, on_outcome: OnOutcome) -> list[Target]:
        """Returns the targets to send to: those with no open breaker, and probes. The others are held."""
        now, passing = self._clock(), []
        for target in push.targets:
            routes = Route.steps(target, account_id)
            stopping = [self._breakers[route] for route in routes if route in self._alarms]
            if not stopping:
                passing.append(target)
            elif all(breaker.admits(target.token, now) for breaker in stopping):
                self._probe(replace(push, targets=[target]), routes, stopping, on_outcome)
            else:
                for breaker in stopping:
                    breaker.hold(now)
                on_outcome(target, HELD)
        return passing

    def _probe(
        self, push: Push, routes: tuple[Route, ...], stopping: list[CircuitBreaker], on_outcome: OnOutcome
    ) -> None:
        sent_at = self._clock()
        tickets = [breaker.start(sent_at) for breaker in stopping]

        def answered(target: Target, outcome: Outcome) -> None:
            for breaker, ticket in zip(stopping, tickets, strict=True):
                breaker.probed(ticket, target.token, outcome, self._clock())
                if breaker.state is BreakerState.CLOSED and breaker.route in self._alarms:
                    self._resumed(breaker, "it works again")
            outcome = self._judge(routes, target, outcome, self._clock())
            self._on_attempt(push, target, outcome, self._clock() - sent_at)
            on_outcome(target, outcome)

        self._sender.submit(push, answered)

    def _judge(self, routes: tuple[Route, ...], target: Target, outcome: Outcome, sent_at: float) -> Outcome:
        """Returns the outcome to pass on, after the breakers have seen it.

        The outcome of a push that was sent before its route stopped or started again says nothing new. While a route is
        stopped, what APNs says about its tokens is ignored: it may be wrong.
        """
        if outcome.verdict is OutcomeKind.ACCEPTED:
            self._accepted(routes, target.token)
            return outcome
        step = step_of(outcome)
        if step is None or step is Step.PASSED:
            return outcome
        kept = replace(
            outcome,
            verdict=OutcomeKind.MISCONFIGURED,
            retry_after_seconds=HOLD_SECONDS,
            dead_since=None,
            configuration="",
        )
        breaker = self._breaker(routes[step])
        if breaker is None or any(
            sent_at < known.changed_at for route in routes if (known := self._breakers.get(route))
        ):
            return kept
        if breaker.state is not BreakerState.CLOSED:
            breaker.refuse_more(target.token)
            return kept
        if not breaker.refuse(target.token, outcome.reason, self._clock()):
            return outcome
        self._stopped(breaker)
        return replace(kept, retry_after_seconds=FIRST_PROBE_SECONDS)

    def _accepted(self, routes: tuple[Route, ...], token: str) -> None:
        now = self._clock()
        for breaker in [self._breakers[route] for route in routes if route in self._breakers]:
            if breaker.accept(token, now):
                self._on_proven_fault(breaker.route)
            if breaker.is_idle and now - breaker.changed_at > DOUBT_SECONDS:
                del self._breakers[breaker.route]

    def _breaker(self, route: Route) -> CircuitBreaker | None:
        """The breaker of the route; None if there are too many. Phones make up apps, but not environments."""
        breaker = self._breakers.get(route)
        if breaker is None:
            if len(self._breakers) >= MAX_ROUTES:
                closed = next((one.route for one in self._breakers.values() if one.state is BreakerState.CLOSED), None)
                if closed is not None:
                    del self._breakers[closed]
                elif route.step is not Step.SENDER:
                    return None
            breaker = self._breakers[route] = CircuitBreaker(route)
        return breaker

    def _stopped(self, breaker: CircuitBreaker) -> None:
        alarm = self._alarms[breaker.route] = Alarm(breaker.route, breaker.reason, wall_clock())
        self._look_after_in(IDLE_SECONDS, breaker)
        explanation, _ = of_route(alarm.reason)
        log.error("sending to APNs is stopped for %s: %s: %s", alarm.route, alarm.reason, explanation)
        self._tell(alarm, stopped=True)

    def _resumed(self, breaker: CircuitBreaker, why: str) -> None:
        alarm = self._alarms.pop(breaker.route)
        log.warning("sending to APNs goes on for %s: %s; %d times a push was held", alarm.route, why, breaker.held)
        self._tell(alarm, stopped=False)

    def _look_after(self, breaker: CircuitBreaker, alarm: Alarm) -> None:
        """Closes a breaker that no push has come to for long."""
        if self._alarms.get(breaker.route) is not alarm:
            return
        idle = self._clock() - breaker.used_at
        if idle >= IDLE_SECONDS:
            breaker.close(self._clock())
            self._resumed(breaker, "nothing is owed on it any more")
        else:
            self._look_after_in(IDLE_SECONDS - idle, breaker)

    def _look_after_in(self, seconds: float, breaker: CircuitBreaker) -> None:
        # This task belongs to no request.
        alarm, context = self._alarms[breaker.route], contextvars.Context()
        asyncio.get_running_loop().call_later(seconds, self._look_after, breaker, alarm, context=context)

    def _tell(self, alarm: Alarm, *, stopped: bool) -> None:
        for listener in self._listeners:
            listener(alarm, stopped)
