"""Turns errors of any gRPC method into statuses, and helps to wrap handlers."""

import asyncio
import inspect
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from service_kit.errors import DomainError, InvalidRequest, Unavailable
from service_kit.status import DETAILS_KEY, to_details

log = logging.getLogger(__name__)

Handler = Any
"""A `grpc.RpcMethodHandler`. Its type parameters are left open, because methods of all types pass."""
Continuation = Callable[[Any], Awaitable[Handler]]
AwaitedCall = Callable[[Any, Any], Awaitable[Any]]
"""A handler's function: takes a request and a context; its answer is what it returns, or what it has written."""

NOT_A_MESSAGE = "The message is not a protobuf message of the type the method takes."


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Turns what a handler raises into a status: our errors into theirs, a lost database into UNAVAILABLE, and anything
    else into INTERNAL with an id that leads to the log and nothing more."""

    def __init__(
        self, on_error: Callable[[str], None] | None = None, *, database_away: tuple[type[Exception], ...] = ()
    ) -> None:
        """`on_error` is called with the reason of each error: that of a `DomainError`, `DATABASE_AWAY` or `INTERNAL`.
        `database_away` are the exceptions that mean a lost database; processes without one do not load its drivers."""
        self._wrapped: dict[str, Handler] = {}
        self._database_away = database_away
        self._on_error = on_error or (lambda _: None)

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """Wraps each handler of unary calls, and of streams written with `context.write`, once. Others are left alone:
        reflection, and delivery's, which sets its errors itself."""
        wrapped = self._wrapped.get(handler_call_details.method)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        behaviour = handler and awaited_behaviour(handler)
        if behaviour is None:
            return handler
        # The message is parsed here and not by gRPC, whose answer to malformed bytes would be a Python exception.
        call = self._answering_errors(behaviour, handler.request_deserializer, handler_call_details.method)
        wrapped = self._wrapped[handler_call_details.method] = like(handler, call, None)
        return wrapped

    def _answering_errors(self, inner: AwaitedCall, read: Callable[[bytes], Any], method: str) -> AwaitedCall:
        async def call(message: bytes, context: Any) -> Any:
            try:
                return await inner(read(message), context)
            except DecodeError:
                self._on_error(InvalidRequest.reason)
                await abort(context, InvalidRequest(NOT_A_MESSAGE))
            except DomainError as error:
                self._on_error(error.reason)
                await abort(context, error)
            except self._database_away as error:
                self._on_error("DATABASE_AWAY")
                log.warning("%s: the database is away: %s", method, _first_line(error))
                await abort(context, Unavailable("The database cannot be reached. Try again shortly."))
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception:
                self._on_error("INTERNAL")
                incident = uuid.uuid4().hex[:12]
                log.exception("%s failed, incident %s", method, incident)
                await context.abort(grpc.StatusCode.INTERNAL, f"Internal error, incident {incident}")

        return call


def awaited_behaviour(handler: Handler) -> AwaitedCall | None:
    """The handler's function, if it takes one request and is awaited to its end: a unary call, or a stream written with
    `context.write`. None for every other form."""
    behaviour: AwaitedCall | None = handler.unary_unary
    if behaviour is None and inspect.iscoroutinefunction(handler.unary_stream):
        behaviour = handler.unary_stream
    return behaviour


def text_of(metadata: Iterable[tuple[str, str | bytes]] | None, wanted: str) -> str:
    """The text under a key of metadata; empty if it is missing or given twice, because order must not decide."""
    values = [value for key, value in metadata or () if key == wanted and isinstance(value, str)]
    return values[0] if len(values) == 1 else ""


def like(handler: Handler, call: AwaitedCall, request_deserializer: Callable[[bytes], Any] | None) -> Handler:
    """A handler of the same form as `handler` that runs `call` instead. `handler` must have an awaited behaviour."""
    make = grpc.unary_stream_rpc_method_handler if handler.response_streaming else grpc.unary_unary_rpc_method_handler
    return make(call, request_deserializer, handler.response_serializer)


def _first_line(error: Exception) -> str:
    """The first line of the error's message, without the statement that drivers append."""
    return str(error).partition("\n")[0]


async def abort(context: Any, error: DomainError) -> None:
    """Ends the call with the status of `error`, keeping trailing metadata that was set before."""
    code, details = to_details(error)
    metadata = tuple(context.trailing_metadata() or ())
    await context.abort(code, error.message, (*metadata, (DETAILS_KEY, details)))
