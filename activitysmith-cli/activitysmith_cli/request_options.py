"""Options of commands that make one call."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from activitysmith_cli.json_documents import read_json
from activitysmith_cli.values import comma_separated, parse_idempotency_key


@dataclass(frozen=True)
class Targeted:
    """The target channels."""

    channels: Annotated[str | None, typer.Option(metavar="SLUGS", help="Only to these channels, such as devs,ops.")] = (
        None
    )

    def members(self) -> dict[str, Any]:
        """The members of the request; none to reach all devices that the API key may reach."""
        if self.channels is None:
            return {}
        return {"target": {"channels": comma_separated(self.channels, "--channels")}}


@dataclass(frozen=True)
class RequestOptions:
    """Options for the call, and for printing its answer."""

    idempotency_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            parser=parse_idempotency_key,
            help="A repeat with the same key within a day is done once only.",
        ),
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer unchanged, as JSON.")] = False


@dataclass(frozen=True)
class ActivityOptions:
    """Options for a Live Activity's buttons, its alert, and what is noted on it."""

    action: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Its button: an object {title, type, url}. Default: unchanged."),
    ] = None
    action_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None
    secondary_action: Annotated[
        str | None, typer.Option(metavar="JSON", help="Its second button, likewise. Default: unchanged.")
    ] = None
    secondary_action_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None
    tags: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Words to find it by, separated by commas. Default: unchanged.")
    ] = None
    clear_tags: Annotated[bool, typer.Option("--clear-tags", help="Remove its tags.")] = False
    metadata: Annotated[
        str | None, typer.Option(metavar="JSON", help="Your notes on it, an object. Default: unchanged.")
    ] = None
    metadata_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None
    alert: Annotated[str | None, typer.Option(metavar="JSON", help="An alert with sound: an object {title, body}.")] = (
        None
    )

    def members(self) -> dict[str, Any]:
        """The members of the request."""
        given = {
            "action": read_json("action", self.action, self.action_file, dict),
            "secondary_action": read_json("secondary-action", self.secondary_action, self.secondary_action_file, dict),
            "tags": self._tags(),
            "metadata": read_json("metadata", self.metadata, self.metadata_file, dict),
            "alert": read_json("alert", self.alert, None, dict),
        }
        return {name: value for name, value in given.items() if value is not None}

    def _tags(self) -> list[str] | None:
        if self.clear_tags:
            if self.tags is not None:
                raise typer.BadParameter("cannot be used together with --tags.", param_hint="--clear-tags")
            return []
        return None if self.tags is None else comma_separated(self.tags, "--tags")
