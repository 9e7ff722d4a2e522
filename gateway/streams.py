"""A REST operation whose answer comes in pieces: an RPC with a stream of answers, each with a part of the JSON text."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass
from starlette.types import Receive, Scope

from gateway.app import Answer
from gateway.bodies import check_head, read_body
from gateway.operations import Operation, call_metadata
from gateway.problems import from_remote
from gateway.routes import Route
from gateway.scope_keys import HEADERS_KEY, LONGEST_WAIT_KEY
from service_kit import tracing
from service_kit.json_mapping import REFUSED
from service_kit.status import RemoteError


class StreamedOperation(Operation):
    """Serves one route. It holds a place for calls of core until the last piece is sent or the client has left.

    The status is that of the first piece. If a later one fails, the connection ends without the end of the answer.
    """

    def __init__(self, route: Route, channel: grpc.aio.Channel, *arguments: Any, **options: Any) -> None:
        """As an Operation's."""
        super().__init__(route, channel, *arguments, **options)
        self._stream = channel.unary_stream(
            route.rpc_path,
            request_serializer=GetMessageClass(route.rpc.input_type).SerializeToString,
            response_deserializer=GetMessageClass(route.rpc.output_type).FromString,
        )
        self._piece_field = route.rpc.output_type.fields[0].name

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """The answer with its first piece. Raises Problem for a refusal and ClientGone if the client left meanwhile."""
        scope[LONGEST_WAIT_KEY] = 0
        headers: dict[bytes, bytes] = scope[HEADERS_KEY]
        body = await read_body(receive, self._body_timeout, self._memory) if check_head(headers) else b""
        pieces = self._pieces(scope, headers, self._request(scope, body, REFUSED))
        first = await anext(pieces)
        return Answer(200, first, rest=pieces)

    async def _pieces(self, scope: Scope, headers: dict[bytes, bytes], request: Any) -> AsyncGenerator[bytes]:
        """Raises Problem for whatever core refuses or fails with."""
        caller = self._callers.of(scope, headers)
        self._calls.begin(caller)
        call = self._stream(request, metadata=call_metadata(scope, headers) + tracing.metadata())
        try:
            answers = aiter(call)
            while True:
                try:
                    async with asyncio.timeout(self._call_timeout):
                        message = await anext(answers)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    late = RemoteError(grpc.StatusCode.DEADLINE_EXCEEDED, "", "", "core is late with a piece", {})
                    raise from_remote(late) from None
                except grpc.aio.AioRpcError as failure:
                    raise self._refusal(failure, headers) from None
                self._callers.accept(headers)
                yield getattr(message, self._piece_field).encode()
        finally:
            call.cancel()
            self._calls.end(caller)
