"""`activitysmith metrics …`"""

from typing import Annotated
from urllib.parse import quote

import typer

from activitysmith_cli.calls import Request
from activitysmith_cli.connection import Connection
from activitysmith_cli.json_documents import check_text
from activitysmith_cli.option_groups import spread
from activitysmith_cli.output import call_and_print
from activitysmith_cli.request_options import RequestOptions
from activitysmith_cli.values import number_or_text

app = typer.Typer(name="metrics", help="Set the values that widgets show.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
@spread
def common(context: typer.Context, connection: Connection) -> None:
    """Options between `metrics` and the subcommand."""
    connection.remember(context)


# Without this, a number below zero would be taken for an option.
@app.command(context_settings={"ignore_unknown_options": True})
@spread
def update(
    context: typer.Context,
    *,
    key: Annotated[str, typer.Argument(metavar="KEY", help="What the metric is called in requests.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A number, or a text for a metric of texts.")],
    as_text: Annotated[
        bool, typer.Option("--text", help="The value is a text, even if it looks like a number.")
    ] = False,
    timestamp: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it was measured, such as 2026-11-23T12:00:00Z. Default: now."),
    ] = None,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """Set a metric's value. People define metrics in the web admin."""
    body = {"value": value if as_text else number_or_text(value)} | ({"timestamp": timestamp} if timestamp else {})
    check_text(body)
    request = Request("POST", f"/metrics/{quote(key, safe='')}/value", body, options.idempotency_key)
    call_and_print(context.command_path, connection.server(context), request, as_json=options.as_json)
