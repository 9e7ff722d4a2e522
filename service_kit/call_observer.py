"""Observes every call of a server: its request id, span, duration and gRPC code."""

import asyncio
import logging
import time
from typing import Any

import grpc
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import Counter

from service_kit import tracing
from service_kit.interceptors import AwaitedCall, Continuation, Handler, awaited_behaviour, like, text_of
from service_kit.metrics import CallMetrics

log = logging.getLogger(__name__)

OURS = "/smith."
CODES = {code.value[0]: code.name for code in grpc.StatusCode}
FAULTS = frozenset({"UNKNOWN", "INTERNAL", "DATA_LOSS", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED"})
"""Codes that mean a fault of the server; the others are regular answers."""


class CallObserver(grpc.aio.ServerInterceptor):
    """Wraps each method of our services once. It runs before the interceptors that may refuse a call, except for the
    one that refuses strangers: otherwise strangers could fill logs and metrics."""

    def __init__(self, metrics: CallMetrics, *, serves_clients: bool = False) -> None:
        """A server that `serves_clients` gives a request id to calls without one."""
        self._metrics = metrics
        self._request_id = tracing.taken_request_id if serves_clients else tracing.checked_request_id
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """See the class."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        behaviour = awaited_behaviour(handler) if handler is not None and method.startswith(OURS) else None
        if behaviour is None:
            return handler
        call = self._observed(behaviour, method, streams=bool(handler.response_streaming))
        wrapped = self._wrapped[method] = like(handler, call, handler.request_deserializer)
        return wrapped

    def _observed(self, inner: AwaitedCall, method: str, *, streams: bool) -> AwaitedCall:
        name = method.removeprefix("/").rpartition(".")[2]
        duration = None if streams else self._metrics.duration.labels(name)
        ended: dict[str, Counter] = {}

        async def call(message: Any, context: Any) -> Any:
            metadata = context.invocation_metadata()
            tracing.request_id.set(self._request_id(text_of(metadata, tracing.REQUEST_ID_KEY)))
            began, code = time.perf_counter(), "OK"
            self._metrics.in_progress.inc()
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
                self._metrics.in_progress.dec()
                if duration is not None:
                    duration.observe(seconds)
                counter = ended.get(code)
                if counter is None:
                    counter = ended[code] = self._metrics.total.labels(name, code)
                counter.inc()
                log.debug("%s %s in %.1f ms", name, code, seconds * 1000)

        return call


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


def code_of(context: Any) -> str:
    """The name of the gRPC code that the call was ended with."""
    code = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else CODES.get(code, "UNKNOWN")
