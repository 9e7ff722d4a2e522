"""Limits the streams that clients may open without credentials: streams of health checks, and of reflection.

Neither has to end, so they do not count as calls: a client could use up all calls with them.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any
from urllib.parse import unquote

import grpc

from service_kit.connections import share_of

WATCH = "/grpc.health.v1.Health/Watch"
MAX_STREAMS = 50
"""Most streams of health checks, and most of reflection."""
MAX_STREAMS_OF_ONE = 10
"""Most such streams of one address: an IPv4 address or an IPv6 /64."""


class StreamBounds:
    """Counts both kinds of stream, apart from each other.

    Further streams of health checks get UNIMPLEMENTED: then gRPC's clients go on without health checks and consider the
    server healthy. Further streams of reflection are refused with RESOURCE_EXHAUSTED.
    """

    def __init__(self) -> None:
        self._watches: Counter[str] = Counter()
        self._reflections: Counter[str] = Counter()

    def watching(self, inner: Any, read: Callable[[Any], Awaitable[Any]]) -> Any:
        """The handler of a stream of health checks; `read` is awaited for its one message."""

        async def call(requests: Any, context: Any) -> None:
            message = await read(context)
            with _counted(self._watches, context) as has_room:
                if not has_room:
                    await context.abort(
                        grpc.StatusCode.UNIMPLEMENTED, "Too many watch this server. Call Check instead."
                    )
                await inner(message, context)

        return call

    def reflecting(self, inner: Any) -> Any:
        """The handler of a stream of reflection."""

        async def call(requests: Any, context: Any) -> AsyncIterator[Any]:
            with _counted(self._reflections, context) as has_room:
                if not has_room:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many streams of reflection are open.")
                async with aclosing(inner(requests, context)) as answers:
                    async for answer in answers:
                        yield answer

        return call


@contextmanager
def _counted(streams: Counter[str], context: Any) -> Iterator[bool]:
    """Whether there is room for one more stream; it counts for the length of the context."""
    network = share_of(address_of(context.peer()))
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
