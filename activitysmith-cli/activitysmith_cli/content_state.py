"""The content state of a Live Activity, from JSON, from flags, or from both."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from activitysmith_cli.contract import CONTENT_STATE
from activitysmith_cli.field_options import FieldOptions
from activitysmith_cli.json_documents import read_json
from activitysmith_cli.values import Metric, parse_metric

HOW = "--content-state, --content-state-file, or flags such as --title"
METRICS = "metrics"
"""Written one by one, as --metric, or as JSON."""
FIELDS = FieldOptions(tuple(field for field in CONTENT_STATE if field.name != METRICS))


@dataclass(frozen=True)
class ContentStateOptions:
    """The options for the content state. A flag takes precedence over the same field of the JSON."""

    given: Annotated[dict[str, Any], FIELDS]
    content_state: Annotated[
        str | None, typer.Option(metavar="JSON", help="The content state as a JSON object; flags override it.")
    ] = None
    content_state_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None
    metric: Annotated[
        list[Metric] | None,
        typer.Option(
            metavar="LABEL=VALUE[UNIT]",
            parser=parse_metric,
            help="A number or text to show, such as CPU=9% or State=ok; repeatable.",
        ),
    ] = None
    metrics: Annotated[
        str | None, typer.Option(metavar="JSON", help="The same as a JSON array of {label, value, unit, color}.")
    ] = None
    metrics_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None

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
        one_by_one = [metric.document() for metric in self.metric or ()]
        metrics = read_json(METRICS, self.metrics, self.metrics_file, list)
        if metrics is not None and one_by_one:
            raise typer.BadParameter("cannot be used together with --metric.", param_hint="--metrics")
        metrics = one_by_one or metrics
        return FIELDS.document(self.given) | ({METRICS: metrics} if metrics else {})


def camel(name: str) -> str:
    """`number_of_steps` as `numberOfSteps`."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
