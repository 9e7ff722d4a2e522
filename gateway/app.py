"""The gateway as an ASGI application: finds the operation, answers every request with JSON."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.routing import Route as StarletteRoute
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import answers
from gateway.access import HEALTH, ROUTE_KEY, AccessLog, Exchange
from gateway.answers import ANSWERED_KEY, IS_STOPPING_KEY, REQUEST_ID_KEY, Answer, send_answer
from gateway.bodies import ClientGone, linger
from gateway.metrics import GatewayMetrics
from gateway.problems import Problem, internal
from service_kit import tracing
from service_kit.hosts import Hosts

log = logging.getLogger(__name__)

CLIENT_LEFT = 499
"""The status, in log and metrics only, of a request whose client left before the answer, as in nginx."""

Handler = Callable[[Scope, Receive], Awaitable[Answer]]


class Gateway:
    """The outermost ASGI application. It dispatches requests to handlers by path and method.

    Once `is_stopping()` is true, every answer closes its connection, so that clients connect to another process.
    """

    def __init__(
        self,
        resources: Mapping[str, Mapping[str, Handler]],
        metrics: GatewayMetrics,
        access: AccessLog,
        *,
        is_stopping: Callable[[], bool],
        hosts: Hosts | None = None,
    ) -> None:
        """With `hosts`, requests for another host are refused, except for health checks."""
        self._router = build_router(resources)
        self.metrics = metrics
        self._access = access
        self._is_stopping = is_stopping
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, then logs and counts it. Other kinds of connection are not served."""
        if scope["type"] != "http":
            raise ValueError(f"cannot serve {scope['type']}")
        began = time.perf_counter()
        scope[REQUEST_ID_KEY] = given = answers.request_id_of(scope["headers"])
        scope[IS_STOPPING_KEY] = self._is_stopping
        tracing.request_id.set(given)
        self.metrics.in_progress.inc()
        try:
            if tracing.is_on() and scope["path"] not in HEALTH:
                with tracing.span(scope["method"], SpanKind.SERVER, parent=traceparent(scope)) as span:
                    await self._answer(scope, receive, send)
                    describe(span, scope)
            else:
                await self._answer(scope, receive, send)
        finally:
            exchange = exchange_of(scope, began)
            self.metrics.in_progress.dec()
            self.metrics.count(exchange)
            self._access.tell(exchange)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._hosts is not None and scope["path"] not in HEALTH and not self._hosts.knows(host_of(scope)):
                message = "This server does not answer for that host. SMITH_GATEWAY_HOSTS sets which it answers for."
                raise Problem(421, "Misdirected request", message)
            # A trailing newline would match: the router's patterns end in "$".
            if not scope["path"].isprintable():
                await no_such_path(scope, receive, send)
            await self._router(scope, receive, send)
        except Problem as problem:
            await refuse(problem, scope, receive, send)
        except ClientGone:
            log.debug("a client left before its request was complete")
        except Exception:
            mistake = internal()
            log.exception("%s %r failed: %s", scope["method"], scope["path"], mistake.message)
            await refuse(mistake, scope, receive, send)


def exchange_of(scope: Scope, began: float) -> Exchange:
    """The record of a request that is over, for log and metrics."""
    status, answered = scope.get(ANSWERED_KEY) or (CLIENT_LEFT, time.perf_counter())
    return Exchange(scope["method"], scope.get(ROUTE_KEY, ""), status, answered - began)


def host_of(scope: Scope) -> str:
    """The `Host` header; empty if there is none. The protocol has refused a second one."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


def traceparent(scope: Scope) -> str:
    """The client's W3C Trace Context; empty if it sends none, or two."""
    values = [value for name, value in scope["headers"] if name == tracing.TRACEPARENT_KEY.encode()]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def describe(span: Span, scope: Scope) -> None:
    """Names the span by the request's route: the path could hold a client's data."""
    exchange = exchange_of(scope, 0.0)
    span.update_name(f"{exchange.method} {exchange.route}".rstrip())
    span.set_attribute("http.request.method", exchange.method)
    span.set_attribute("http.response.status_code", exchange.status)
    span.set_attribute("smith.request_id", scope[REQUEST_ID_KEY])
    if exchange.route:
        span.set_attribute("http.route", exchange.route)
    if exchange.status >= 500:
        span.set_status(StatusCode.ERROR, str(exchange.status))


class Resource:
    """One path with its handlers by HTTP method. HEAD is answered like GET; the server leaves the body out."""

    def __init__(self, path: str, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = dict(handlers)
        if "GET" in self._handlers:
            self._handlers["HEAD"] = self._handlers["GET"]
        self._allow = ", ".join(sorted({*self._handlers, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request for the path. Raises Problem for a refusal."""
        scope[ROUTE_KEY] = self._path
        handler = self._handlers.get(scope["method"])
        if handler is not None:
            answer = await handler(scope, receive)
        elif scope["method"] == "OPTIONS":
            answer = Answer(204, b"", {"allow": self._allow})
        else:
            message = f"This path takes {self._allow}."
            raise Problem(405, "Method not allowed", message, headers={"allow": self._allow})
        await send_answer(scope, send, answer)


def build_router(resources: Mapping[str, Mapping[str, Handler]]) -> ASGIApp:
    """A router over `resources` (handlers by method, by path), tried in their order."""
    paths: Sequence[StarletteRoute] = [
        StarletteRoute(path, endpoint=Resource(path, handlers), methods=None) for path, handlers in resources.items()
    ]
    return Router(paths, redirect_slashes=False, default=no_such_path)


async def no_such_path(scope: Scope, receive: Receive, send: Send) -> None:
    """404 for a path that no resource has. (What a known path names and core does not find is core's 404.)"""
    raise Problem(404, "Not found", "There is no such path.")


async def refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with `problem`.

    If the connection is to be closed, a client that is still sending gets a moment to read the answer first; one that
    waits for 100 Continue sends nothing.
    """
    answer = answers.from_problem(problem)
    waits_for_100 = any(name == b"expect" for name, _ in scope["headers"])
    if "connection" not in problem.headers or waits_for_100:
        await send_answer(scope, send, answer)
        return
    await send_answer(scope, send, answer, more=True)
    await linger(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
