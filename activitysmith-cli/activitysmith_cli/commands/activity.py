"""`activitysmith activity …`"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from activitysmith_cli.calls import Request, delete_stream, put_stream
from activitysmith_cli.connection import Connection
from activitysmith_cli.content_state import ContentStateOptions
from activitysmith_cli.json_documents import check_text
from activitysmith_cli.option_groups import spread
from activitysmith_cli.output import call_and_print
from activitysmith_cli.request_options import ActivityOptions, RequestOptions, Targeted
from activitysmith_cli.values import parse_stream_key

app = typer.Typer(
    name="activity",
    help="Show Live Activities: by streams, or by start, update and end.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ActivityId = Annotated[str, typer.Option(metavar="ID", help="The activity_id from `activity start`.")]
StreamKey = Annotated[
    str, typer.Argument(metavar="STREAM_KEY", parser=parse_stream_key, help="Your name for the stream.")
]


@app.callback()
@spread
def common(context: typer.Context, connection: Connection) -> None:
    """Options between `activity` and the subcommand."""
    connection.remember(context)


@app.command()
@spread
def start(
    context: typer.Context,
    *,
    state: ContentStateOptions,
    extras: ActivityOptions,
    target: Targeted,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """Start a Live Activity; the answer has its activity_id."""
    body = {"content_state": state.required("title", "type"), **extras.members(), **target.members()}
    _call(context, connection, options, Request("POST", "/live-activity/start", body, options.idempotency_key))


@app.command()
@spread
def update(
    context: typer.Context,
    *,
    activity_id: ActivityId,
    state: ContentStateOptions,
    extras: ActivityOptions,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """Change what a Live Activity shows."""
    body = {"activity_id": activity_id, "content_state": state.required("title"), **extras.members()}
    _call(context, connection, options, Request("POST", "/live-activity/update", body, options.idempotency_key))


@app.command()
@spread
def end(
    context: typer.Context,
    *,
    activity_id: ActivityId,
    state: ContentStateOptions,
    extras: ActivityOptions,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """End a Live Activity with a last state."""
    body = {"activity_id": activity_id, "content_state": state.required("title"), **extras.members()}
    _call(context, connection, options, Request("POST", "/live-activity/end", body, options.idempotency_key))


@app.command()
@spread
def stream(
    context: typer.Context,
    *,
    stream_key: StreamKey,
    state: ContentStateOptions,
    extras: ActivityOptions,
    target: Targeted,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """Set what a stream shows now.

    The server starts, updates and replaces Live Activities as needed.
    """
    body = {"content_state": state.required("title"), **extras.members(), **target.members()}
    _call(context, connection, options, put_stream(stream_key, body, options.idempotency_key))


@app.command("end-stream")
@spread
def end_stream(
    context: typer.Context,
    *,
    stream_key: StreamKey,
    state: ContentStateOptions,
    extras: ActivityOptions,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """End a stream, with a last state if one is given."""
    last = state.document()
    body: dict[str, Any] = extras.members() if last is None else {"content_state": last, **extras.members()}
    _call(context, connection, options, delete_stream(stream_key, body or None, options.idempotency_key))


def _call(context: typer.Context, connection: Connection, options: RequestOptions, request: Request) -> None:
    body: Mapping[str, Any] = request.body or {}
    check_text(body)
    call_and_print(context.command_path, connection.server(context), request, as_json=options.as_json)
