"""`activitysmith badge`"""

from typing import Annotated, Any

import typer

from activitysmith_cli.calls import Request
from activitysmith_cli.connection import Connection
from activitysmith_cli.contract import BADGE
from activitysmith_cli.json_documents import check_text
from activitysmith_cli.option_groups import spread
from activitysmith_cli.output import call_and_print
from activitysmith_cli.request_options import RequestOptions, Targeted

ABOUT = next(field.about for field in BADGE if field.name == "badge")
SETTINGS: dict[str, Any] = {"ignore_unknown_options": True}
"""Without this, a number below zero would be taken for an option."""


@spread
def badge(
    context: typer.Context,
    *,
    number: Annotated[int, typer.Argument(metavar="N", help=ABOUT)],
    target: Targeted,
    options: RequestOptions,
    connection: Connection,
) -> None:
    """Set the number on the app's icon."""
    body = {"badge": number} | target.members()
    check_text(body)
    request = Request("POST", "/badge", body, options.idempotency_key)
    call_and_print(context.command_path, connection.server(context), request, as_json=options.as_json)
