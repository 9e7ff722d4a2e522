"""The server's side of a call: the context that servicers and interceptors are given."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NoReturn

import grpc

from service_kit.in_process.exchange import Exchange, Metadata

PEER = "inproc"
"""How gRPC itself names a peer in the same process."""


class TooLarge(Exception):
    """A message is larger than the other side takes."""


class ServerContext(grpc.aio.ServicerContext[Any, Any]):
    """What `grpc.aio` hands to a handler, over an exchange in this process."""

    def __init__(self, exchange: Exchange, *, max_answer_bytes: int) -> None:
        self._exchange = exchange
        self._max_answer_bytes = max_answer_bytes
        self._trailing: Metadata = ()
        self._code: grpc.StatusCode | int | None = None
        self._details = ""
        self.read_with: Callable[[bytes], Any] | None = None
        """Makes a message of bytes; None leaves the bytes to the handler."""
        self.write_with: Callable[[Any], bytes] | None = None

    async def read(self) -> Any:
        """The call's one message, then the end."""
        message, self._exchange.request = self._exchange.request, None
        if message is None:
            return grpc.aio.EOF
        return message if self.read_with is None else self.read_with(message)

    async def requests(self) -> AsyncIterator[Any]:
        """The same, for handlers that iterate."""
        while (message := await self.read()) is not grpc.aio.EOF:
            yield message

    async def write(self, message: Any) -> None:
        """Hands a message to the caller; waits while too many are unread. Raises RuntimeError if the call is over."""
        data = self.bytes_of(message)
        await self._exchange.room()
        if self._exchange.status is not None:
            raise RuntimeError("the call has ended")
        self._exchange.put(data)

    def bytes_of(self, message: Any) -> bytes:
        """The message as it crosses to the caller. Raises TooLarge."""
        data: bytes = message if self.write_with is None else self.write_with(message)
        if len(data) > self._max_answer_bytes:
            raise TooLarge(f"Received message larger than max ({len(data)} vs. {self._max_answer_bytes})")
        return data

    def finish(self) -> None:
        """Ends the call with the status that the handler has set: OK unless told otherwise."""
        self._exchange.end(status_of(self._code), self._details, self._trailing)

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()
    ) -> NoReturn:  # fmt: skip
        """Ends the call with an error, and the handler with an exception."""
        if code is grpc.StatusCode.OK:
            raise TypeError("a call that is aborted has no status OK")
        self._code, self._details = code, details
        if trailing_metadata:
            self._trailing = tuple(trailing_metadata)
        self.finish()
        raise grpc.aio.AbortError(details)

    async def abort_with_status(self, status: Any) -> NoReturn:
        """See abort."""
        await self.abort(status.code, status.details, status.trailing_metadata)

    async def send_initial_metadata(self, initial_metadata: Any) -> None:
        """Once, and before the first message."""
        if self._exchange.initial is not None:
            raise RuntimeError("initial metadata was sent already")
        self._exchange.send_initial(tuple(initial_metadata))

    def set_trailing_metadata(self, trailing_metadata: Any) -> None:
        """Metadata that is sent with the status."""
        self._trailing = tuple(trailing_metadata)

    def trailing_metadata(self) -> Any:
        """What was set."""
        return self._trailing

    def invocation_metadata(self) -> Any:
        """The caller's metadata."""
        return self._exchange.metadata

    def set_code(self, code: grpc.StatusCode | int) -> None:
        """Sets the status with which the call will end."""
        self._code = code

    def code(self) -> Any:
        """The status that was set; OK by default."""
        return self._code or grpc.StatusCode.OK

    def set_details(self, details: str) -> None:
        """Sets the status' words."""
        self._details = details

    def details(self) -> str:
        """The words that were set."""
        return self._details

    def peer(self) -> str:
        """The caller's address: none, as it is in this process."""
        return PEER

    def peer_identities(self) -> None:
        """None: a caller in this process shows no certificate."""

    def peer_identity_key(self) -> None:
        """See peer_identities."""

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """See peer_identities."""
        return {}

    def set_compression(self, compression: grpc.Compression) -> None:
        """Nothing is compressed within a process."""

    def disable_next_message_compression(self) -> None:
        """See set_compression."""

    def time_remaining(self) -> float | None:  # type: ignore[override] # None without a deadline, as grpc.aio has it
        """Seconds that the caller will wait; None without a limit."""
        return self._exchange.seconds_left()

    def cancelled(self) -> bool:
        """Whether the call was given up: by its caller, at its deadline, or as the server stopped."""
        status = self._exchange.status
        return status in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)

    def done(self) -> bool:
        """Whether the call has ended."""
        return self._exchange.status is not None

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Calls back with this context once the call has ended."""
        self._exchange.on_end(lambda: callback(self))


def status_of(code: grpc.StatusCode | int | None) -> grpc.StatusCode:
    """The status that a handler has set, which may be a number; OK for None."""
    if isinstance(code, grpc.StatusCode):
        return code
    return next((one for one in grpc.StatusCode if one.value[0] == (code or 0)), grpc.StatusCode.UNKNOWN)
