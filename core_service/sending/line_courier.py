"""The courier that stops where APNs refuses the sender, keeps what is owed, and goes on by itself once it is mended."""

import asyncio
import contextvars
import logging
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace

from core_service.common.orm import now as wall_clock
from core_service.sending.line import FIRST_PROBE_SECONDS, HOLD_SECONDS, Alarm, Finding, Line, Lines, Stop
from core_service.sending.misconfiguration import REFUSED_TOKEN
from core_service.sending.port import LINE_STOPPED, Courier, OnOutcome, Outcome, Push, Target, Verdict
from core_service.sending.suspicion import Acceptances, Suspicion

log = logging.getLogger(__name__)

MAX_LINES = 1000
"""Lines that are kept an eye on. Phones name their app, so there may be any number."""

IDLE_SECONDS = 600.0
"""A line that nothing was owed on for so long is no cause for alarm any more."""

HELD = Outcome(Verdict.HELD, LINE_STOPPED, HOLD_SECONDS)

OnChange = Callable[[Alarm, bool], None]


class LineCourier:
    """Passes pushes on, unless their line stands still: then all but a probe now and then are held.

    It costs a healthy line next to nothing: what is suspected or stopped is remembered, and a few of the last
    accepted tokens. For use within one event loop.
    """

    def __init__(self, courier: Courier, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._courier = courier
        self._clock = clock
        self._stops: dict[Line, Stop] = {}
        self._suspicions: dict[Line, Suspicion] = {}
        self._good: OrderedDict[tuple[str, str | None], Acceptances] = OrderedDict()
        """By environment and bundle id."""
        self._moment = 0
        """Counts stops and resumptions."""
        self._changed: dict[Line, int] = {}
        """The moment at which a line last stopped or went on."""
        self._listeners: list[OnChange] = []
        self._elsewhere: frozenset[Line] = frozenset()
        self._working: set[Line] = set()

    def listen(self, on_change: OnChange) -> None:
        """From now on `on_change`, which must neither wait nor fail, hears of each line that stops (True) or is no
        longer stopped (False)."""
        self._listeners.append(on_change)

    def alarms(self) -> list[Alarm]:
        """The lines that stand still, the oldest first."""
        return [stop.alarm for stop in self._stops.values()]

    def stand_still_elsewhere(self, lines: Iterable[Line]) -> None:
        """These are all the lines that stand still in other cores: perhaps for lack of pushes to try them with."""
        self._elsewhere = frozenset(lines)
        self._working &= self._elsewhere

    def take_working(self) -> tuple[Line, ...]:
        """The lines that stand still elsewhere and work here, each told once."""
        working, self._working = tuple(self._working), set()
        return working

    def works_elsewhere(self, line: Line) -> None:
        """In another core a push has gone over the line since it was known that it stands still here."""
        stop = self._stops.get(line)
        if stop is not None:
            self._resume(stop, "it works again in another core")

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes the push; see Courier. Targets that are held hear so at once."""
        account_id = push.about.account_id if push.about else None
        if self._stops:
            push = replace(push, targets=self._open_targets(push, account_id, on_outcome))
            if not push.targets:
                return
        moment, elsewhere = self._moment, self._elsewhere

        def judged(target: Target, outcome: Outcome) -> None:
            if elsewhere and outcome.verdict is Verdict.ACCEPTED:
                self._working |= elsewhere & set(Lines.to(target, account_id))
            on_outcome(target, self._judge(target, account_id, outcome, moment))

        self._courier.submit(push, judged)

    def _open_targets(self, push: Push, account_id: uuid.UUID | None, on_outcome: OnOutcome) -> list[Target]:
        """Those whose line is open. The others are held, or sent as probes."""
        now, passing = self._clock(), []
        for target in push.targets:
            stops = [stop for line in set(Lines.to(target, account_id)) if (stop := self._stops.get(line))]
            if not stops:
                passing.append(target)
            elif all(stop.is_ready(target, account_id, now) for stop in stops):
                self._probe(push, target, account_id, on_outcome, stops)
            else:
                for stop in stops:
                    stop.held += 1
                    stop.used_at = now
                on_outcome(target, HELD)
        return passing

    def _probe(
        self, push: Push, target: Target, account_id: uuid.UUID | None, on_outcome: OnOutcome, stops: list[Stop]
    ) -> None:
        for stop in stops:
            stop.probe(target, account_id, self._clock())

        def heard(target: Target, outcome: Outcome) -> None:
            for stop in stops:
                finding = stop.heard(target, outcome, self._clock())
                if finding is Finding.MENDED and self._stops.get(stop.line) is stop:
                    self._resume(stop, "it works again")
                    self._working |= self._elsewhere & {stop.line}
            # What was the probe may be the next one, too.
            again = max(stop.interval for stop in stops)
            on_outcome(target, self._judge(target, account_id, outcome, self._moment, hold_seconds=again))

        self._courier.submit(replace(push, targets=[target]), heard)

    def _judge(
        self,
        target: Target,
        account_id: uuid.UUID | None,
        outcome: Outcome,
        moment: int,
        *,
        hold_seconds: float = HOLD_SECONDS,
    ) -> Outcome:
        """What the push that was sent at `moment` is to be told, once its line has drawn its conclusions.

        A push that was sent before its line stopped or went on says nothing new about the line. Nor is APNs believed
        what it said of a token over a line of which it is not known whether it was right.
        """
        if outcome.verdict is Verdict.ACCEPTED:
            self._acceptances(target).note(target.token, account_id, self._clock())
            if self._suspicions:
                self._clear(Lines.to(target, account_id).app, target.token)
            return outcome
        refused_token = outcome.reason in REFUSED_TOKEN
        if outcome.verdict is not Verdict.MISCONFIGURED and not refused_token:
            return outcome
        lines = Lines.to(target, account_id)
        line = lines.stopped_by(outcome.reason)
        kept = replace(outcome, verdict=Verdict.MISCONFIGURED, retry_after_seconds=hold_seconds, dead_since=None)
        stands_still = line in self._stops or (refused_token and lines.account in self._stops)
        if stands_still or self._is_stale(lines, moment):
            return kept
        if refused_token:
            suspicion, now = self._suspicion(line), self._clock()
            if not suspicion.refused(target.token, now, account_id):
                return outcome
            if not suspicion.is_everybodys(target.token, account_id, self._acceptances(target), now):
                line = lines.account
        self._stop(line, outcome.reason)
        return replace(kept, retry_after_seconds=FIRST_PROBE_SECONDS)

    def _is_stale(self, lines: Lines, moment: int) -> bool:
        return max(self._changed.get(line, 0) for line in lines) > moment

    def _suspicion(self, line: Line) -> Suspicion:
        suspicion = self._suspicions.get(line)
        if suspicion is None:
            if len(self._suspicions) >= MAX_LINES:
                del self._suspicions[next(iter(self._suspicions))]
            suspicion = self._suspicions[line] = Suspicion()
        return suspicion

    def _acceptances(self, target: Target) -> Acceptances:
        key = (target.environment, target.bundle_id)
        good = self._good.get(key)
        if good is None:
            if len(self._good) >= MAX_LINES:
                self._good.popitem(last=False)
            good = self._good[key] = Acceptances()
        return good

    def _clear(self, line: Line, token: str) -> None:
        suspicion = self._suspicions.get(line)
        if suspicion is not None and suspicion.accepted(token):
            del self._suspicions[line]

    def _stop(self, line: Line, reason: str) -> None:
        # Phones make up apps, but no environments.
        if len(self._stops) >= MAX_LINES and not line.every_app:
            return
        if not line.every_app:
            for part in [other for other in self._stops.values() if other.line != line and other.line.app == line]:
                self._resume(part, "it stands still for all accounts now")
        stop = self._stops[line] = Stop(line, reason, wall_clock(), self._clock())
        self._change(line)
        self._look_after_in(IDLE_SECONDS, stop)
        log.error(
            "the line %s to APNs stands still: %s: %s Everything stays queued.", line, reason, stop.alarm.explanation
        )
        self._tell(stop.alarm, stopped=True)

    def _resume(self, stop: Stop, why: str) -> None:
        del self._stops[stop.line]
        self._change(stop.line)
        self._suspicions.pop(stop.line.app, None)
        seconds = self._clock() - stop.began
        log.warning(
            "the line %s to APNs: %s, after %.0f s; %d times a push was held", stop.line, why, seconds, stop.held
        )
        self._tell(stop.alarm, stopped=False)

    def _look_after(self, stop: Stop) -> None:
        """Forgets a line that nobody sends anything over."""
        if self._stops.get(stop.line) is not stop:
            return
        idle = self._clock() - stop.used_at
        if idle >= IDLE_SECONDS:
            self._resume(stop, "nothing is owed on it any more")
        else:
            self._look_after_in(IDLE_SECONDS - idle, stop)

    def _look_after_in(self, seconds: float, stop: Stop) -> None:
        # Not in the name of the request whose push was refused first.
        asyncio.get_running_loop().call_later(seconds, self._look_after, stop, context=contextvars.Context())

    def _change(self, line: Line) -> None:
        self._moment += 1
        self._changed.pop(line, None)
        self._changed[line] = self._moment
        if len(self._changed) > MAX_LINES:
            del self._changed[next(iter(self._changed))]

    def _tell(self, alarm: Alarm, *, stopped: bool) -> None:
        for listener in self._listeners:
            listener(alarm, stopped)
