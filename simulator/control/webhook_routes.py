"""The webhook sink: receives calls over https, and shows them in the control API."""

import asyncio
import datetime
import re
from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer, invalid, read_body, read_model
from simulator.webhooks.sink import ScriptedAnswer, WebhookCall, WebhookSink

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

_name = re.compile(r"[A-Za-z0-9._-]{1,100}").fullmatch


class Script(BaseModel):
    """The answers to the next calls."""

    model_config = ConfigDict(extra="forbid", strict=True)

    answers: Annotated[list[ScriptedAnswer], Field(max_length=1000)]


class WebhookRoutes:
    """Everything under /webhooks."""

    def __init__(self, sink: WebhookSink) -> None:
        self._sink = sink
        self.sink_url: str | None = None
        """URL of the sink, to which a name is appended. None until the sink listens."""

    def routes(self) -> list[BaseRoute]:
        """The routes of the control API. A POST to it counts as a call, too, for clients without https."""
        return [
            Route("/webhooks", self.show_url, methods=["GET"]),
            Route("/webhooks/{name}", self.list_calls, methods=["GET"]),
            Route("/webhooks/{name}", self.take, methods=["POST"]),
            Route("/webhooks/{name}/answers", self.script, methods=["POST"]),
        ]

    def public_routes(self) -> list[BaseRoute]:
        """The routes of the sink itself: every request is a call."""
        return [Route("/webhooks/{name}", self.take, methods=METHODS)]

    async def show_url(self, _: Request) -> Response:
        """The URL of the sink, to which a name is appended."""
        return answer({"url": self.sink_url})

    async def list_calls(self, request: Request) -> Response:
        """The received calls, newest last."""
        return answer({"calls": [asdict(call) for call in self._sink.calls(_read_name(request))]})

    async def script(self, request: Request) -> Response:
        """Sets the answers to the next calls, one after the other."""
        name, script = _read_name(request), await read_model(request, Script)
        self._sink.script(name, script.answers)
        return answer({"answers": len(script.answers)})

    async def take(self, request: Request) -> Response:
        """Stores a call and answers it."""
        name, body = _read_name(request), await read_body(request)
        call = WebhookCall(
            method=request.method,
            query=request.url.query,
            headers=dict(request.headers),
            body=body.decode("utf-8", "replace"),
            received_at=datetime.datetime.now(datetime.UTC).isoformat(),
        )
        scripted = self._sink.take(name, call)
        await asyncio.sleep(scripted.delay_seconds)
        headers = {"content-type": "application/json"} | scripted.headers
        return Response(scripted.body, scripted.status, headers=headers)


def _read_name(request: Request) -> str:
    name = str(request.path_params["name"])
    if not _name(name):
        raise invalid("A webhook's name is 1 to 100 letters, digits, dots, underscores and hyphens.")
    return name
