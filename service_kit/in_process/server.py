"""The server's end: finds the handler of a method behind the interceptors, and runs it."""

import asyncio
import contextvars
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import grpc

from service_kit.in_process.context import ServerContext, TooLarge
from service_kit.in_process.exchange import Exchange, Metadata

log = logging.getLogger(__name__)

Find = Callable[[Any], Awaitable[Any]]
HEALTH = "/grpc.health.v1.Health/"
CANCEL_SECONDS = 1.0
"""How long a stopping server waits for cancelled calls to clear up."""


@dataclass(frozen=True, slots=True)
class CallDetails:
    """What interceptors are told of a call before it begins."""

    method: str
    invocation_metadata: Metadata


class InProcessServer:
    """Answers calls from within this process. Services are added as to a server of gRPC; it serves once it is opened.

    While it is not `serving`, it takes health checks only: gRPC's clients send nothing else to a server that says so.
    """

    def __init__(
        self, interceptors: Sequence[grpc.aio.ServerInterceptor], *, max_request_bytes: int, max_answer_bytes: int
    ) -> None:
        self._handlers: dict[str, Any] = {}
        self._max_request_bytes = max_request_bytes
        self._max_answer_bytes = max_answer_bytes
        chain: Find = self._registered
        self._find = reduce(lambda inner, one: partial(one.intercept_service, inner), reversed(interceptors), chain)
        self._context: contextvars.Context | None = None
        self._exchanges: dict[asyncio.Task[None], Exchange] = {}
        self.serving = False

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """The generated code registers each method in two forms; the other one is used."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Adds the methods of a service."""
        self._handlers.update({f"/{service}/{name}": handler for name, handler in handlers.items()})

    def open(self) -> None:
        """Takes calls from now on. They run in a copy of the present context, and know nothing of their callers'."""
        self._context = contextvars.copy_context()

    def takes(self, method: str) -> bool:
        """Whether a call of this method would be answered now."""
        return self._context is not None and (self.serving or method.startswith(HEALTH))

    def begin(self, method: str, exchange: Exchange) -> None:
        """Begins to answer. It must be open."""
        if self._context is None:
            raise RuntimeError("the server is not open")
        if len(exchange.request or b"") > self._max_request_bytes:
            words = f"Received message larger than max ({len(exchange.request or b'')} vs. {self._max_request_bytes})"
            exchange.end(grpc.StatusCode.RESOURCE_EXHAUSTED, words)
            return
        answering = self._answer(method, exchange)
        task = asyncio.get_running_loop().create_task(answering, context=self._context.copy())
        exchange.task = task
        self._exchanges[task] = exchange
        task.add_done_callback(self._forget)

    async def stop(self, grace: float) -> None:
        """Takes no new calls, lets those in progress finish for `grace` seconds, then cancels them."""
        self._context = None
        if not self._exchanges:
            return
        await asyncio.wait(set(self._exchanges), timeout=grace)
        left = dict(self._exchanges)
        if not left:
            return
        for exchange in left.values():
            exchange.give_up(grpc.StatusCode.UNAVAILABLE, "The server has stopped.")
        # Work that does not heed its cancellation must not hold up the process.
        await asyncio.wait(left, timeout=CANCEL_SECONDS)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        exchange = self._exchanges.pop(task)
        # Cancelled before its first step, it has had no chance to say so.
        exchange.end(grpc.StatusCode.CANCELLED, "The server has cancelled the call.")

    async def _registered(self, details: Any) -> Any:
        return self._handlers.get(details.method)

    async def _answer(self, method: str, exchange: Exchange) -> None:
        context = ServerContext(exchange, max_answer_bytes=self._max_answer_bytes)
        try:
            handler = await self._find(CallDetails(method, exchange.metadata))
            if handler is None:
                exchange.end(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
                return
            await _run(handler, context, exchange)
            context.finish()
        except grpc.aio.AbortError:
            # `abort` has ended the call.
            return
        except TooLarge as error:
            exchange.end(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except asyncio.CancelledError:
            exchange.end(grpc.StatusCode.CANCELLED, "The server has cancelled the call.")
            raise
        except Exception as error:
            log.exception("%s failed", method)
            exchange.end(grpc.StatusCode.UNKNOWN, f"Unexpected {type(error)}")


async def _run(handler: Any, context: ServerContext, exchange: Exchange) -> None:
    context.read_with, context.write_with = handler.request_deserializer, handler.response_serializer
    if handler.request_streaming:
        argument: Any = context.requests()
        behaviour = handler.stream_stream if handler.response_streaming else handler.stream_unary
    else:
        argument = await context.read()
        behaviour = handler.unary_stream if handler.response_streaming else handler.unary_unary
    if not handler.response_streaming:
        exchange.put(context.bytes_of(await behaviour(argument, context)))
    elif inspect.isasyncgenfunction(behaviour):
        async with aclosing(behaviour(argument, context)) as answers:
            async for answer in answers:
                await context.write(answer)
    else:
        await behaviour(argument, context)
