"""A gRPC channel whose calls carry one pair of metadata more.

gRPC's client interceptors could add it too, but each call would then take another task and another call object: 7 % of
what a request costs the gateway.
"""

from collections.abc import Callable
from typing import Any

import grpc

Pair = tuple[str, str]
Call = Callable[..., Any]


class MetadataChannel(grpc.aio.Channel):
    """Passes everything to `channel`, and adds `pair` to calls with one request. Other calls, which only reflection
    has, are left as they are."""

    def __init__(self, channel: grpc.aio.Channel, pair: Pair) -> None:
        self._channel = channel
        self._pair = pair

    async def __aenter__(self) -> "MetadataChannel":
        """Opens the channel for the length of the context."""
        await self._channel.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        """Closes the channel, cancelling its calls."""
        await self._channel.__aexit__(*error)

    async def close(self, grace: float | None = None) -> None:
        """Closes the channel; calls in progress may go on for `grace` seconds."""
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """The state of the channel's connection."""
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Returns once the state is another one."""
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Returns once the channel is connected."""
        await self._channel.channel_ready()

    def unary_unary(self, *args: Any, **options: Any) -> Any:
        """What makes calls of a method with one request and one answer."""
        return self._with_pair(self._channel.unary_unary(*args, **options))

    def unary_stream(self, *args: Any, **options: Any) -> Any:
        """What makes calls of a method with one request and a stream of answers."""
        return self._with_pair(self._channel.unary_stream(*args, **options))

    def stream_unary(self, *args: Any, **options: Any) -> Any:
        """As the channel's own."""
        return self._channel.stream_unary(*args, **options)

    def stream_stream(self, *args: Any, **options: Any) -> Any:
        """As the channel's own."""
        return self._channel.stream_stream(*args, **options)

    def _with_pair(self, call: Call) -> Call:
        pair = self._pair

        def calling(request: Any, *, metadata: Any = None, **options: Any) -> Any:
            return call(request, metadata=(*(metadata or ()), pair), **options)

        return calling
