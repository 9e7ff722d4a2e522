"""The card of a running command on a phone. Pure functions: no clock, no call."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from activitysmith_cli.running.graphemes import cut
from activitysmith_cli.running.written import Written

SUBTITLE_LENGTH = 100
"""Most code points of a text. A phone shows fewer."""
RUNNING, SUCCEEDED, FAILED = "blue", "green", "red"


class RunType(StrEnum):
    """The Live Activity types that suit a command."""

    SEGMENTED_PROGRESS = "segmented_progress"
    PROGRESS = "progress"


class AlertOn(StrEnum):
    """The ends for which phones show an alert with sound."""

    NEVER = "never"
    FAILURE = "failure"
    END = "end"


@dataclass
class Card:
    """The content states of one run."""

    title: str
    kind: RunType
    auto_dismiss_minutes: int | None
    written: Written = field(default_factory=Written)
    """What the command has written; None if its output is not read."""
    _percentage: float = 0.0
    # While the command runs, one step is always open, so that only a finished command looks finished.
    _step: tuple[int, int] = (1, 2)

    def running(self, seconds: float) -> dict[str, Any]:
        """The state while it runs, `seconds` after its start."""
        return self._state(duration(seconds), RUNNING)

    def ended(self, seconds: float, exit_code: int, ended_by: str | None) -> dict[str, Any]:
        """The last state. `ended_by` names the signal that ended the command, if one did."""
        self._look()
        if exit_code == 0:
            self._percentage, self._step = 100.0, (self._step[1], self._step[1])
            return self._state(f"Finished after {duration(seconds)}", SUCCEEDED, look=False)
        how = f"Ended by {ended_by}" if ended_by else f"Failed with exit code {exit_code}"
        return self._state(f"{how} after {duration(seconds)}", FAILED, look=False)

    def _state(self, says: str, color: str, *, look: bool = True) -> dict[str, Any]:
        if look:
            self._look()
        line = self.written.last_line()
        state: dict[str, Any] = {
            "title": self.title,
            "subtitle": cut(f"{says} · {line}" if line else says, SUBTITLE_LENGTH),
            "type": self.kind.value,
            "color": color,
        }
        if self.kind is RunType.PROGRESS:
            state["percentage"] = self._percentage
        else:
            state["current_step"], state["number_of_steps"] = self._step
        if self.auto_dismiss_minutes is not None:
            state["auto_dismiss_minutes"] = self.auto_dismiss_minutes
        return state

    def _look(self) -> None:
        if (percentage := self.written.percentage()) is not None:
            self._percentage = percentage
        self._step = self.written.step() or self._step


def duration(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 7 min`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
