"""The gateway as an ASGI application: finds the operation, answers every request with JSON."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from opentelemetry.trace import SpanKind
from starlette.types import Receive, Scope, Send

from gateway.bodies import ClientGone, linger
from gateway.paths import Paths
from gateway.problems import Problem, internal
from gateway.request_log.log import RequestLog
from gateway.scope_keys import (
    ANSWERED_KEY,
    CHOSEN_KEY,
    HEADERS_KEY,
    IS_STOPPING_KEY,
    LONGEST_WAIT_KEY,
    PATH_FIELDS_KEY,
    PROBLEM_KEY,
    REQUEST_ID_KEY,
    ROUTE_KEY,
)
from gateway.telemetry import HEALTH, AccessLog, Exchange, GatewayMetrics
from service_kit import tracing
from service_kit.hosts import Hosts
from service_kit.json_mapping import dump

log = logging.getLogger(__name__)

CLIENT_LEFT = 499
"""The status, in log and metrics only, of a request whose client left before the answer, as in nginx."""


@dataclass(slots=True)
class Answer:
    """A status, headers (names in lower case) and a body: JSON by default."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: bytes = b"application/json"
    rest: AsyncGenerator[bytes] | None = None
    """What follows `body`, if the answer comes in pieces. It is closed in the end, also if the client leaves."""


class Interrupted(Exception):
    """An answer that has begun cannot be finished. The connection is closed, so that the client notices."""


Handler = Callable[[Scope, Receive], Awaitable[Answer]]


def values_of(scope: Scope, header: bytes) -> list[str]:
    """The values of a request's header, by its name in lower case."""
    return [value.decode("latin-1") for name, value in scope["headers"] if name == header]


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
        request_log: RequestLog | None = None,
    ) -> None:
        """`resources` are handlers by method, by path. With `hosts`, requests for another host are refused, except for
        health checks. `request_log` is told of each request; the server runs it."""
        self._resources = Paths({path: Resource(path, handlers) for path, handlers in resources.items()})
        self.metrics = metrics
        self._access = access
        self._is_stopping = is_stopping
        self._hosts = hosts
        self.request_log = request_log

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hands over the log of requests for the length of the block. Requests are answered without it, too."""
        async with self.request_log.running() if self.request_log is not None else nullcontext():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, then logs and counts it. Other kinds of connection are not served."""
        if scope["type"] != "http":
            raise ValueError(f"cannot serve {scope['type']}")
        began = time.perf_counter()
        scope[HEADERS_KEY] = headers = dict(scope["headers"])
        given = values_of(scope, b"x-request-id")[0] if b"x-request-id" in headers else ""
        scope[REQUEST_ID_KEY] = request_id = tracing.taken_request_id(given)
        if request_id == given:
            scope[CHOSEN_KEY] = True
        scope[IS_STOPPING_KEY] = self._is_stopping
        tracing.request_id.set(request_id)
        self.metrics.in_progress += 1
        try:
            if tracing.is_on() and scope["path"] not in HEALTH:
                with tracing.span(scope["method"], SpanKind.SERVER, parent=traceparent(scope)) as span:
                    await self._answer(scope, receive, send)
                    exchange_of(scope, began).describe(span)
            else:
                await self._answer(scope, receive, send)
        finally:
            exchange = exchange_of(scope, began)
            self.metrics.in_progress -= 1
            self.metrics.count(exchange)
            self._access.tell(exchange)
            if self.request_log is not None:
                self.request_log.note(scope, exchange, is_operation=LONGEST_WAIT_KEY in scope)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._hosts is not None and scope["path"] not in HEALTH and not self._hosts.knows(host_of(scope)):
                message = "This server does not answer for that host. SMITH_GATEWAY_HOSTS sets which it answers for."
                raise Problem(421, "Misdirected request", message)
            path = scope["path"]
            found = self._resources.find(path) if path.isprintable() else None
            if found is None:
                # What a known path names and core does not find is core's 404.
                raise Problem(404, "Not found", "There is no such path.")
            resource, scope[PATH_FIELDS_KEY] = found
            await resource(scope, receive, send)
        except Problem as problem:
            await refuse(problem, scope, receive, send)
        except ClientGone:
            log.debug("a client left before its request was complete")
        except Interrupted as error:
            log.warning("%s %r was cut off: %s", scope["method"], scope["path"], error)
        except Exception:
            mistake = internal()
            log.exception("%s %r failed: %s", scope["method"], scope["path"], mistake.message)
            await refuse(mistake, scope, receive, send)


class Resource:
    """One path with its handlers by HTTP method. HEAD is answered like GET; the server leaves the body out."""

    def __init__(self, path: str, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = {**handlers, "HEAD": handlers["GET"]} if "GET" in handlers else handlers
        self._allow = ", ".join(sorted({*self._handlers, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request for the path. Raises Problem for a refusal."""
        scope[ROUTE_KEY] = self._path
        handler = self._handlers.get(scope["method"])
        if handler is not None:
            answer = await handler(scope, receive)
            if answer.rest is not None:
                async with aclosing(answer.rest):
                    await send_pieces(scope, receive, send, answer, answer.rest)
                return
        elif scope["method"] == "OPTIONS":
            answer = Answer(204, b"", {"allow": self._allow})
        else:
            message = f"This path takes {self._allow}."
            raise Problem(405, "Method not allowed", message, headers={"allow": self._allow})
        await send_answer(scope, send, answer)


async def send_answer(scope: Scope, send: Send, answer: Answer, *, more: bool = False) -> None:
    """Sends `answer`. With `more`, the exchange stays open until an empty last piece of body is sent."""
    scope[ANSWERED_KEY] = (answer.status, time.perf_counter())
    headers = [(b"x-request-id", scope[REQUEST_ID_KEY].encode())]
    if answer.status not in (204, 304):
        headers.append((b"content-type", answer.content_type))
        if answer.rest is None:
            headers.append((b"content-length", b"%d" % len(answer.body)))
    if "cache-control" not in answer.headers:
        # Some answers hold secrets that are shown once, and all depend on the caller.
        headers.append((b"cache-control", b"no-store"))
    for name, value in answer.headers.items():
        headers.append((name.encode("ascii"), value.encode("ascii")))
    if scope[IS_STOPPING_KEY]():
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more})


async def send_pieces(scope: Scope, receive: Receive, send: Send, answer: Answer, rest: AsyncGenerator[bytes]) -> None:
    """Sends an answer in pieces, as fast as the client reads them, until it has left.

    Raises Interrupted if the next piece cannot be had.
    """
    gone = asyncio.ensure_future(_until_gone(receive))
    try:
        await send_answer(scope, send, answer, more=True)
        while scope["method"] != "HEAD" and not gone.done():
            try:
                piece = await anext(rest, b"")
            except Exception as error:
                raise Interrupted(f"{type(error).__name__}: {error}") from error
            if not piece:
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with `problem`.

    If the connection is to be closed, a client that is still sending gets a moment to read the answer first; one that
    waits for 100 Continue sends nothing.
    """
    scope[PROBLEM_KEY] = problem
    lingers = "connection" in problem.headers and not values_of(scope, b"expect")
    await send_answer(scope, send, Answer(problem.status, dump(problem.body()), problem.headers), more=lingers)
    if lingers:
        await linger(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def exchange_of(scope: Scope, began: float) -> Exchange:
    """The record of a request that is over, for log, metrics and trace."""
    status, answered = scope.get(ANSWERED_KEY) or (CLIENT_LEFT, time.perf_counter())
    longest_wait = scope.get(LONGEST_WAIT_KEY, 0)
    return Exchange(scope["method"], scope.get(ROUTE_KEY, ""), status, answered - began, longest_wait)


def host_of(scope: Scope) -> str:
    """The `Host` header; empty if there is none. The protocol has refused a second one."""
    return next(iter(values_of(scope, b"host")), "")


def traceparent(scope: Scope) -> str:
    """The client's W3C Trace Context; empty if it sends none, or two."""
    values = values_of(scope, tracing.TRACEPARENT_KEY.encode())
    return values[0] if len(values) == 1 else ""
