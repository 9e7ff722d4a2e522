"""`activitysmith push`"""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from activitysmith_cli.calls import Request
from activitysmith_cli.connection import Connection
from activitysmith_cli.json_documents import check_text, read_json
from activitysmith_cli.option_groups import spread
from activitysmith_cli.output import call_and_print
from activitysmith_cli.request_options import RequestOptions, Targeted


@dataclass(frozen=True)
class PushOptions:
    """What a notification says."""

    title: Annotated[str, typer.Option(metavar="TEXT", help="First line.")]
    message: Annotated[str | None, typer.Option(metavar="TEXT", help="The text.")] = None
    subtitle: Annotated[str | None, typer.Option(metavar="TEXT", help="Second line, under the title.")] = None
    media: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An image, a video or audio, shown when it is expanded. Not with --actions."),
    ] = None
    redirection: Annotated[str | None, typer.Option(metavar="URL", help="Opened when it is tapped.")] = None
    actions: Annotated[
        str | None, typer.Option(metavar="JSON", help="Up to 4 buttons: an array of {title, type, url}.")
    ] = None
    actions_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None
    badge: Annotated[int | None, typer.Option(metavar="N", help="Number on the app's icon; 0 removes it.")] = None
    sound: Annotated[str | None, typer.Option(metavar="NAME", help="One of the app's sounds.")] = None
    payload: Annotated[str | None, typer.Option(metavar="JSON", help="An object for the app.")] = None
    payload_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
    ] = None

    def document(self) -> dict[str, Any]:
        """The members of the request. Raises typer.BadParameter for what does not go together."""
        actions = read_json("actions", self.actions, self.actions_file, list)
        if actions is not None and self.media is not None:
            raise typer.BadParameter("can be combined with --redirection, but not with actions.", param_hint="--media")
        given = {
            "title": self.title,
            "message": self.message,
            "subtitle": self.subtitle,
            "media": self.media,
            "redirection": self.redirection,
            "actions": actions,
            "badge": self.badge,
            "sound": self.sound,
            "payload": read_json("payload", self.payload, self.payload_file, dict),
        }
        return {name: value for name, value in given.items() if value is not None}


@spread
def push(
    context: typer.Context,
    notification: PushOptions,
    target: Targeted,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """Send a push notification."""
    body = notification.document() | target.members()
    check_text(body)
    request = Request("POST", "/push-notification", body, options.idempotency_key)
    call_and_print(connection.server(context), request, as_json=options.as_json)
