"""A timer that runs in the browser as on a phone, without anything being sent; or, with steps, the legacy type."""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from admin_ui.activity_types.card_type import Body, CardType, ChoiceInput, Input, Numeral, State, number, within
from admin_ui.activity_types.steps import steps
from admin_ui.components.card_parts import Gauge, set_prop
from admin_ui.components.html import text
from admin_ui.texts import _


@dataclass(frozen=True)
class Window(Body):
    """A timer between two UNIX times. The browser counts (`static/lock_screen.js`)."""

    starts_at: float
    ends_at: float | None
    counts_down: bool
    paused_at: float | None
    figure = ""
    has_figure_in_body = True

    @property
    def shape(self) -> Hashable:
        """With or without an end."""
        return self.ends_at is None

    @property
    def short_figure(self) -> str:
        """What it shows as it is drawn; from then on the browser counts."""
        return clock_words(self.seconds(time.time()))

    @property
    def moments(self) -> Mapping[str, str]:
        """UNIX times, empty where there is none, and whether it counts down."""
        moments = {
            "data-starts": self.starts_at,
            "data-ends": self.ends_at,
            "data-paused": self.paused_at,
            "data-down": self.counts_down,
        }
        return {name: "" if moment is None else str(moment).lower() for name, moment in moments.items()}

    def seconds(self, now: float) -> float:
        """What it shows at `now`."""
        moment = now if self.paused_at is None else self.paused_at
        if self.ends_at is not None:
            moment = min(moment, self.ends_at)
            if self.counts_down:
                return max(0.0, self.ends_at - max(moment, self.starts_at))
        return max(0.0, moment - self.starts_at)

    def draw(self) -> Callable[[Self], None]:
        """Makes the clock, and a bar where there is an end."""
        clock = text("", "lock-numeral lock-timer", "time").props("role=timer")
        gauge = None if self.ends_at is None else Gauge(_("Time"))

        def show(body: Self) -> None:
            clock.text = clock_words(body.seconds(time.time()))
            for name, moment in body.moments.items():
                set_prop(clock, name, moment)
            if gauge is not None and body.ends_at is not None:
                length = body.ends_at - body.starts_at
                gauge.show(within(body.seconds(time.time()) / length) if length > 0 else 0.0, clock.text)

        return show


class Timer(CardType):
    """Counts down or up. With `current_step` it is the legacy type of this name."""

    label = _("Timer")
    inputs = (
        Input("duration_seconds", _("Seconds"), 300),
        ChoiceInput("counts_down", _("Counts"), words={"": _("Down, to 0"), "false": _("Up, from 0")}),
        ChoiceInput("is_running", _("Runs"), words={"": _("Yes"), "false": _("No, it is paused")}),
    )

    def read(self, state: State, color: str) -> Body:
        """The clock, or for the legacy type the steps."""
        if state.get("current_step") is not None:
            current, total = steps(state)
            return Numeral(
                f"{current}/{total}",
                _("{current} of {total}").format(current=current, total=total),
                current / total if total else 0.0,
            )
        return _window(state.get("timer")) or _composed(state)

    def words(self, state: State) -> str:
        """As `4:10`, or `step 2 of 4`."""
        if "current_step" in state:
            return _("step {current_step} of {number_of_steps}").format(
                current_step=state["current_step"], number_of_steps=state["number_of_steps"]
            )
        window = _window(state.get("timer"))
        return "" if window is None else clock_words(window.seconds(time.time()))

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """No duration to count down."""
        if "duration_seconds" not in state and state.get("counts_down") is not False:
            yield "duration_seconds", _("Write how many seconds, or let it count up.")
        elif (number(state.get("duration_seconds", 1)) or 0) <= 0:
            yield "duration_seconds", _("Write a number above 0.")


def clock_words(seconds: float) -> str:
    """As `4:10`, or `1:04:10`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _window(timer: Any) -> Window | None:
    if not isinstance(timer, Mapping) or (starts_at := number(timer.get("starts_at"))) is None:
        return None
    ends_at, paused_at = number(timer.get("ends_at")), number(timer.get("paused_at"))
    return Window(starts_at, ends_at, timer.get("counts_down") is True and ends_at is not None, paused_at)


def _composed(state: State) -> Window:
    """The timer as it would start now."""
    now, duration = float(int(time.time())), number(state.get("duration_seconds"))
    ends_at = None if duration is None else now + max(duration, 0.0)
    counts_down = ends_at is not None and state.get("counts_down") is not False
    return Window(now, ends_at, counts_down, now if state.get("is_running") is False else None)


TYPE = Timer()
