"""The caller's end: what stands in for a channel of gRPC."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn, Self

import grpc

from service_kit.in_process.calls import AnsweredCall, StreamedCall
from service_kit.in_process.exchange import Exchange, Metadata
from service_kit.in_process.server import InProcessServer

Serialize = Callable[[Any], bytes]
Deserialize = Callable[[bytes], Any]


class InProcessChannel(grpc.aio.Channel):
    """Calls an `InProcessServer`, once it is connected to one. Until then, and while the server does not serve, calls
    fail with UNAVAILABLE.

    `secret` is metadata that goes with every call, as that of the process's peers.
    """

    def __init__(self, secret: Metadata = ()) -> None:
        self._secret = secret
        self._server: InProcessServer | None = None
        self._exchanges: set[Exchange] = set()
        self._closed = False

    def connect(self, server: InProcessServer) -> None:
        """Calls go to this server from now on."""
        self._server = server

    def begin(
        self, method: str, request: bytes, timeout: float | None, metadata: Any, wait_for_ready: bool | None
    ) -> Exchange:
        """Begins a call. Raises grpc.aio.UsageError once the channel is closed."""
        if self._closed:
            raise grpc.aio.UsageError("Channel is closed.")
        if wait_for_ready:
            raise NotImplementedError("a call within the process does not wait for its server")
        exchange = Exchange(request, (*(metadata or ()), *self._secret), timeout)
        server = self._server
        if server is None or not server.takes(method):
            exchange.end(grpc.StatusCode.UNAVAILABLE, "The service does not serve now.")
            return exchange
        if timeout is not None and timeout <= 0:
            exchange.give_up(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
            return exchange
        self._exchanges.add(exchange)
        exchange.on_end(lambda: self._exchanges.discard(exchange))
        server.begin(method, exchange)
        return exchange

    def unary_unary(  # type: ignore[override] # the stubs ask for a type with compression and credentials
        self,
        method: str,
        request_serializer: Serialize | None = None,
        response_deserializer: Deserialize | None = None,
        _registered_method: bool | None = False,
    ) -> "_Method":
        """A method with one answer."""
        return _Method(self, method, request_serializer, response_deserializer, AnsweredCall)

    def unary_stream(  # type: ignore[override] # see unary_unary
        self,
        method: str,
        request_serializer: Serialize | None = None,
        response_deserializer: Deserialize | None = None,
        _registered_method: bool | None = False,
    ) -> "_Method":
        """A method with a stream of answers."""
        return _Method(self, method, request_serializer, response_deserializer, StreamedCall)

    def stream_unary(self, method: str, *_: Any, **__: Any) -> NoReturn:
        """No method of this server takes a stream. Raises NotImplementedError."""
        raise NotImplementedError(f"{method}: streams of requests do not cross within the process")

    def stream_stream(self, method: str, *_: Any, **__: Any) -> NoReturn:
        """See stream_unary."""
        raise NotImplementedError(f"{method}: streams of requests do not cross within the process")

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """READY if calls are answered."""
        if self._closed:
            return grpc.ChannelConnectivity.SHUTDOWN
        is_ready = self._server is not None and self._server.takes("")
        return grpc.ChannelConnectivity.READY if is_ready else grpc.ChannelConnectivity.IDLE

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> NoReturn:
        """Calls do not wait for a state, and neither does anything else. Raises NotImplementedError."""
        raise NotImplementedError("ask for the state instead")

    async def channel_ready(self) -> NoReturn:
        """See wait_for_state_change."""
        raise NotImplementedError("ask for the state instead")

    async def close(self, grace: float | None = None) -> None:
        """Cancels the calls in progress, after `grace` seconds if given, and takes no others."""
        self._closed = True
        tasks = {exchange.task for exchange in self._exchanges if exchange.task is not None}
        if grace and tasks:
            await asyncio.wait(tasks, timeout=grace)
        for exchange in list(self._exchanges):
            exchange.give_up(grpc.StatusCode.CANCELLED, "Channel closed.")

    async def __aenter__(self) -> Self:
        """The channel itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        await self.close()


class _Method:
    """One method of a service, as the generated stubs call it."""

    __slots__ = ("_channel", "_form", "_method", "_read_with", "_write_with")

    def __init__(
        self,
        channel: InProcessChannel,
        method: str,
        write_with: Serialize | None,
        read_with: Deserialize | None,
        form: type[AnsweredCall] | type[StreamedCall],
    ) -> None:
        self._channel, self._method, self._form = channel, method, form
        self._write_with: Serialize = write_with or bytes
        self._read_with: Deserialize = read_with or bytes

    def __call__(
        self,
        request: Any,
        *,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        """Begins a call. Nothing is compressed, and there are no other credentials than metadata."""
        if credentials is not None:
            raise grpc.aio.UsageError("calls within a process take no credentials")
        data = self._write_with(request)
        return self._form(self._channel.begin(self._method, data, timeout, metadata, wait_for_ready), self._read_with)
