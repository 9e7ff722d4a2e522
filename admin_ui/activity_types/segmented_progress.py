"""Steps of a workflow."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal, Self

from admin_ui.activity_types.card_type import Bar, Body, Input, State, color_or
from admin_ui.activity_types.steps import STEP_INPUTS, Stepwise, steps
from admin_ui.components.card_parts import paint, set_prop
from admin_ui.components.html import div, labelled
from admin_ui.texts import _

MAX_SEGMENTS = 24
"""More steps than these are drawn as one bar: segments would be too thin to tell apart."""


@dataclass(frozen=True)
class Segment:
    """One step of a segmented bar."""

    color: str
    state: Literal["done", "current", "open"]


@dataclass(frozen=True)
class Segments(Body):
    """A bar in pieces, one for each step."""

    figure: str
    spoken: str
    segments: tuple[Segment, ...]

    @property
    def shape(self) -> Hashable:
        """As many pieces."""
        return len(self.segments)

    def draw(self) -> Callable[[Self], None]:
        """Makes the pieces."""
        bar = labelled(div("lock-segments").props("role=progressbar aria-valuemin=0"), _("Progress"))
        with bar:
            drawn = [div("lock-segment") for _segment in self.segments]

        def show(body: Self) -> None:
            set_prop(bar, "aria-valuemax", len(body.segments))
            set_prop(bar, "aria-valuenow", sum(segment.state != "open" for segment in body.segments))
            set_prop(bar, "aria-valuetext", body.spoken)
            for element, segment in zip(drawn, body.segments, strict=True):
                paint(element, segment.color)
                element.classes(replace=f"lock-segment is-{segment.state}")

        return show


class SegmentedProgress(Stepwise):
    """Steps, each with a color."""

    label = _("Steps (segmented_progress)")
    has_badge = True
    inputs = (*STEP_INPUTS, Input("step_color", _("Color of the current step"), none=_("As the card")))

    def read(self, state: State, color: str) -> Body:
        """A bar in pieces, or in one if they are too many."""
        current, total = steps(state)
        figure, spoken = (
            (f"{current}/{total}", _("step {current} of {total}").format(current=current, total=total))
            if total
            else ("", _("not known"))
        )
        if not 0 < total <= MAX_SEGMENTS:
            return Bar(figure, spoken, current / total if total else 0.0)
        return Segments(figure, spoken, _segments(state, color, total, current))


def _segments(state: State, color: str, total: int, current: int) -> tuple[Segment, ...]:
    given = state.get("step_colors")
    done = list(given) if isinstance(given, list | tuple) else []
    segments = []
    for step in range(1, total + 1):
        if step < current:
            own = done[step - 1] if step <= len(done) else None
            segments.append(Segment(color_or(own, color), "done"))
        elif step == current:
            segments.append(Segment(color_or(state.get("step_color"), color), "current"))
        else:
            segments.append(Segment(color, "open"))
    return tuple(segments)


TYPE = SegmentedProgress()
