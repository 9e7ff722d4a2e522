"""The caller's side of a call: what the generated stubs return."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import grpc

from service_kit.in_process.exchange import Exchange, metadata_of


class _Call:
    """What both forms of call have. A call that is dropped before its end is cancelled."""

    def __init__(self, exchange: Exchange, read_with: Callable[[bytes], Any]) -> None:
        self._exchange = exchange
        self._read_with = read_with

    def __del__(self) -> None:
        exchange = self._exchange
        if exchange.status is None:
            exchange.cancel()

    def cancel(self) -> bool:
        """Gives the call up. False if it has ended."""
        return self._exchange.cancel()

    def cancelled(self) -> bool:
        """Whether it ended as cancelled."""
        return self._exchange.status is grpc.StatusCode.CANCELLED

    def done(self) -> bool:
        """Whether it has ended."""
        return self._exchange.status is not None

    def time_remaining(self) -> float | None:
        """Seconds until its deadline; None without one."""
        return self._exchange.seconds_left()

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Calls back with the call once it has ended."""
        self._exchange.on_end(lambda: callback(self))

    async def wait_for_connection(self) -> None:
        """Returns once the server has begun to answer. Raises AioRpcError if the call has failed before."""
        await self._exchange.until_begun()
        if self._exchange.status not in (None, grpc.StatusCode.OK):
            raise self._exchange.error()

    async def initial_metadata(self) -> grpc.aio.Metadata:
        """The server's metadata before its answer."""
        await self._exchange.until_begun()
        return metadata_of(self._exchange.initial)

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        """The server's metadata with the status."""
        await self._exchange.until_ended()
        return metadata_of(self._exchange.trailing)

    async def code(self) -> grpc.StatusCode:
        """The status."""
        await self._exchange.until_ended()
        return self._exchange.status or grpc.StatusCode.UNKNOWN

    async def details(self) -> str:
        """The status' words."""
        await self._exchange.until_ended()
        return self._exchange.details

    async def _message(self) -> bytes | None:
        """The next message; None at a good end. Raises AioRpcError at any other, and CancelledError if this side has
        given up. If the task that waits is cancelled, so is the call."""
        exchange = self._exchange
        try:
            message = await exchange.take()
        except asyncio.CancelledError:
            exchange.cancel()
            raise
        if message is None:
            if exchange.cancelled_by_caller:
                raise asyncio.CancelledError
            if exchange.status is not grpc.StatusCode.OK:
                raise exchange.error()
        return message


class AnsweredCall(_Call, grpc.aio.UnaryUnaryCall[Any, Any]):
    """A call with one answer, which it is awaited for."""

    def __init__(self, exchange: Exchange, read_with: Callable[[bytes], Any]) -> None:
        super().__init__(exchange, read_with)
        self._answer: Any = None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        if self._answer is None:
            data = await self._message()
            if data is None:
                raise RuntimeError("the server has ended the call without an answer")
            self._answer = self._read_with(data)
        return self._answer


class StreamedCall(_Call, grpc.aio.UnaryStreamCall[Any, Any]):
    """A call with a stream of answers."""

    async def read(self) -> Any:
        """The next answer; `grpc.aio.EOF` at the end."""
        data = await self._message()
        return grpc.aio.EOF if data is None else self._read_with(data)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._all()

    async def _all(self) -> AsyncIterator[Any]:
        while (data := await self._message()) is not None:
            yield self._read_with(data)
