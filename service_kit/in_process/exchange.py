"""One call: what its two sides know of each other."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc

Metadata = tuple[tuple[str, str | bytes], ...]

MAX_UNREAD = 16
"""Most messages of a stream that its reader has not taken; a writer waits then."""


class Exchange:
    """A call in progress. The server, the caller or the deadline ends it; the first one decides its status."""

    __slots__ = (
        "_ending", "_loop", "_reading", "_timer", "_writing", "cancelled_by_caller", "deadline", "details", "initial",
        "metadata", "request", "status", "task", "trailing", "unread",
    )  # fmt: skip

    def __init__(self, request: bytes, metadata: Metadata, seconds: float | None) -> None:
        """`seconds`: how long the caller waits; without a limit if None."""
        loop = self._loop = asyncio.get_running_loop()
        self.request: bytes | None = request
        """The message, until the server has read it."""
        self.metadata = metadata
        self.deadline = None if seconds is None else loop.time() + seconds
        """A time of the event loop."""
        self.initial: Metadata | None = None
        """Metadata that the server has sent before its answer; None until then."""
        self.trailing: Metadata = ()
        self.status: grpc.StatusCode | None = None
        """None until the call has ended."""
        self.details = ""
        self.cancelled_by_caller = False
        self.unread: deque[bytes] = deque()
        """Messages that the caller has not taken."""
        self.task: asyncio.Task[None] | None = None
        """What answers the call; None if the call has never reached a server."""
        self._ending: list[Callable[[], None]] = []
        self._reading: list[asyncio.Future[None]] = []
        self._writing: list[asyncio.Future[None]] = []
        self._timer = None if seconds is None else loop.call_later(max(seconds, 0), self._expire)

    def seconds_left(self) -> float | None:
        """Until the deadline; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - self._loop.time())

    def end(self, status: grpc.StatusCode, details: str = "", trailing: Metadata = ()) -> bool:
        """Ends the call. False if it has ended before: then nothing changes."""
        if self.status is not None:
            return False
        self.status, self.details, self.trailing = status, details, trailing
        if self.initial is None:
            self.initial = ()
        if self._timer is not None:
            self._timer.cancel()
        ending, self._ending = self._ending, []
        for callback in ending:
            callback()
        _wake(self._reading)
        _wake(self._writing)
        return True

    def on_end(self, callback: Callable[[], None]) -> None:
        """Calls back once the call has ended; at once if it has."""
        if self.status is None:
            self._ending.append(callback)
        else:
            callback()

    def give_up(self, status: grpc.StatusCode, details: str) -> bool:
        """Ends the call from outside of what answers it, which is cancelled. False if it has ended before."""
        if not self.end(status, details):
            return False
        # Nothing that came before counts.
        self.unread.clear()
        if self.task is not None:
            self.task.cancel()
        return True

    def cancel(self) -> bool:
        """Gives the call up, as its caller. False if it has ended before."""
        if self.status is None:
            self.cancelled_by_caller = True
        return self.give_up(grpc.StatusCode.CANCELLED, "Locally cancelled by application!")

    def _expire(self) -> None:
        self.give_up(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")

    def send_initial(self, metadata: Metadata) -> None:
        """Sends the server's first metadata."""
        self.initial = metadata
        _wake(self._reading)

    def put(self, message: bytes) -> None:
        """Hands a message to the caller, without waiting for room."""
        if self.initial is None:
            self.initial = ()
        self.unread.append(message)
        _wake(self._reading)

    async def room(self) -> None:
        """Returns when there is room for one more message, or the call has ended."""
        while self.status is None and len(self.unread) >= MAX_UNREAD:
            await self._next(self._writing)

    async def take(self) -> bytes | None:
        """The next message; None once the call has ended and all are taken."""
        while not self.unread:
            if self.status is not None:
                return None
            await self._next(self._reading)
        message = self.unread.popleft()
        _wake(self._writing)
        return message

    async def until_begun(self) -> None:
        """Returns once the first metadata is known."""
        while self.initial is None:
            await self._next(self._reading)

    async def until_ended(self) -> None:
        """Returns once the status is known."""
        while self.status is None:
            await self._next(self._reading)

    async def _next(self, waiters: "list[asyncio.Future[None]]") -> None:
        waiter = self._loop.create_future()
        waiters.append(waiter)
        try:
            await waiter
        finally:
            waiters.remove(waiter)

    def error(self) -> grpc.aio.AioRpcError:
        """The failure as callers of gRPC see it. The call must have ended."""
        status = self.status or grpc.StatusCode.UNKNOWN
        return grpc.aio.AioRpcError(
            status, metadata_of(self.initial), metadata_of(self.trailing), details=self.details
        )  # fmt: skip


def metadata_of(pairs: Any) -> grpc.aio.Metadata:
    """The pairs in the form that callers of gRPC get."""
    return grpc.aio.Metadata(*(pairs or ()))


def _wake(waiters: "list[asyncio.Future[None]]") -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
