"""What a Live Activity shows: from JSON, from flags, or from both."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from activitysmith_cli.json_documents import read_json
from activitysmith_cli.values import ActivityType, Color, Metric, comma_separated, parse_metric, parse_number

HOW = "--content-state, --content-state-file, or flags such as --title"
TYPES = [kind.value for kind in ActivityType]
COLORS = [color.value for color in Color]


@dataclass(frozen=True)
class ContentStateOptions:
    """The options that say so. A flag takes precedence over the same field of the JSON."""

    content_state: Annotated[
        str | None, typer.Option(metavar="JSON", help="What it shows, as a JSON object; flags go over it.")
    ] = None
    content_state_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="First line.")] = None
    subtitle: Annotated[str | None, typer.Option(metavar="TEXT", help="Second line.")] = None
    type: Annotated[ActivityType | None, typer.Option(metavar="TYPE", help=f"Layout: {', '.join(TYPES)}.")] = None
    number_of_steps: Annotated[int | None, typer.Option(metavar="N", help="Steps in all, 1 or more.")] = None
    current_step: Annotated[int | None, typer.Option(metavar="N", help="The step it is at, from 1.")] = None
    percentage: Annotated[
        float | None, typer.Option(metavar="NUMBER", parser=parse_number, help="Progress, from 0 to 100.")
    ] = None
    value: Annotated[
        float | None, typer.Option(metavar="NUMBER", parser=parse_number, help="Progress up to --upper-limit instead.")
    ] = None
    upper_limit: Annotated[float | None, typer.Option(metavar="NUMBER", parser=parse_number, help="With --value.")] = (
        None
    )
    metric: Annotated[
        list[Metric] | None,
        typer.Option(
            metavar="LABEL=VALUE[UNIT]", parser=parse_metric, help="A number to show, such as CPU=9%; repeatable."
        ),
    ] = None
    color: Annotated[Color | None, typer.Option(metavar="COLOR", help=f"Accent color: {', '.join(COLORS)}.")] = None
    step_color: Annotated[Color | None, typer.Option(metavar="COLOR", help="Color of the current step.")] = None
    step_colors: Annotated[
        str | None, typer.Option(metavar="COLORS", help="Colors of the completed steps, such as green,lime.")
    ] = None
    auto_dismiss_minutes: Annotated[
        int | None, typer.Option(metavar="N", help="How long it stays after its end; 0 removes it at once.")
    ] = None
    auto_dismiss_seconds: Annotated[int | None, typer.Option(metavar="N", help="The same in seconds.")] = None

    def document(self) -> dict[str, Any] | None:
        """The content state to send; None if no option was given. Keys of JSON stay as they were written."""
        document = read_json("content-state", self.content_state, self.content_state_file, dict)
        flags = self._flags()
        if document is None and not flags:
            return None
        merged = document or {}
        for name, value in flags.items():
            merged.pop(camel(name), None)
            merged[name] = value
        return merged

    def required(self, *needed: str) -> dict[str, Any]:
        """The content state to send, which must have these fields. Raises typer.BadParameter otherwise."""
        document = self.document()
        if document is None:
            raise typer.BadParameter(f"nothing to show: give {HOW}.", param_hint="--content-state")
        for name in needed:
            if name not in document and camel(name) not in document:
                flag = f"--{name.replace('_', '-')}"
                raise typer.BadParameter(f"required, as a flag or as {name!r} in --content-state.", param_hint=flag)
        return document

    def _flags(self) -> dict[str, Any]:
        given = {
            "title": self.title, "subtitle": self.subtitle, "type": self.type and self.type.value,
            "number_of_steps": self.number_of_steps, "current_step": self.current_step, "percentage": self.percentage,
            "value": self.value, "upper_limit": self.upper_limit,
            "metrics": [metric.document() for metric in self.metric or ()] or None,
            "color": self.color and self.color.value, "step_color": self.step_color and self.step_color.value,
            "step_colors": self._step_colors(), "auto_dismiss_minutes": self.auto_dismiss_minutes,
            "auto_dismiss_seconds": self.auto_dismiss_seconds,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}

    def _step_colors(self) -> list[str] | None:
        if self.step_colors is None:
            return None
        colors = comma_separated(self.step_colors, "--step-colors")
        for color in colors:
            if color not in COLORS:
                why = f"{color!r} is not one of {', '.join(COLORS)}."
                raise typer.BadParameter(why, param_hint="--step-colors")
        return colors


def camel(name: str) -> str:
    """`number_of_steps` as `numberOfSteps`."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
