"""The webhook sink over HTTP."""

import datetime
import re
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer, invalid, read_body
from simulator.webhooks.sink import WebhookCall, WebhookSink

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
CALLER = "activitysmith"

_name = re.compile(r"[A-Za-z0-9._-]{1,100}").fullmatch


class WebhookRoutes:
    """Everything under /webhooks.

    A plain GET lists the calls. A GET with a query, or by a caller whose User-Agent begins with `ActivitySmith`, is a
    webhook call itself, as is every other method.
    """

    def __init__(self, sink: WebhookSink) -> None:
        self._sink = sink

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [Route("/webhooks/{name}", self.handle, methods=METHODS)]

    async def handle(self, request: Request) -> Response:
        """Keeps a call, or lists those kept, newest last."""
        name = request.path_params["name"]
        if not _name(name):
            raise invalid("A webhook's name is 1 to 100 letters, digits, dots, underscores and hyphens.")
        if _is_listing(request):
            return answer({"calls": [asdict(call) for call in self._sink.calls(name)]})
        body = await read_body(request)
        call = WebhookCall(
            method=request.method,
            query=request.url.query,
            headers=dict(request.headers),
            body=body.decode("utf-8", "replace"),
            received_at=datetime.datetime.now(datetime.UTC).isoformat(),
        )
        self._sink.record(name, call)
        return answer({"received": True})


def _is_listing(request: Request) -> bool:
    if request.method not in ("GET", "HEAD") or request.url.query:
        return False
    return not request.headers.get("user-agent", "").lower().startswith(CALLER)
