"""The courier that stops where APNs refuses the sender, keeps what is owed, and goes on by itself once it is mended."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from core_service.courier.line import (
    FIRST_PROBE_SECONDS,
    HOLD_SECONDS,
    Alarm,
    Finding,
    Line,
    Stop,
    app_line,
    environment_line,
    stopped_by,
)
from core_service.courier.misconfiguration import REFUSED_TOKEN
from core_service.courier.port import LINE_STOPPED, Courier, OnOutcome, Outcome, Push, Target, Verdict
from core_service.courier.suspicion import Suspicion
from core_service.orm import now as wall_clock

log = logging.getLogger(__name__)

MAX_LINES = 1000
"""Lines that are kept an eye on. Phones name their app, so there may be any number."""

IDLE_SECONDS = 600.0
"""A line that nothing was owed on for so long is no cause for alarm any more."""

HELD = Outcome(Verdict.HELD, LINE_STOPPED, HOLD_SECONDS)

OnChange = Callable[[Alarm, bool], None]


class LineCourier:
    """Passes pushes on, unless their line stands still: then all but a probe now and then are held.

    It costs a healthy line next to nothing: only what is suspected or stands still is remembered. For use within one
    event loop.
    """

    def __init__(self, courier: Courier, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._courier = courier
        self._clock = clock
        self._stops: dict[Line, Stop] = {}
        self._suspicions: dict[Line, Suspicion] = {}
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
        if self._stops:
            push = replace(push, targets=self._open_targets(push, on_outcome))
            if not push.targets:
                return
        moment, elsewhere = self._moment, self._elsewhere

        def judged(target: Target, outcome: Outcome) -> None:
            if elsewhere and outcome.verdict is Verdict.ACCEPTED:
                self._working |= elsewhere & {app_line(target), environment_line(target)}
            on_outcome(target, self._judge(target, outcome, moment))

        self._courier.submit(push, judged)

    def _open_targets(self, push: Push, on_outcome: OnOutcome) -> list[Target]:
        """Those whose line is open. The others are held, or sent as probes."""
        now, passing = self._clock(), []
        for target in push.targets:
            stops = self._stops_of(target)
            if not stops:
                passing.append(target)
            elif all(stop.is_ready(target, now) for stop in stops):
                self._probe(push, target, on_outcome, stops)
            else:
                for stop in stops:
                    stop.held += 1
                    stop.used_at = now
                on_outcome(target, HELD)
        return passing

    def _stops_of(self, target: Target) -> list[Stop]:
        found = (self._stops.get(environment_line(target)), self._stops.get(app_line(target)))
        return [stop for stop in found if stop is not None]

    def _probe(self, push: Push, target: Target, on_outcome: OnOutcome, stops: list[Stop]) -> None:
        for stop in stops:
            stop.probe(target, self._clock())

        def heard(target: Target, outcome: Outcome) -> None:
            for stop in stops:
                finding = stop.heard(outcome, self._clock())
                if finding is Finding.MENDED and self._stops.get(stop.line) is stop:
                    self._resume(stop, "it works again")
                    self._working |= self._elsewhere & {stop.line}
            # What was the probe may be the next one, too.
            again = max(stop.interval for stop in stops)
            on_outcome(target, self._judge(target, outcome, self._moment, hold_seconds=again))

        self._courier.submit(replace(push, targets=[target]), heard)

    def _judge(self, target: Target, outcome: Outcome, moment: int, *, hold_seconds: float = HOLD_SECONDS) -> Outcome:
        """What the push that was sent at `moment` is to be told, once its line has drawn its conclusions.

        A push that was sent before its line stopped or went on says nothing new about the line. Nor is APNs believed
        what it said of a token over a line of which it is not known whether it was right.
        """
        if outcome.verdict is Verdict.ACCEPTED:
            if self._suspicions:
                self._clear(app_line(target), target.token)
            return outcome
        refused_token = outcome.reason in REFUSED_TOKEN
        if outcome.verdict is not Verdict.MISCONFIGURED and not refused_token:
            return outcome
        line = stopped_by(target, outcome.reason)
        kept = replace(outcome, verdict=Verdict.MISCONFIGURED, retry_after_seconds=hold_seconds, dead_since=None)
        if line in self._stops or self._is_stale(target, moment):
            return kept
        if refused_token and not self._is_to_blame(line, target.token):
            return outcome
        self._stop(line, outcome.reason)
        return replace(kept, retry_after_seconds=FIRST_PROBE_SECONDS)

    def _is_stale(self, target: Target, moment: int) -> bool:
        changed = self._changed
        return max(changed.get(app_line(target), 0), changed.get(environment_line(target), 0)) > moment

    def _is_to_blame(self, line: Line, token: str) -> bool:
        suspicion = self._suspicions.get(line)
        if suspicion is None:
            if len(self._suspicions) >= MAX_LINES:
                del self._suspicions[next(iter(self._suspicions))]
            suspicion = self._suspicions[line] = Suspicion()
        return suspicion.refused(token, self._clock())

    def _clear(self, line: Line, token: str) -> None:
        suspicion = self._suspicions.get(line)
        if suspicion is not None and suspicion.accepted(token):
            del self._suspicions[line]

    def _stop(self, line: Line, reason: str) -> None:
        if len(self._stops) >= MAX_LINES:
            return
        stop = self._stops[line] = Stop(line, reason, wall_clock(), self._clock())
        self._change(line)
        asyncio.get_running_loop().call_later(IDLE_SECONDS, self._look_after, stop)
        log.error(
            "the line %s to APNs stands still: %s: %s Everything stays queued.", line, reason, stop.alarm.explanation
        )
        self._tell(stop.alarm, stopped=True)

    def _resume(self, stop: Stop, why: str) -> None:
        del self._stops[stop.line]
        self._change(stop.line)
        self._suspicions.pop(stop.line, None)
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
            asyncio.get_running_loop().call_later(IDLE_SECONDS - idle, self._look_after, stop)

    def _change(self, line: Line) -> None:
        self._moment += 1
        self._changed.pop(line, None)
        self._changed[line] = self._moment
        if len(self._changed) > MAX_LINES:
            del self._changed[next(iter(self._changed))]

    def _tell(self, alarm: Alarm, *, stopped: bool) -> None:
        for listener in self._listeners:
            listener(alarm, stopped)
