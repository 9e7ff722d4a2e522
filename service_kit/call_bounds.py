"""Limits the calls that a gRPC server has in progress.

gRPC's own limit counts every call from its headers on, also a stream of health checks that never ends, and a call whose
message never comes. A client could use up all calls with these, without credentials. So these have limits of their own
here, and gRPC's limit is so far above them that it is not reached.
"""

import asyncio
import inspect
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any
from urllib.parse import unquote

import grpc

from service_kit.connections import share_of
from service_kit.interceptors import Continuation, Handler

WATCH = "/grpc.health.v1.Health/Watch"
UNCOUNTED = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services that clients may call without credentials: they reveal nothing and change nothing."""

MAX_STREAMS = 50
"""Most streams of health checks, and most of reflection."""
MAX_STREAMS_OF_ONE = 10
"""Most such streams of one address: an IPv4 address or an IPv6 /64."""
MAX_EXPECTED = 256
"""Most calls whose message has not come yet. Beyond it the oldest is given up: an honest client sends its message at
once."""
MESSAGE_SECONDS = 10.0
"""Seconds within which a call's message must come."""
HEADROOM = 2 * MAX_STREAMS + MAX_EXPECTED + 1000
"""Calls that gRPC's limit allows beyond ours, such as those that are just being refused."""


class CallBounds(grpc.aio.ServerInterceptor):
    """The first interceptor. Allows at most `max_calls` calls in progress, counted from when their message has come.
    Streams of health checks and of reflection are counted apart, `MAX_STREAMS` each.

    Further calls are refused with RESOURCE_EXHAUSTED. Further streams of health checks get UNIMPLEMENTED: then gRPC's
    clients go on without health checks and consider the server healthy.
    """

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._calls = 0
        self._streams: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self._expected: OrderedDict[asyncio.Timeout, None] = OrderedDict()
        self._wrapped: dict[str, tuple[Handler, Handler]] = {}

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """Wraps every method; wraps it again if an inner interceptor has returned another handler."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method: str = handler_call_details.method
        known = self._wrapped.get(method)
        if known is not None and known[0] is handler:
            return known[1]
        wrapped = self._wrap(method, handler)
        self._wrapped[method] = (handler, wrapped)
        return wrapped

    def _wrap(self, method: str, handler: Handler) -> Handler:
        if handler.request_streaming:
            # Only reflection: no other method takes a stream.
            return _remade(handler, self._reflecting(handler.stream_stream))
        if method == WATCH:
            return _remade(handler, self._watching(handler.unary_stream))
        if not handler.response_streaming:
            return _remade(handler, self._answering(handler.unary_unary, counts=not method.startswith(UNCOUNTED)))
        if inspect.iscoroutinefunction(handler.unary_stream):
            return _remade(handler, self._answering(handler.unary_stream, counts=True))
        return _remade(handler, self._telling(handler.unary_stream))

    def _answering(self, inner: Any, *, counts: bool) -> Any:
        async def call(requests: Any, context: Any) -> Any:
            message = await self._message(context)
            if not counts:
                return await inner(message, context)
            await self._check_room(context)
            with self._counted():
                return await inner(message, context)

        return call

    def _telling(self, inner: Any) -> Any:
        async def call(requests: Any, context: Any) -> AsyncIterator[Any]:
            message = await self._message(context)
            await self._check_room(context)
            with self._counted():
                async with aclosing(inner(message, context)) as answers:
                    async for answer in answers:
                        yield answer

        return call

    def _watching(self, inner: Any) -> Any:
        async def call(requests: Any, context: Any) -> None:
            message = await self._message(context)
            with self._stream(context, is_watch=True) as has_room:
                if not has_room:
                    await context.abort(
                        grpc.StatusCode.UNIMPLEMENTED, "Too many watch this server. Call Check instead."
                    )
                await inner(message, context)

        return call

    def _reflecting(self, inner: Any) -> Any:
        async def call(requests: Any, context: Any) -> AsyncIterator[Any]:
            with self._stream(context, is_watch=False) as has_room:
                if not has_room:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many streams of reflection are open.")
                async with aclosing(inner(requests, context)) as answers:
                    async for answer in answers:
                        yield answer

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

    async def _check_room(self, context: Any) -> None:
        if self._calls >= self._max_calls:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many calls are in progress.")

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    @contextmanager
    def _stream(self, context: Any, *, is_watch: bool) -> Iterator[bool]:
        streams, network = self._streams[is_watch], share_of(address_of(context.peer()))
        if streams.total() >= MAX_STREAMS or streams[network] >= MAX_STREAMS_OF_ONE:
            yield False
            return
        streams[network] += 1
        try:
            yield True
        finally:
            streams[network] -= 1
            if not streams[network]:
                del streams[network]


def address_of(peer: str) -> str:
    """The address in gRPC's name of a peer: `ipv4:192.0.2.1:50000`, `ipv6:%5B2001:db8::1%5D:50000`, `unix:…`."""
    scheme, _, rest = peer.partition(":")
    if scheme not in ("ipv4", "ipv6"):
        return peer
    return unquote(rest).rpartition(":")[0].strip("[]")


def _remade(handler: Handler, call: Any) -> Handler:
    """A handler that reads the request itself and otherwise answers as `handler` does."""
    make = grpc.stream_stream_rpc_method_handler if handler.response_streaming else grpc.stream_unary_rpc_method_handler
    return make(call, handler.request_deserializer, handler.response_serializer)
