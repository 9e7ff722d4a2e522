"""What stands before the gateway for Chromium: it exchanges the host of Chromium's endpoints for the stand-in's.

Chromium writes Google's host into each endpoint, whatever push service it is led to. A server that used them would ask
Google. So the host is exchanged where the page reports the subscription, and the server needs no way of its own for it.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.control.server import ControlServer

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
OF_ONE_CONNECTION = {"connection", "content-length", "transfer-encoding", "content-encoding", "keep-alive", "date"}


class Front:
    """A reverse proxy of the gateway."""

    def __init__(self, push_origin: str) -> None:
        """`push_origin` takes the place of Google's origin in endpoints."""
        self._push_origin = push_origin
        self._gateway_url = ""
        self._http = httpx.AsyncClient(timeout=60, trust_env=False)

    async def __aenter__(self) -> "Front":
        """Listens on a free port."""
        self._server = ControlServer(Starlette(routes=[Route("/{path:path}", self._pass_on, methods=METHODS)]))
        self.port = await self._server.start("127.0.0.1", 0, 1)
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Ends it."""
        await self._server.stop()
        await self._http.aclose()

    def lead_to(self, gateway_url: str) -> None:
        """From now on requests go there."""
        self._gateway_url = gateway_url

    async def _pass_on(self, request: Request) -> Response:
        body = await request.body()
        if request.url.path == "/api/device/web-subscription":
            body = self._exchanged(body)
        headers = {name: value for name, value in request.headers.items() if name not in OF_ONE_CONNECTION}
        url = f"{self._gateway_url}{request.url.path}?{request.url.query}"
        try:
            answer = await self._http.request(request.method, url, content=body, headers=headers)
        except httpx.TransportError:
            return Response(status_code=502)
        kept = {name: value for name, value in answer.headers.items() if name not in OF_ONE_CONNECTION}
        return Response(answer.content, answer.status_code, headers=kept)

    def _exchanged(self, body: bytes) -> bytes:
        document = json.loads(body)
        place = urlsplit(document["endpoint"])
        assert place.hostname in ("jmt17.google.com", "fcm.googleapis.com"), place
        # The same subscription in the place where it can be reached.
        document["endpoint"] = f"{self._push_origin}/fcm/send/{place.path.rpartition('/')[2]}"
        return json.dumps(document).encode()
