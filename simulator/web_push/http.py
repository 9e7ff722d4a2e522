"""The push service's HTTP: what senders call."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.web_push.rules import MAX_BODY
from simulator.web_push.service import WebPushService

TRANSPORT = "simulator.transport"


class CuttableHttp(HttpToolsProtocol):
    """uvicorn's protocol, whose requests know their connection, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        """Names the connection in the request's scope."""
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


class Cut(Response):
    """Closes the connection without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Resets it, and waits until it is lost."""
        scope["state"][TRANSPORT].abort()
        while (await receive())["type"] != "http.disconnect":
            continue


class WebPushRoutes:
    """The routes of the push service itself."""

    def __init__(self, service: WebPushService) -> None:
        self._service = service

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [Route("/wpush/{id}", self.push, methods=["POST"])]

    async def push(self, request: Request) -> Response:
        """A message for a browser."""
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        handled = self._service.push(request.path_params["id"], request.headers, body)
        answer, fault = handled.answer, handled.fault
        if fault is not None:
            await asyncio.sleep(fault.delay_seconds)
            if fault.action == "cut":
                return Cut()
        headers = answer.headers if "content-type" in answer.headers else answer.headers | _type(answer.body)
        return Response(answer.body, answer.status, headers=headers)


async def _body(request: Request) -> bytes:
    """The body, as far as it is needed to see that it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: MAX_BODY + 1 - len(body)]
    return bytes(body)


def _type(body: bytes) -> dict[str, str]:
    return {"content-type": "application/json"} if body else {}
