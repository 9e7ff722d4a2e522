"""What every gRPC server of ours wraps around a call: its limit, its observation, and the status of its error."""

import asyncio
import inspect
import logging
import time
import uuid
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from functools import cache
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from opentelemetry.trace import SpanKind, StatusCode

from service_kit import tracing
from service_kit.errors import DomainError, InvalidRequest, Unavailable
from service_kit.metrics import CallMetrics
from service_kit.peers import NotAPeer, Peers
from service_kit.status import abort, code_of
from service_kit.stream_bounds import WATCH, StreamBounds

log = logging.getLogger(__name__)

Handler = Any
"""A `grpc.RpcMethodHandler`. Its type parameters are left open, because methods of all types pass."""
Continuation = Callable[[Any], Awaitable[Handler]]
AwaitedCall = Callable[[Any, Any], Awaitable[Any]]
"""A handler's function: takes a request and a context; its answer is what it returns, or what it has written."""

OURS = "/smith."
OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services that clients may call without credentials: they reveal nothing and change nothing."""

MAX_EXPECTED = 256
"""Most calls whose message has not come yet. Beyond it the oldest is given up: honest clients send it at once."""
MESSAGE_SECONDS = 10.0
"""Seconds within which a call's message must come."""

FAULTS = frozenset({"UNKNOWN", "INTERNAL", "DATA_LOSS", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED"})
"""Codes that mean a fault of the server; the others are regular answers."""


class CallBounds(grpc.aio.ServerInterceptor):
    """The first interceptor. Refuses with RESOURCE_EXHAUSTED more than `max_calls` calls in progress.

    A call counts once its message has come. gRPC's own limit counts it from its headers on: a client could use up all
    calls without a message and without credentials. So that limit is far above ours.
    """

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._calls = 0
        self._streams = StreamBounds()
        self._expected: OrderedDict[asyncio.Timeout, None] = OrderedDict()
        self._wrapped: dict[str, tuple[Handler, Handler]] = {}

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """Wraps every method; wraps it again if an inner interceptor has returned another handler."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method: str = handler_call_details.method
        known = self._wrapped.get(method)
        if known is None or known[0] is not handler:
            known = self._wrapped[method] = (handler, self._wrap(method, handler))
        return known[1]

    def _wrap(self, method: str, handler: Handler) -> Handler:
        """A handler that reads the request itself and otherwise answers as `handler` does."""
        if handler.request_streaming:
            # Only reflection: no other method takes a stream.
            call = self._streams.reflecting(handler.stream_stream)
        elif method == WATCH:
            call = self._streams.watching(handler.unary_stream, self._message)
        elif (behaviour := awaited_behaviour(handler)) is not None:
            call = self._counted(behaviour, 0 if method.startswith(OPEN) else 1)
        else:
            call = self._counted_stream(handler.unary_stream)
        many = handler.response_streaming
        make = grpc.stream_stream_rpc_method_handler if many else grpc.stream_unary_rpc_method_handler
        return make(call, handler.request_deserializer, handler.response_serializer)

    def _counted(self, inner: AwaitedCall, weight: int) -> AwaitedCall:
        async def call(requests: Any, context: Any) -> Any:
            message = await self._message(context)
            if weight and self._calls >= self._max_calls:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many calls are in progress.")
            self._calls += weight
            try:
                return await inner(message, context)
            finally:
                self._calls -= weight

        return call

    def _counted_stream(self, inner: Any) -> Any:
        async def call(requests: Any, context: Any) -> AsyncIterator[Any]:
            message = await self._message(context)
            if self._calls >= self._max_calls:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many calls are in progress.")
            self._calls += 1
            try:
                async with aclosing(inner(message, context)) as answers:
                    async for answer in answers:
                        yield answer
            finally:
                self._calls -= 1

        return call

    async def _message(self, context: Any) -> Any:
        """The call's one message."""
        try:
            async with asyncio.timeout(MESSAGE_SECONDS) as patience:
                self._expected[patience] = None
                if len(self._expected) > MAX_EXPECTED:
                    longest, _ = self._expected.popitem(last=False)
                    longest.reschedule(0.0)
                try:
                    message = await context.read()
                finally:
                    self._expected.pop(patience, None)
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "The call's message did not come in time.")
        if message is grpc.aio.EOF:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The call ended without a message.")
        return message


class PeersOnly(grpc.aio.ServerInterceptor):
    """Refuses callers that are not peers, except for health and reflection."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """See the class."""
        handler = await continuation(handler_call_details)
        is_open = handler_call_details.method.startswith(OPEN)
        if handler is None or is_open or self._peers.know(handler_call_details.invocation_metadata):
            return handler
        streams = handler.response_streaming
        make = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        return make(_refuse_stranger, None, None)


async def _refuse_stranger(request: bytes, context: Any) -> None:
    await abort(context, NotAPeer())


class _WrappingOnce(grpc.aio.ServerInterceptor):
    """Wraps each method with one request, awaited to its end, once. Leaves others alone: reflection, and delivery's
    stream, which sets its errors itself."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """See the class."""
        method = handler_call_details.method
        if (wrapped := self._wrapped.get(method)) is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        behaviour = None if handler is None else awaited_behaviour(handler)
        if behaviour is not None:
            handler = self._wrapped[method] = self._wrap(handler, behaviour, method)
        return handler

    @abstractmethod
    def _wrap(self, handler: Handler, inner: AwaitedCall, method: str) -> Handler: ...


class CallObserver(_WrappingOnce):
    """Sets the request's id of each call of our services, opens its span, and measures it. It runs before what may
    refuse a call, except for the interceptor that refuses strangers: they could fill logs and metrics otherwise."""

    def __init__(self, metrics: CallMetrics, *, serves_clients: bool = False) -> None:
        """A server that `serves_clients` gives a request id to calls without one."""
        super().__init__()
        self._metrics = metrics
        self._request_id = tracing.taken_request_id if serves_clients else tracing.checked_request_id

    def _wrap(self, handler: Handler, inner: AwaitedCall, method: str) -> Handler:
        if not method.startswith(OURS):
            return handler
        name, streams = method.removeprefix("/").rpartition(".")[2], handler.response_streaming
        duration = None if streams else self._metrics.duration.labels(name)
        ended = cache(lambda code: self._metrics.total.labels(name, code))

        async def call(message: Any, context: Any) -> Any:
            metadata = context.invocation_metadata()
            tracing.request_id.set(self._request_id(text_of(metadata, tracing.REQUEST_ID_KEY)))
            began, code = time.perf_counter(), "OK"
            self._metrics.in_progress += 1
            try:
                # A stream lasts for hours, and a trace is shown only when it is complete.
                if streams or not tracing.is_on():
                    return await inner(message, context)
                return await _traced(inner, message, context, name)
            except asyncio.CancelledError:
                code = "CANCELLED"
                raise
            except BaseException:
                code = code_of(context)
                raise
            finally:
                seconds = time.perf_counter() - began
                self._metrics.in_progress -= 1
                if duration is not None:
                    duration.observe(seconds)
                ended(code).inc()
                log.debug("%s %s in %.1f ms", name, code, seconds * 1000)

        return like(handler, call, handler.request_deserializer)


async def _traced(inner: AwaitedCall, message: Any, context: Any, name: str) -> Any:
    parent = text_of(context.invocation_metadata(), tracing.TRACEPARENT_KEY)
    service, _, method = name.partition("/")
    with tracing.span(name, SpanKind.SERVER, parent=parent) as span:
        span.set_attributes({"rpc.system": "grpc", "rpc.service": service, "rpc.method": method})
        span.set_attribute("smith.request_id", tracing.request_id.get())
        try:
            return await inner(message, context)
        except grpc.aio.AbortError as error:
            code = code_of(context)
            span.set_attribute("rpc.grpc.status", code)
            if code in FAULTS:
                span.set_status(StatusCode.ERROR, code)
            refusal = error
    raise refusal


class ErrorInterceptor(_WrappingOnce):
    """Turns what a handler raises into a status: our errors into theirs, a lost database into UNAVAILABLE, and anything
    else into INTERNAL with an id that leads to the log and nothing more."""

    def __init__(
        self, on_error: Callable[[str], None] | None = None, *, database_away: tuple[type[Exception], ...] = ()
    ) -> None:
        """`on_error` is called with the reason of each error: that of a `DomainError`, `DATABASE_AWAY` or `INTERNAL`.
        `database_away` are the exceptions that mean a lost database; processes without one do not load its drivers."""
        super().__init__()
        self._database_away = database_away
        self._on_error = on_error or (lambda _: None)

    def _wrap(self, handler: Handler, inner: AwaitedCall, method: str) -> Handler:
        # The message is parsed here and not by gRPC, whose answer to malformed bytes would be a Python exception.
        read = handler.request_deserializer

        async def call(message: bytes, context: Any) -> Any:
            try:
                return await inner(read(message), context)
            except DecodeError:
                self._on_error(InvalidRequest.reason)
                await abort(
                    context, InvalidRequest("The message is not a protobuf message of the type the method takes.")
                )
            except DomainError as error:
                self._on_error(error.reason)
                await abort(context, error)
            except self._database_away as error:
                self._on_error("DATABASE_AWAY")
                # Without the statement that drivers append.
                log.warning("%s: the database is away: %s", method, str(error).partition("\n")[0])
                await abort(context, Unavailable("The database cannot be reached, or is too busy. Try again shortly."))
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception:
                self._on_error("INTERNAL")
                incident = uuid.uuid4().hex[:12]
                log.exception("%s failed, incident %s", method, incident)
                await context.abort(grpc.StatusCode.INTERNAL, f"Internal error, incident {incident}")

        return like(handler, call, None)


def awaited_behaviour(handler: Handler) -> AwaitedCall | None:
    """The handler's function, if it takes one request and is awaited to its end: a unary call, or a stream written with
    `context.write`. None for every other form."""
    behaviour: AwaitedCall | None = handler.unary_unary
    if behaviour is None and inspect.iscoroutinefunction(handler.unary_stream):
        behaviour = handler.unary_stream
    return behaviour


def like(handler: Handler, call: AwaitedCall, request_deserializer: Callable[[bytes], Any] | None) -> Handler:
    """A handler of the same form as `handler` that runs `call` instead. `handler` must have an awaited behaviour."""
    make = grpc.unary_stream_rpc_method_handler if handler.response_streaming else grpc.unary_unary_rpc_method_handler
    return make(call, request_deserializer, handler.response_serializer)


def text_of(metadata: Iterable[tuple[str, str | bytes]] | None, wanted: str) -> str:
    """The text under a key of metadata; empty if it is missing or given twice, because order must not decide."""
    values = [value for key, value in metadata or () if key == wanted and isinstance(value, str)]
    return values[0] if len(values) == 1 else ""
