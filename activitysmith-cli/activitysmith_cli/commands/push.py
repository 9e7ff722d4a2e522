"""`activitysmith push`"""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from activitysmith_cli.calls import Request
from activitysmith_cli.connection import Connection
from activitysmith_cli.contract import PUSH
from activitysmith_cli.field_options import FieldOptions
from activitysmith_cli.json_documents import check_text
from activitysmith_cli.option_groups import spread
from activitysmith_cli.output import call_and_print
from activitysmith_cli.request_options import RequestOptions, Targeted

FIELDS = FieldOptions(tuple(field for field in PUSH if field.name != "target"), required=("title",))


@dataclass(frozen=True)
class PushOptions:
    """The content of a notification."""

    given: Annotated[dict[str, Any], FIELDS]

    def document(self) -> dict[str, Any]:
        """The members of the request. Raises typer.BadParameter for what does not go together."""
        document = FIELDS.document(self.given)
        if "media" in document and "actions" in document:
            raise typer.BadParameter("can be combined with --redirection, but not with actions.", param_hint="--media")
        return document


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
    call_and_print(context.command_path, connection.server(context), request, as_json=options.as_json)
